//! Where speech begins and where it ends.
//!
//! Both look at frames only, so they can be shown any sequence in a test. One frame alone never decides: speech begins
//! when most of the last frames are speech, and goes on while at least two of the last three are.

use std::ops::RangeInclusive;

use crate::audio::{Position, samples};
use crate::hearing::hangover::Hangover;
use crate::hearing::rules::Rules;
use crate::hearing::vad::{FRAME, Frames};
use crate::hearing::{Ending, Limits};

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
        let (all, voiced) = self.count(frames, window.clone());
        let begins = all >= self.rules.needed && voiced >= self.rules.voiced_needed;
        begins.then(|| self.beginning(frames, window))
    }

    /// Whether it is about to: half of what is needed is there.
    #[must_use]
    pub fn near(&self, frames: &Frames, last: u64) -> bool {
        self.count(frames, self.window(last)).0 * 2 >= self.rules.needed
    }

    fn window(&self, last: u64) -> RangeInclusive<u64> {
        self.first.max((last + 1).saturating_sub(self.rules.window))..=last
    }

    fn count(&self, frames: &Frames, window: RangeInclusive<u64>) -> (u32, u32) {
        let begins =
            || window.clone().filter_map(|number| frames.get(number)).filter(|&frame| self.rules.begins(frame));
        let loudest = begins().map(|frame| frame.above).fold(f32::NEG_INFINITY, f32::max);
        let loud = begins().filter(|frame| frame.above >= loudest - self.rules.span);
        loud.fold((0, 0), |(all, voiced), frame| (all + 1, voiced + u32::from(frame.voiced >= self.rules.voiced)))
    }

    fn beginning(&self, frames: &Frames, mut window: RangeInclusive<u64>) -> u64 {
        let last = *window.end();
        let sure = window.find(|&number| frames.get(number).is_some_and(|frame| self.rules.begins(frame)));
        let sure = sure.unwrap_or(last);
        let soft = self.soft_beginning(frames, sure);
        self.first.max(soft.saturating_sub(self.rules.margin))
    }

    /// Walks back from `sure` over soft sounds: an `s` or `f` scores low.
    fn soft_beginning(&self, frames: &Frames, sure: u64) -> u64 {
        let earliest = self.first.max(sure.saturating_sub(self.rules.soft_before));
        let mut beginning = sure;
        for number in (earliest..sure).rev() {
            if beginning - number > self.rules.gap + 1 {
                break;
            }
            if frames.get(number).is_some_and(|frame| frame.above >= self.rules.soft_above) {
                beginning = number;
            }
        }
        beginning
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
    Speaking(Utterance),
    Over,
}

/// An utterance that goes on. All places are ends of frames.
#[derive(Clone, Copy, Debug)]
struct Utterance {
    since: Position,
    /// The last frame that was surely speech.
    sure: Position,
    /// The last one that belongs to it: sure or soft.
    until: Position,
    hangover: Hangover,
}

impl Utterance {
    /// One that was recognised in these frames.
    fn new(frames: &Frames, heard: RangeInclusive<u64>) -> Self {
        let now = frames.start_of(heard.end() + 1);
        let mut hangover = Hangover::new(now);
        let since = frames.start_of(*heard.start());
        heard.filter_map(|number| frames.get(number)).for_each(|frame| hangover.hear(frame, now, true));
        Self { since, sure: now, until: now, hangover }
    }
}

