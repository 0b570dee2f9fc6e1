//! The JSON file beside a model.

use serde::Deserialize;
use thiserror::Error;

/// Why a model's description can't be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ManifestError {
    /// Not JSON, or a field is missing or of the wrong type.
    #[error(
        "the description of the model cannot be read: {0}; it is the JSON file that comes with a model of microWakeWord"
    )]
    Json(String),
    /// Of another kind of model.
    #[error("the description says `\"type\": \"{0}\"`; only models of microWakeWord, which say \"micro\", can be used")]
    Kind(String),
    /// Of another version.
    #[error(
        "the description says `\"version\": {0}`; only version 2 can be used. Models of version 1 listen in another way: \
         look for a newer model of the same word"
    )]
    Version(i64),
    /// A value that makes no sense.
    #[error("the description says `\"{field}\": {value}`; it can be {allowed}")]
    Value {
        /// Its name.
        field: &'static str,
        /// What it is.
        value: String,
        /// What it could be.
        allowed: &'static str,
    },
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
    /// The name of the model's file, in the same folder.
    pub model: String,
    /// In which languages it was said when the model was trained, as two letters.
    pub languages: Vec<String>,
    /// The mean probability above which the word was heard, 0 to 1.
    pub cutoff: f32,
    /// The number of probabilities of which the mean is taken.
    pub window: usize,
}

/// The most probabilities of which a mean is taken: 3 s.
const LONGEST_WINDOW: usize = 100;

/// What decides whether the rest can be understood.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: String,
    version: i64,
}

#[derive(Deserialize)]
struct Body {
    wake_word: String,
    #[serde(default)]
    author: String,
    #[serde(default)]
    website: String,
    model: String,
    #[serde(default)]
    trained_languages: Vec<String>,
    micro: Micro,
}

#[derive(Deserialize)]
struct Micro {
    probability_cutoff: f32,
    sliding_window_size: usize,
    #[serde(default = "ten")]
    feature_step_size: i64,
}

const fn ten() -> i64 {
    10
}

impl Manifest {
    /// Reads it.
    ///
    /// # Errors
    /// It is no JSON, lacks something or holds a value that makes no sense.
    pub fn read(json: &[u8]) -> Result<Self, ManifestError> {
        let unreadable = |error: serde_json::Error| ManifestError::Json(error.to_string());
        let head: Head = serde_json::from_slice(json).map_err(unreadable)?;
        if head.kind != "micro" {
            return Err(ManifestError::Kind(head.kind));
        }
        if head.version != 2 {
            return Err(ManifestError::Version(head.version));
        }
        let body: Body = serde_json::from_slice(json).map_err(unreadable)?;
        body.check()?;
        Ok(Self {
            wake_word: body.wake_word,
            author: body.author,
            website: body.website,
            model: body.model,
            languages: body.trained_languages,
            cutoff: body.micro.probability_cutoff,
            window: body.micro.sliding_window_size,
        })
    }
}

impl Body {
    fn check(&self) -> Result<(), ManifestError> {
        let Micro { probability_cutoff: cutoff, sliding_window_size: window, feature_step_size: step } = self.micro;
        let wrong = |field, value: &dyn ToString, allowed| {
            Err(ManifestError::Value { field, value: value.to_string(), allowed })
        };
        if self.wake_word.trim().is_empty() {
            return wrong("wake_word", &"\"\"", "what one has to say");
        }
        if self.model.is_empty() || self.model.contains(['/', '\0']) || self.model.starts_with('.') {
            let shown = serde_json::Value::from(self.model.as_str());
            return wrong("model", &shown, "the name of a file in the same folder");
        }
        // Above this no mean of probabilities can be.
        if !(cutoff > 0.0 && cutoff < 255.0 / 256.0) {
            return wrong("probability_cutoff", &cutoff, "more than 0 and less than 0.996");
        }
        if !(1..=LONGEST_WINDOW).contains(&window) {
            return wrong("sliding_window_size", &window, "1 to 100");
        }
        if step != 10 {
            return wrong("feature_step_size", &step, "10 (milliseconds)");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
