//! The wake words: their models for hearing, the server of each, and what is wrong with them.

use std::collections::BTreeMap;
use std::path::Path;

use auricle_core::assistant::cause::Cause;
use auricle_core::assistant::event::{Event, ServerId};
use auricle_core::audio::Position;
use auricle_core::wake::Words;
use serde_json::{Value, json};
use thiserror::Error;

use super::control::{Control, Server};
use crate::config::{Settings, Trigger, WakeWord};
use crate::control::Answer;
use crate::services::models::add::Candidate;
use crate::services::models::list::list;
use crate::services::models::{Installed, ModelTrouble, Places};

/// The words that hearing has.
pub(super) struct Wake {
    places: Places,
    /// Those that hearing listens for, in its order.
    listening: Vec<Listening>,
    /// How often each was heard and counted.
    heard: BTreeMap<String, u64>,
}

/// A word that hearing listens for.
struct Listening {
    installed: Installed,
    sensitivity: f32,
    /// The server that it opens; `None`: the first one.
    server: Option<ServerId>,
}

/// Why a word of the settings is not listened for.
#[derive(Debug, Error)]
enum WordTrouble {
    #[error(transparent)]
    Model(#[from] ModelTrouble),
    #[error("`{word}` opens the server `{server}`, which runs only after a restart; `sudo systemctl restart auricle`")]
    NotRunning { word: String, server: String },
}

impl Wake {
    pub(super) fn new(settings: &Settings) -> Self {
        let places = Places::of(&settings.device.state_dir);
        Self { places, listening: Vec::new(), heard: BTreeMap::new() }
    }

    /// The counters of the status: one for each word that is listened for.
    pub(super) fn counters(&self) -> impl Iterator<Item = (String, u64)> {
        let heard = |word: &str| self.heard.get(word).copied().unwrap_or(0);
        self.names().map(move |word| (format!("wake_{word}"), heard(word)))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.listening.iter().map(|word| word.installed.name.as_str())
    }

    fn load(&self, wanted: &WakeWord, servers: &[Server]) -> Result<Listening, WordTrouble> {
        let not_running = |name: &String| WordTrouble::NotRunning { word: wanted.model.clone(), server: name.clone() };
        let place = |name: &String| servers.iter().position(|server| server.name == *name);
        // Never the first one in its place: what is said is for the other.
        let server = wanted.server.as_ref().map(|name| place(name).ok_or_else(|| not_running(name))).transpose()?;
        let installed = self.places.load(&wanted.model)?;
        Ok(Listening { installed, sensitivity: wanted.sensitivity, server: server.map(ServerId) })
    }
}

impl Control {
    /// Hands hearing the words that the settings want. Each that can't be listened for is told; the others work.
    pub(super) fn listen_for_words(&mut self) {
        let wake = self.settings.listen.triggers.contains(&Trigger::Wake);
        let wanted = self.settings.wake.words.iter().filter(|_| wake);
        let (mut words, mut troubles) = (Vec::new(), Vec::new());
        for word in wanted {
            match self.wake.load(word, &self.servers) {
                Ok(word) => words.push(word),
                Err(trouble) => troubles.push(trouble),
            }
        }
        self.hand_over(words);
        self.decide(Event::WakeMissing(missing(&troubles)));
    }

    /// What hearing listens for already is not torn from its sound: only then it would be deaf for a moment.
    fn hand_over(&mut self, words: Vec<Listening>) {
        let before = std::mem::replace(&mut self.wake.listening, words);
        let (now, hearing) = (&self.wake.listening, &self.hearing);
        let same = before.len() == now.len()
            && before.iter().zip(now).all(|(before, now)| before.installed.same_as(&now.installed));
        if same {
            for (number, (before, now)) in before.iter().zip(now).enumerate() {
                if before.sensitivity != now.sensitivity {
                    hearing.sensitivity(number, now.sensitivity);
                }
            }
            return;
        }
        if !now.is_empty() {
            tracing::info!("listening for {}", self.wake.names().collect::<Vec<_>>().join(", "));
        }
        let words = now.iter().map(|word| word.installed.word(word.sensitivity)).collect();
        hearing.words(Words::new(words, Position(0)));
    }

    /// A word was heard. One that is wanted no more, because the settings have just changed, is nothing.
    pub(super) fn woken(&mut self, word: String, event: impl FnOnce(String, Option<ServerId>) -> Event) {
        if let Some(listening) = self.wake.listening.iter().find(|listening| listening.installed.name == word) {
            let server = listening.server;
            self.decide(event(word, server));
        }
    }

    /// It opened a turn, or would have.
    pub(super) fn count_word(&mut self, word: &str) {
        *self.wake.heard.entry(word.to_owned()).or_default() += 1;
    }

    /// `auricle wake list`.
    pub(super) fn wake_list(&self) -> Value {
        list(&self.wake.places, &self.settings, Some(&self.wake.names().collect::<Vec<_>>()))
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
fn missing(troubles: &[WordTrouble]) -> Option<Cause> {
    let all: Vec<String> = troubles.iter().map(ToString::to_string).collect();
    (!all.is_empty()).then(|| Cause::WakeMissing { detail: all.join("; ") })
}
