//! How long it has to be quiet until somebody is taken for finished.
//!
//! The setting is the nominal value. Where score and noise floor agree that nobody speaks, less is enough. More is
//! needed where they disagree, where the speech hardly rises above the noise and its soft end is lost, after a very
//! short utterance, which may be the first word of a long one, and for an answer, which needs time to think.
//!
//! Where silence is nowhere near, since other people talk or music plays, what has fallen decides: who is near is louder
//! than the others, and sounds more like speech than the music behind.

use crate::audio::{Position, samples};
use crate::hearing::Limits;
use crate::hearing::vad::{FRAME, Frame};

/// The nominal value in per cent when score and floor agree …
const AGREED: u64 = 90;
/// … when they don't …
const DOUBTFUL: u64 = 120;
/// … when the speech is faint …
const FAINT: u64 = 125;
/// … after a very short utterance …
const SHORT: u64 = 140;
/// … for an answer …
const ANSWER: u64 = 150;
/// … and when only a fall tells.
const FALLEN: u64 = 140;

/// A frame of silence is doubtful from this score on …
const DOUBT_SCORE: f32 = 0.6;
/// … or this many dB above the floor.
const DOUBT_ABOVE: f32 = 3.0;
/// Up to this share of doubtful frames score and floor agree …
const FEW: f32 = 0.1;
/// … if the speech was at least this many dB above the floor, so that its end was heard too.
const CLEAR: f32 = 15.0;
/// From this share of doubtful frames on they disagree.
const MANY: f32 = 0.4;
/// Speech that rises less above the floor than this, in dB, is faint.
const FAINT_BELOW: f32 = 10.0;
/// An utterance up to this many samples is very short: 350 ms.
const SHORT_UP_TO: u64 = 22 * FRAME as u64;

/// How much of a frame's level goes into the smoothed level.
const SMOOTHING: f32 = 0.15;
/// By so many dB the level of the speech fades with each frame of speech that does not reach it: 1.25 dB in a second.
const FADE: f32 = 0.02;
/// It has fallen when the smoothed level is below this share of the speech's rise above the floor …
const SHARE: f32 = 0.55;
/// … and this many dB below the speech.
const DROP: f32 = 6.0;

/// Where the levels begin, in dBFS.
const SILENCE: f32 = -100.0;

/// How much of a frame's score goes into the smoothed score.
const SCORE_SMOOTHING: f32 = 0.1;
/// By so much the best smoothed score fades with each frame: 0.03 in a second.
const SCORE_FADE: f32 = 0.000_5;
/// It has fallen, too, when the smoothed score is this much below the best one: music behind speech scores less.
const SCORE_DROP: f32 = 0.25;

/// Something stirs when at least two of the last four frames are this many dB above the floor: perhaps the hiss or the
/// breath with which somebody goes on, before any score knows it.
const STIR_ABOVE: f32 = 5.0;
/// See [`STIR_ABOVE`].
const STIR_FRAMES: u8 = 0b1111;
/// For so many samples it may still become speech: 160 ms.
const STIR_HOLDS: u64 = 10 * FRAME as u64;
/// Until then the decision waits, this many samples at most: 240 ms …
const STIR_GRACE: u64 = 15 * FRAME as u64;
/// … and where only a fall tells, while it stirs: 128 ms. Music stirs all the time.
const FALLEN_GRACE: u64 = 8 * FRAME as u64;

/// What an utterance teaches about its end.
#[derive(Clone, Copy, Debug)]
pub struct Hangover {
    /// The lowest floor since the utterance began, in dBFS: a floor that learns from the speech itself rises.
    floor: f32,
    /// How loud the speech is, in dBFS: a peak that fades.
    speech: f32,
    /// The smoothed level in dBFS.
    level: f32,
    /// The smoothed score …
    score: f32,
    /// … and the best one: a peak that fades.
    best: f32,
    /// The end of the last frame that was nearly as loud as the speech and sounded like it.
    near: Position,
    /// Frames since the last one of speech …
    silent: u32,
    /// … and of these the doubtful ones.
    doubtful: u32,
    /// A bit for each of the last frames, the newest lowest: whether it stirred.
    stirred: u8,
    /// The end of the last frame in which something stirred.
    stirred_at: Position,
}

impl Hangover {
    /// For an utterance that is recognised at `now`, the end of the frame that decided.
    #[must_use]
    pub const fn new(now: Position) -> Self {
        Self {
            floor: f32::INFINITY,
            speech: SILENCE,
            level: SILENCE,
            score: 0.0,
            best: 0.0,
            near: now,
            silent: 0,
            doubtful: 0,
            stirred: 0,
            stirred_at: Position(0),
        }
    }

