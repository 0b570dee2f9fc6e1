//! What is heard where sound is missing, and how it comes back.
//!
//! A voice can be foretold for 10 to 20 ms; after that, whatever is made up is as wrong as silence, only louder. So it is
//! trusted for that long and turned down then, and noise in the colour of the voice keeps a part of the level, so that a
//! short gap is no hole. Where it is known what follows, that is carried back a little, and the noise goes towards its
//! level and colour. Where it is not, the noise dies away: a long gap ends in silence.

use std::iter::repeat;

use super::breath::{Breath, level};
use super::predict::carry_on;

/// How much of its level the past keeps when it is carried on, at so many ms; in between on straight lines.
const TRUST: [(f32, f32); 3] = [(10.0, 1.0), (25.0, 0.3), (CARRIED as f32, 0.0)];

/// The noise in a gap whose end is known, beside the level at its ends; in between it goes as loudness does.
const WITHIN: f32 = 0.7;

/// The noise in a gap whose end is not known, beside the level at its beginning; and after how many ms it is half of that.
const OPEN: f32 = 0.4;
const HALVED: f32 = 300.0;

/// From when to when that noise fades into silence, in ms.
const FADES: f32 = 200.0;
const SILENT: f32 = 320.0;

/// How far what follows is carried back into a gap, and how much of that at its full level, in ms.
const BACK: usize = 25;
const BACK_FULL: usize = 5;

/// The past is carried on for so long, in ms.
const CARRIED: usize = 60;

/// Over how much the sound comes back, in ms.
const RETURN: usize = 5;

/// How much of what was given is remembered, in ms.
const PAST: usize = 80;

/// The level of a sound at a gap is that of so much of it, its colour that of so much, in ms.
const LEVEL: usize = 20;
const COLOUR: usize = 30;

/// The level of noise is set after so long each time, and goes there on a straight line, in ms.
const BLOCK: usize = 5;

/// The seam between what came and what is made up.
#[derive(Debug)]
pub(super) struct Join {
    rate: usize,
    /// What was given last.
    past: Vec<f32>,
    /// Samples made up since the last ones that came.
    missing: usize,
    /// The noise of this gap.
    breath: Option<Breath>,
    /// The past carried on.
    tail: Vec<f32>,
    /// What is being made, the noise for it, and how much of that was added last.
    mix: Vec<f32>,
    noise: Vec<f32>,
    noisy: f32,
}

impl Join {
    pub fn new(rate: u32) -> Self {
        Self {
            rate: rate as usize,
            past: Vec::new(),
            missing: 0,
            breath: None,
            tail: Vec::new(),
            mix: Vec::new(),
            noise: Vec::new(),
            noisy: 0.0,
        }
    }

    /// Another answer begins.
    pub fn forget(&mut self) {
        self.past.clear();
        self.end_gap();
    }

    /// Samples made up since the last ones that came.
    pub const fn missing(&self) -> usize {
        self.missing
    }

    /// Fills `sound` with what is heard in a gap of which nobody knows how long it is.
    pub fn fade(&mut self, sound: &mut [i16]) {
        self.mix_open(sound.len());
        self.put(sound);
        self.missing += sound.len();
    }

    /// The same for a gap up to `next`. The last `repaired` samples are there already, from what `next` carries of them; they
    /// can have holes.
    pub fn bridge(&mut self, sound: &mut [i16], repaired: usize, next: &[i16]) {
        if repaired == sound.len() {
            self.come_back(sound);
        }
        let (made_up, mended) = sound.split_at(sound.len() - repaired);
        self.mix.clear();
        if !made_up.is_empty() {
            self.carry_on(made_up.len());
            self.carry_back(if mended.is_empty() { next } else { mended });
        }
        self.mix.extend(mended.iter().map(|&s| f32::from(s)));
        if !made_up.is_empty() || self.missing > 0 {
            let colour: Vec<f32> = next.iter().take(self.samples(COLOUR)).map(|&s| f32::from(s)).collect();
            let mut after = Breath::like(&colour, &colour[..self.samples(LEVEL).min(colour.len())]);
            let (left, level) = (dies_away(self.ms(self.missing)), after.level());
            self.breathe(Some(&mut after), |before, _, share| {
                WITHIN * ((before * left).sqrt() * (1.0 - share) + level.sqrt() * share).powi(2)
            });
        }
        self.put(sound);
        self.end_gap();
    }

    /// Takes sound that came; what was heard before it goes over into it.
    pub fn came(&mut self, sound: &mut [i16]) {
        self.come_back(sound);
        self.end_gap();
        self.remember(sound);
    }

