//! The wake words: their models for hearing, the server of each, and what is wrong with them.

use std::collections::BTreeMap;
use std::path::Path;

use auricle_core::assistant::cause::Cause;
use auricle_core::assistant::event::{Event, ServerId};
use auricle_core::audio::Position;
use auricle_core::wake::Words;
use serde_json::{Value, json};

use super::control::Control;
use crate::config::{Settings, Trigger, WakeWord};
use crate::control::Answer;
use crate::services::models::add::Candidate;
use crate::services::models::list::list;
use crate::services::models::{ModelTrouble, Places};

/// The words that hearing has.
pub(super) struct Wake {
    places: Places,
    /// What is wanted, as far as its models were found; `None` as long as none were looked for.
    wanted: Option<Vec<WakeWord>>,
    /// Those that hearing listens for.
    listening: Vec<String>,
    /// How often each was heard and counted.
    heard: BTreeMap<String, u64>,
}

impl Wake {
    pub(super) fn new(settings: &Settings) -> Self {
        let places = Places::of(&settings.device.state_dir);
        Self { places, wanted: None, listening: Vec::new(), heard: BTreeMap::new() }
    }

    /// The counters of the status: one for each word that is listened for.
    pub(super) fn counters(&self) -> impl Iterator<Item = (String, u64)> {
        let heard = |word: &String| self.heard.get(word).copied().unwrap_or(0);
        self.listening.iter().map(move |word| (format!("wake_{word}"), heard(word)))
    }
}

impl Control {
    /// Hands hearing the words that the settings want. Each whose model can't be used is told; the others work.
    pub(super) fn listen_for_words(&mut self) {
        let wake = self.settings.listen.triggers.contains(&Trigger::Wake);
        let wanted = if wake { self.settings.wake.words.clone() } else { Vec::new() };
        // What works is not torn from its sound.
        if self.wake.wanted.as_ref() == Some(&wanted) {
            return;
        }
        let (mut words, mut troubles) = (Vec::new(), Vec::new());
        for word in &wanted {
            match self.wake.places.load(&word.model) {
                Ok(installed) => words.push(installed.word(word.sensitivity)),
                Err(trouble) => troubles.push(trouble),
            }
        }
        self.wake.listening = words.iter().map(|word| word.name.clone()).collect();
        if !words.is_empty() {
            tracing::info!("listening for {}", self.wake.listening.join(", "));
        }
        self.hearing.words(Words::new(words, Position(0)));
        self.wake.wanted = troubles.is_empty().then_some(wanted);
        self.decide(Event::WakeMissing(missing(&troubles)));
    }

    /// A word was heard.
    pub(super) fn woken(&mut self, word: String, score: f32, at: Position) {
        let wanted = self.settings.wake.words.iter().find(|wanted| wanted.model == word);
        let server = wanted.and_then(|wanted| wanted.server.as_ref());
        let server = server.and_then(|name| self.servers.iter().position(|server| server.name == *name));
        self.decide(Event::Wake { word, score, server: server.map(ServerId), at });
    }

    /// It opened a turn, or would have.
    pub(super) fn count_word(&mut self, word: &str) {
        *self.wake.heard.entry(word.to_owned()).or_default() += 1;
    }

    /// `auricle wake list`.
    pub(super) fn wake_list(&self) -> Value {
        list(&self.wake.places, &self.settings, Some(&self.wake.listening))
    }

    /// `auricle wake add`.
    pub(super) fn wake_add(&mut self, name: &str, model: Vec<u8>, description: Vec<u8>) -> Answer {
        let file = format!("{name}.tflite");
        let candidate = Candidate::checked(Path::new(&file), model, description).map_err(|error| error.to_string())?;
        let path = candidate.install(&self.wake.places).map_err(|error| error.to_string())?;
        // A word that was wanted already is listened for from now on.
        self.listen_for_words();
        Ok(json!({ "name": name, "wake_word": candidate.installed.manifest.wake_word, "file": path }))
    }
}

/// One cause serves all words.
fn missing(troubles: &[ModelTrouble]) -> Option<Cause> {
    let all: Vec<String> = troubles.iter().map(ToString::to_string).collect();
    (!all.is_empty()).then(|| Cause::WakeMissing { detail: all.join("; ") })
}
