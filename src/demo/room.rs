//! A room without hardware: what is said in it reaches the microphone in real time, what the loudspeaker plays is kept.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use auricle_core::audio::convert::Format;

use crate::sound::{Bell, CapturePcm, CardName, Cards, Direction, Fault, PlaybackPcm, Shape, SoundError, Woken};

/// Frames per second of the microphone.
pub const MIC_RATE: u32 = 16_000;

/// Frames per second of the loudspeaker.
pub const SPEAKER_RATE: u32 = 48_000;

/// Both cards deliver and take this much at once.
const PERIOD: Duration = Duration::from_millis(20);

/// Both cards hold this much.
const BUFFER: Duration = Duration::from_millis(200);

/// What is said and heard, on a common clock.
#[derive(Clone)]
pub struct Room {
    start: Instant,
    air: Arc<Mutex<Air>>,
}

#[derive(Default)]
struct Air {
    said: Vec<(u64, Arc<[i16]>)>,
    heard: Vec<i16>,
    deaf: bool,
}

impl Default for Room {
    fn default() -> Self {
        Self { start: Instant::now(), air: Arc::default() }
    }
}

impl Room {
    fn air(&self) -> MutexGuard<'_, Air> {
        self.air.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seconds since the room exists.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    fn position(&self, rate: u32) -> u64 {
        (self.seconds() * f64::from(rate)) as u64
    }

    /// Somebody says this, from now on.
    pub fn say(&self, speech: &[i16]) {
        let at = self.position(MIC_RATE);
        self.air().said.push((at, speech.into()));
    }

    /// The loudspeaker's cable is cut: nothing is heard any more.
    pub fn cut_the_loudspeaker(&self) {
        self.air().deaf = true;
    }

    /// What was heard since `from` seconds, at [`SPEAKER_RATE`].
    #[must_use]
    pub fn heard_since(&self, from: f64) -> Vec<i16> {
        let air = self.air();
        let from = (from * f64::from(SPEAKER_RATE)) as usize;
        air.heard.get(from..).unwrap_or_default().to_vec()
    }

    /// What reaches the microphone in `out.len()` samples from `at`: a quiet hiss, and whoever speaks.
    fn listen(&self, at: u64, out: &mut [i16]) {
        let air = self.air();
        for (n, sample) in out.iter_mut().enumerate() {
            let now = at + n as u64;
            let hiss = (now.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61) as i16 - 4;
            let speech = air.said.iter().filter_map(|(start, speech)| {
                let place = usize::try_from(now.checked_sub(*start)?).ok()?;
                speech.get(place).copied()
            });
            *sample = speech.fold(hiss, i16::saturating_add);
        }
    }

    fn hear(&self, at: u64, samples: impl Iterator<Item = i16>) {
        let mut air = self.air();
        let at = at as usize;
        let deaf = air.deaf;
        for (n, sample) in samples.enumerate() {
            if air.heard.len() <= at + n {
                air.heard.resize(at + n + 1, 0);
            }
            air.heard[at + n] = if deaf { 0 } else { sample };
        }
    }
}

impl Cards for Room {
    fn capture_cards(&self) -> Vec<CardName> {
        vec![CardName { pcm: "demo".into(), description: "the demo's room".into() }]
    }

    fn playback_cards(&self) -> Vec<CardName> {
        self.capture_cards()
    }

    fn open_capture(&self, _device: &str) -> Result<Box<dyn CapturePcm>, SoundError> {
        Ok(Box::new(Ear { room: self.clone(), at: self.position(MIC_RATE) }))
    }

    fn open_playback(&self, _device: &str) -> Result<Box<dyn PlaybackPcm>, SoundError> {
        Ok(Box::new(Mouth { room: self.clone(), started: None, primed: Vec::new(), written: 0 }))
    }

    fn holder(&self, _device: &str, _direction: Direction) -> Option<String> {
        None
    }
}

const fn shape(rate: u32) -> Shape {
    Shape { rate, channels: 1, format: Format::S16 }
}