/// What a frame is within an utterance.
enum Sound {
    Speech,
    Soft,
    Silence,
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
            Phase::Speaking(utterance) => self.follow(frames, number, utterance),
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
            self.phase = Phase::Speaking(Utterance::new(frames, first..=number));
            return Some(Point::Start(since));
        }
        let patience = samples(self.limits?.no_speech);
        let waited = now - self.from;
        let late = waited >= patience.saturating_add(GRACE) || !self.onset.near(frames, number);
        (waited >= patience && late).then(|| self.end(now, now, Ending::NoSpeech))
    }

    fn follow(&mut self, frames: &Frames, number: u64, mut utterance: Utterance) -> Option<Point> {
        let rules = self.onset.rules;
        let now = frames.start_of(number + 1);
        match self.hear(frames, number) {
            Sound::Speech => (utterance.sure, utterance.until) = (now, now),
            Sound::Soft if now - utterance.sure <= rules.soft_after * FRAME as u64 => utterance.until = now,
            _ => {}
        }
        let Utterance { since, until, .. } = utterance;
        utterance.hangover.hear(frames.get(number).unwrap_or_default(), now, until == now);
        self.phase = Phase::Speaking(utterance);
        let limits = self.limits?;
        // One more frame decides whether this one goes on speaking.
        if utterance.hangover.over(limits, since, until, now) && !rules.stays(frames, number) {
            return Some(self.end(now, until, Ending::Silence));
        }
        if let Some(fallen) = utterance.hangover.fallen(limits, now) {
            return Some(self.end(now, fallen, Ending::Silence));
        }
        (now - since >= samples(limits.max_utterance)).then(|| self.end(now, until, Ending::Cap))
    }

    fn hear(&self, frames: &Frames, number: u64) -> Sound {
        let rules = &self.onset.rules;
        let stays = |number| rules.stays(frames, number);
        let before = (1..=2).any(|back| number.checked_sub(back).is_some_and(stays));
        if before && stays(number) {
            return Sound::Speech;
        }
        let soft = frames.get(number).is_some_and(|frame| frame.above >= rules.soft_above);
        if soft { Sound::Soft } else { Sound::Silence }
    }

    fn end(&mut self, at: Position, speech_end: Position, why: Ending) -> Point {
        self.phase = Phase::Over;
        Point::End { at, speech_end, why }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::time::Duration;

    use super::*;
    use crate::hearing::vad::Frame;

    const SILENCE: Frame = frame(0.1, 0.0, 0.0);
    const VOWEL: Frame = frame(0.95, 0.9, 30.0);
    /// An `s`: loud enough, but nothing that the network is sure of.
    const HISS: Frame = frame(0.3, 0.1, 12.0);
    /// Steady noise after speech: the score fades slowly, the level is at the floor.
    const FADING: Frame = frame(0.8, 0.2, 0.6);
    const WIND: Frame = frame(0.9, 0.2, 20.0);

    const fn frame(score: f32, voiced: f32, above: f32) -> Frame {
        Frame { score, voiced, level: -60.0 + above, above }
    }

    const LIMITS: Limits = Limits {
        hangover: Duration::from_millis(512),
        no_speech: Duration::from_millis(3_200),
        max_utterance: Duration::from_secs(8),
        answer: false,
    };

    /// The hangover in frames where score and floor agree, see [`Hangover`].
    const SURE: u64 = 29;

    fn frames(runs: &[(u64, Frame)]) -> Frames {
        let mut frames = Frames::new(4_000, Position(0));
        for &(count, frame) in runs {
            (0..count).for_each(|_| frames.push(frame));
        }
        frames
    }

    /// What the endpointer says over all frames, with places in frames.
    fn points(frames: &Frames, guard: u64, limits: Option<Limits>) -> Vec<Point> {
        let believe = frames.start_of(guard);
        let mut endpointer = Endpointer::new(Rules::TUNED, frames, Position(0), believe, limits);
        (0..frames.count()).filter_map(|number| endpointer.look(frames, number)).collect()
    }

    fn at(frame: u64) -> Position {
        Position(frame * FRAME as u64)
    }

    fn end(at_frame: u64, speech_end: u64, why: Ending) -> Point {
        Point::End { at: at(at_frame), speech_end: at(speech_end), why }
    }

    #[test]
    fn speech_then_silence_ends_a_hangover_after_the_last_frame_of_speech() {
        let heard = points(&frames(&[(50, SILENCE), (40, VOWEL), (60, SILENCE)]), 0, Some(LIMITS));
        assert_eq!(heard, [Point::Start(at(48)), end(90 + SURE, 90, Ending::Silence)]);
    }

    #[test]
    fn a_pause_shorter_than_the_hangover_does_not_end_it() {
        let runs = [(50, SILENCE), (40, VOWEL), (SURE - 1, SILENCE), (20, VOWEL), (60, SILENCE)];
        let heard = points(&frames(&runs), 0, Some(LIMITS));
        assert_eq!(heard, [Point::Start(at(48)), end(138 + SURE, 138, Ending::Silence)]);
    }

    #[test]
    fn a_short_burst_is_no_speech() {
        let click = [(50, SILENCE), (5, VOWEL), (100, SILENCE)];
        assert_eq!(points(&frames(&click), 0, None), []);
        let word = [(50, SILENCE), (6, VOWEL), (100, SILENCE)];
        assert_eq!(points(&frames(&word), 0, None), [Point::Start(at(48))]);
    }

    #[test]
    fn a_knock_that_fades_is_no_speech() {
        let mut runs = vec![(50, SILENCE)];
        runs.extend((0..10).map(|i| (1, frame(0.95, 0.9, 45.0 - 6.0 * i as f32))));
        runs.push((50, SILENCE));
        assert_eq!(points(&frames(&runs), 0, None), []);
    }

    #[test]
    fn sound_without_pitch_never_begins() {
        assert_eq!(points(&frames(&[(50, SILENCE), (100, WIND)]), 0, None), []);
    }

    #[test]
    fn soft_sounds_before_and_after_belong_to_the_speech() {
        let runs = [(50, SILENCE), (8, HISS), (20, VOWEL), (6, HISS), (60, SILENCE)];
        let heard = points(&frames(&runs), 0, Some(LIMITS));
        assert_eq!(heard, [Point::Start(at(48)), end(84 + SURE, 84, Ending::Silence)]);
    }

    #[test]
    fn a_long_hiss_after_speech_holds_it_up_for_a_moment_only() {
        // Score and level have fallen two frames behind the last vowel; behind that is the hangover for who is away, 39
        // frames, and the 8 for what stirs.
        let runs = [(50, SILENCE), (20, VOWEL), (100, HISS)];
        assert_eq!(points(&frames(&runs), 0, Some(LIMITS))[1], end(72 + 47, 72, Ending::Silence));
    }

    #[test]
    fn a_score_that_fades_in_steady_noise_does_not_hold_it_up() {
        let runs = [(50, SILENCE), (20, VOWEL), (100, FADING)];
        let Point::End { speech_end, .. } = points(&frames(&runs), 0, Some(LIMITS))[1] else { panic!("no end") };
        assert!(speech_end <= at(78), "{speech_end:?}");
    }

    #[test]
    fn one_frame_alone_does_not_hold_it_up() {
        let spike = frame(0.95, 0.9, 2.0);
        let runs = [(50, SILENCE), (30, VOWEL), (12, SILENCE), (1, spike), (60, SILENCE)];
        assert_eq!(points(&frames(&runs), 0, Some(LIMITS))[1], end(80 + SURE, 80, Ending::Silence));
    }

    #[test]
    fn silence_gives_up_after_its_time() {
        assert_eq!(points(&frames(&[(300, SILENCE)]), 0, Some(LIMITS)), [end(200, 200, Ending::NoSpeech)]);
    }

    #[test]
    fn who_begins_in_the_last_moment_is_waited_for() {
        let heard = points(&frames(&[(197, SILENCE), (30, VOWEL), (60, SILENCE)]), 0, Some(LIMITS));
        assert_eq!(heard, [Point::Start(at(195)), end(227 + SURE, 227, Ending::Silence)]);
    }

    #[test]
    fn endless_wind_is_waited_for_only_a_moment() {
        let heard = points(&frames(&[(190, SILENCE), (100, WIND)]), 0, Some(LIMITS));
        assert_eq!(heard, [end(216, 216, Ending::NoSpeech)]);
    }

    #[test]
    fn endless_speech_is_capped_where_somebody_still_speaks() {
        let heard = points(&frames(&[(50, SILENCE), (1_000, VOWEL)]), 0, Some(LIMITS));
        assert_eq!(heard, [Point::Start(at(48)), end(548, 548, Ending::Cap)]);
    }

    #[test]
    fn a_cap_in_a_pause_tells_where_the_speech_ended() {
        let heard = points(&frames(&[(50, SILENCE), (480, VOWEL), (100, SILENCE)]), 0, Some(LIMITS));
        assert_eq!(heard[1], end(548, 530, Ending::Cap));
    }

    #[test]
    fn nothing_is_believed_within_the_guard() {
        let ringing = [(30, VOWEL), (200, SILENCE)];
        assert_eq!(points(&frames(&ringing), 26, None), []);
        let over_it = [(60, VOWEL), (60, SILENCE)];
        assert_eq!(
            points(&frames(&over_it), 26, Some(LIMITS)),
            [Point::Start(at(26)), end(60 + SURE, 60, Ending::Silence)]
        );
    }

    #[test]
    fn without_limits_only_the_beginning_is_told() {
        let runs = [(50, SILENCE), (40, VOWEL), (900, SILENCE), (40, VOWEL), (900, SILENCE)];
        assert_eq!(points(&frames(&runs), 0, None), [Point::Start(at(48))]);
    }
}
