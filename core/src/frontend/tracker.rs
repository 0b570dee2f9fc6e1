//! How the echo moves against its reference: the two clocks' drift, measured in the sound itself.
//!
//! The times of blocks are milliseconds off, and the canceller suffers from a movement of a hundredth of that. The phase
//! between echo and reference shows it: the room turns the phase of each frequency by its own amount, but always by the
//! same, so that what changes from one half second to the next, in proportion to the frequency, is a movement.

use std::f32::consts::TAU;
use std::fmt;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use super::BLOCK;
use crate::audio::TAPE_RATE;

/// A spectrum is made of so many samples …
const WINDOW: usize = 1024;
/// … every so many.
const HOP: usize = 256;
/// So many spectra make a measurement: half a second of sound.
const HOPS: u32 = 32;
/// The reference is remembered for so long, in samples: 0.6 s and a window.
const MEMORY: usize = 16_384;
/// The lowest and the highest bin that count, 200 Hz and 4 kHz; up to the middle one, 1.5 kHz, a phase is never ambiguous.
const BINS: (usize, usize, usize) = (13, 96, 256);
/// A reference of less mean power says nothing: −50 dBFS.
const FAINT: f32 = 10_000.0;
/// A bin counts from this coherence on …
const COHERENT: f32 = 0.4;
/// … and so many have to.
const LEAST_BINS: usize = 16;
/// Between two measurements, in samples: after more, nobody knows how often the phase went around.
const LONGEST: f64 = 4.0 * TAPE_RATE as f64;
/// No movement is known better than this, in samples.
const FINEST: f64 = 0.02;

/// The drift as it was measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drift {
    /// How much faster the reference has to be read than nominal, as a share.
    pub(super) rate: f64,
    pub(super) variance: f64,
}

/// Watches the phase between the reference and the microphone.
pub(super) struct Tracker {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    reference: Vec<f32>,
    caught: Vec<f32>,
    /// Samples so far; the next place in both rings is this, wrapped.
    now: usize,
    delay: usize,
    input: Vec<f32>,
    scratch: Vec<Complex<f32>>,
    x: Vec<Complex<f32>>,
    y: Vec<Complex<f32>>,
    this: Span,
    before: Span,
}

/// Half a second of sound.
#[derive(Clone, Default)]
struct Span {
    bins: Vec<Bin>,
    hops: u32,
    /// Sums over the hops: when they were, and how far ahead of nominal the reference was read.
    time: f64,
    ahead: f64,
}

/// One frequency: the cross spectrum and both powers.
#[derive(Clone, Copy, Default)]
struct Bin {
    cross: Complex<f32>,
    reference: f32,
    caught: f32,
}

impl Bin {
    fn coherence(&self) -> f32 {
        self.cross.norm_sqr() / (self.reference * self.caught).max(1.0)
    }
}

impl Span {
    fn new() -> Self {
        Self { bins: vec![Bin::default(); BINS.2], ..Self::default() }
    }

    fn clear(&mut self) {
        self.bins.fill(Bin::default());
        (self.hops, self.time, self.ahead) = (0, 0.0, 0.0);
    }
}

impl Tracker {
    pub(super) fn new() -> Self {
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(WINDOW);
        let hann = |n: usize| 0.5 - 0.5 * (TAU * n as f32 / WINDOW as f32).cos();
        Self {
            window: (0..WINDOW).map(hann).collect(),
            reference: vec![0.0; MEMORY],
            caught: vec![0.0; MEMORY],
            now: 0,
            delay: 0,
            input: fft.make_input_vec(),
            scratch: fft.make_scratch_vec(),
            x: fft.make_output_vec(),
            y: fft.make_output_vec(),
            this: Span::new(),
            before: Span::new(),
            fft,
        }
    }

    /// The reference jumped: what was measured before is not comparable any more.
    pub(super) fn restart(&mut self) {
        self.this.clear();
        self.before.clear();
    }

