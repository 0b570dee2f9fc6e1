//! A second tape: the sound as the microphone caught it.

use std::time::Duration;

use crate::audio::tape::Tape;

/// More than comes at once and a front end holds back: 2 s. What is beyond it belongs to nothing; the oldest goes.
const MOST_WAITING: usize = 32_000;

/// Sound as it was caught, sample for sample at the same places as on the other tape.
#[derive(Debug)]
pub(super) struct Raw {
    tape: Tape,
    /// Caught, but not yet come out of the front end; the oldest first.
    waiting: Vec<i16>,
}

impl Raw {
    pub(super) fn new(length: Duration) -> Self {
        Self { tape: Tape::new(length), waiting: Vec::new() }
    }

    pub(super) const fn tape(&self) -> &Tape {
        &self.tape
    }

    pub(super) fn caught(&mut self, sound: &[i16]) {
        self.waiting.extend_from_slice(sound);
        let beyond = self.waiting.len().saturating_sub(MOST_WAITING);
        self.waiting.drain(..beyond);
    }

    pub(super) fn restart(&mut self) {
        self.waiting.clear();
    }

    /// The next place of the other tape got this. What was not told as caught is as it came.
    pub(super) fn write(&mut self, clean: &[i16]) {
        let known = self.waiting.len().min(clean.len());
        self.tape.write(&self.waiting[..known]);
        self.tape.write(&clean[known..]);
        self.waiting.drain(..known);
    }

    /// Forgets everything, also in memory.
    pub(super) fn clear(&mut self) {
        self.tape.clear();
        self.waiting.resize(self.waiting.capacity(), 0);
        self.waiting.fill(0);
        self.waiting.clear();
    }
}
