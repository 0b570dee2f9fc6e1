//! Where speech begins and where it ends.
//!
//! Both look at frames only, so they can be shown any sequence in a test. One frame alone never decides: speech begins
//! when most of the last frames are speech, and goes on while at least two of the last three are.

use crate::audio::{Position, samples};
use crate::hearing::vad::{FRAME, Frame, Frames};
use crate::hearing::{Ending, Limits};

/// What a frame has to be. Chosen on one half of the voices and noises, checked on the other, see `hearing_cost`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// A frame may begin speech from this score on …
    pub enter: f32,
    /// … and this many dB above the noise floor.
    pub enter_above: f32,
    /// So many frames of [`Rules::window`] have to be like that.
    pub needed: u32,
    /// The frames that are looked at: short enough that two clicks don't add up.
    pub window: u64,
    /// Within speech a frame is speech from this score on …
    pub stay: f32,
    /// … and this many dB above the noise floor.
    pub stay_above: f32,
    /// Before the first frame that is surely speech, soft sounds belong to it that are this many dB above the floor …
    pub soft_above: f32,
    /// … for at most this many frames.
    pub soft: u64,
}

impl Rules {
    /// The rules that Auricle uses.
    pub const TUNED: Self = Self {
        enter: 0.65,
        enter_above: 5.0,
        needed: 6,
        window: 10,
        stay: 0.55,
        stay_above: 3.0,
        soft_above: 3.0,
        soft: 12,
    };

    fn begins(&self, frame: Frame) -> bool {
        frame.score >= self.enter && frame.above >= self.enter_above
    }

    fn stays(&self, frame: Frame) -> bool {
        frame.score >= self.stay && frame.above >= self.stay_above
    }
}

/// Waits for speech to begin.
#[derive(Clone, Copy, Debug)]
pub struct Onset {
    rules: Rules,
    /// Nothing before this frame counts.
    first: u64,
}

impl Onset {
    /// Believes in frames that lie entirely behind `from`.
    #[must_use]
    pub fn new(rules: Rules, frames: &Frames, from: Position) -> Self {
        Self { rules, first: frames.at_or_after(from) }
    }

    /// Whether the frames up to `last` show that somebody began to speak, and the frame with which it began.
    #[must_use]
    pub fn look(&self, frames: &Frames, last: u64) -> Option<u64> {
        let window = self.window(last);
        (self.count(frames, window.clone()) >= self.rules.needed).then(|| self.beginning(frames, window))
    }

    /// Whether it is about to: half of what is needed is there.
    #[must_use]
    pub fn near(&self, frames: &Frames, last: u64) -> bool {
        self.count(frames, self.window(last)) * 2 >= self.rules.needed
    }

    fn window(&self, last: u64) -> std::ops::RangeInclusive<u64> {
        self.first.max((last + 1).saturating_sub(self.rules.window))..=last
    }

    fn count(&self, frames: &Frames, window: std::ops::RangeInclusive<u64>) -> u32 {
        window.filter_map(|number| frames.get(number)).map(|frame| u32::from(self.rules.begins(frame))).sum()
    }

    fn beginning(&self, frames: &Frames, mut window: std::ops::RangeInclusive<u64>) -> u64 {
        let last = *window.end();
        let sure = window.find(|&number| frames.get(number).is_some_and(|frame| self.rules.begins(frame)));
        let sure = sure.unwrap_or(last);
        let earliest = self.first.max(sure.saturating_sub(self.rules.soft));
        let soft = |number: &u64| frames.get(*number).is_some_and(|frame| frame.above >= self.rules.soft_above);
        (earliest..sure).rev().take_while(soft).last().unwrap_or(sure)
    }
}

/// What the endpointer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Speech began here.
    Start(Position),
    /// It is over.
    End {
        /// The end of the frame with which it was decided.
        at: Position,
        /// The end of the last frame of speech.
        speech_end: Position,
        /// Why.
        why: Ending,
    },
}

/// Follows one utterance from the opening of the microphone to its end.
#[derive(Clone, Debug)]
pub struct Endpointer {
    onset: Onset,
    limits: Option<Limits>,
    from: Position,
    phase: Phase,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Waiting,
    Speaking { since: Position, until: Position },
    Over,
}

/// Somebody who begins to speak just before the microphone would close is waited for, this many samples at most: 250 ms.
const GRACE: u64 = 4_000;

impl Endpointer {
    /// An utterance that begins at `from`; no speech is believed before `believe`.
    #[must_use]
    pub fn new(rules: Rules, frames: &Frames, from: Position, believe: Position, limits: Option<Limits>) -> Self {
        let onset = Onset::new(rules, frames, believe.max(from));
        Self { onset, limits, from, phase: Phase::Waiting }
    }

    /// Looks at frame `number`. To be called with each one from `from` on, in order.
    pub fn look(&mut self, frames: &Frames, number: u64) -> Option<Point> {
        match self.phase {
            Phase::Waiting => self.wait(frames, number),
            Phase::Speaking { since, until } => self.follow(frames, number, since, until),
            Phase::Over => None,
        }
    }

    /// Whether it has nothing more to say.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    fn wait(&mut self, frames: &Frames, number: u64) -> Option<Point> {
        let now = frames.start_of(number + 1);
        if let Some(first) = self.onset.look(frames, number) {
            let since = frames.start_of(first);
            self.phase = Phase::Speaking { since, until: now };
            return Some(Point::Start(since));
        }
        let patience = samples(self.limits?.no_speech);
        let waited = now - self.from;
        let late = waited >= patience.saturating_add(GRACE) || !self.onset.near(frames, number);
        (waited >= patience && late).then(|| self.end(now, now, Ending::NoSpeech))
    }

    fn follow(&mut self, frames: &Frames, number: u64, since: Position, mut until: Position) -> Option<Point> {
        let now = frames.start_of(number + 1);
        if self.still_speaks(frames, number) {
            until = now;
            self.phase = Phase::Speaking { since, until };
        }
        let limits = self.limits?;
        if now - until >= samples(limits.hangover) {
            return Some(self.end(now, until, Ending::Silence));
        }
        (now - since >= samples(limits.max_utterance)).then(|| self.end(now, until, Ending::Cap))
    }

    fn still_speaks(&self, frames: &Frames, number: u64) -> bool {
        let stays = |number| frames.get(number).is_some_and(|frame| self.onset.rules.stays(frame));
        let before = (1..=2).filter(|back| number.checked_sub(*back).is_some_and(stays)).count();
        stays(number) && before >= 1
    }

    fn end(&mut self, at: Position, speech_end: Position, why: Ending) -> Point {
        self.phase = Phase::Over;
        Point::End { at, speech_end, why }
    }
}

/// The number of frames that cover `span` of samples.
#[must_use]
pub const fn frames_in(span: u64) -> u64 {
    span.div_ceil(FRAME as u64)
}