    /// Takes a block of both. `delay`: of the echo, in samples. `ahead`: how far ahead of nominal the reference was read,
    /// in samples.
    pub(super) fn push(
        &mut self,
        reference: &[f32; BLOCK],
        caught: &[i16; BLOCK],
        delay: usize,
        ahead: f64,
    ) -> Option<Drift> {
        let place = self.now % MEMORY;
        self.reference[place..place + BLOCK].copy_from_slice(reference);
        for (to, &sample) in self.caught[place..place + BLOCK].iter_mut().zip(caught) {
            *to = f32::from(sample);
        }
        self.now += BLOCK;
        if delay != self.delay {
            self.delay = delay;
            self.restart();
        }
        if !self.now.is_multiple_of(HOP) || self.now < delay + WINDOW || delay + WINDOW > MEMORY || !self.add_hop(ahead)
        {
            return None;
        }
        if self.this.hops < HOPS {
            return None;
        }
        let drift = self.compare();
        std::mem::swap(&mut self.this, &mut self.before);
        self.this.clear();
        drift
    }

    /// Adds the spectra of now; says whether there was anything to be heard.
    fn add_hop(&mut self, ahead: f64) -> bool {
        let start = self.now - self.delay - WINDOW;
        if load(&self.reference, start, &self.window, &mut self.input) < FAINT * WINDOW as f32 {
            return false;
        }
        // The lengths are the plan's own: neither can fail.
        let done = self.fft.process_with_scratch(&mut self.input, &mut self.x, &mut self.scratch).is_ok();
        load(&self.caught, self.now - WINDOW, &self.window, &mut self.input);
        if !done || self.fft.process_with_scratch(&mut self.input, &mut self.y, &mut self.scratch).is_err() {
            return false;
        }
        for ((bin, x), y) in self.this.bins.iter_mut().zip(&self.x).zip(&self.y) {
            bin.cross += y * x.conj();
            bin.reference += x.norm_sqr();
            bin.caught += y.norm_sqr();
        }
        self.this.hops += 1;
        self.this.time += self.now as f64;
        self.this.ahead += ahead;
        true
    }

    /// The drift between the span before and this one.
    fn compare(&self) -> Option<Drift> {
        if self.before.hops != HOPS {
            return None;
        }
        let span = (self.this.time - self.before.time) / f64::from(HOPS);
        if span > LONGEST {
            return None;
        }
        let (coarse, _) = self.movement(0.0, BINS.1)?;
        let (movement, variance) = self.movement(coarse, BINS.2)?;
        let ahead = (self.this.ahead - self.before.ahead) / f64::from(HOPS);
        let variance = variance.max(FINEST * FINEST) * 2.0 / (span * span);
        Some(Drift { rate: (ahead - movement) / span, variance })
    }

    /// How many samples later the echo comes now, near `guess`, and the variance of that. `None`: nothing can be said.
    fn movement(&self, guess: f64, end: usize) -> Option<(f64, f64)> {
        let turn = std::f64::consts::TAU / WINDOW as f64;
        let (mut count, mut weights, mut product, mut square, mut variance, mut rest) = (0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for bin in BINS.0..end {
            let (this, before) = (&self.this.bins[bin], &self.before.bins[bin]);
            let weight = f64::from(this.coherence().min(before.coherence()));
            if weight < f64::from(COHERENT) {
                continue;
            }
            let frequency = turn * bin as f64;
            let phase = f64::from((this.cross * before.cross.conj()).arg()) + frequency * guess;
            let phase = phase - (phase / std::f64::consts::TAU).round() * std::f64::consts::TAU;
            count += 1;
            weights += weight;
            product += weight * phase * frequency;
            square += weight * frequency * frequency;
            variance += weight * weight * frequency * frequency;
            rest += weight * phase * phase;
        }
        if count < LEAST_BINS {
            return None;
        }
        let more = -product / square;
        let left = (rest - more * more * square).max(0.0) / weights;
        Some((guess + more, 2.0 * left * variance / (square * square)))
    }
}

/// Copies a window of a ring, weighted, and returns its energy.
fn load(ring: &[f32], start: usize, window: &[f32], out: &mut [f32]) -> f32 {
    let mut energy = 0.0;
    for ((n, out), weight) in out.iter_mut().enumerate().zip(window) {
        let sample = ring[(start + n) % MEMORY];
        energy += sample * sample;
        *out = sample * weight;
    }
    energy
}

impl fmt::Debug for Tracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracker").field("now", &self.now).field("delay", &self.delay).finish_non_exhaustive()
    }
}
