//! Words over one stream of sound: when is one of them heard?

use std::sync::Arc;

use super::features::{Features, Frame, STEP};
use super::model::{Model, Stream};
use crate::audio::Position;

/// After a hit the same word is not heard again for so many frames, and not before its probability has fallen: 1 s.
const REFRACTORY: u32 = 100;

/// The cut-off at the lowest sensitivity, unless the model's own is higher.
const HIGHEST: f32 = 0.99;

/// A word to listen for.
#[derive(Clone, Debug)]
pub struct Word {
    /// Its name in the settings, for example `okay_nabu`.
    pub name: String,
    /// Its model.
    pub model: Arc<Model>,
    /// The mean probability above which the word was heard, see [`Manifest::cutoff`](super::Manifest::cutoff).
    pub cutoff: f32,
    /// Of how many probabilities the mean is taken, see [`Manifest::window`](super::Manifest::window); 1 to 255.
    pub window: usize,
    /// How easily it is heard, 0 to 1, see [`cutoff`].
    pub sensitivity: f32,
}

/// The cut-off that counts: at a sensitivity of 0.5 the model's own; from there it rises in a straight line to 0.99 at a
/// sensitivity of 0 (or stays, where the model's own is higher) and falls to half of the model's own at 1.
#[must_use]
pub fn cutoff(own: f32, sensitivity: f32) -> f32 {
    let sensitivity = if sensitivity.is_nan() { 0.5 } else { sensitivity.clamp(0.0, 1.0) };
    if sensitivity < 0.5 {
        own + (own.max(HIGHEST) - own) * (1.0 - 2.0 * sensitivity)
    } else {
        own * (1.5 - sensitivity)
    }
}

/// In doubt the mean has to be above the cut-off by this share of what is missing to 1.
const DOUBT: f32 = 0.5;

/// A word was heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Which of the words.
    pub word: usize,
    /// The end of the sound with which it was decided.
    pub at: Position,
    /// The mean probability, 0 to 1.
    pub score: f32,
}

/// Several words over one stream of samples. Allocates nothing after it was made.
#[derive(Debug)]
pub struct Words {
    words: Vec<Listener>,
    features: Features,
    /// The place of the next sample.
    at: Position,
}

impl Words {
    /// Listens for `words`, beginning with the sample at `first`.
    #[must_use]
    pub fn new(words: Vec<Word>, first: Position) -> Self {
        Self { words: words.into_iter().map(Listener::new).collect(), features: Features::new(), at: first }
    }

    /// The same words over another stream of samples, from its first one on.
    #[must_use]
    pub fn again(&self) -> Self {
        Self::new(self.words.iter().map(|listener| listener.word.clone()).collect(), Position(0))
    }

    /// Listens to `sound`. How it is cut into pieces changes nothing.
    ///
    /// A hit comes when the mean of the word's last probabilities is above its cut-off, and for the same utterance only
    /// once (again after 1 s, and only if the mean has fallen in between). After a start it comes as soon as there are as
    /// many probabilities as the mean is taken of: 0.17 s for the known models.
    pub fn push(&mut self, sound: &[i16], mut hit: impl FnMut(Hit)) {
        let end = Position(self.at.0 + sound.len() as u64);
        let mut left = sound;
        while !self.words.is_empty()
            && let Some(frame) = self.features.next(&mut left)
        {
            let at = Position(end.0 - left.len() as u64);
            for (word, listener) in self.words.iter_mut().enumerate() {
                if listener.hears(&frame) {
                    hit(Hit { word, at, score: listener.score() });
                }
            }
        }
        self.at = end;
    }

    /// Starts anew with the sample at `first`.
    pub fn restart(&mut self, first: Position) {
        self.features.restart();
        self.words.iter_mut().for_each(Listener::restart);
        self.at = first;
    }

    /// How easily this word is heard from now on, 0 to 1, see [`cutoff`].
    pub fn set_sensitivity(&mut self, word: usize, sensitivity: f32) {
        if let Some(listener) = self.words.get_mut(word) {
            listener.word.sensitivity = sensitivity;
            listener.cutoff = cutoff(listener.word.cutoff, sensitivity);
        }
    }

    /// Whether the sound that is pushed from now on is doubtful: then a word has to be surer, half the way from its cut-off
    /// to 1. No sound is lost by it.
    pub fn doubt(&mut self, doubtful: bool) {
        self.words.iter_mut().for_each(|listener| listener.doubtful = doubtful);
    }

