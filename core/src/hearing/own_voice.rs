//! Wake words that the device says itself: they must not wake it.
//!
//! What the loudspeaker plays goes through the words, too. A word that may have been heard there shortly before the
//! microphone hears it was the device's own. A person who says it while the device says something else is heard as ever.

use std::time::Duration;

use crate::audio::{Position, samples};
use crate::wake::Words;

/// The echo of a word is heard at most so long behind the played one. Its probability rises 30 ms before to 410 ms behind
/// that in what is played, with ways of up to 300 ms, and there it stays high for half a second.
const BEHIND: Duration = Duration::from_millis(700);

/// A probability of this share of the cut-off, in what is played, may be the word: little enough that it is reached there
/// before the cut-off is in the echo, mostly also if the told times are 60 ms late; so much that a word that only sounds
/// alike hides no person's. In other speech it is next to never reached (in 0.3 % of it, the 0.7 s included).
const POSSIBLE: f32 = 0.4;

/// Before anything plays there was silence. The models need so much past until they hear.
const PAST: Duration = Duration::from_millis(800);

/// So long behind the last sound nothing more is heard in it.
const FADES: Duration = Duration::from_millis(500);

/// Listens to what the loudspeaker plays, in step with the microphone: how both are cut into pieces changes nothing.
#[derive(Debug)]
pub struct OwnVoice {
    words: Words,
    /// What was played while the samples are caught that come next.
    coming: Vec<i16>,
    taken: usize,
    /// Behind the last sample that is no silence. At first, and after a while of silence, nothing is spent.
    loud: Option<Position>,
    /// For each word, where it was possible last.
    possible: Vec<Option<Position>>,
}

impl OwnVoice {
    /// Listens for the same words as the microphone.
    #[must_use]
    pub fn new(words: &Words) -> Self {
        let possible = vec![None; words.len()];
        Self { words: words.again(), coming: Vec::new(), taken: 0, loud: None, possible }
    }

    /// What was played while the samples are caught that come next. What is left of the last time is forgotten.
    pub fn played(&mut self, reference: &[i16]) {
        self.coming.clear();
        self.coming.extend_from_slice(reference);
        self.taken = 0;
    }

    /// So many samples are caught, from `at` on.
    pub fn pass(&mut self, mut at: Position, samples: usize) {
        let end = self.coming.len().min(self.taken + samples);
        while self.taken < end {
            let left = &self.coming[self.taken..end];
            if self.loud.is_none() {
                let silent = left.iter().take_while(|&&sample| sample == 0).count();
                (self.taken, at.0) = (self.taken + silent, at.0 + silent as u64);
                if silent < left.len() {
                    self.begin(at);
                }
                continue;
            }
            let count = left.len().min(self.words.missing().max(1)).min(self.fades(at));
            self.listen(at, count);
            (self.taken, at.0) = (self.taken + count, at.0 + count as u64);
        }
    }

    /// The hits themselves do not matter, and so neither does what the words take for the place of a sample.
    fn begin(&mut self, at: Position) {
        let past = usize::try_from(samples(PAST)).unwrap_or(0);
        self.words.restart(Position(0));
        self.words.push(&vec![0; past], |_| {});
        self.loud = Some(at);
    }

    /// So many samples of silence until nothing is to be heard any more; at least 1.
    fn fades(&self, at: Position) -> usize {
        let end = self.loud.unwrap_or(at) + FADES;
        usize::try_from(end - at).unwrap_or(usize::MAX).max(1)
    }

    fn listen(&mut self, at: Position, count: usize) {
        let sound = &self.coming[self.taken..self.taken + count];
        self.words.push(sound, |_| {});
        let end = Position(at.0 + count as u64);
        for (word, possible) in self.possible.iter_mut().enumerate() {
            if self.words.score(word) >= POSSIBLE * self.words.cutoff(word) {
                *possible = Some(end);
            }
        }
        let loud = sound.iter().rposition(|&sample| sample != 0).map(|last| Position(at.0 + last as u64 + 1));
        self.loud = loud.or(self.loud.filter(|loud| end.since(*loud) < FADES));
    }

    /// Whether this word, which the microphone heard here, is the device's own.
    #[must_use]
    pub fn said(&self, word: usize, at: Position) -> bool {
        self.possible.get(word).copied().flatten().is_some_and(|possible| at.since(possible) <= BEHIND)
    }

    /// The microphone was closed; the tape begins anew.
    pub fn restart(&mut self) {
        self.coming.clear();
        self.taken = 0;
        self.loud = None;
        self.possible.fill(None);
    }
}
