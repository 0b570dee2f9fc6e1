//! Whether anything stirs in a pause: perhaps the hiss, the breath or the first sound with which somebody goes on, before
//! the score knows it. Nobody is taken for finished in that moment.

use crate::audio::Position;
use crate::hearing::vad::{FRAME, Frame};

/// Something stirs when at least two of the last four frames are this many dB above the floor …
const ABOVE: f32 = 5.0;
/// See [`ABOVE`].
const FRAMES: u8 = 0b1111;
/// … or when one is this many dB above what it has settled to …
const LEVEL: f32 = 3.0;
/// … or scores this much more.
const SCORE: f32 = 0.08;

/// How fast level and score settle down to a lower value …
const DOWN: f32 = 0.28;
/// … and up to a higher one, with each frame: the noise that goes on is what it settles to, not its highest peaks.
const UP: f32 = 0.03;

/// Somebody may be back when a frame is this many dB above what it has settled to, and as loud as the speech was.
const BACK: f32 = 7.0;

/// For so many samples it may still become speech: 144 ms.
const HOLDS: u64 = 9 * FRAME as u64;
/// Until then the decision waits, this many samples at most: 240 ms.
const GRACE: u64 = 15 * FRAME as u64;
/// Who is back has so many samples to be known again: 272 ms. Smoothed level and score need that long.
const BACK_GRACE: u64 = 17 * FRAME as u64;
/// Else, where only a fall tells, the decision waits so many samples while it stirs: 128 ms. Music stirs all the time.
const FALLEN_GRACE: u64 = 8 * FRAME as u64;

/// Listens for what stirs.
#[derive(Clone, Copy, Debug)]
pub struct Stir {
    /// What the level has settled to, in dBFS …
    level: f32,
    /// … and the score.
    score: f32,
    /// A bit for each of the last frames, the newest lowest: whether it was above the floor.
    above: u8,
    /// The end of the last frame in which something stirred, …
    stirred: Option<Position>,
    /// … and in which somebody may have been back.
    back: Option<Position>,
}

impl Default for Stir {
    fn default() -> Self {
        Self { level: 0.0, score: 1.0, above: 0, stirred: None, back: None }
    }
}

impl Stir {
    /// Takes in the frame that ends at `now`. `floor`: below that no level counts; `loud`: from that level on it is as loud
    /// as the speech was, both in dBFS.
    pub fn hear(&mut self, frame: Frame, now: Position, floor: f32, loud: f32) {
        self.above = self.above << 1 | u8::from(frame.above >= ABOVE);
        let level = settle(&mut self.level, frame.level.max(floor));
        let score = settle(&mut self.score, frame.score);
        if self.stirs() || level >= LEVEL || score >= SCORE {
            self.stirred = Some(now);
        }
        if level >= BACK && frame.level >= loud {
            self.back = Some(now);
        }
    }

    fn stirs(&self) -> bool {
        (self.above & FRAMES).count_ones() >= 2
    }

    /// So many samples longer nobody is taken for finished at `now` who was silent for long enough.
    #[must_use]
    pub fn grace(&self, now: Position) -> u64 {
        if within(self.stirred, now, HOLDS) { GRACE } else { 0 }
    }

    /// … and who has only fallen away.
    #[must_use]
    pub fn fallen_grace(&self, now: Position) -> u64 {
        match () {
            () if within(self.back, now, BACK_GRACE) => BACK_GRACE,
            () if self.stirs() => FALLEN_GRACE,
            () => 0,
        }
    }
}

/// How far `value` is above what it has settled to; it settles a little more.
fn settle(settled: &mut f32, value: f32) -> f32 {
    let above = value - *settled;
    *settled += above * if above < 0.0 { DOWN } else { UP };
    above
}

fn within(place: Option<Position>, now: Position, samples: u64) -> bool {
    place.is_some_and(|place| now - place <= samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it makes of `frames` of noise like `noise` and then one like `last`: the grace of both kinds.
    fn graces(noise: Frame, last: Frame) -> (u64, u64) {
        let (mut stir, end) = (Stir::default(), 100);
        for n in 1..=end {
            let now = Position(n * FRAME as u64);
            stir.hear(if n < end { noise } else { last }, now, -60.0, -30.0);
        }
        let now = Position(end * FRAME as u64);
        (stir.grace(now), stir.fallen_grace(now))
    }

    fn frame(score: f32, level: f32, above: f32) -> Frame {
        Frame { score, voiced: 0.0, level, above }
    }

    const NOISE: Frame = Frame { score: 0.3, voiced: 0.0, level: -50.0, above: 0.5 };

    #[test]
    fn steady_noise_does_not_stir() {
        assert_eq!(graces(NOISE, NOISE), (0, 0));
    }

    #[test]
    fn one_frame_that_is_louder_or_scores_more_does() {
        assert_eq!(graces(NOISE, frame(0.3, -46.0, 4.5)), (GRACE, 0));
        assert_eq!(graces(NOISE, frame(0.5, -50.0, 0.5)), (GRACE, 0));
    }

    #[test]
    fn who_is_as_loud_as_the_speech_was_may_be_back() {
        assert_eq!(graces(NOISE, frame(0.3, -29.0, 21.0)), (GRACE, BACK_GRACE));
    }

    #[test]
    fn what_stirs_all_the_time_is_waited_for_a_moment_only() {
        let music = frame(0.6, -40.0, 10.0);
        assert_eq!(graces(music, music), (GRACE, FALLEN_GRACE));
    }

    #[test]
    fn digital_silence_before_soft_noise_is_no_rise() {
        let soft = frame(0.0, -62.0, 0.5);
        assert_eq!(graces(frame(0.0, -120.0, -58.0), soft), (0, 0));
    }
}
