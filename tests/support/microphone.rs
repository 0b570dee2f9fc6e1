//! A microphone that is only imagined, and delivers in real time.

use std::time::{Duration, Instant};

use auricle::sound::{Bell, CapturePcm, Fault, Shape, Woken};
use auricle_core::audio::convert::Format;

/// 16 kHz, one channel. `sound`: the sample at a place, counted from the start of the device.
pub struct Microphone {
    sound: fn(u64) -> i16,
    start: Instant,
    read: u64,
}

impl Microphone {
    pub fn new(sound: fn(u64) -> i16) -> Self {
        Self { sound, start: Instant::now(), read: 0 }
    }

    /// Frames that lie ready.
    fn there(&self) -> u64 {
        (self.start.elapsed().as_micros() as u64 * 16 / 1_000).saturating_sub(self.read)
    }
}

impl CapturePcm for Microphone {
    fn shape(&self) -> Shape {
        Shape { rate: 16_000, channels: 1, format: Format::S16 }
    }
    fn period(&self) -> usize {
        160
    }
    fn buffer(&self) -> usize {
        3_200
    }
    fn start(&mut self) -> Result<(), Fault> {
        (self.start, self.read) = (Instant::now(), 0);
        Ok(())
    }
    fn wait(&mut self, bell: &Bell, timeout: Duration) -> Result<Woken, Fault> {
        let missing = 160_u64.saturating_sub(self.there());
        let rang = bell.wait(Some(Duration::from_micros(missing * 1_000 / 16).min(timeout)));
        Ok(if rang { Woken::Bell } else { Woken::Ready })
    }
    fn read(&mut self, out: &mut [u8]) -> Result<usize, Fault> {
        let frames = (self.there() as usize).min(out.len() / 2);
        for (n, bytes) in out.chunks_exact_mut(2).take(frames).enumerate() {
            bytes.copy_from_slice(&(self.sound)(self.read + n as u64).to_le_bytes());
        }
        self.read += frames as u64;
        Ok(frames * 2)
    }
    fn recover(&mut self) -> Result<(), Fault> {
        self.start()
    }
}
