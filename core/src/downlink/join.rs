//! What is heard where sound is missing, and how it comes back.

use super::predict::carry_on;

/// How long concealment keeps its level, and when it has become silence, in ms: a voice that breaks off, not a drone.
static P: std::sync::LazyLock<Vec<usize>> = std::sync::LazyLock::new(|| std::env::var("P").map_or(vec![60,220,1,0], |p| p.split(',').map(|x| x.parse().unwrap()).collect()));

/// Over how much the sound comes back, in ms.
const RETURN: usize = 5;

/// How much of what was given is remembered, in ms.
const PAST: usize = 80;

/// The seam between what came and what is made up.
#[derive(Debug)]
pub(super) struct Join {
    rate: u32,
    /// What was given last.
    past: Vec<f32>,
    /// Samples made up since the last ones that came.
    missing: usize,
    /// The past carried on, as far as it is needed, and how much of that has been given.
    tail: Vec<f32>,
    used: usize,
}

impl Join {
    pub fn new(rate: u32) -> Self {
        Self { rate, past: Vec::new(), missing: 0, tail: Vec::new(), used: 0 }
    }

    const fn ms(&self, ms: usize) -> usize {
        ms * self.rate as usize / 1_000
    }

    pub fn forget(&mut self) {
        self.past.clear();
        self.missing = 0;
        self.stop_carrying();
    }

    /// Samples of the past carried on that have been given.
    pub const fn carried(&self) -> usize {
        self.used
    }

    /// Whether the sound is being carried on from the past, and not by the decoder.
    pub const fn carries_on(&self) -> bool {
        self.used > 0
    }

    /// Fills `out` with the past carried on.
    pub fn carry_on(&mut self, out: &mut [i16]) {
        if self.tail.is_empty() {
            // Until it is silence, and a little for the way back.
            self.tail.resize(self.ms(P[1] + RETURN), 0.0);
            carry_on(&self.past, self.rate, &mut self.tail);
        }
        for sample in out.iter_mut() {
            *sample = clip(self.tail.get(self.used).copied().unwrap_or(0.0));
            self.used += 1;
        }
    }

    /// Makes what is made up quieter the longer it lasts.
    pub fn fade(&mut self, sound: &mut [i16]) {
        for (at, sample) in sound.iter_mut().enumerate() {
            *sample = clip(f32::from(*sample) * self.level(self.missing + at));
        }
        self.missing += sound.len();
        self.remember(sound);
    }

    /// Lets what is made up run into `next`, which follows it.
    pub fn lead_to(&mut self, sound: &mut [i16], next: &[i16]) {
        let backwards: Vec<f32> = next.iter().rev().map(|&s| f32::from(s)).collect();
        let mut lead = vec![0.0; sound.len()];
        carry_on(&backwards, self.rate, &mut lead);
        let length = sound.len();
        for (at, (sample, before)) in sound.iter_mut().zip(lead.iter().rev()).enumerate() {
            let share = ((at as f32 + 0.5) / length as f32 * std::f32::consts::FRAC_PI_2).sin().powi(2);
            let share = if P[2] == 0 { 0.0 } else { share }; let (made_up, lead) = (f32::from(*sample) * (1.0 - share), before * share);
            *sample = clip(made_up * self.level(self.missing + at) + lead * self.level(length - at));
        }
        self.missing = 0;
        self.remember(sound);
        self.stop_carrying();
    }

    /// Takes sound that came; softens its beginning if something else was heard before.
    pub fn came(&mut self, sound: &mut [i16]) {
        if self.missing > 0 {
            let length = self.ms(RETURN).min(sound.len());
            let from = self.level(self.missing);
            for at in 0..length {
                let share = (at as f32 + 0.5) / length as f32;
                let carried = if self.carries_on() { self.tail.get(self.used + at).copied().unwrap_or(0.0) } else { f32::from(sound[at]) };
                sound[at] = clip(f32::from(sound[at]) * share + carried * from * (1.0 - share));
            }
        }
        self.missing = 0;
        self.stop_carrying();
        self.remember(sound);
    }

    /// The level of concealment after so many samples.
    fn level(&self, missing: usize) -> f32 {
        let (kept, silent) = (self.ms(P[0]), self.ms(P[1]));
        let left = silent.saturating_sub(missing.max(kept)) as f32 / (silent - kept).max(1) as f32;
        left * left
    }

    fn stop_carrying(&mut self) {
        self.tail.clear();
        self.used = 0;
    }

    fn remember(&mut self, sound: &[i16]) {
        let keep = self.ms(PAST);
        self.past.extend(sound.iter().map(|&s| f32::from(s)));
        let over = self.past.len().saturating_sub(keep);
        self.past.drain(..over);
    }
}

fn clip(sample: f32) -> i16 {
    // `as` saturates.
    sample.round() as i16
}
