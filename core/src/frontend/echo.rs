//! When the echo is cancelled and when samples just pass.

use std::collections::VecDeque;

use super::canceller::{Canceller, LEAD};
use super::clock::Clock;
use super::reference::Reference;
use super::tracker::Tracker;
use super::{BLOCK, DeviceTime, EchoState, Profile};

/// A block in nanoseconds.
const BLOCK_TIME: f64 = 4e6;
/// A millisecond in samples.
const MILLISECOND: f32 = 16.0;
/// So long after the last sound the room still answers, in nanoseconds.
const HANG: f64 = 0.8e9;

/// The canceller, the reference and what waits between them.
#[derive(Debug)]
pub(super) struct EchoStage {
    profile: Profile,
    pub(super) reference: Reference,
    /// Made when it is first needed.
    canceller: Option<Box<Canceller>>,
    tracker: Option<Box<Tracker>>,
    state: State,
    /// The number of the microphone's next sample that is not in a block yet.
    position: u64,
    /// The reference is so many blocks early.
    lead: usize,
    /// The reference that is too early yet.
    early: VecDeque<i16>,
}

/// What happens to a sample.
#[derive(Debug)]
enum State {
    /// It passes.
    Rest,
    /// Blocks are formed; these samples wait for the rest of theirs. `held`: the canceller has one block, too.
    Work { block: [i16; BLOCK], len: usize, held: bool },
}

impl EchoStage {
    pub(super) fn new(profile: Profile) -> Self {
        Self {
            profile,
            reference: Reference::new(),
            canceller: None,
            tracker: None,
            state: State::Rest,
            position: 0,
            lead: LEAD,
            early: VecDeque::new(),
        }
    }

    /// Lets samples pass from number `position` on. What was held back is dropped.
    pub(super) fn rest(&mut self, position: u64) {
        self.state = State::Rest;
        self.position = position;
        self.canceller.iter_mut().for_each(|canceller| canceller.rest());
    }

    /// Another profile from now on; nothing is held back. Off forgets what the canceller has learnt, and its memory.
    pub(super) fn change(&mut self, profile: Profile) {
        self.profile = profile;
        if profile == Profile::Off {
            (self.canceller, self.tracker) = (None, None);
        }
    }

    /// What was to leave the loudspeaker at `at` or later never does, also what was read ahead of it.
    pub(super) fn stopped(&mut self, at: DeviceTime, microphone: &Clock) {
        self.reference.cut(at);
        if let Some(place) = microphone.sample(at.0 as f64) {
            let ends = self.position as f64 + (self.lead * BLOCK) as f64;
            let never = (ends - place).max(0.0).ceil() as usize;
            self.early.iter_mut().rev().take(never).for_each(|sample| *sample = 0);
        }
    }

    /// Appends what is held back, as it was caught, and lets samples pass.
    pub(super) fn finish(&mut self, out: &mut Vec<i16>, reference: &mut VecDeque<i16>) {
        let State::Work { block, len, held } = std::mem::replace(&mut self.state, State::Rest) else { return };
        if let (true, Some(canceller)) = (held, &mut self.canceller) {
            give(canceller.held(), &mut self.early, out, reference);
            canceller.rest();
        }
        give(&block[..len], &mut self.early, out, reference);
        self.position += len as u64;
        self.reference.skip(len);
        self.early.clear();
    }

    pub(super) fn state(&self) -> EchoState {
        let canceller = self.canceller.as_ref();
        EchoState {
            active: canceller.is_some() && matches!(self.state, State::Work { .. }),
            delay: canceller.map(|canceller| (canceller.delay() as f32 - (self.lead * BLOCK) as f32) / MILLISECOND),
            converged: canceller.is_some_and(|canceller| canceller.converged()),
            drift: (self.reference.drift() * 1e6) as f32,
            enhancement: canceller.map_or(0.0, |canceller| canceller.enhancement()),
            late: self.reference.timeline().late(),
            refused: self.reference.timeline().refused(),
            ..EchoState::default()
        }
    }

