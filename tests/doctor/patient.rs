//! A device that is looked at without a daemon.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::broker::Broker;
use crate::daemon::{AURICLE, Settings};
use crate::pulse::Pulse;

/// The whole run takes no longer, with a second for a loaded machine's start of the program.
pub const WHOLE_RUN: Duration = Duration::from_secs(30);

/// A folder with settings.
pub struct Patient {
    folder: tempfile::TempDir,
    alsa: Option<String>,
}

/// What doctor said.
#[derive(Debug)]
pub struct Report {
    pub findings: Vec<Value>,
    pub code: i32,
}

impl Patient {
    /// With these settings, a state folder and a socket of its own, and no sound card.
    pub fn new(settings: &Settings) -> Self {
        let folder = tempfile::Builder::new().prefix("auricle-").tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let settings = settings.clone().text("device", "state_dir", &path("state"));
        let settings = settings.text("meeting", "directory", &path("meetings"));
        let settings = settings.text("control", "socket", &path("control.sock"));
        let patient = Self { folder, alsa: None };
        patient.write(&settings.to_toml());
        patient
    }

    /// At this broker.
    pub fn at(broker: &Broker) -> Self {
        Self::new(&Settings::linto(broker.port()))
    }

    /// With the cards of `pulse`.
    pub fn with_sound(mut self, pulse: &Pulse) -> Self {
        self.alsa = Some(pulse.alsa_config_path());
        self
    }

    /// With another settings file.
    pub fn write(&self, settings: &str) {
        fs::write(self.file(), settings).unwrap();
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("auricle.toml")
    }

    /// The configuration of its cards.
    pub fn alsa(&self) -> &str {
        self.alsa.as_deref().unwrap()
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Runs it with these words behind `doctor`.
    pub fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(AURICLE);
        command.arg("doctor").args(words).arg("--config").arg(self.file()).stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AURICLE_")) {
            command.env_remove(name);
        }
        command.env("HOME", self.folder.path()).env("TMPDIR", self.folder.path());
        if let Some(alsa) = &self.alsa {
            command.env("ALSA_CONFIG_PATH", alsa);
        }
        let begun = Instant::now();
        let output = command.output().unwrap();
        assert!(begun.elapsed() < WHOLE_RUN, "it took {:?}", begun.elapsed());
        output
    }

    /// What it says with `--json`.
    pub fn report(&self) -> Report {
        Report::of(&self.run(&["--json"]))
    }
}

impl Report {
    pub fn of(output: &Output) -> Self {
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let findings: Vec<Value> = serde_json::from_str(&out).unwrap_or_else(|_| panic!("no JSON: {out}\n{err}"));
        Self { findings, code: output.status.code().unwrap() }
    }

    /// The first finding of this check.
    #[track_caller]
    pub fn of_check(&self, check: &str) -> &Value {
        let found = self.findings.iter().find(|finding| finding["check"] == check);
        found.unwrap_or_else(|| panic!("no `{check}` in {self:#?}"))
    }

    /// Checks the verdict of the worst finding of a check, and that each of `words` is in what was seen or is to be done.
    #[track_caller]
    pub fn says(&self, check: &str, verdict: &str, words: &[&str]) {
        let all = self.findings.iter().filter(|finding| finding["check"] == check);
        let found = all.clone().find(|finding| {
            let text = format!("{} {}", finding["seen"], finding["remedy"]);
            finding["verdict"] == verdict && words.iter().all(|word| text.contains(word))
        });
        assert!(found.is_some(), "{check} is not `{verdict}` with {words:?}: {:#?}", all.collect::<Vec<_>>());
    }

    pub fn faults(&self) -> Vec<&Value> {
        self.findings.iter().filter(|finding| finding["verdict"] == "fault").collect()
    }
}
