//! Wake words that the device says itself: they must not wake it.
//!
//! What the loudspeaker plays goes through the words, too. A word that may have been heard there shortly before the
//! microphone hears it was the device's own. A person who says it while the device says something else is heard as ever.

use std::time::Duration;

use crate::audio::Position;
use crate::wake::Words;

/// The echo of a word is heard at most so long behind the played one. Its probability rises 30 ms before to 410 ms behind
/// that in what is played, with ways of up to 300 ms, and there it stays high for half a second.
const BEHIND: Duration = Duration::from_millis(700);

/// A probability that is as high in what is played may be the word: less than the least cut-off, so that it rises there
/// before it does in the echo.
const POSSIBLE: f32 = 0.35;

/// Before anything plays there was silence. The models need so much past until they hear.
const PAST: Duration = Duration::from_millis(800);

/// So long behind the last sound nothing more is heard in it.
const FADES: Duration = Duration::from_millis(500);

/// Listens to what the loudspeaker plays.
#[derive(Debug)]
pub struct OwnVoice {
    words: Words,
    /// Behind the last sample that is no silence. At first, and after a while of silence, nothing is spent.
    loud: Option<Position>,
    /// For each word, where it was possible last.
    possible: Vec<Option<Position>>,
}

impl OwnVoice {
    /// Listens for the same words as the microphone.
    #[must_use]
    pub fn new(words: &Words) -> Self {
        Self { words: words.again(), loud: None, possible: vec![None; words.len()] }
    }

    /// What was played while the microphone's samples from `at` on were caught.
    pub fn played(&mut self, at: Position, reference: &[i16]) {
        let end = Position(at.0 + reference.len() as u64);
        let loud = reference.iter().rposition(|&sample| sample != 0).map(|last| Position(at.0 + last as u64 + 1));
        if loud.is_some() && self.loud.is_none() {
            self.begin();
        }
        self.loud = loud.or(self.loud.filter(|loud| end.since(*loud) < FADES));
        if self.loud.is_some() {
            self.listen(at, reference);
        }
    }

    /// The hits themselves do not matter, and so neither does what the words take for the place of a sample.
    fn begin(&mut self) {
        let past = usize::try_from(crate::audio::samples(PAST)).unwrap_or(0);
        self.words.restart(Position(0));
        self.words.push(&vec![0; past], |_| {});
    }

    fn listen(&mut self, mut at: Position, mut reference: &[i16]) {
        while !reference.is_empty() {
            let (now, later) = reference.split_at(reference.len().min(self.words.missing().max(1)));
            self.words.push(now, |_| {});
            at.0 += now.len() as u64;
            for (word, possible) in self.possible.iter_mut().enumerate() {
                if self.words.score(word) >= POSSIBLE {
                    *possible = Some(at);
                }
            }
            reference = later;
        }
    }

    /// Whether this word, which the microphone heard here, is the device's own.
    #[must_use]
    pub fn said(&self, word: usize, at: Position) -> bool {
        self.possible.get(word).copied().flatten().is_some_and(|possible| at.since(possible) <= BEHIND)
    }

    /// The microphone was closed; the tape begins anew.
    pub fn restart(&mut self) {
        self.loud = None;
        self.possible.fill(None);
    }
}