    fn come_back(&mut self, sound: &mut [i16]) {
        if self.missing == 0 {
            return;
        }
        let length = self.samples(RETURN).min(sound.len());
        self.mix_open(length);
        for (at, (sample, before)) in sound.iter_mut().zip(&self.mix).enumerate() {
            let share = (at as f32 + 0.5) / length as f32;
            *sample = clip(f32::from(*sample) * share + before * (1.0 - share));
        }
    }

    const fn samples(&self, ms: usize) -> usize {
        ms * self.rate / 1_000
    }

    const fn ms(&self, samples: usize) -> f32 {
        samples as f32 * 1_000.0 / self.rate as f32
    }

    fn end_gap(&mut self) {
        (self.missing, self.breath, self.noisy) = (0, None, 0.0);
        self.tail.clear();
    }

    /// Makes `mix` the next `length` samples of a gap whose end is not known.
    fn mix_open(&mut self, length: usize) {
        self.carry_on(length);
        self.breathe(None, |before, ms, _| before * OPEN * dies_away(ms));
    }

    /// Makes `mix` the past carried on by another `length` samples, as loud as it is trusted.
    fn carry_on(&mut self, length: usize) {
        if self.tail.is_empty() {
            self.tail.resize(self.samples(CARRIED), 0.0);
            carry_on(&self.past, self.rate, &mut self.tail);
        }
        let carried = self.tail.iter().copied().chain(repeat(0.0)).enumerate().skip(self.missing);
        let per_sample = self.ms(1);
        self.mix.clear();
        self.mix.extend(carried.take(length).map(|(at, sample)| sample * trust(at as f32 * per_sample)));
    }

    /// Lets `mix` run into what is `known` of the sound after it.
    fn carry_back(&mut self, known: &[i16]) {
        let reach = self.samples(BACK).min(self.mix.len());
        let full = self.samples(BACK_FULL).min(reach / 2);
        let backwards: Vec<f32> = known.iter().rev().map(|&s| f32::from(s)).collect();
        let mut lead = vec![0.0; reach];
        carry_on(&backwards, self.rate, &mut lead);
        for (at, (sample, before)) in self.mix.iter_mut().rev().zip(lead).enumerate() {
            let share = 1.0 - at.saturating_sub(full) as f32 / (reach - full) as f32;
            *sample += (before - *sample) * share;
        }
    }

    /// Adds noise to `mix` where that is quieter than `wanted`: of the level before the gap, the time since then in ms, and
    /// the share of `mix` that has passed. The colour goes over to that `after` the gap, and the noise ends there.
    fn breathe(&mut self, after: Option<&mut Breath>, wanted: impl Fn(f32, f32, f32) -> f32) {
        let (length, ends) = (self.mix.len(), after.is_some());
        let before = self.make_noise(after);
        let (block, missing, per_sample) = (self.samples(BLOCK).max(1), self.missing, self.ms(1));
        let pieces = self.mix.chunks_mut(block).zip(self.noise.chunks(block));
        for ((mix, noise), at) in pieces.zip((0..).step_by(block)) {
            let last = ends && at + block >= length;
            let share = at as f32 / length as f32;
            let wanted = if last { 0.0 } else { wanted(before, (missing + at) as f32 * per_sample, share) };
            let added = (wanted.powi(2) - level(mix).powi(2)).max(0.0).sqrt();
            let (from, slope) = (self.noisy, (added - self.noisy) / mix.len() as f32);
            for ((sample, noise), at) in mix.iter_mut().zip(noise).zip(0..) {
                *sample += noise * (from + slope * at as f32);
            }
            self.noisy = added;
        }
    }

    /// Fills `noise` for `mix`, at level 1; returns the level before the gap.
    fn make_noise(&mut self, after: Option<&mut Breath>) -> f32 {
        let (length, colour, edge) = (self.mix.len(), self.samples(COLOUR), self.samples(LEVEL));
        let last = |samples: usize| &self.past[self.past.len().saturating_sub(samples)..];
        let before = self.breath.get_or_insert_with(|| Breath::like(last(colour), last(edge)));
        self.noise.resize(length, 0.0);
        before.fill(&mut self.noise);
        if let Some(after) = after {
            let mut other = vec![0.0; length];
            after.fill(&mut other);
            for (at, (noise, other)) in self.noise.iter_mut().zip(other).enumerate() {
                let share = at as f32 / length as f32;
                *noise = *noise * (1.0 - share).sqrt() + other * share.sqrt();
            }
        }
        before.level()
    }

    /// Makes `sound` what is in `mix`.
    fn put(&mut self, sound: &mut [i16]) {
        for (sample, mix) in sound.iter_mut().zip(&self.mix) {
            *sample = clip(*mix);
        }
        self.remember(sound);
    }

