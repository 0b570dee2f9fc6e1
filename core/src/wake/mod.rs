//! Wake words: small models that say, every 30 ms, how much the last second sounds like their word.

pub mod features;

use std::sync::Arc;

use thiserror::Error;

use crate::audio::Position;

/// Why a model can't be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ModelError {
    /// Not a model at all.
    #[error("this is no TensorFlow Lite model")]
    Foreign,
}

/// Why a model's description can't be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ManifestError {
    /// Not the description of a model.
    #[error("{0}")]
    Wrong(String),
}

/// A model, read and checked.
#[derive(Debug)]
pub struct Model;

impl Model {
    /// Reads a `.tflite` file.
    ///
    /// # Errors
    /// It is damaged, or not of the kind that is known here.
    pub const fn read(_bytes: &[u8]) -> Result<Self, ModelError> {
        Err(ModelError::Foreign)
    }
}

/// What the JSON file beside a model says about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manifest {
    /// What to say.
    pub wake_word: String,
    /// Who made it.
    pub author: String,
    /// Where it comes from.
    pub website: String,
    /// The name of the model's file.
    pub model: String,
    /// In which languages it was said when the model was trained, as two letters.
    pub languages: Vec<String>,
    /// The mean probability above which the word was heard, 0 to 1.
    pub cutoff: f32,
    /// The number of probabilities of which the mean is taken.
    pub window: usize,
}

impl Manifest {
    /// Reads it.
    ///
    /// # Errors
    /// It is no JSON, lacks something or holds a value that makes no sense.
    pub fn read(_json: &[u8]) -> Result<Self, ManifestError> {
        Err(ManifestError::Wrong("not built yet".into()))
    }
}

/// A word to listen for.
#[derive(Clone, Debug)]
pub struct Word {
    /// Its name in the settings, for example `okay_nabu`.
    pub name: String,
    /// Its model.
    pub model: Arc<Model>,
    /// See [`Manifest::cutoff`].
    pub cutoff: f32,
    /// See [`Manifest::window`].
    pub window: usize,
    /// How easily it is heard, 0 to 1; at 0.5 the model's own cut-off counts.
    pub sensitivity: f32,
}

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

/// Several words over one stream of samples.
#[derive(Debug)]
pub struct Words {
    words: Vec<Word>,
}

impl Words {
    /// Listens for `words`, beginning with the sample at `first`.
    #[must_use]
    pub fn new(words: Vec<Word>, _first: Position) -> Self {
        Self { words }
    }

    /// Listens to `sound`. How it is cut into pieces changes nothing.
    pub fn push(&mut self, _sound: &[i16], _hit: impl FnMut(Hit)) {}

    /// Starts anew with the sample at `first`.
    pub fn restart(&mut self, _first: Position) {}

    /// How easily this word is heard from now on, 0 to 1.
    pub fn set_sensitivity(&mut self, word: usize, sensitivity: f32) {
        if let Some(word) = self.words.get_mut(word) {
            word.sensitivity = sensitivity;
        }
    }

    /// The number of samples until something may be heard, at least 1.
    #[must_use]
    pub const fn missing(&self) -> usize {
        usize::MAX
    }

    /// The mean probability of this word now, 0 to 1.
    #[must_use]
    pub const fn score(&self, _word: usize) -> f32 {
        0.0
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
        self.words.get(word).map_or("", |word| &word.name)
    }
}
