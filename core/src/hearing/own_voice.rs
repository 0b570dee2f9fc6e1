//! Wake words that the device says itself: they must not wake it.
//!
//! What the loudspeaker plays goes through the words, too. A word that is heard there and, about then, by the
//! microphone was the device's own. A person who says it while the device says something else is heard as ever.

use std::collections::VecDeque;
use std::time::Duration;

use crate::audio::Position;
use crate::wake::{Hit, Words};

/// The echo's word is heard at most so long behind the played one: 300 ms on the way, and the room's reverberation.
const BEHIND: Duration = Duration::from_millis(1_000);

/// … or before it: decisions fall each 30 ms, the echo's may be surer sooner, and the told times may be wrong.
const BEFORE: Duration = Duration::from_millis(300);

/// How easily words are heard in what is played: an echo that is half a word for the microphone must be a whole one here.
const SENSITIVITY: f32 = 1.0;

/// Before anything plays there was silence. The models need so much past until they hear.
const PAST: Duration = Duration::from_millis(800);

/// So long behind the last sound nothing more is heard in it.
const FADES: Duration = Duration::from_millis(500);

/// So many of its own words are remembered. With one each second, of each word that is listened for, it is enough.
const KEPT: usize = 16;

/// Listens to what the loudspeaker plays.
#[derive(Debug)]
pub struct OwnVoice {
    words: Words,
    /// Behind the last sample that is no silence. At first, and after a second of silence, nothing is spent.
    loud: Option<Position>,
    hits: VecDeque<Hit>,
}

impl OwnVoice {
    /// Listens for the same words as the microphone.
    #[must_use]
    pub fn new(words: &Words) -> Self {
        let mut words = words.again();
        for word in 0..words.len() {
            words.set_sensitivity(word, SENSITIVITY);
        }
        Self { words, loud: None, hits: VecDeque::with_capacity(KEPT) }
    }

    /// What was played while the microphone's samples from `at` on were caught.
    pub fn played(&mut self, at: Position, reference: &[i16]) {
        let end = Position(at.0 + reference.len() as u64);
        let loud = reference.iter().rposition(|&sample| sample != 0).map(|last| Position(at.0 + last as u64 + 1));
        if loud.is_some() && self.loud.is_none() {
            self.begin(at);
        }
        self.loud = loud.or(self.loud.filter(|loud| end.since(*loud) < FADES));
        if self.loud.is_some() {
            let hits = &mut self.hits;
            self.words.push(reference, |hit| {
                if hits.len() == KEPT {
                    hits.pop_front();
                }
                hits.push_back(hit);
            });
        }
    }

    fn begin(&mut self, at: Position) {
        let past = at.back(PAST);
        self.words.restart(past);
        self.words.push(&vec![0; usize::try_from(at.0 - past.0).unwrap_or(0)], |_| {});
    }

    /// Whether the word that the microphone heard is the device's own.
    #[must_use]
    pub fn said(&self, heard: &Hit) -> bool {
        let (from, to) = (heard.at.back(BEHIND), heard.at + BEFORE);
        self.hits.iter().any(|hit| hit.word == heard.word && hit.at >= from && hit.at <= to)
    }

    /// The microphone was closed; the tape begins anew.
    pub fn restart(&mut self) {
        self.loud = None;
        self.hits.clear();
    }
}
