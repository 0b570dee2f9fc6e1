//! A microphone that hears a hum, and a loudspeaker that remembers what it played.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use auricle::sound::{CapturePcm, CardName, Cards, Direction, Fault, PlaybackPcm, Shape, SoundError};
use auricle_core::audio::convert::Format;

use crate::microphone::Microphone;

/// The loudspeaker's.
pub const RATE: u32 = 48_000;

/// Frames in a period of the loudspeaker, and in its queue.
const PERIOD: usize = 960;
const QUEUE: usize = 6 * PERIOD;

/// What both cards share with the test.
#[derive(Clone, Default)]
pub struct Room {
    /// All frames that the loudspeaker took and has played or is about to play.
    heard: Arc<Mutex<Vec<i16>>>,
    /// When the first frame of each start was played, and which it was.
    starts: Arc<Mutex<Vec<(Instant, usize)>>>,
    /// Somebody pulled it out.
    pub unplugged: Arc<AtomicBool>,
    pub stops: Arc<AtomicU32>,
}

impl Room {
    /// What the loudspeaker played so far.
    pub fn heard(&self) -> Vec<i16> {
        self.heard.lock().unwrap().clone()
    }

    /// Where the first loud frame is, if there is one.
    pub fn onset(&self) -> Option<usize> {
        self.heard.lock().unwrap().iter().position(|sample| sample.abs() > 1_000)
    }

    /// When this frame was heard.
    pub fn time_of(&self, frame: usize) -> Instant {
        let starts = self.starts.lock().unwrap();
        let (at, first) = starts.iter().rev().find(|(_, first)| *first <= frame).expect("it was played");
        *at + Duration::from_secs_f64((frame - first) as f64 / f64::from(RATE))
    }
}

impl Cards for Room {
    fn capture_cards(&self) -> Vec<CardName> {
        vec![CardName { pcm: "hw:CARD=mic".into(), description: "A hum".into() }]
    }
    fn playback_cards(&self) -> Vec<CardName> {
        vec![CardName { pcm: "hw:CARD=spk".into(), description: "A memory".into() }]
    }
    fn open_capture(&self, _: &str) -> Result<Box<dyn CapturePcm>, SoundError> {
        Ok(Box::new(Microphone::new(hum)))
    }
    fn open_playback(&self, device: &str) -> Result<Box<dyn PlaybackPcm>, SoundError> {
        if self.unplugged.load(SeqCst) {
            return Err(SoundError::Missing { device: device.into(), why: "it was pulled out".into() });
        }
        Ok(Box::new(Memory { room: self.clone(), start: None, written: 0 }))
    }
    fn holder(&self, _: &str, _: Direction) -> Option<String> {
        None
    }
}

/// A hum around 300 Hz. It is never steady: an encoder would take it for noise and be silent.
fn hum(place: u64) -> i16 {
    let at = place as f64 / 16_000.0;
    let phase = 300.0 * at + 5.0 * (std::f64::consts::TAU * 3.0 * at).sin();
    (8_000.0 * (std::f64::consts::TAU * phase).sin()) as i16
}

/// Plays in real time. When nothing is queued its clock waits, so that a machine that stands still makes no gap.
struct Memory {
    room: Room,
    start: Option<Instant>,
    /// Frames taken since it was started.
    written: usize,
}

impl Memory {
    fn queued(&mut self) -> Result<usize, Fault> {
        if self.room.unplugged.load(SeqCst) {
            return Err(Fault::Lost(libc::ENODEV));
        }
        let Some(start) = self.start else { return Ok(self.written) };
        let played = (start.elapsed().as_micros() as u64 * u64::from(RATE) / 1_000_000) as usize;
        if played > self.written {
            let waited = Duration::from_secs_f64((played - self.written) as f64 / f64::from(RATE));
            let later = start + waited;
            let shift = self.room.heard.lock().unwrap().len() - self.written;
            self.start = Some(later);
            self.room.starts.lock().unwrap().push((later, shift));
            return Ok(0);
        }
        Ok(self.written - played)
    }
}

impl PlaybackPcm for Memory {
    fn shape(&self) -> Shape {
        Shape { rate: RATE, channels: 1, format: Format::S16 }
    }
    fn period(&self) -> usize {
        PERIOD
    }
    fn buffer(&self) -> usize {
        QUEUE
    }
    fn start(&mut self) -> Result<(), Fault> {
        let now = Instant::now();
        self.start = Some(now);
        let first = self.room.heard.lock().unwrap().len() - self.written;
        self.room.starts.lock().unwrap().push((now, first));
        Ok(())
    }
    fn room(&mut self) -> Result<usize, Fault> {
        Ok(QUEUE - self.queued()?)
    }
    fn write(&mut self, frames: &[u8]) -> Result<usize, Fault> {
        let fits = (QUEUE - self.queued()?).min(frames.len() / 2);
        let samples = frames.chunks_exact(2).take(fits).map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]]));
        self.room.heard.lock().unwrap().extend(samples);
        self.written += fits;
        Ok(fits)
    }
    fn delay(&mut self) -> Result<usize, Fault> {
        self.queued()
    }
    fn stop(&mut self) -> Result<(), Fault> {
        let queued = self.queued()?;
        self.room.stops.fetch_add(1, SeqCst);
        let mut heard = self.room.heard.lock().unwrap();
        let kept = heard.len() - queued;
        heard.truncate(kept);
        (self.start, self.written) = (None, 0);
        Ok(())
    }
    fn recover(&mut self) -> Result<(), Fault> {
        (self.start, self.written) = (None, 0);
        Ok(())
    }
}
