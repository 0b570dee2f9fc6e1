//! What is asked for, and what of it is known before anybody asks.

use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::edit::{self, Change};
use super::error::SetupError;
use crate::config::{self, Linto, Settings};
use crate::net::mqtt::trial::Account;

/// What becomes of the password.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Password {
    /// It stays as it is; there may be none. That of another account is dropped.
    #[default]
    Keep,
    /// This one, into a file of its own.
    New(Zeroizing<String>),
}

/// An answer to each question; `None` leaves a setting as it is.
#[derive(Clone, Default)]
pub struct Answers {
    /// The broker's address, in full.
    pub broker: Option<String>,
    /// The certificate of the server's own authority.
    pub ca_file: Option<String>,
    /// The account; empty logs in as nobody.
    pub username: Option<String>,
    /// The password of the account.
    pub password: Password,
    /// The name of the application; empty for old servers.
    pub application: Option<String>,
    /// `device` or `multi-user`.
    pub application_kind: Option<String>,
    /// The scope of the admin page.
    pub scope: Option<String>,
    /// The microphone.
    pub capture: Option<String>,
    /// The loudspeaker.
    pub playback: Option<String>,
}

impl Answers {
    /// These, and where they are silent, those.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            broker: self.broker.or(other.broker),
            ca_file: self.ca_file.or(other.ca_file),
            username: self.username.or(other.username),
            password: if self.password == Password::Keep { other.password } else { self.password },
            application: self.application.or(other.application),
            application_kind: self.application_kind.or(other.application_kind),
            scope: self.scope.or(other.scope),
            capture: self.capture.or(other.capture),
            playback: self.playback.or(other.playback),
        }
    }

    /// Who logs in with these answers: on trial and, once they are written, for good.
    pub(super) fn account(&self, present: &Present) -> Account {
        let username = self.username.clone().filter(|name| !name.is_empty());
        let password = match &self.password {
            Password::New(password) => Some(password.clone()),
            Password::Keep if self.is_other_account(present) => None,
            Password::Keep => present.password(),
        };
        let ca_file = self.ca_file.as_ref().filter(|file| !file.is_empty()).map(Into::into);
        Account { username, password, ca_file }
    }

    /// Whether this is another account than before: the password before is not its password.
    pub(super) fn is_other_account(&self, present: &Present) -> bool {
        let before = present.server().and_then(|server| server.username.as_deref());
        self.username.as_deref().is_some_and(|name| !name.is_empty() && Some(name) != before)
    }

    /// What is worth knowing of an account that is to log in without a password.
    pub(super) fn without_password(&self, present: &Present) -> Option<String> {
        let name = self.username.as_ref().filter(|_| self.is_other_account(present))?;
        (self.password == Password::Keep)
            .then(|| format!("`{name}` logs in without a password; one of the account before is no longer used"))
    }

    /// The settings that they change. What opens a turn is left alone: by default that is a wake word.
    pub(super) fn changes(&self, present: &Present, password_file: &Path) -> Vec<Change> {
        let texts = [
            ("linto", "broker", self.broker.as_ref().filter(|broker| !present.has_broker(broker)), None),
            ("linto", "ca_file", self.ca_file.as_ref(), Some("")),
            ("linto", "username", self.username.as_ref(), Some("")),
            ("linto", "scope", self.scope.as_ref(), None),
            ("linto", "application", self.application.as_ref(), Some("")),
            ("linto", "application_kind", self.application_kind.as_ref(), None),
            ("audio", "capture", self.capture.as_ref(), Some("auto")),
            ("audio", "playback", self.playback.as_ref(), Some("auto")),
        ];
        let mut changes = Vec::new();
        for (section, key, value, default) in texts {
            // What is the default anyway need not be written down, unless something else stands there.
            let needed = |value: &&String| default != Some(value.as_str()) || edit::has(&present.text, section, key);
            changes.extend(value.filter(needed).map(|value| Change::text(section, key, value)));
        }
        changes.extend(self.password_changes(present, password_file));
        changes
    }

    fn password_changes(&self, present: &Present, password_file: &Path) -> Vec<Change> {
        let without = |key| edit::has(&present.text, "linto", key).then(|| Change::text("linto", key, ""));
        match self.password {
            Password::New(_) => {
                let file = Change::text("linto", "password_file", &password_file.display().to_string());
                without("password").into_iter().chain([file]).collect()
            }
            Password::Keep if self.is_other_account(present) => {
                ["password", "password_file"].into_iter().filter_map(without).collect()
            }
            Password::Keep => Vec::new(),
        }
    }
}

