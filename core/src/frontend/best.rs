//! Of a microphone array, the channel that hears best.
//!
//! Each channel has its noise floor and its level of speech, how far the loud moments rise above the floor. The channel
//! on which speech rises most is used. It changes only between two utterances, and only for a clear gain; within one only
//! if the used channel dies. A change is a crossfade of 10 ms, since the channels hear a step otherwise.

/// Channels that are looked at; the rest of a larger array is left alone.
pub const MOST_CHANNELS: usize = 16;
/// A frame is so long, in seconds.
const FRAME: f32 = 0.02;
/// A frame this many dB above the floor is speech.
const SPEECH: f32 = 9.0;
/// An utterance is over after so many frames without speech: 0.6 s.
const PAUSE: u32 = 30;
/// What an utterance has to have, in frames, to say anything: 0.2 s.
const LEAST_SPEECH: u32 = 10;
/// Another channel has to hear so many dB better …
const BETTER: f32 = 2.0;
/// … and what one utterance says counts so much.
const TEACHES: f32 = 0.5;
/// So many frames with one value while others hear something, and a channel is dead: 0.2 s.
const DEAD: u32 = 10;
/// How fast a floor rises, in dB for each frame: 2.5 dB in a second. It falls at once.
const RISE: f32 = 0.05;
/// Below the floor of any converter, in dB.
const NOTHING: f32 = -120.0;

/// Chooses the channel and mixes it.
#[derive(Debug)]
pub struct Best {
    channels: Vec<Ear>,
    used: usize,
    /// What fades out, and how much of it is left.
    old: usize,
    left: f32,
    fade: f32,
    /// Samples of a frame, and so far.
    frame: u32,
    count: u32,
    /// Frames of speech of this utterance, and frames since the last.
    speech: u32,
    pause: u32,
}

/// What is known about a channel.
#[derive(Clone, Debug)]
struct Ear {
    before: f32,
    high: f32,
    energy: f32,
    changed: bool,
    still: u32,
    floor: f32,
    /// Sum over the frames of speech of this utterance, in dB above the floor.
    rise: f32,
    /// How far speech rises, over the last utterances.
    score: Option<f32>,
}

impl Best {
    /// For `channels` channels (1 to [`MOST_CHANNELS`], others are left alone) at `rate` Hz. Begins with the first.
    #[must_use]
    pub fn new(channels: usize, rate: u32) -> Self {
        let rate = rate.max(1_000) as f32;
        let ear =
            Ear { before: 0.0, high: 0.0, energy: 0.0, changed: false, still: 0, floor: 0.0, rise: 0.0, score: None };
        Self {
            channels: vec![ear; channels.clamp(1, MOST_CHANNELS)],
            used: 0,
            old: 0,
            left: 0.0,
            fade: 1.0 / (rate * 0.01),
            frame: (rate * FRAME) as u32,
            count: 0,
            speech: 0,
            pause: 0,
        }
    }

    /// The channel that is used now, counted from 0.
    #[must_use]
    pub const fn used(&self) -> usize {
        self.used
    }

    /// Takes a sample of each channel (±32768 is full scale) and returns the one to be used. Missing ones are silence.
    pub fn push(&mut self, frame: &[f32]) -> f32 {
        for (ear, &sample) in self.channels.iter_mut().zip(frame) {
            ear.push(sample);
        }
        self.count += 1;
        if self.count >= self.frame {
            self.count = 0;
            self.look();
        }
        let sample = |channel: usize| frame.get(channel).copied().unwrap_or(0.0);
        self.left = (self.left - self.fade).max(0.0);
        sample(self.used) + (sample(self.old) - sample(self.used)) * self.left
    }

    /// A frame is complete.
    fn look(&mut self) {
        let frame = self.frame as f32;
        let mut rises = [NOTHING; MOST_CHANNELS];
        for (rise, ear) in rises.iter_mut().zip(&mut self.channels) {
            *rise = ear.finish(frame);
        }
        let anybody = self.channels.iter().any(|ear| ear.still == 0);
        if anybody && self.channels[self.used].still >= DEAD {
            self.leave_dead();
        }
        if rises.iter().copied().fold(NOTHING, f32::max) >= SPEECH {
            self.speech += 1;
            self.pause = 0;
            for (ear, rise) in self.channels.iter_mut().zip(&rises) {
                ear.rise += rise;
            }
        } else {
            self.pause += 1;
            if self.pause == PAUSE {
                self.conclude();
            }
        }
    }