    fn remember(&mut self, sound: &[i16]) {
        self.past.extend(sound.iter().map(|&s| f32::from(s)));
        let over = self.past.len().saturating_sub(self.samples(PAST));
        self.past.drain(..over);
    }
}

/// What is left of the noise in a gap whose end is not known.
fn dies_away(ms: f32) -> f32 {
    let fades = 1.0 - ((ms - FADES) / (SILENT - FADES)).clamp(0.0, 1.0);
    (-ms / HALVED).exp2() * fades
}

fn trust(ms: f32) -> f32 {
    let mut before = (0.0, 1.0);
    for (at, level) in TRUST {
        if ms < at {
            return before.1 + (level - before.1) * (ms - before.0) / (at - before.0);
        }
        before = (at, level);
    }
    before.1
}

fn clip(sample: f32) -> i16 {
    // `as` saturates.
    sample.round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: usize = 24_000;

    fn vowel(from: usize, length: usize) -> Vec<i16> {
        (from..from + length).map(|at| (at % 200) as i16 * 60 - 6_000).collect()
    }

    fn level_of(sound: &[i16]) -> f32 {
        level(&sound.iter().map(|&s| f32::from(s)).collect::<Vec<_>>())
    }

    #[test]
    fn a_long_gap_ends_in_silence_and_a_short_one_is_no_hole() {
        let mut join = Join::new(RATE as u32);
        join.came(&mut vowel(0, 4_800));
        let mut gap = vec![0; RATE * 4 / 10];
        join.fade(&mut gap);
        let loud = level_of(&vowel(0, 4_800));
        assert!(level_of(&gap[..480]) > loud * 0.2);
        assert!(level_of(&gap[2_400..3_600]) > loud * 0.1);
        assert!(gap[RATE * 33 / 100..].iter().all(|&s| s == 0));
    }

    fn steepest(sound: &[i16]) -> u16 {
        sound.windows(2).map(|pair| pair[1].abs_diff(pair[0])).max().unwrap_or(0)
    }

    /// What is heard of a hum before a gap, in it and after it; it may be filled in one go or in pieces of 20 ms.
    fn hum_with_a_gap(known: bool, gap: usize) -> Vec<i16> {
        let hum = |at: usize| ((at as f32 * 0.05).sin() * 6_000.0 + (at as f32 * 0.3).sin() * 1_000.0) as i16;
        let mut join = Join::new(RATE as u32);
        let (mut heard, mut rest): (Vec<i16>, Vec<i16>) =
            ((0..4_800).map(hum).collect(), (4_800 + gap..9_600 + gap).map(hum).collect());
        join.came(&mut heard);
        let mut made_up = vec![0; gap];
        if known {
            join.bridge(&mut made_up, 0, &rest);
        } else {
            made_up.chunks_mut(480).for_each(|piece| join.fade(piece));
        }
        join.came(&mut rest);
        [heard, made_up, rest].concat()
    }

    #[test]
    fn nothing_clicks_where_a_gap_begins_and_ends() {
        let usual = steepest(&hum_with_a_gap(true, 0));
        for (gap, known) in [60, 480, 1_440, 2_880, 9_600].into_iter().flat_map(|gap| [(gap, true), (gap, false)]) {
            let heard = hum_with_a_gap(known, gap);
            for seam in [4_800, 4_800 + gap] {
                let steepest = steepest(&heard[seam - 24..seam + 24]);
                assert!(steepest < usual * 3 / 2, "{gap} samples, {known}: {steepest} at {seam}, elsewhere {usual}");
            }
        }
    }

    #[test]
    fn what_has_died_away_does_not_come_back() {
        let mut join = Join::new(RATE as u32);
        join.came(&mut vowel(0, 4_800));
        join.fade(&mut vec![0; RATE * 4 / 10]);
        let mut gap = vec![0; 1_440];
        join.bridge(&mut gap, 0, &[0; 1_440]);
        assert!(level_of(&gap) < 1.0, "{}", level_of(&gap));
    }

    #[test]
    fn noise_goes_towards_the_level_of_what_follows() {
        let mut join = Join::new(RATE as u32);
        join.came(&mut vec![0; 2_400]);
        let mut gap = vec![0; 1_440];
        join.bridge(&mut gap, 0, &vowel(0, 1_440));
        assert!(level_of(&gap[720..]) > level_of(&gap[..720]) * 2.0);
        assert!(level_of(&gap) < level_of(&vowel(0, 1_440)));
    }

    #[test]
    fn a_repaired_piece_stays_as_it_is() {
        let mut join = Join::new(RATE as u32);
        join.came(&mut vowel(0, 2_400));
        let mut gap = vowel(2_400, 1_440);
        join.bridge(&mut gap, 1_440, &vowel(3_840, 1_440));
        assert_eq!(gap, vowel(2_400, 1_440));
    }
}
