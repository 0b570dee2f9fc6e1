//! An open microphone: from the bytes of the card to the sound of the tape.

use std::time::{Duration, Instant};

use auricle_core::audio::TAPE_RATE;
use auricle_core::audio::convert::ToTape;
use auricle_core::frontend::{DeviceTime, FrontEnd};

use super::STALL;
use super::stamps::Stamps;
use crate::sound::{Played, Shape, Sounds, Stamp};

/// An open card.
pub(super) struct Card {
    ring: rtrb::Consumer<u8>,
    shape: Shape,
    convert: ToTape,
    stamps: Stamps,
    /// Frames taken out of the ring, and samples made of them.
    read: u64,
    made: u64,
    /// Whether anything came since it was attached, or since it stood still.
    delivered: bool,
    stalled: bool,
    /// When it was attached, or delivered last.
    last: Instant,
}

/// What a card has delivered since the last look, at 16 kHz.
#[derive(Default)]
pub(super) struct Sound {
    /// As it came.
    pub(super) raw: Vec<i16>,
    /// What the front end made of it; some may still be held back.
    pub(super) clean: Vec<i16>,
    /// What the loudspeaker played meanwhile; as much as of the clean sound.
    pub(super) reference: Vec<i16>,
}

/// What a look at a card found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing new.
    Nothing,
    /// It has delivered nothing for too long. Told once.
    Stalled,
    /// Sound; `news` if it is the first.
    Sound { news: bool },
}

impl Card {
    pub(super) fn new(shape: Shape, ring: rtrb::Consumer<u8>, stamps: rtrb::Consumer<Stamp>, convert: ToTape) -> Self {
        Self {
            ring,
            shape,
            convert,
            stamps: Stamps::new(stamps, shape.rate),
            read: 0,
            made: 0,
            delivered: false,
            stalled: false,
            last: Instant::now(),
        }
    }

    /// How long it may deliver nothing before it has to be looked at; one that is known to be stuck only rings.
    pub(super) fn patience(&self) -> Option<Duration> {
        (!self.stalled).then_some(STALL)
    }

    /// Takes what it has delivered, and what was `played` meanwhile.
    pub(super) fn listen(&mut self, front: &mut FrontEnd, played: &mut Played, sound: &mut Sound) -> Look {
        sound.raw.clear();
        sound.clean.clear();
        sound.reference.clear();
        let waiting = self.ring.slots() / self.shape.frame_bytes();
        if waiting == 0 {
            let stalls = self.last.elapsed() >= STALL && !self.stalled;
            if stalls {
                (self.stalled, self.delivered) = (true, false);
            }
            return if stalls { Look::Stalled } else { Look::Nothing };
        }
        let end = self.read + waiting as u64;
        while self.read < end {
            let next = self.stamps.next_behind(self.read).map_or(end, |next| next.min(end));
            let before = sound.raw.len();
            self.convert(next, &mut sound.raw);
            self.clean(front, played, before, sound);
        }
        (self.stalled, self.last) = (false, Instant::now());
        Look::Sound { news: !std::mem::replace(&mut self.delivered, true) }
    }

    /// Takes the frames up to this one out of the ring.
    fn convert(&mut self, end: u64, raw: &mut Vec<i16>) {
        let frames = usize::try_from(end - self.read).unwrap_or(0);
        self.read = end;
        if let Ok(chunk) = self.ring.read_chunk(frames * self.shape.frame_bytes()) {
            let (first, second) = chunk.as_slices();
            self.convert.push(first, raw);
            self.convert.push(second, raw);
            chunk.commit_all();
        }
    }

    fn clean(&mut self, front: &mut FrontEnd, played: &mut Played, from: usize, sound: &mut Sound) {
        let new = &sound.raw[from..];
        let at = self.time_of(self.made);
        self.made += new.len() as u64;
        played.take(|sounds| match sounds {
            Sounds::Block { at, rate, samples } => front.played(at, rate, samples),
            Sounds::Stopped(at) => front.stopped(at),
        });
        front.heard(at, new, &mut sound.clean);
        sound.reference.extend_from_slice(front.reference());
    }

    /// When the sample was caught that lies so many before the next one.
    pub(super) fn time_before(&self, samples: u64) -> DeviceTime {
        self.time_of(self.made.saturating_sub(samples))
    }

    /// The first sample of the tape belongs to the first frame of the card.
    fn time_of(&self, sample: u64) -> DeviceTime {
        self.stamps.time_of(sample * u64::from(self.shape.rate) / u64::from(TAPE_RATE))
    }
}
