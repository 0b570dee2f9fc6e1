//! The wake trigger: words over the stream of samples, armed or not.

use std::time::Duration;

use crate::audio::Position;
use crate::hearing::EarEvent;
use crate::hearing::own_voice::OwnVoice;
use crate::wake::{Hit, Words};

/// For so long after a word was heard none is heard: words that sound alike answer to the same utterance.
pub const REFRACTORY: Duration = Duration::from_secs(1);

/// A canceller that does not know the room yet lets the beginning of what the device says through and then takes it away:
/// torn off like that, other words sound like wake words. So long after it has learnt, a word has to be surer still.
const DOUBTED: Duration = Duration::from_millis(500);

/// At a sensitivity of 0.5 and below the word is over so much before its decision. A more sensitive one is decided earlier:
/// for each hundredth the word is over so much later.
const EARLY: Duration = Duration::from_millis(20);
const LATER: Duration = Duration::from_millis(4);

/// Where a word is over that was decided at `at`.
///
/// Over four models, a dozen voices and two rooms the decision comes from 70 ms before the end of the word to 290 ms behind
/// it, mostly 150 ms behind; at a sensitivity of 0.7 it comes some 60 ms earlier. Who says an order of one word at once
/// has half said it by then, so no more is taken from it than is needed: with these figures the endpointer took 1 in 130
/// words for an utterance.
fn over(at: Position, sensitivity: f32) -> Position {
    let hundredths = (sensitivity.clamp(0.5, 1.0) - 0.5) * 100.0;
    at.back(EARLY) + LATER.mul_f32(hundredths.max(0.0))
}

/// Listens for the words that it was given, as long as the microphone is open; whether a word counts is said by the
/// arming. The engine needs to have heard the last second, so it runs also while it is not armed.
#[derive(Debug)]
pub struct Waker {
    words: Words,
    armed: bool,
    /// Before this place nothing counts.
    rests: Position,
    /// Whether the device's own voice is taken out of what is heard.
    cancelled: bool,
    /// Whether a canceller works on it that does not know the room yet …
    learning: bool,
    /// … and up to where a word has to be surer for that.
    doubtful: Position,
    /// Made when the device speaks first.
    own: Option<OwnVoice>,
    own_words: u64,
}

impl Default for Waker {
    fn default() -> Self {
        let words = Words::new(Vec::new(), Position(0));
        Self {
            words,
            armed: false,
            rests: Position(0),
            cancelled: false,
            learning: false,
            doubtful: Position(0),
            own: None,
            own_words: 0,
        }
    }
}

impl Waker {
    /// Listens for these words from the sample at `first` on.
    pub fn set_words(&mut self, mut words: Words, first: Position) {
        words.restart(first);
        self.words = words;
        self.own = None;
    }

    /// How easily this word is heard from now on, 0 to 1.
    pub fn set_sensitivity(&mut self, word: usize, sensitivity: f32) {
        self.words.set_sensitivity(word, sensitivity);
    }

    /// The words.
    #[must_use]
    pub const fn words(&self) -> &Words {
        &self.words
    }

    /// Whether a word that is heard from now on counts.
    pub const fn arm(&mut self, on: bool) {
        self.armed = on;
    }

    /// Whether a word would count.
    #[must_use]
    pub fn armed(&self) -> bool {
        self.armed && !self.words.is_empty()
    }

    /// Whether the device's own voice is taken out of what is heard from now on.
    pub const fn cancels(&mut self, cancelled: bool) {
        self.cancelled = cancelled;
    }

    /// Whether a canceller that does not know the room yet works on what is heard from now on.
    pub const fn learns(&mut self, learning: bool) {
        self.learning = learning;
    }

    /// Starts anew with the sample at `first`: what was heard before is forgotten.
    pub fn restart(&mut self, first: Position) {
        self.words.restart(first);
        self.own.iter_mut().for_each(OwnVoice::restart);
    }

    /// What the device played while the samples were caught that are pushed next.
    pub fn played(&mut self, reference: &[i16]) {
        if self.own.is_none() && !self.words.is_empty() && reference.iter().any(|&sample| sample != 0) {
            self.own = Some(OwnVoice::new(&self.words));
        }
        if let Some(own) = &mut self.own {
            own.played(reference);
        }
    }

    /// How many words did not count because the device itself had said them.
    #[must_use]
    pub const fn own_words(&self) -> u64 {
        self.own_words
    }

    /// The number of samples until something may be heard.
    #[must_use]
    pub fn missing(&self) -> usize {
        if self.words.is_empty() { usize::MAX } else { self.words.missing().max(1) }
    }

    /// Listens to `sound`, which begins at `at`: at most [`Waker::missing`] samples of it.
    pub fn push(&mut self, at: Position, sound: &[i16]) -> Option<EarEvent> {
        if self.words.is_empty() {
            return None;
        }
        if let Some(own) = &mut self.own {
            own.pass(at, sound.len());
        }
        if self.learning {
            self.doubtful = at + DOUBTED;
        }
        self.words.doubt(at < self.doubtful);
        // Of words that are heard in the same moment, the surest counts.
        let mut best: Option<Hit> = None;
        self.words.push(sound, |hit| {
            if best.is_none_or(|best| hit.score > best.score) {
                best = Some(hit);
            }
        });
        best.and_then(|hit| self.hit(hit))
    }

    fn hit(&mut self, hit: Hit) -> Option<EarEvent> {
        if hit.at < self.rests {
            return None;
        }
        if self.own.as_ref().is_some_and(|own| own.said(hit.word, hit.at)) {
            self.own_words += 1;
            return None;
        }
        self.rests = hit.at + REFRACTORY;
        let (Hit { word, at, score }, cancelled) = (hit, self.cancelled);
        let over = over(at, self.words.sensitivity(word));
        self.armed.then(|| EarEvent::Wake { word, name: self.words.name(word).to_owned(), score, at, over, cancelled })
    }
}
