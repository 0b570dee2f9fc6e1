//! The front end: 40 numbers for each 10 ms of sound, which say how loud each part of the spectrum is above its noise.
//!
//! The models were trained on exactly these integers, so each rounding is kept. One front end feeds all words.

mod channel;
mod fft;
mod tables;
#[cfg(test)]
pub(crate) mod tests;

use channel::Curves;
use fft::Fft;
use tables::Flanks;

/// Numbers in a frame.
pub const CHANNELS: usize = 40;

/// Samples between the beginnings of two frames: 10 ms.
pub const STEP: usize = 160;

/// Samples under one frame: 30 ms.
pub const WINDOW: usize = 480;

/// The bins of the spectrum from 125 Hz to 7500 Hz: the first, and how many.
const FIRST_BIN: usize = 5;
const BINS: usize = 235;

/// One frame: about 64 times the natural logarithm of the energy of each channel, 0 to about 700.
pub type Frame = [u16; CHANNELS];

/// Samples go in, frames come out. Allocates nothing after it was made.
#[derive(Clone, Debug)]
pub struct Features {
    held: [i16; WINDOW],
    /// How many of these are there.
    count: usize,
    window: [i16; WINDOW],
    signal: [i16; 512],
    fft: Fft,
    energies: [u32; 256],
    flanks: [Flanks; BINS],
    ends: [usize; CHANNELS + 1],
    /// Noise in each channel, 10 bits of fraction.
    noise: [u32; CHANNELS],
    curves: Curves,
}

impl Default for Features {
    fn default() -> Self {
        Self::new()
    }
}

impl Features {
    /// At the beginning of a stream of 16 kHz mono.
    #[must_use]
    pub fn new() -> Self {
        let (flanks, ends) = tables::mel();
        Self {
            held: [0; WINDOW],
            count: 0,
            window: tables::window(),
            signal: [0; 512],
            fft: Fft::new(),
            energies: [0; 256],
            flanks,
            ends,
            noise: [0; CHANNELS],
            curves: Curves::new(),
        }
    }

    /// Forgets everything that was heard.
    pub fn restart(&mut self) {
        self.count = 0;
        self.noise.fill(0);
    }

    /// The number of samples until the next frame, at least 1.
    #[must_use]
    pub const fn missing(&self) -> usize {
        WINDOW - self.count
    }

    /// Takes samples from the front of `sound` until a frame is complete or none are left.
    pub fn next(&mut self, sound: &mut &[i16]) -> Option<Frame> {
        let (now, later) = sound.split_at(self.missing().min(sound.len()));
        self.held[self.count..self.count + now.len()].copy_from_slice(now);
        self.count += now.len();
        *sound = later;
        if self.count < WINDOW {
            return None;
        }
        let frame = self.frame();
        self.held.copy_within(STEP.., 0);
        self.count = WINDOW - STEP;
        Some(frame)
    }

    fn frame(&mut self) -> Frame {
        let shift = self.scale();
        self.fft.energies(&self.signal, &mut self.energies);
        let mut frame = [0; CHANNELS];
        let sums = self.sums();
        for (channel, (feature, sum)) in frame.iter_mut().zip(sums).enumerate() {
            let amplitude = root(sum) >> shift;
            let made = self.curves.feature(amplitude, self.noise[channel], channel % 2 == 1);
            (*feature, self.noise[channel]) = (made.feature, made.noise);
        }
        frame
    }

    /// Puts the window over the sound, and the result as far up in 16 bits as it goes. Returns how many bits.
    fn scale(&mut self) -> u32 {
        let mut loudest = 0;
        for ((out, sample), factor) in self.signal.iter_mut().zip(&self.held).zip(&self.window) {
            *out = ((i32::from(*sample) * i32::from(*factor)) >> 12) as i16;
            // -32768 stays below zero here, so it does not count.
            loudest = out.wrapping_abs().max(loudest);
        }
        // At least one bit of the 16 is the sign's.
        let shift = loudest.leading_zeros() - 1;
        for out in &mut self.signal[..WINDOW] {
            *out <<= shift;
        }
        shift
    }

    /// The energy under each triangle of the mel scale, 12 bits of fraction, below 2^48.
    fn sums(&self) -> [u64; CHANNELS] {
        let energies = &self.energies[FIRST_BIN..FIRST_BIN + BINS];
        let (mut sums, mut begin) = ([0; CHANNELS], 0);
        for (band, &end) in self.ends.iter().enumerate() {
            let (mut falling, mut rising) = (0, 0);
            for (flanks, energy) in self.flanks[begin..end].iter().zip(&energies[begin..end]) {
                falling += u64::from(flanks.falling) * u64::from(*energy);
                rising += u64::from(flanks.rising) * u64::from(*energy);
            }
            if let Some(sum) = sums.get_mut(band) {
                *sum += rising;
            }
            if let Some(sum) = band.checked_sub(1).and_then(|before| sums.get_mut(before)) {
                *sum += falling;
            }
            begin = end;
        }
        sums
    }
}

/// The square root, rounded to the nearest; what needs just more than 16 or 32 bits stays below.
fn root(x: u64) -> u32 {
    // Exact: below 2^52 a float's root is never rounded up to the next whole number.
    let down = (x as f64).sqrt() as u64;
    let up = x - down * down > down;
    let stays = down == 0xFFFF && x <= 0xFFFF_FFFF || down == 0xFFFF_FFFF;
    (down + u64::from(up && !stays)) as u32
}
