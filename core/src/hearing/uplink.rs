//! A piece of tape on its way to a server: read and encoded while the person still speaks.

use crate::audio::frames::FrameEncoder;
use crate::audio::tape::{Read, Reader, Tape};
use crate::audio::{Position, TAPE_RATE, samples};
use crate::hearing::{EarEvent, Encoding, UplinkId};
use crate::protocol::linto::request::FileRequest;

/// The longest sound in one file: 125 s, more than the longest wait for speech, the longest utterance and the tape
/// before the trigger together. What comes after it is not sent. A stream
/// has no end of its own: each chunk leaves as soon as it is full.
pub const LONGEST: u64 = 125 * TAPE_RATE as u64;
/// A file is encoded in blocks of this length: 100 ms.
const BLOCK: u64 = 1_600;
/// A file is encoded up to this far behind the present, 250 ms: the decision where it ends comes back from the control
/// thread a little later than the sound, and the cut is to be exact.
const BEHIND: u64 = 4_000;
/// A chunk of a stream is never shorter than this: 10 ms.
const SHORTEST_CHUNK: u64 = 160;
/// What lies on the tape when frames begin is sent so many times as fast as sound comes, and the first 250 ms at once:
/// ten seconds in 0.6 s, without a flood in the queues or on the air.
const CATCH_UP: u64 = 16;
const AT_ONCE: u64 = 4_000;
/// A place that lies further ahead than this is not waited for: 1 s.
const PATIENCE: u64 = TAPE_RATE as u64;

/// One encoder and its place on the tape.
#[derive(Debug)]
pub struct Uplink {
    id: UplinkId,
    reader: Reader,
    /// Where the tape stood when it was begun.
    begun: Position,
    /// Sound taken so far, in samples.
    taken: u64,
    /// Where it ends, once that is known.
    to: Option<Position>,
    encoder: Encoder,
    raw: bool,
}

#[derive(Debug)]
enum Encoder {
    File(Box<FileRequest>),
    Pcm {
        chunk: u64,
        bytes: Vec<u8>,
    },
    /// `None`: libopus had no memory, and nothing is sent.
    Opus(Option<Box<FrameEncoder>>),
}

