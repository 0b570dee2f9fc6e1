//! What a frame has to be to begin speech or to go on with it.

use crate::hearing::vad::{Frame, Frames};

/// The thresholds. Chosen on one part of the voices and judged on another, see the example `hearing_cost`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// A frame may begin speech from this score on …
    pub enter: f32,
    /// … and this many dB above the noise floor …
    pub enter_above: f32,
    /// … or, if it has a pitch, see [`Rules::voiced`], from this lower score on …
    pub enter_voiced: f32,
    /// … this many dB above the noise floor …
    pub enter_voiced_above: f32,
    /// … unless it is more regular than any voice: a beep.
    pub pure: f32,
    /// Of the frames that may begin speech those count that are at most this many dB below the loudest of them: a knock
    /// fades faster than a syllable.
    pub span: f32,
    /// So many frames of [`Rules::window`] have to count …
    pub needed: u32,
    /// … and of these so many …
    pub voiced_needed: u32,
    /// … at least this periodic: breath, wind and machines swell, but have no pitch.
    pub voiced: f32,
    /// The frames that are looked at: short enough that two clicks don't add up.
    pub window: u64,
    /// Within speech a frame is speech from this score on …
    pub stay: f32,
    /// … if it is this many dB above the floor itself …
    pub stay_above: f32,
    /// … and this many together with the [`Rules::rise`] - 1 frames before it, on average: the score fades slowly when
    /// steady noise follows speech.
    pub stay_rise: f32,
    /// See [`Rules::stay_rise`].
    pub rise: u64,
    /// Soft sounds before and after sure speech belong to it if they are this many dB above the floor …
    pub soft_above: f32,
    /// … before it for at most this many frames, with gaps of at most [`Rules::gap`] …
    pub soft_before: u64,
    /// The closure of a stop consonant, in frames.
    pub gap: u64,
    /// … and after it for at most this many frames.
    pub soft_after: u64,
    /// Speech is said to have begun so many frames earlier than it was heard to.
    pub margin: u64,
}

impl Rules {
    /// The rules that Auricle uses.
    pub const TUNED: Self = Self {
        enter: 0.75,
        enter_above: 1.0,
        enter_voiced: 0.6,
        enter_voiced_above: 3.0,
        pure: 0.985,
        span: 15.0,
        needed: 6,
        voiced_needed: 2,
        voiced: 0.42,
        window: 10,
        stay: 0.6,
        stay_above: 0.5,
        stay_rise: 1.2,
        rise: 8,
        soft_above: 5.0,
        soft_before: 20,
        gap: 10,
        soft_after: 8,
        margin: 2,
    };

    /// Whether a frame may begin speech.
    #[must_use]
    pub fn begins(&self, frame: Frame) -> bool {
        frame.score >= self.enter && frame.above >= self.enter_above
            || (self.voiced..self.pure).contains(&frame.voiced)
                && frame.score >= self.enter_voiced
                && frame.above >= self.enter_voiced_above
    }

    /// Whether a frame goes on with speech.
    #[must_use]
    pub fn stays(&self, frames: &Frames, number: u64) -> bool {
        let sounds = |frame: Frame| frame.score >= self.stay && frame.above >= self.stay_above;
        frames.get(number).is_some_and(sounds) && self.rises(frames, number)
    }

    fn rises(&self, frames: &Frames, last: u64) -> bool {
        let some = (0..self.rise).filter_map(|back| frames.get(last.checked_sub(back)?));
        let (sum, count) = some.fold((0.0, 0.0), |(sum, count), frame| (sum + frame.above.max(0.0), count + 1.0));
        sum >= self.stay_rise * count
    }
}