/// The settings file as it is before.
pub struct Present {
    /// Where it is, or will be.
    pub file: PathBuf,
    /// Its text; the commented default if there is no file.
    pub text: String,
    /// Whether there is a file.
    pub exists: bool,
    settings: Option<Settings>,
    /// What counts where the file says nothing.
    defaults: Settings,
}

impl Present {
    /// Reads the file.
    ///
    /// # Errors
    /// It is there and can't be used: it is not setup's to repair.
    pub fn read(file: &Path) -> Result<Self, SetupError> {
        // Behind a link the file itself is replaced, not the link.
        let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let defaults = config::parse_str("", no_variables()).map_err(SetupError::Settings)?.settings;
        if !file.exists() {
            return Ok(Self { file, text: config::sample(), exists: false, settings: None, defaults });
        }
        // A password file that is missing is what setup may be run for.
        let loaded = config::load(Some(&file), no_variables())
            .or_else(|_| config::load_without_secrets(Some(&file), no_variables()))
            .map_err(SetupError::Settings)?;
        let read = |source| SetupError::Read { path: file.clone(), source };
        let text = fs::read_to_string(&file).map_err(read)?;
        Ok(Self { text, exists: true, settings: Some(loaded.settings), defaults, file })
    }

    /// The server that is set up: the first.
    #[must_use]
    pub fn server(&self) -> Option<&Linto> {
        self.settings.as_ref().and_then(|settings| settings.linto.first())
    }

    /// Whether this is the broker that is set up, however it is written.
    fn has_broker(&self, broker: &str) -> bool {
        self.server().is_some_and(|server| broker.parse().as_ref() == Ok(&server.broker))
    }

    /// What counts now: what the file says, else the defaults.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        self.settings.as_ref().unwrap_or(&self.defaults)
    }

    /// How many servers there are.
    #[must_use]
    pub fn servers(&self) -> usize {
        edit::count(&self.text, "linto")
    }

    /// The password that is known now.
    #[must_use]
    pub fn password(&self) -> Option<Zeroizing<String>> {
        let secret = self.server()?.password.as_ref()?;
        Some(Zeroizing::new(secret.expose().to_owned()))
    }

    /// The file for a new password: the one that is set, or one beside the settings.
    #[must_use]
    pub fn password_file(&self) -> PathBuf {
        let set = self.server().and_then(|server| server.password_file.clone());
        set.unwrap_or_else(|| self.file.with_file_name("linto.password"))
    }

    /// What the file answers, to be proposed.
    #[must_use]
    pub fn proposals(&self) -> Answers {
        let written = |section, key| edit::has(&self.text, section, key);
        let Some(settings) = &self.settings else { return Answers::default() };
        let audio = |key, name: &str| written("audio", key).then(|| name.to_owned());
        let mut answers = Answers {
            capture: audio("capture", settings.audio.capture.name()),
            playback: audio("playback", settings.audio.playback.name()),
            ..Answers::default()
        };
        if let Some(server) = self.server() {
            answers.broker = Some(server.broker.to_string());
            answers.ca_file = server.ca_file.as_ref().map(|path| path.display().to_string());
            answers.username = server.username.clone().or(Some(String::new()));
            answers.application = server.application.clone().or(Some(String::new()));
        }
        answers
    }
}

/// The variables of this shell are not the daemon's.
pub(super) fn no_variables() -> impl Iterator<Item = (String, String)> {
    std::iter::empty()
}
