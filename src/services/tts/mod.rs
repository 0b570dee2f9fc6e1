//! Text to sound, played while it is being synthesised.
//!
//! The voice is a process of its own: espeak-ng is GPL and stays outside, and any other engine (piper, pico2wave) is a
//! line in the settings. Text goes in on stdin and never through a shell; WAV comes out on stdout and is read only as
//! fast as somebody plays it, so a long text costs a pipe, not memory.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auricle_core::sentences::{Language, Sentence};
use auricle_core::voices::Voices;
use tokio::sync::OnceCell;

mod engine;
mod error;
mod espeak;
mod text;
mod utterance;

pub use error::TtsError;
pub use utterance::{Block, MAX_BLOCK, Utterance};

use engine::Engine;

use super::process::Account;

/// The languages that an engine really has, under its own names; `None` for a `command`, which can't be asked.
///
/// # Errors
/// espeak-ng is not installed, does not start, or does not tell them within 5 s.
pub async fn languages(command: &[String]) -> Result<Option<Vec<String>>, TtsError> {
    if command.is_empty() { espeak::languages().await.map(Some) } else { Ok(None) }
}

/// The settings of `[tts]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TtsSettings {
    /// The speech language as a tag, for example `fr-FR`.
    pub language: String,
    /// Empty: espeak-ng. Else program and arguments, `{lang}` replaced by the language; text on stdin, WAV on stdout.
    pub command: Vec<String>,
}

impl Default for TtsSettings {
    fn default() -> Self {
        Self { language: "en-US".into(), command: Vec::new() }
    }
}

/// How long a voice may take. The defaults are those of the product; tests are less patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the start of the engine to its first sample.
    pub first_sound: Duration,
    /// Without a new sample while somebody waits for one.
    pub pause: Duration,
    /// Sound in one utterance.
    pub sound: Duration,
    /// From the end of the sound to the end of the engine; then it is killed.
    pub exit: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            first_sound: Duration::from_secs(5),
            pause: Duration::from_secs(10),
            sound: Duration::from_secs(180),
            exit: Duration::from_secs(1),
        }
    }
}

/// Speaks with one engine.
#[derive(Debug)]
pub struct Voice {
    settings: TtsSettings,
    limits: Limits,
    /// Who the engine runs as, if not as we do.
    account: Option<Account>,
    /// What the engine has; empty until it was asked.
    voices: Arc<OnceCell<Voices>>,
    /// What it has in any case.
    common: Voices,
    unknown: Mutex<Unknown>,
}

/// The last language that the engine lacks, and whether that was told.
#[derive(Debug, Default)]
struct Unknown {
    language: String,
    told: bool,
}

impl Voice {
    /// A voice as the settings want it. Starts nothing yet.
    #[must_use]
    pub fn new(settings: TtsSettings) -> Self {
        Self::with_limits(settings, Limits::default())
    }

    /// The same with limits of one's own.
    #[must_use]
    pub fn with_limits(settings: TtsSettings, limits: Limits) -> Self {
        let common = Voices::new(Some(espeak::COMMON.iter().map(ToString::to_string).collect()));
        Self { settings, limits, account: None, voices: Arc::default(), common, unknown: Mutex::default() }
    }

    /// The same with an engine that runs as another user, which only root can have.
    #[must_use]
    pub fn as_user(mut self, account: Account) -> Self {
        self.account = Some(account);
        self
    }

    /// The same engine in another language, which need not be asked again what it has.
    #[must_use]
    pub fn in_language(&self, language: String) -> Self {
        let settings = TtsSettings { language, command: self.settings.command.clone() };
        let (voices, account) = (Arc::clone(&self.voices), self.account.clone());
        Self { voices, account, ..Self::with_limits(settings, self.limits) }
    }

    /// The languages of the engine. It is asked once, by whoever calls first; until then only the languages of the
    /// device's own sentences are spoken, so call this before anything is said. After an error the next call asks again.
    ///
    /// # Errors
    /// As [`languages`].
    pub async fn voices(&self) -> Result<&Voices, TtsError> {
        let ask = || async { languages(&self.settings.command).await.map(Voices::new) };
        self.voices.get_or_try_init(ask).await
    }

    /// Begins to speak `text` in the language of the settings. Needs a tokio runtime around it.
    ///
    /// Control characters become spaces and what goes beyond 4 KiB is left out.
    ///
    /// # Errors
    /// [`TtsError::NothingToSay`], or the engine can't be started.
    pub fn speak(&self, text: &str) -> Result<Utterance, TtsError> {
        self.speak_in(text, &self.settings.language)
    }

    /// Begins to speak `text` in another language. One that the engine lacks is spoken as English, see
    /// [`Self::take_warning`].
    ///
    /// # Errors
    /// As [`Self::speak`].
    pub fn speak_in(&self, text: &str, language: &str) -> Result<Utterance, TtsError> {
        let text = text::clean(text).ok_or(TtsError::NothingToSay)?;
        let voices = self.voices.get().unwrap_or(&self.common);
        let mut engine = Engine::new(&self.settings.command, language, voices);
        engine.account.clone_from(&self.account);
        self.note(language, engine.fell_back);
        Utterance::start(&engine, &text, self.limits)
    }

    /// Begins to say a sentence of the device's own, in `language` or, if the catalogue lacks it, in English.
    ///
    /// # Errors
    /// As [`Self::speak`].
    pub fn speak_sentence(&self, sentence: Sentence, language: &str) -> Result<Utterance, TtsError> {
        let catalogue = Language::of_tag(language);
        self.speak_in(sentence.text(catalogue), catalogue.spoken_as(language))
    }

    /// Begins to say a sentence of the device's own in the language of the settings.
    ///
    /// # Errors
    /// As [`Self::speak`].
    pub fn say(&self, sentence: Sentence) -> Result<Utterance, TtsError> {
        self.speak_sentence(sentence, &self.settings.language)
    }

    /// That the wanted language is spoken as English; once for each change of language.
    pub fn take_warning(&self) -> Option<TtsError> {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if unknown.told || unknown.language.is_empty() {
            return None;
        }
        unknown.told = true;
        Some(TtsError::UnknownLanguage { language: unknown.language.clone() })
    }

    fn note(&self, language: &str, fell_back: bool) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if fell_back && unknown.language != language {
            // The tag may come from a server; its length is not ours to trust.
            *unknown = Unknown { language: language.chars().take(40).collect(), told: false };
        }
    }
}