    /// The number of samples until something may be heard, at least 1; without words, none ever.
    #[must_use]
    pub fn missing(&self) -> usize {
        let frames = self.words.iter().map(|listener| listener.stream.missing()).min();
        frames.map_or(usize::MAX, |frames| self.features.missing() + (frames - 1) * STEP)
    }

    /// The mean probability of this word now, 0 to 1; 0 until there are enough probabilities.
    #[must_use]
    pub fn score(&self, word: usize) -> f32 {
        self.words.get(word).map_or(0.0, Listener::score)
    }

    /// How easily this word is heard, 0 to 1; 0.5 if there is none of this number.
    #[must_use]
    pub fn sensitivity(&self, word: usize) -> f32 {
        self.words.get(word).map_or(0.5, |listener| listener.word.sensitivity)
    }

    /// The cut-off of this word where nothing is in doubt; 1 if there is none of this number.
    #[must_use]
    pub fn cutoff(&self, word: usize) -> f32 {
        self.words.get(word).map_or(1.0, |listener| listener.cutoff)
    }

    /// How many words.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The name of this word; empty if there is none of this number.
    #[must_use]
    pub fn name(&self, word: usize) -> &str {
        self.words.get(word).map_or("", |listener| &listener.word.name)
    }
}

/// Listens for one word, from the first sound on.
///
/// The microcontrollers that these models were made for hear nothing for 0.75 s after a start. Here that would lose words
/// with which a recording begins, and spare next to nothing: of 10 000 starts at random places within 1.75 h of people's
/// speech, 6 take something for `alexa` within that time (and 15 after it), none for another word, and within 2.7 h of
/// music none for any. The example `wake_starts` counts that.
#[derive(Debug)]
struct Listener {
    word: Word,
    stream: Stream,
    cutoff: f32,
    /// Whether it has to be surer than that, see [`Words::doubt`].
    doubtful: bool,
    mean: Mean,
    /// For so many frames nothing is heard.
    rests: u32,
    /// The mean was above the cut-off and has not fallen yet.
    held: bool,
}

impl Listener {
    fn new(word: Word) -> Self {
        Self {
            stream: Stream::new(word.model.clone()),
            cutoff: cutoff(word.cutoff, word.sensitivity),
            doubtful: false,
            mean: Mean::new(word.window.clamp(1, 255)),
            rests: 0,
            held: false,
            word,
        }
    }

    fn restart(&mut self) {
        self.stream.restart();
        self.mean.restart();
        (self.rests, self.held) = (0, false);
    }

    fn hears(&mut self, frame: &Frame) -> bool {
        let rests = self.rests > 0;
        self.rests = self.rests.saturating_sub(1);
        let Some(probability) = self.stream.push(frame) else { return false };
        self.mean.push(probability);
        let needed = if self.doubtful { self.cutoff + (1.0 - self.cutoff) * DOUBT } else { self.cutoff };
        let above = self.score() > needed;
        self.held &= above;
        if !above || self.held || rests {
            return false;
        }
        (self.rests, self.held) = (REFRACTORY, true);
        true
    }

    fn score(&self) -> f32 {
        self.mean.get()
    }
}

/// The mean of the last probabilities.
#[derive(Debug)]
struct Mean {
    last: Box<[u8]>,
    next: usize,
    count: usize,
    sum: u32,
}

impl Mean {
    fn new(window: usize) -> Self {
        Self { last: vec![0; window].into_boxed_slice(), next: 0, count: 0, sum: 0 }
    }

    fn restart(&mut self) {
        self.last.fill(0);
        (self.next, self.count, self.sum) = (0, 0, 0);
    }

    fn push(&mut self, probability: u8) {
        let oldest = std::mem::replace(&mut self.last[self.next], probability);
        self.sum = self.sum + u32::from(probability) - u32::from(oldest);
        self.next = (self.next + 1) % self.last.len();
        self.count = (self.count + 1).min(self.last.len());
    }

    /// Rounded once, so that a mean that is exactly the decimal number of a cut-off equals it and is not above it.
    fn get(&self) -> f32 {
        if self.count < self.last.len() {
            return 0.0;
        }
        self.sum as f32 / (256 * self.last.len()) as f32
    }
}

#[cfg(test)]
mod tests;