/// The room's microphone.
struct Ear {
    room: Room,
    at: u64,
}

impl Ear {
    fn ready(&self) -> u64 {
        self.room.position(MIC_RATE).saturating_sub(self.at)
    }
}

impl CapturePcm for Ear {
    fn shape(&self) -> Shape {
        shape(MIC_RATE)
    }

    fn period(&self) -> usize {
        self.shape().frames(PERIOD)
    }

    fn buffer(&self) -> usize {
        self.shape().frames(BUFFER)
    }

    fn start(&mut self) -> Result<(), Fault> {
        self.at = self.room.position(MIC_RATE);
        Ok(())
    }

    fn wait(&mut self, bell: &Bell, timeout: Duration) -> Result<Woken, Fault> {
        let missing = (self.period() as u64).saturating_sub(self.ready());
        if missing == 0 {
            return Ok(Woken::Ready);
        }
        let due = self.shape().span(missing);
        Ok(match bell.wait(Some(due.min(timeout))) {
            true => Woken::Bell,
            false if due <= timeout => Woken::Ready,
            false => Woken::Timeout,
        })
    }

    fn read(&mut self, out: &mut [u8]) -> Result<usize, Fault> {
        let frames = usize::try_from(self.ready()).unwrap_or(usize::MAX).min(out.len() / 2);
        let mut samples = [0_i16; 4_096];
        let frames = frames.min(samples.len());
        self.room.listen(self.at, &mut samples[..frames]);
        for (bytes, sample) in out.chunks_exact_mut(2).zip(&samples[..frames]) {
            bytes.copy_from_slice(&sample.to_le_bytes());
        }
        self.at += frames as u64;
        Ok(frames * 2)
    }

    fn recover(&mut self) -> Result<(), Fault> {
        self.start()
    }
}

/// The room's loudspeaker.
struct Mouth {
    room: Room,
    started: Option<u64>,
    /// What was written before the start: it is heard from there on.
    primed: Vec<i16>,
    written: u64,
}

impl Mouth {
    /// Frames that lie in the card.
    fn queued(&self) -> u64 {
        let played = self.started.map_or(0, |start| self.room.position(SPEAKER_RATE).saturating_sub(start));
        self.written.saturating_sub(played)
    }
}

impl PlaybackPcm for Mouth {
    fn shape(&self) -> Shape {
        shape(SPEAKER_RATE)
    }

    fn period(&self) -> usize {
        self.shape().frames(PERIOD)
    }

    fn buffer(&self) -> usize {
        self.shape().frames(BUFFER)
    }

    fn start(&mut self) -> Result<(), Fault> {
        if self.started.is_none() {
            let at = self.room.position(SPEAKER_RATE);
            self.started = Some(at);
            self.room.hear(at, self.primed.drain(..));
        }
        Ok(())
    }

    fn room(&mut self) -> Result<usize, Fault> {
        let queued = self.queued();
        if self.started.is_some() && queued == 0 {
            return Err(Fault::Xrun);
        }
        Ok(self.buffer().saturating_sub(usize::try_from(queued).unwrap_or(usize::MAX)))
    }

    fn write(&mut self, frames: &[u8]) -> Result<usize, Fault> {
        let taken = self.room()?.min(frames.len() / 2);
        let samples = frames.chunks_exact(2).take(taken).map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]]));
        match self.started {
            Some(start) => self.room.hear(start + self.written, samples),
            None => self.primed.extend(samples),
        }
        self.written += taken as u64;
        Ok(taken)
    }

    fn delay(&mut self) -> Result<usize, Fault> {
        Ok(usize::try_from(self.queued()).unwrap_or(usize::MAX))
    }

    fn stop(&mut self) -> Result<(), Fault> {
        self.started = None;
        self.primed.clear();
        self.written = 0;
        Ok(())
    }

    fn recover(&mut self) -> Result<(), Fault> {
        self.stop()
    }
}