    /// An utterance is over.
    fn conclude(&mut self) {
        let frames = std::mem::take(&mut self.speech);
        for ear in &mut self.channels {
            let rise = std::mem::take(&mut ear.rise) / frames.max(1) as f32;
            if frames >= LEAST_SPEECH {
                ear.score = Some(ear.score.map_or(rise, |score| score + (rise - score) * TEACHES));
            }
        }
        let best = self.best();
        let score = |channel: usize| self.channels[channel].score.unwrap_or(0.0);
        if score(best) >= score(self.used) + BETTER {
            self.change(best);
        }
    }

    fn leave_dead(&mut self) {
        self.channels[self.used].score = None;
        let best = self.best();
        if self.channels[best].still == 0 {
            self.change(best);
        }
    }

    /// The living channel with the highest score.
    fn best(&self) -> usize {
        let worth = |ear: &Ear| if ear.still >= DEAD { NOTHING } else { ear.score.unwrap_or(0.0) };
        let mut best = self.used;
        for (channel, ear) in self.channels.iter().enumerate() {
            if worth(ear) > worth(&self.channels[best]) {
                best = channel;
            }
        }
        best
    }

    fn change(&mut self, channel: usize) {
        if channel != self.used {
            (self.old, self.used, self.left) = (self.used, channel, 1.0);
        }
    }
}

impl Ear {
    fn push(&mut self, sample: f32) {
        self.changed |= sample != self.before;
        // No direct current, little hum.
        self.high = 0.95 * (self.high + sample - self.before);
        self.before = sample;
        self.energy += self.high * self.high;
    }

    /// A frame is complete: how far it rises above the floor, in dB.
    fn finish(&mut self, samples: f32) -> f32 {
        let power = std::mem::take(&mut self.energy) / samples / 32_768_f32.powi(2);
        self.still = if std::mem::take(&mut self.changed) { 0 } else { self.still.saturating_add(1) };
        if self.still > 0 {
            return NOTHING;
        }
        let level = 10.0 * power.max(1e-12).log10();
        self.floor = level.min(self.floor + RISE);
        level - self.floor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of noise on each channel, the speech of `said` dB over −60 dBFS in bursts of 0.3 s.
    fn say(best: &mut Best, said: [f32; 3], seconds: usize, speech: bool, dead: Option<usize>) -> usize {
        let mut seed = 99_u64;
        for n in 0..seconds * 16_000 {
            let mut frame = [0.0; 3];
            for (channel, sample) in frame.iter_mut().enumerate() {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let noise = (seed >> 40) as f32 / 8_388_608.0 - 1.0;
                let loud = if speech && n % 8_000 < 4_800 { 10_f32.powf(said[channel] / 20.0) } else { 1.0 };
                *sample = if dead == Some(channel) { 17.0 } else { noise * 32.0 * loud };
            }
            best.push(&frame);
        }
        best.used()
    }

    #[test]
    fn the_channel_on_which_speech_rises_most_is_used_from_the_next_pause_on() {
        let mut best = Best::new(3, 16_000);
        say(&mut best, [0.0; 3], 1, false, None);
        assert_eq!(say(&mut best, [20.0, 26.0, 15.0], 3, true, None), 0, "not within the utterance");
        assert_eq!(say(&mut best, [0.0; 3], 1, false, None), 1);
    }

    #[test]
    fn a_small_difference_changes_nothing() {
        let mut best = Best::new(3, 16_000);
        say(&mut best, [0.0; 3], 1, false, None);
        say(&mut best, [20.0, 21.0, 19.5], 3, true, None);
        assert_eq!(say(&mut best, [0.0; 3], 1, false, None), 0);
    }

    #[test]
    fn a_dead_channel_is_left_at_once() {
        let mut best = Best::new(3, 16_000);
        say(&mut best, [0.0; 3], 1, false, None);
        assert_ne!(say(&mut best, [20.0, 20.0, 20.0], 1, true, Some(0)), 0);
    }

    #[test]
    fn a_change_is_a_crossfade() {
        let mut best = Best::new(2, 16_000);
        best.change(1);
        let steps: Vec<f32> = (0..200).map(|_| best.push(&[1_000.0, -1_000.0])).collect();
        assert!(steps.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 15.0), "{steps:?}");
        assert!((steps[199] + 1_000.0).abs() < 1e-3);
    }
}
