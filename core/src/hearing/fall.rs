//! Whether the near voice has stopped where silence is nowhere near, since other people talk or music plays.
//!
//! Who is near is louder than the others and sounds more like speech than the music behind. Two things show that it is
//! over: level or score fell far below what they were, or both together fell a little and stayed there.

use crate::audio::Position;
use crate::hearing::vad::Frame;

/// How much of a frame's level goes into the smoothed level.
const SMOOTHING: f32 = 0.15;
/// By so many dB the level of the speech fades with each frame of speech that does not reach it: 1.25 dB in a second.
const FADE: f32 = 0.02;
/// The level has fallen when the smoothed one is below this share of the speech's rise above the floor …
const SHARE: f32 = 0.6;
/// … and this many dB below the speech.
const DROP: f32 = 4.3;

/// Where the levels begin, in dBFS.
const SILENCE: f32 = -100.0;

/// How much of a frame's score goes into the smoothed score.
const SCORE_SMOOTHING: f32 = 0.1;
/// By so much the best smoothed score fades with each frame: 0.03 in a second.
const SCORE_FADE: f32 = 0.000_5;
/// The score has fallen when the smoothed one is this much below the best one: music behind speech scores less.
const SCORE_DROP: f32 = 0.28;

/// Both together: the score, less so much for each dB below the speech …
const PER_DECIBEL: f32 = 0.034;
/// … of these dB at most: a gap between two words is quieter than any crowd, and says no more.
const MOST_DECIBELS: f32 = 8.5;
/// How much of a frame's nearness goes into the smoothed one: 0.1 s. No single frame tells the near voice from others,
/// but their mean does.
const NEARNESS_SMOOTHING: f32 = 0.16;
/// By so much the best smoothed nearness fades with each frame: 0.013 in a second.
const NEARNESS_FADE: f32 = 0.000_2;
/// It has fallen when the smoothed nearness is this much below the best one.
const NEARNESS_DROP: f32 = 0.325;

/// Follows a voice until it falls away.
#[derive(Clone, Copy, Debug)]
pub struct Fall {
    /// The lowest floor since the utterance began, in dBFS: a floor that learns from the speech itself rises.
    floor: f32,
    /// How loud the speech is, in dBFS: a peak that fades.
    speech: f32,
    /// The smoothed level in dBFS.
    level: f32,
    /// The smoothed score …
    score: f32,
    /// … and the best one: a peak that fades.
    best_score: f32,
    /// The smoothed nearness …
    nearness: f32,
    /// … and the best one: a peak that fades.
    nearest: f32,
    /// Frames so far.
    heard: u32,
    /// The end of the last frame in which neither level nor score had fallen far …
    high: Position,
    /// … and of the last one in which both together had not.
    near: Position,
}

impl Fall {
    /// For an utterance that is recognised at `now`.
    #[must_use]
    pub const fn new(now: Position) -> Self {
        Self {
            floor: f32::INFINITY,
            speech: SILENCE,
            level: SILENCE,
            score: 0.0,
            best_score: 0.0,
            nearness: 0.0,
            nearest: f32::NEG_INFINITY,
            heard: 0,
            high: now,
            near: now,
        }
    }

    /// Takes in the frame that ends at `now`, which belongs to the speech or to the silence behind it.
    pub fn hear(&mut self, frame: Frame, now: Position, speech: bool) {
        self.follow_level(frame, speech);
        self.score += (frame.score - self.score) * SCORE_SMOOTHING;
        self.best_score = (self.best_score - SCORE_FADE).max(self.score);
        if self.level >= self.loud() && self.score > self.best_score - SCORE_DROP {
            self.high = now;
        }
        self.follow_nearness(frame);
        if self.nearness > self.nearest - NEARNESS_DROP {
            self.near = now;
        }
    }

    fn follow_level(&mut self, frame: Frame, speech: bool) {
        let floor = frame.level - frame.above;
        self.floor = self.floor.min(floor);
        self.level = self.level.max(floor);
        self.level += (frame.level.max(floor) - self.level) * SMOOTHING;
        let fade = if speech { FADE } else { 0.0 };
        self.speech = (self.speech - fade).max(self.level);
    }

    fn follow_nearness(&mut self, frame: Frame) {
        let below = (self.speech - frame.level).clamp(0.0, MOST_DECIBELS);
        self.heard = self.heard.saturating_add(1);
        // At first the mean of all, so that nothing has to settle.
        let share = NEARNESS_SMOOTHING.max(1.0 / self.heard as f32);
        self.nearness += (frame.score - PER_DECIBEL * below - self.nearness) * share;
        self.nearest = (self.nearest - NEARNESS_FADE).max(self.nearness);
    }

    /// The lowest floor since the utterance began, in dBFS.
    #[must_use]
    pub const fn floor(&self) -> f32 {
        self.floor
    }

    /// By how much the speech rises above the floor, in dB.
    #[must_use]
    pub fn rise(&self) -> f32 {
        self.speech - self.floor
    }

    /// From this level on, in dBFS, it is as loud as the near voice.
    #[must_use]
    pub fn loud(&self) -> f32 {
        (self.floor + self.rise() * SHARE).min(self.speech - DROP)
    }

    /// The end of the last frame in which neither level nor score had fallen far.
    #[must_use]
    pub const fn high(&self) -> Position {
        self.high
    }

    /// The end of the last frame in which level and score together had not fallen.
    #[must_use]
    pub const fn near(&self) -> Position {
        self.near
    }
}
