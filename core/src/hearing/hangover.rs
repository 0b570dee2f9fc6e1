//! How long it has to be quiet until somebody is taken for finished.
//!
//! The setting is the nominal value. Where score and noise floor agree that nobody speaks, less is enough. More is
//! needed where they disagree, the more the less the speech rises above the noise, in which its soft ends are lost, after a
//! very short utterance, which may be the first word of a long one, and for an answer, which needs time to think.
//!
//! Where silence is nowhere near, what has fallen decides, see [`Fall`]; and nobody is cut off while something stirs, see
//! [`Stir`].

use crate::audio::{Position, samples};
use crate::hearing::Limits;
use crate::hearing::fall::Fall;
use crate::hearing::stir::Stir;
use crate::hearing::vad::{FRAME, Frame};

/// The nominal value in per cent when score and floor agree and the speech rises by [`CLEAR`] or more …
const AGREED: f32 = 90.0;
/// … when it rises by [`FAINT`] or less, with a straight line between …
const UNCLEAR: f32 = 136.0;
/// … at least, when they don't quite …
const NOMINAL: u64 = 100;
/// … and when they don't …
const DOUBTFUL: u64 = 120;
/// … after a very short utterance …
const SHORT: u64 = 140;
/// … for an answer …
const ANSWER: u64 = 150;
/// … when only a fall of level or score tells …
const FALLEN: u64 = 170;
/// … and when only that of both together does.
const AWAY: u64 = 120;

/// A frame of silence is doubtful from this score on …
const DOUBT_SCORE: f32 = 0.6;
/// … or this many dB above the floor.
const DOUBT_ABOVE: f32 = 3.0;
/// Up to this share of doubtful frames score and floor agree.
const FEW: f32 = 0.1;
/// From this share on they disagree.
const MANY: f32 = 0.4;
/// Speech that rises above the floor by so many dB is clear: its end is heard too.
const CLEAR: f32 = 21.0;
/// Speech that rises above the floor by no more than so many dB is faint.
const FAINT: f32 = 6.5;
/// An utterance up to this many samples is very short: 350 ms.
const SHORT_UP_TO: u64 = 22 * FRAME as u64;

/// What an utterance teaches about its end.
#[derive(Clone, Copy, Debug)]
pub struct Hangover {
    fall: Fall,
    stir: Stir,
    /// Frames since the last one of speech …
    silent: u32,
    /// … and of these the doubtful ones.
    doubtful: u32,
}

impl Hangover {
    /// For an utterance that is recognised at `now`, the end of the frame that decided.
    #[must_use]
    pub fn new(now: Position) -> Self {
        Self { fall: Fall::new(now), stir: Stir::default(), silent: 0, doubtful: 0 }
    }

    /// Takes in the frame that ends at `now`, which belongs to the speech or to the silence behind it.
    pub fn hear(&mut self, frame: Frame, now: Position, speech: bool) {
        self.fall.hear(frame, now, speech);
        self.stir.hear(frame, now, self.fall.floor(), self.fall.loud());
        if speech {
            (self.silent, self.doubtful) = (0, 0);
        } else {
            self.silent = self.silent.saturating_add(1);
            let doubtful = frame.score >= DOUBT_SCORE || frame.above >= DOUBT_ABOVE;
            self.doubtful = self.doubtful.saturating_add(u32::from(doubtful));
        }
    }

    /// Whether it has been silent for long enough at `now`, after speech from `since` to `until`.
    #[must_use]
    pub fn over(&self, limits: Limits, since: Position, until: Position, now: Position) -> bool {
        let needed = part(limits, self.percent(limits, until - since));
        now - until >= needed.saturating_add(self.stir.grace(now))
    }

    /// Where the speech ended if only a fall shows at `now` that it did: whatever sounds since then is further away.
    #[must_use]
    pub fn fallen(&self, limits: Limits, now: Position) -> Option<Position> {
        let (answer, grace) = (if limits.answer { ANSWER } else { 0 }, self.stir.fallen_grace(now));
        let away = |since: Position, percent: u64| {
            let needed = part(limits, percent.max(answer)).saturating_add(grace);
            (now - since >= needed).then_some(since)
        };
        away(self.fall.near(), AWAY).or_else(|| away(self.fall.high(), FALLEN))
    }

