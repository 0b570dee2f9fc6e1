//! What is heard where sound is missing, and how it comes back.
//!
//! A voice can be foretold for 10 to 20 ms; after that, whatever a decoder makes up is as wrong as silence, only louder.
//! So it is trusted for that long and turned down then, and noise in the colour of the voice keeps a part of the level,
//! so that a short gap is no hole. That dies away too: a long gap ends in silence.

use super::breath::{Breath, level};
use super::predict::carry_on;

/// How long what is made up is trusted, when it has become quiet, and how quiet, in ms and as a factor.
static P: std::sync::LazyLock<Vec<f32>> = std::sync::LazyLock::new(|| std::env::var("P").map_or(vec![12.0,40.0,0.4,0.3,200.0,320.0,5.0,25.0,100.0,0.35], |p| p.split(',').map(|x| x.parse().unwrap()).collect()));

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
    /// The noise of this gap.
    breath: Option<Breath>,
    /// The past carried on, as far as it is needed, and how much of that has been given.
    tail: Vec<f32>,
    used: usize,
    mix: Vec<f32>,
    noise: Vec<f32>,
}

impl Join {
    pub fn new(rate: u32) -> Self {
        Self { rate, past: Vec::new(), missing: 0, breath: None, tail: Vec::new(), used: 0, mix: Vec::new(), noise: Vec::new() }
    }

    const fn ms(&self, ms: usize) -> usize {
        ms * self.rate as usize / 1_000
    }

    pub fn forget(&mut self) {
        self.past.clear();
        self.end_gap();
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
            self.tail.resize(self.ms(60), 0.0);
            carry_on(&self.past, self.rate, &mut self.tail);
        }
        for sample in out.iter_mut() {
            *sample = clip(self.tail.get(self.used).copied().unwrap_or(0.0));
            self.used += 1;
        }
    }

    /// Makes what is made up what is heard.
    pub fn fade(&mut self, sound: &mut [i16]) {
        self.soften(sound);
        self.breathe(sound.len(), None);
        self.put(sound);
        self.missing += sound.len();
    }

    /// Fills a gap up to `next`, which follows it. The last `repaired` samples of `sound` are not made up, but from what
    /// `next` carries; they can have holes.
    pub fn bridge(&mut self, sound: &mut [i16], repaired: usize, next: &[i16]) {
        let made_up = sound.len() - repaired;
        let known = if repaired > 0 { &sound[made_up..] } else { next };
        let backwards: Vec<f32> = known.iter().rev().map(|&s| f32::from(s)).collect();
        let after = level_of(&next[..next.len().min(self.ms(20))]);
        self.soften(&sound[..made_up]);
        self.lead_to(&backwards);
        self.mix.extend(sound[made_up..].iter().map(|&s| f32::from(s)));
        if made_up > 0 || self.missing > 0 {
            self.breathe(sound.len(), Some(after));
        }
        self.put(sound);
        self.end_gap();
    }

    /// Lets `mix` run into what is known of the sound after it, the first sample of that last.
    fn lead_to(&mut self, backwards: &[f32]) {
        let reach = self.ms(P[7] as usize).min(self.mix.len());
        if reach == 0 {
            return;
        }
        let mut lead = vec![0.0; reach];
        carry_on(backwards, self.rate, &mut lead);
        let rate = self.rate as f32 / 1000.0;
        for (at, (sample, before)) in self.mix.iter_mut().rev().zip(lead).enumerate() {
            let t = at as f32 / rate;
            let share = 1.0 - ((t - P[6]) / (P[7] - P[6])).clamp(0.0, 1.0);
            *sample = *sample * (1.0 - share) + before * share;
        }
    }

    /// Takes sound that came; softens its beginning if something else was heard before.
    pub fn came(&mut self, sound: &mut [i16]) {
        if self.missing > 0 {
            let length = self.ms(RETURN).min(sound.len());
            for at in 0..length {
                let share = (at as f32 + 0.5) / length as f32;
                let carried = if self.carries_on() { self.tail.get(self.used + at).copied().unwrap_or(0.0) } else { f32::from(sound[at]) * 0.5 };
                sound[at] = clip(f32::from(sound[at]) * share + carried * (1.0 - share));
            }
        }
        self.end_gap();
        self.remember(sound);
    }

    fn end_gap(&mut self) {
        self.missing = 0;
        self.breath = None;
        self.tail.clear();
        self.used = 0;
    }

    /// Turns down what is made up, into `mix`.
    fn soften(&mut self, sound: &[i16]) {
        let rate = self.rate as f32 / 1000.0;
        let missing = self.missing;
        let level = |at: usize| {
            let t = (missing + at) as f32 / rate;
            let down = ((t - P[0]) / (P[1] - P[0])).clamp(0.0, 1.0);
            1.0 - (1.0 - P[2]) * down
        };
        self.mix.clear();
        self.mix.extend(sound.iter().enumerate().map(|(at, &s)| f32::from(s) * level(at)));
    }

    /// Adds noise to `mix` where that is quieter than a gap should be.
    fn breathe(&mut self, length: usize, after: Option<f32>) {
        let (rate, past) = (self.rate, &self.past);
        let breath = self.breath.get_or_insert_with(|| Breath::after(past, rate));
        self.noise.resize(length, 0.0);
        breath.fill(&mut self.noise);
        let block = 5 * rate as usize / 1_000;
        let ms = self.rate as f32 / 1000.0;
        for (number, (mix, noise)) in self.mix.chunks_mut(block).zip(self.noise.chunks(block)).enumerate() {
            let at = number * block;
            let t = (self.missing + at) as f32 / ms;
            let share = at as f32 / length as f32;
            let dies = (1.0 - ((t - P[4]) / (P[5] - P[4])).clamp(0.0, 1.0)) * 10_f32.powf(-t / P[8] * 0.3);
            let wanted = match after {
                None => P[3] * breath.level * dies,
                Some(after) => P[9] * (breath.level.max(1.0)).powf(1.0 - share) * (after.max(1.0)).powf(share),
            };
            let there = level(mix);
            let add = (wanted * wanted - there * there).max(0.0).sqrt();
            for (sample, noise) in mix.iter_mut().zip(noise) {
                *sample += noise * add;
            }
        }
    }

    fn put(&mut self, sound: &mut [i16]) {
        for (sample, mix) in sound.iter_mut().zip(&self.mix) {
            *sample = clip(*mix);
        }
        self.remember(sound);
    }

    fn remember(&mut self, sound: &[i16]) {
        let keep = self.ms(PAST);
        self.past.extend(sound.iter().map(|&s| f32::from(s)));
        let over = self.past.len().saturating_sub(keep);
        self.past.drain(..over);
    }
}

fn level_of(sound: &[i16]) -> f32 {
    (sound.iter().map(|&s| f32::from(s).powi(2)).sum::<f32>() / sound.len().max(1) as f32).sqrt()
}

fn clip(sample: f32) -> i16 {
    // `as` saturates.
    sample.round() as i16
}