    /// Takes the microphone's `sound`; appends what is complete, and the reference to it.
    pub(super) fn push(
        &mut self,
        mut sound: &[i16],
        microphone: &Clock,
        out: &mut Vec<i16>,
        reference: &mut VecDeque<i16>,
    ) {
        while !sound.is_empty() {
            if matches!(self.state, State::Rest) && !self.start(microphone) {
                self.position += sound.len() as u64;
                give(sound, &mut self.early, out, reference);
                return;
            }
            let State::Work { block, len, .. } = &mut self.state else { return };
            let (now, later) = sound.split_at(sound.len().min(BLOCK - *len));
            block[*len..*len + now.len()].copy_from_slice(now);
            *len += now.len();
            sound = later;
            if *len == BLOCK {
                let block = *block;
                self.work(&block, microphone, out, reference);
            }
        }
    }

    /// Whether the device is to be heard.
    fn sounds(&self, microphone: &Clock) -> bool {
        let forever = self.profile == Profile::Full && self.reference.timeline().sounding().is_some();
        forever || microphone.time(self.position as f64).is_some_and(|time| self.reference.sounds(time, HANG))
    }

    /// Begins to work if the device is to be heard.
    fn start(&mut self, microphone: &Clock) -> bool {
        if !self.sounds(microphone) {
            return false;
        }
        self.early.clear();
        self.early.resize(self.lead * BLOCK, 0);
        self.state = State::Work { block: [0; BLOCK], len: 0, held: false };
        if self.profile != Profile::Off && self.canceller.is_none() {
            self.canceller = Some(Box::new(Canceller::new()));
            self.tracker = Some(Box::new(Tracker::new()));
        }
        true
    }

    fn work(&mut self, block: &[i16; BLOCK], microphone: &Clock, out: &mut Vec<i16>, reference: &mut VecDeque<i16>) {
        let mut played = [0.0; BLOCK];
        let lead = self.lead as f64 * BLOCK_TIME;
        self.reference.block(microphone, self.position, lead, &mut played);
        self.early.extend(played.iter().map(|sample| sample.round() as i16));
        self.position += BLOCK as u64;
        let on = self.sounds(microphone);
        let Some(canceller) = &mut self.canceller else {
            give(block, &mut self.early, out, reference);
            self.state = if on { State::Work { block: *block, len: 0, held: false } } else { State::Rest };
            return;
        };
        let before = canceller.process(block, &played, on);
        if let Some(tracker) = &mut self.tracker {
            if self.reference.jumped() {
                tracker.restart();
            }
            let ahead = self.reference.ahead(self.position);
            if let Some(drift) = tracker.push(&played, block, canceller.delay(), ahead) {
                self.reference.measured(drift);
            }
        }
        if matches!(self.state, State::Work { held: true, .. }) {
            give(&before, &mut self.early, out, reference);
        }
        if !on && canceller.faded() {
            give(canceller.held(), &mut self.early, out, reference);
            self.state = State::Rest;
            self.early.clear();
        } else {
            self.state = State::Work { block: *block, len: 0, held: true };
        }
        self.be_less_early();
    }

    /// If the loudspeaker tells what it plays later than was thought, the reference is made less early for ever. It is
    /// done in silence, so that nothing is torn.
    fn be_less_early(&mut self) {
        if self.reference.quiet() <= LEAD + 2 {
            return;
        }
        let late = self.reference.take_lateness();
        if late > 0.0 {
            let less = ((late / BLOCK_TIME).ceil() as usize + 1).min(self.lead);
            self.lead -= less;
            self.early.truncate(self.early.len().saturating_sub(less * BLOCK));
        }
    }
}

/// Appends `sound`, and as much of the reference.
fn give(sound: &[i16], early: &mut VecDeque<i16>, out: &mut Vec<i16>, reference: &mut VecDeque<i16>) {
    out.extend_from_slice(sound);
    let there = sound.len().min(early.len());
    reference.extend(early.drain(..there));
    reference.resize(reference.len() + sound.len() - there, 0);
}
