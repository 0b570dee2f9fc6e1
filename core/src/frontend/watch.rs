//! What a microphone delivers besides sound: clipping, and nothing at all.

use std::time::Duration;

use crate::audio::TAPE_RATE;

/// From here on a sample is full scale: cheap converters stop a little below it.
const FULL: u16 = 32_700;
/// So many full samples in a row are a clipped peak; a single one may just be loud.
const RUN: u32 = 3;
/// The share is taken over so many samples: a second.
const SPAN: u32 = TAPE_RATE;

/// What is known about a microphone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MicrophoneState {
    /// Samples in clipped peaks so far.
    pub clipped: u64,
    /// Their share in the last whole second, 0 to 1. From a hundredth on the gain is too high.
    pub clipping: f32,
    /// The longest clipped peak so far, in samples.
    pub longest: u32,
    /// For how long the same value has come, digital silence or a stuck one. No real microphone is so quiet for 2 s: it
    /// delivers, but hears nothing.
    pub stuck: Duration,
    /// That value.
    pub value: i16,
}

/// Watches a microphone's samples, before anything is done to them.
#[derive(Debug, Default)]
pub struct Watch {
    run: u32,
    count: u32,
    clipped_now: u32,
    clipped: u64,
    clipping: f32,
    longest: u32,
    same: u64,
    value: i16,
}

impl Watch {
    /// Takes the samples that came, 16 kHz.
    pub fn push(&mut self, mut sound: &[i16]) {
        while !sound.is_empty() {
            let (now, later) = sound.split_at(sound.len().min((SPAN - self.count) as usize));
            sound = later;
            self.look_for_stuck(now);
            self.look_for_clipping(now);
            self.count += now.len() as u32;
            if self.count == SPAN {
                self.clipping = self.clipped_now as f32 / SPAN as f32;
                (self.count, self.clipped_now) = (0, 0);
            }
        }
    }

    fn look_for_stuck(&mut self, sound: &[i16]) {
        let Some(&last) = sound.last() else { return };
        // Seldom far: sound changes.
        let tail = sound.iter().rev().take_while(|&&sample| sample == last).count();
        let goes_on = tail == sound.len() && last == self.value;
        self.same = if goes_on { self.same + tail as u64 } else { tail as u64 };
        self.value = last;
    }

    fn look_for_clipping(&mut self, sound: &[i16]) {
        let loudest = sound.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
        if loudest < FULL {
            self.run = 0;
            return;
        }
        for &sample in sound {
            if sample.unsigned_abs() >= FULL {
                self.run = self.run.saturating_add(1);
                self.full();
            } else {
                self.run = 0;
            }
        }
    }

    fn full(&mut self) {
        let more = match self.run {
            ..RUN => return,
            RUN => RUN,
            _ => 1,
        };
        self.longest = self.longest.max(self.run);
        self.clipped += u64::from(more);
        self.clipped_now += more;
    }

    /// What is known now.
    #[must_use]
    pub const fn state(&self) -> MicrophoneState {
        MicrophoneState {
            clipped: self.clipped,
            clipping: self.clipping,
            longest: self.longest,
            stuck: Duration::from_micros(self.same.saturating_mul(1_000_000) / TAPE_RATE as u64),
            value: self.value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(sound: &[i16]) -> MicrophoneState {
        let mut watch = Watch::default();
        watch.push(sound);
        watch.state()
    }

    #[test]
    fn clipped_peaks_are_counted_and_single_ones_are_not() {
        let mut second = [100, -100].repeat(8_000);
        assert_eq!(watched(&second).clipped, 0);
        second[7] = i16::MAX;
        assert_eq!(watched(&second).clipped, 0);
        for peak in 0..40 {
            second[peak * 100..peak * 100 + 4].fill(if peak % 2 == 0 { i16::MAX } else { i16::MIN });
        }
        let state = watched(&second);
        assert_eq!((state.clipped, state.longest), (160, 4));
        assert!((state.clipping - 0.01).abs() < 1e-6, "{state:?}");
    }

    #[test]
    fn a_stuck_value_is_told_and_the_quietest_room_is_not() {
        for value in [0, -1, 1_234, i16::MAX] {
            let state = watched(&vec![value; 40_000]);
            assert_eq!((state.stuck, state.value), (Duration::from_millis(2_500), value));
        }
        let mut room = vec![0; 40_000];
        room.iter_mut().step_by(700).for_each(|sample| *sample = 1);
        assert!(watched(&room).stuck < Duration::from_millis(100));
    }
}