    fn percent(&self, limits: Limits, spoken: u64) -> u64 {
        let short = if spoken <= SHORT_UP_TO { SHORT } else { 0 };
        let answer = if limits.answer { ANSWER } else { 0 };
        self.agreement().max(short).max(answer)
    }

    fn agreement(&self) -> u64 {
        let clear = ((self.fall.rise() - FAINT) / (CLEAR - FAINT)).clamp(0.0, 1.0);
        let percent = (UNCLEAR + (AGREED - UNCLEAR) * clear) as u64;
        let doubts = self.doubtful as f32 / self.silent.max(1) as f32;
        match () {
            () if doubts > MANY => percent.max(DOUBTFUL),
            () if doubts > FEW => percent.max(NOMINAL),
            () => percent,
        }
    }
}

/// So much of the nominal value, in samples.
fn part(limits: Limits, percent: u64) -> u64 {
    samples(limits.hangover).saturating_mul(percent) / 100
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LIMITS: Limits = Limits {
        hangover: Duration::from_millis(1_600),
        no_speech: Duration::from_secs(10),
        max_utterance: Duration::from_secs(15),
        answer: false,
    };
    const SECOND: u64 = 16_000;

    fn frame(score: f32, above: f32) -> Frame {
        Frame { score, voiced: 0.0, level: -60.0 + above, above }
    }

    /// Milliseconds of silence like `silence` that end an utterance of `spoken` samples, `loud` dB above the floor.
    fn hangover(limits: Limits, spoken: u64, loud: f32, silence: Frame) -> u64 {
        let mut hangover = Hangover::new(Position(0));
        let (since, mut now) = (Position(0), Position(0));
        while now.0 < spoken {
            now = Position(now.0 + FRAME as u64);
            hangover.hear(frame(0.9, loud), now, true);
        }
        let until = now;
        for _ in 0..400 {
            now = Position(now.0 + FRAME as u64);
            hangover.hear(silence, now, false);
            if hangover.over(limits, since, until, now) {
                return (now - until) / 16;
            }
        }
        panic!("it never ends");
    }

    #[test]
    fn it_is_shorter_where_score_and_floor_agree() {
        assert_eq!(hangover(LIMITS, 2 * SECOND, 30.0, frame(0.1, 0.5)), 1_440);
    }

    #[test]
    fn it_is_the_longer_the_less_the_speech_rises_above_the_noise() {
        let quiet = frame(0.1, 0.5);
        let ends = [24.0, 21.0, 16.0, 12.0, 6.5, 4.0].map(|loud| hangover(LIMITS, 2 * SECOND, loud, quiet));
        assert_eq!([ends[0], ends[1], ends[4], ends[5]], [1_440, 1_440, 2_176, 2_176]);
        assert!(ends.is_sorted() && ends[2] < 1_700 && ends[3] > 1_800, "{ends:?}");
    }

    #[test]
    fn it_is_longer_where_the_silence_is_doubtful() {
        assert_eq!(hangover(LIMITS, 2 * SECOND, 30.0, frame(0.8, 0.5)), 1_920);
        assert_eq!(hangover(LIMITS, 2 * SECOND, 30.0, frame(0.1, 4.0)), 1_920);
    }

    #[test]
    fn it_is_longer_after_a_very_short_utterance_and_for_an_answer() {
        assert_eq!(hangover(LIMITS, SECOND / 4, 30.0, frame(0.1, 0.5)), 2_240);
        let answer = Limits { answer: true, ..LIMITS };
        assert_eq!(hangover(answer, 2 * SECOND, 30.0, frame(0.1, 0.5)), 2_400);
        assert_eq!(hangover(answer, SECOND / 4, 30.0, frame(0.1, 0.5)), 2_400);
    }

    #[test]
    fn what_stirs_is_waited_for_only_a_moment() {
        assert_eq!(hangover(LIMITS, 2 * SECOND, 30.0, frame(0.1, 6.0)), 1_920 + 240);
    }

    #[test]
    fn who_is_near_is_over_when_the_others_are_less_loud_by_half() {
        let mut hangover = Hangover::new(Position(0));
        let crowd = frame(0.95, 7.0);
        (1..=125).for_each(|n| hangover.hear(frame(0.95, 21.0), Position(n * FRAME as u64), true));
        let ended = (126..400).find_map(|n| {
            let now = Position(n * FRAME as u64);
            hangover.hear(crowd, now, true);
            hangover.fallen(LIMITS, now).map(|end| (end, now))
        });
        let (end, now) = ended.unwrap_or_default();
        assert!((125..140).contains(&(end.0 / FRAME as u64)), "{end:?}");
        assert_eq!((now - end) / 16, 1_600 * 170 / 100 + 128);
    }

    #[test]
    fn music_behind_the_speech_sounds_less_like_it() {
        let mut hangover = Hangover::new(Position(0));
        let music = frame(0.5, 28.0);
        (1..=125).for_each(|n| hangover.hear(frame(0.95, 30.0), Position(n * FRAME as u64), true));
        let ended = (126..400).find_map(|n| {
            let now = Position(n * FRAME as u64);
            hangover.hear(music, now, true);
            hangover.fallen(LIMITS, now)
        });
        assert!((125..140).contains(&(ended.unwrap_or_default().0 / FRAME as u64)), "{ended:?}");
    }

    #[test]
    fn a_breath_that_stirred_is_waited_for_a_moment_longer() {
        let mut hangover = Hangover::new(Position(0));
        let mut now = Position(0);
        let mut hear = |hangover: &mut Hangover, frame: Frame, frames: u64, speech: bool| {
            for _ in 0..frames {
                now = Position(now.0 + FRAME as u64);
                hangover.hear(frame, now, speech);
            }
            now
        };
        let until = hear(&mut hangover, frame(0.9, 30.0), 125, true);
        // 1.36 s of silence, a breath of 48 ms, and silence again: 90 % of the hangover are 1.44 s.
        hear(&mut hangover, frame(0.1, 0.5), 85, false);
        hear(&mut hangover, frame(0.1, 8.0), 3, false);
        let now = hear(&mut hangover, frame(0.1, 0.5), 5, false);
        assert!(!hangover.over(LIMITS, Position(0), until, now));
        let now = hear(&mut hangover, frame(0.1, 0.5), 8, false);
        assert!(hangover.over(LIMITS, Position(0), until, now));
    }

    #[test]
    fn a_voice_that_fades_a_little_is_not_over() {
        let mut hangover = Hangover::new(Position(0));
        (1..=125).for_each(|n| hangover.hear(frame(0.95, 30.0), Position(n * FRAME as u64), true));
        for n in 126..1_000 {
            let now = Position(n * FRAME as u64);
            hangover.hear(frame(0.95, 17.0), now, true);
            assert_eq!(hangover.fallen(LIMITS, now), None);
        }
    }

    #[test]
    fn level_and_score_that_both_fall_a_little_are_a_fall() {
        // Neither would be enough for itself.
        let others = frame(0.72, 22.0);
        let mut hangover = Hangover::new(Position(0));
        (1..=125).for_each(|n| hangover.hear(frame(0.95, 30.0), Position(n * FRAME as u64), true));
        let ended = (126..300).find_map(|n| {
            let now = Position(n * FRAME as u64);
            hangover.hear(others, now, true);
            hangover.fallen(LIMITS, now).map(|end| (end, now))
        });
        let (end, now) = ended.unwrap_or_default();
        assert!((125..150).contains(&(end.0 / FRAME as u64)), "{end:?}");
        assert_eq!((now - end) / 16, 1_600 * 120 / 100 + 128);
    }

    #[test]
    fn who_is_back_is_not_cut_off_before_the_score_knows_it() {
        let mut hangover = Hangover::new(Position(0));
        let mut hear = |frames: std::ops::Range<u64>, frame: Frame| {
            frames.map(|n| Position(n * FRAME as u64)).find(|&now| {
                hangover.hear(frame, now, true);
                hangover.fallen(LIMITS, now).is_some()
            })
        };
        assert_eq!(hear(1..126, frame(0.95, 30.0)), None);
        // 1.92 s and some frames until it is known that the score fell; the voice is back just before that.
        assert_eq!(hear(126..245, frame(0.2, 8.0)), None);
        assert_eq!(hear(245..262, frame(0.3, 30.0)), None, "as loud as before");
        assert!(hear(262..300, frame(0.3, 30.0)).is_some(), "but no voice");
    }

    #[test]
    fn settings_without_bounds_don_t_overflow() {
        let endless = Limits { hangover: Duration::MAX, answer: true, ..LIMITS };
        let hangover = Hangover::new(Position(0));
        assert!(!hangover.over(endless, Position(0), Position(0), Position(u64::MAX / 200)));
        assert_eq!(hangover.fallen(endless, Position(u64::MAX / 200)), None);
    }
}