impl Uplink {
    /// Begins at `from`, while the tape stands at `now`.
    #[must_use]
    pub fn new(id: UplinkId, from: Position, now: Position, encoding: &Encoding) -> Self {
        let raw = matches!(encoding, Encoding::Opus { raw: true, .. });
        let encoder = match encoding {
            Encoding::LintoFile { conversation } => Encoder::File(Box::new(FileRequest::new(conversation))),
            Encoding::Pcm { chunk } => {
                Encoder::Pcm { chunk: samples(*chunk).clamp(SHORTEST_CHUNK, LONGEST), bytes: Vec::new() }
            }
            Encoding::Opus { frame, .. } => Encoder::Opus(FrameEncoder::new(*frame).ok().map(Box::new)),
        };
        Self { id, reader: Reader::at(from), begun: now, taken: 0, to: None, encoder, raw }
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> UplinkId {
        self.id
    }

    /// Whether it wants the sound as the microphone caught it.
    #[must_use]
    pub const fn wants_raw(&self) -> bool {
        self.raw
    }

    /// It ends at `to`: at once if the tape is that far, else when it is. Sound that is already encoded stays.
    pub fn finish(&mut self, to: Position, end: Position) {
        self.to = Some(Position(to.0.min(end.0.saturating_add(PATIENCE))));
    }

    /// The samples that are still missing for the next thing that can happen to it. Never 0.
    #[must_use]
    pub fn missing(&self, end: Position) -> u64 {
        let (here, to) = (self.reader.position().0, self.to.map_or(u64::MAX, |to| to.0));
        let next = match &self.encoder {
            Encoder::Pcm { chunk, bytes } => to.min(here + (chunk - bytes.len() as u64 / 2)),
            Encoder::Opus(Some(frames)) => {
                let packet = (frames.missing() as u64).min(to.saturating_sub(here));
                let allowed = (self.taken + packet).saturating_sub(AT_ONCE).div_ceil(CATCH_UP);
                (here + packet).max(self.begun.0 + allowed)
            }
            Encoder::File(_) | Encoder::Opus(None) => to,
        };
        next.saturating_sub(end.0).max(1)
    }

    /// Encodes what there is. Returns whether it is complete; then comes [`Uplink::last`].
    pub fn pump(&mut self, tape: &Tape, say: &mut impl FnMut(EarEvent)) -> bool {
        loop {
            let want = self.want(tape.end());
            if want == 0 {
                return self.is_complete(tape.end());
            }
            match self.reader.read(tape, usize::try_from(want).unwrap_or(usize::MAX)) {
                Read::Samples(sound) => self.encode(sound, say),
                Read::Lost(samples) => say(EarEvent::Lost { samples }),
                Read::End => return self.is_complete(tape.end()),
            }
        }
    }

    /// The last event of a complete uplink.
    #[must_use]
    pub fn last(self) -> EarEvent {
        let (uplink, samples, at) = (self.id, self.taken, self.reader.position());
        match self.encoder {
            Encoder::File(request) => EarEvent::UplinkReady { uplink, body: request.finish(), samples },
            Encoder::Pcm { bytes, .. } => {
                let samples = bytes.len() as u64 / 2;
                EarEvent::UplinkChunk { uplink, body: bytes, samples, at, last: true }
            }
            Encoder::Opus(frames) => {
                let samples = frames.as_ref().map_or(0, |frames| frames.filled()) as u64;
                let body = frames.and_then(|mut frames| frames.finish()).unwrap_or_default();
                EarEvent::UplinkChunk { uplink, body, samples, at, last: true }
            }
        }
    }

    /// How much may be encoded now, at most one chunk.
    fn want(&self, end: Position) -> u64 {
        let here = self.reader.position();
        let to = self.to.unwrap_or(Position(u64::MAX));
        let ready = Position(end.0.min(to.0)) - here;
        let left = LONGEST - self.taken.min(LONGEST);
        match &self.encoder {
            Encoder::Pcm { chunk, bytes } => ready.min(chunk - bytes.len() as u64 / 2),
            Encoder::Opus(Some(frames)) => {
                let allowed = AT_ONCE.saturating_add((end - self.begun).saturating_mul(CATCH_UP));
                ready.min(frames.missing() as u64).min(allowed.saturating_sub(self.taken))
            }
            Encoder::Opus(None) => ready,
            Encoder::File(_) if self.to.is_some() => ready.min(left),
            Encoder::File(_) => (ready.saturating_sub(BEHIND) / BLOCK * BLOCK).min(left),
        }
    }

    fn is_complete(&self, end: Position) -> bool {
        let behind = |to| matches!(self.encoder, Encoder::Opus(Some(_))) && self.reader.position() < to;
        self.to.is_some_and(|to| end >= to && !behind(to))
    }

    fn encode(&mut self, sound: &[i16], say: &mut impl FnMut(EarEvent)) {
        self.taken += sound.len() as u64;
        let (uplink, at) = (self.id, self.reader.position());
        match &mut self.encoder {
            // `want` has already capped what comes here.
            Encoder::File(request) => {
                request.push(sound);
            }
            Encoder::Pcm { chunk, bytes } => {
                bytes.extend(sound.iter().flat_map(|sample| sample.to_le_bytes()));
                if bytes.len() as u64 / 2 == *chunk {
                    let (body, samples) = (std::mem::take(bytes), *chunk);
                    say(EarEvent::UplinkChunk { uplink, body, samples, at, last: false });
                }
            }
            Encoder::Opus(frames) => {
                let Some(frames) = frames else { return };
                if let Some(body) = frames.push(sound) {
                    let samples = frames.missing() as u64;
                    say(EarEvent::UplinkChunk { uplink, body, samples, at, last: false });
                }
            }
        }
    }
}
