//! A folder with a settings file to be, and the program run on it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use auricle::config::{self, Settings};
use tempfile::TempDir;

use crate::broker::SOON;
use crate::pulse::Pulse;

pub const AURICLE: &str = env!("CARGO_BIN_EXE_auricle");

pub struct Place(TempDir);

impl Place {
    /// Without a file.
    pub fn empty() -> Self {
        Self(tempfile::Builder::new().prefix("auricle-setup-").tempdir().unwrap())
    }

    /// With this file.
    pub fn with(text: &str) -> Self {
        let place = Self::empty();
        fs::write(place.file(), text).unwrap();
        place
    }

    pub fn file(&self) -> PathBuf {
        self.0.path().join("auricle.toml")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    /// As the daemon reads them, with the password.
    pub fn settings(&self) -> Settings {
        config::load(Some(&self.file()), std::iter::empty()).unwrap().settings
    }

    /// The names of all files.
    pub fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// `auricle setup --config FILE WORDS…`, with the cards of `pulse` as `testmic` and `testspk`.
    pub fn command(&self, pulse: &Pulse, words: &[&str]) -> Command {
        let mut command = Command::new(AURICLE);
        command.arg("setup").arg("--config").arg(self.file()).args(words).env("HOME", pulse.folder());
        command.env("ALSA_CONFIG_PATH", pulse.alsa_config_path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, pulse: &Pulse, words: &[&str]) -> Output {
        self.command(pulse, words).output().unwrap()
    }

    /// With this on standard input.
    pub fn run_with(&self, pulse: &Pulse, words: &[&str], input: &str) -> Output {
        let mut child = self.command(pulse, words).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Starts the daemon with the file; returns when it says that it is ready.
    pub fn ready_daemon(&self, pulse: &Pulse) -> Ready {
        let notify = UnixDatagram::bind(self.path("notify")).unwrap();
        notify.set_read_timeout(Some(SOON)).unwrap();
        let mut command = Command::new(AURICLE);
        command.args(["run", "--config"]).arg(self.file()).env("HOME", pulse.folder());
        command.env("AURICLE_STATE_DIR", self.path("state")).env("AURICLE_CONTROL_SOCKET", self.path("control.sock"));
        command.env("ALSA_CONFIG_PATH", pulse.alsa_config_path()).env("NOTIFY_SOCKET", self.path("notify"));
        command.env_remove("WATCHDOG_USEC").env_remove("JOURNAL_STREAM");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(self.path("log")).unwrap());
        let ready = Ready(command.spawn().unwrap());
        let mut bytes = [0; 512];
        loop {
            let length = notify
                .recv(&mut bytes)
                .unwrap_or_else(|_| panic!("READY in time; {:?}", fs::read_to_string(self.path("log"))));
            if bytes[..length].starts_with(b"READY=1") {
                return ready;
            }
        }
    }
}

/// A daemon that is ready; killed when dropped.
pub struct Ready(Child);

impl Drop for Ready {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