    /// Takes in the frame that ends at `now`, which belongs to the speech or to the silence behind it.
    pub fn hear(&mut self, frame: Frame, now: Position, speech: bool) {
        self.follow(frame, speech);
        if self.is_near() {
            self.near = now;
        }
        self.stirred = self.stirred << 1 | u8::from(frame.above >= STIR_ABOVE);
        if self.stirs() {
            self.stirred_at = now;
        }
        if speech {
            (self.silent, self.doubtful) = (0, 0);
        } else {
            self.silent = self.silent.saturating_add(1);
            let doubtful = frame.score >= DOUBT_SCORE || frame.above >= DOUBT_ABOVE;
            self.doubtful = self.doubtful.saturating_add(u32::from(doubtful));
        }
    }

    fn follow(&mut self, frame: Frame, speech: bool) {
        let floor = frame.level - frame.above;
        self.floor = self.floor.min(floor);
        self.level = self.level.max(floor);
        self.level += (frame.level.max(floor) - self.level) * SMOOTHING;
        let fade = if speech { FADE } else { 0.0 };
        self.speech = (self.speech - fade).max(self.level);
        self.score += (frame.score - self.score) * SCORE_SMOOTHING;
        self.best = (self.best - SCORE_FADE).max(self.score);
    }

    fn is_near(&self) -> bool {
        let loud = self.level >= (self.floor + self.rise() * SHARE).min(self.speech - DROP);
        loud && self.score > self.best - SCORE_DROP
    }

    fn stirs(&self) -> bool {
        (self.stirred & STIR_FRAMES).count_ones() >= 2
    }

    /// Whether it has been silent for long enough at `now`, after speech from `since` to `until`.
    #[must_use]
    pub fn over(&self, limits: Limits, since: Position, until: Position, now: Position) -> bool {
        let grace = if now - self.stirred_at <= STIR_HOLDS { STIR_GRACE } else { 0 };
        now - until >= part(limits, self.percent(limits, until - since)).saturating_add(grace)
    }

    /// Where the speech ended if only a fall shows at `now` that it did: whatever sounds since then is further away.
    #[must_use]
    pub fn fallen(&self, limits: Limits, now: Position) -> Option<Position> {
        let percent = if limits.answer { ANSWER.max(FALLEN) } else { FALLEN };
        let grace = if self.stirs() { FALLEN_GRACE } else { 0 };
        (now - self.near >= part(limits, percent).saturating_add(grace)).then_some(self.near)
    }

    /// By how much the speech rises above the floor, in dB.
    fn rise(&self) -> f32 {
        self.speech - self.floor
    }

    fn percent(&self, limits: Limits, spoken: u64) -> u64 {
        let short = if spoken <= SHORT_UP_TO { SHORT } else { 0 };
        let answer = if limits.answer { ANSWER } else { 0 };
        self.agreement().max(short).max(answer)
    }

    fn agreement(&self) -> u64 {
        let doubts = self.doubtful as f32 / self.silent.max(1) as f32;
        match () {
            () if self.rise() < FAINT_BELOW => FAINT,
            () if doubts > MANY => DOUBTFUL,
            () if doubts <= FEW && self.rise() >= CLEAR => AGREED,
            () => 100,
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
    fn it_is_nominal_where_the_speech_was_not_clear() {
        assert_eq!(hangover(LIMITS, 2 * SECOND, 12.0, frame(0.1, 0.5)), 1_600);
    }

    #[test]
    fn it_is_longer_where_the_silence_is_doubtful() {
        assert_eq!(hangover(LIMITS, 2 * SECOND, 30.0, frame(0.8, 0.5)), 1_920);
        assert_eq!(hangover(LIMITS, 2 * SECOND, 30.0, frame(0.1, 4.0)), 1_920);
    }

    #[test]
    fn it_is_longer_for_faint_speech() {
        assert_eq!(hangover(LIMITS, 2 * SECOND, 8.0, frame(0.1, 0.5)), 2_000);
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
        assert_eq!((now - end) / 16, 1_600 * 140 / 100 + 128);
    }

    #[test]
    fn music_behind_the_speech_sounds_less_like_it() {
        let mut hangover = Hangover::new(Position(0));
        let music = frame(0.6, 28.0);
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
    fn settings_without_bounds_don_t_overflow() {
        let endless = Limits { hangover: Duration::MAX, answer: true, ..LIMITS };
        let hangover = Hangover::new(Position(0));
        assert!(!hangover.over(endless, Position(0), Position(0), Position(u64::MAX / 200)));
        assert_eq!(hangover.fallen(endless, Position(u64::MAX / 200)), None);
    }
}
