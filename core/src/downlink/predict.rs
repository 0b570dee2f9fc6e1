//! Carries a sound on over its end, by linear prediction from what came last (Burg's method).
//!
//! What can be foretold of a voice lies below 4 kHz, so all is computed at a low rate: at 48 kHz that is 36 times less.

use std::f32::consts::PI;

/// The rate at which it is computed, in Hz; at 12 kHz that is 12 kHz.
const LOW: usize = 8_000;

/// How much of the sound is looked at, and how far back each sample depends on others, in ms.
const LOOK: usize = 40;
const REACH: usize = 13;

/// What lies above the low rate is let go over so long, in ms.
const LET_GO: usize = 2;

/// A sound carried on by `out.len()` samples.
pub(super) fn carry_on(past: &[f32], rate: usize, out: &mut [f32]) {
    let look = &past[past.len().saturating_sub(rate * LOOK / 1_000)..];
    let Some(&last) = look.last() else { return out.fill(0.0) };
    let step = (rate / LOW).max(1);
    let kernel = Kernel::new(step);
    let mut low = kernel.thin_out(look);
    let end = (low.len() - 1) * step;
    extend(&mut low, rate / step * REACH / 1_000, out.len() / step + LOBES + 1);
    for (at, sample) in out.iter_mut().enumerate() {
        *sample = kernel.at(&low, end + at + 1);
    }
    let (above, length) = (last - kernel.at(&low, end), rate * LET_GO / 1_000);
    for (at, sample) in out.iter_mut().take(length).enumerate() {
        *sample += above * (1.0 - (at + 1) as f32 / length as f32);
    }
}

/// Appends `more` samples, each of which follows from the `reach` before it.
fn extend(sound: &mut Vec<f32>, reach: usize, more: usize) {
    let weights = burg(sound, reach.min(sound.len() / 3));
    for _ in 0..more {
        sound.push(weights.iter().zip(sound.iter().rev()).map(|(weight, sample)| weight * sample).sum());
    }
}

/// At the end of a sound the kernel needs what comes after it; that follows well enough from so many samples.
const EDGE: usize = 8;

/// Zero crossings of the kernel at each side.
const LOBES: usize = 6;

/// From the rate of a sound to one that is `step` times lower, and back.
struct Kernel {
    step: usize,
    /// One half of a windowed sinc, from its middle on.
    half: Vec<f32>,
}

impl Kernel {
    fn new(step: usize) -> Self {
        let reach = LOBES * step;
        let sinc = |x: f32| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
        let window = |at: usize| 0.5 + 0.5 * (PI * at as f32 / reach as f32).cos();
        Self { step, half: (0..reach).map(|at| sinc(at as f32 / step as f32) * window(at)).collect() }
    }

    /// Each `step`th sample, up to the last one.
    fn thin_out(&self, sound: &[f32]) -> Vec<f32> {
        let centres = (0..sound.len()).rev().step_by(self.step);
        let mut longer = sound.to_vec();
        extend(&mut longer, EDGE, self.half.len());
        let mut low: Vec<f32> = centres.map(|centre| self.around(&longer, centre)).collect();
        low.reverse();
        low
    }

    fn around(&self, sound: &[f32], centre: usize) -> f32 {
        let before = sound[..centre].iter().rev().zip(&self.half[1..]);
        let from = sound[centre..].iter().zip(&self.half);
        let (sum, weight) =
            before.chain(from).fold((0.0, 0.0), |(sum, weight), (sample, tap)| (sum + sample * tap, weight + tap));
        sum / weight
    }

    /// The sound at the higher rate, `at` samples after the first one of `low`.
    fn at(&self, low: &[f32], at: usize) -> f32 {
        let (middle, offset) = (at / self.step, at % self.step);
        let before = low[..=middle].iter().rev().zip(self.half[offset..].iter().step_by(self.step));
        let after = low[middle + 1..].iter().zip(self.half[self.step - offset..].iter().step_by(self.step));
        before.chain(after).map(|(sample, tap)| sample * tap).sum()
    }
}

/// The weights with which each sample follows from those before it, the nearest first. They make a sound that dies away.
pub(super) fn burg(sound: &[f32], order: usize) -> Vec<f32> {
    let mut weights: Vec<f32> = Vec::with_capacity(order);
    let (mut forward, mut backward) = (sound.to_vec(), sound.to_vec());
    for stage in 0..order {
        // Forward errors from `stage + 1` on stand beside backward errors one sample before.
        let (ahead, behind) = (&mut forward[stage + 1..], &mut backward[stage..sound.len() - 1]);
        let both: f32 = ahead.iter().zip(&*behind).map(|(a, b)| a * b).sum();
        let power: f32 = ahead.iter().zip(&*behind).map(|(a, b)| a * a + b * b).sum();
        let reflection = 2.0 * both / (power + 1e-3);
        for (a, b) in ahead.iter_mut().zip(behind.iter_mut()) {
            (*a, *b) = (*a - reflection * *b, *b - reflection * *a);
        }
        // `backward[n]` of the next stage is what stands at n - 1 now.
        backward.copy_within(stage..sound.len() - 1, stage + 1);
        let before = weights.clone();
        for (weight, mirrored) in weights.iter_mut().zip(before.iter().rev()) {
            *weight -= reflection * mirrored;
        }
        weights.push(reflection);
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buzz(at: usize, rate: usize) -> f32 {
        let t = at as f32 / rate as f32;
        (1..6).map(|h| (t * 130.0 * h as f32 * std::f32::consts::TAU).sin() * 2_000.0 / h as f32).sum()
    }

    #[test]
    fn a_vowel_goes_on_where_it_was_at_every_rate() {
        for rate in [8_000, 12_000, 16_000, 24_000, 48_000] {
            let past: Vec<f32> = (0..rate / 10).map(|at| buzz(at, rate)).collect();
            let mut out = vec![0.0; rate / 50];
            carry_on(&past, rate, &mut out);
            let wanted = (rate / 10..).map(|at| buzz(at, rate)).take(out.len());
            let error: f32 = out.iter().zip(wanted.clone()).map(|(s, wanted)| (s - wanted).powi(2)).sum();
            let power: f32 = wanted.map(|s| s.powi(2)).sum();
            assert!(error * 10.0 < power, "{rate} Hz: {error} of {power}");
        }
    }

    #[test]
    fn nothing_and_a_constant_and_noise_stay_within_bounds() {
        for past in [
            vec![],
            vec![1.0],
            vec![0.0; 2_400],
            vec![32_767.0; 2_400],
            (0..2_400).map(|i| (i * 7_919 % 65_537) as f32 - 32_768.0).collect(),
        ] {
            let mut out = vec![0.0; 4_800];
            carry_on(&past, 24_000, &mut out);
            assert!(out.iter().all(|s| s.abs() < 200_000.0));
        }
    }
}
