//! The daemon as a service: out of the way while the microphone is tried, and started again whatever happens.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

const UNIT: &str = "auricle.service";

/// The state of a unit is a word, in bytes.
const LONGEST_STATE: u64 = 64;

/// The service manager's view of the daemon. Dropping it starts the daemon again if it was stopped for the questions.
///
/// Its calls wait for as long as the service manager gives a unit to start or to stop.
#[derive(Debug)]
pub struct Service {
    /// `None`: no service manager runs here, or these settings are not the service's.
    systemctl: Option<OsString>,
    stopped: bool,
}

/// How the daemon is after setup.
#[derive(Debug, PartialEq, Eq)]
pub enum Started {
    /// It runs with the new settings, now and after each start of the machine.
    Running,
    /// There is no service here.
    NoService,
    /// The service manager refused.
    Failed(String),
}

impl Service {
    /// The one of this system, if systemd runs it and `config` is what its unit reads.
    #[must_use]
    pub fn of(config: &Path) -> Self {
        let ours = config == Path::new(crate::config::DEFAULT_PATH) && Path::new("/run/systemd/system").is_dir();
        Self { systemctl: ours.then(|| "systemctl".into()), stopped: false }
    }

    /// With a program in place of `systemctl`; without one there is no service.
    #[must_use]
    pub const fn with(systemctl: Option<OsString>) -> Self {
        Self { systemctl, stopped: false }
    }

    /// Stops the daemon if it runs, so that its microphone is free. True if it was stopped. One that is between two
    /// restarts counts as running: it would come back in the midst of a test.
    pub fn pause(&mut self) -> bool {
        self.stopped = self.stopped || (self.is_alive() && self.call(&["stop", UNIT]));
        self.stopped
    }

    fn is_alive(&self) -> bool {
        // Of a unit that is missing some versions say `unknown`.
        !matches!(self.state().as_str(), "" | "inactive" | "failed" | "unknown")
    }

    /// `active`, `activating`, `failed`; empty if nobody says.
    fn state(&self) -> String {
        let Some(mut command) = self.command(&["is-active", UNIT]) else { return String::new() };
        let Ok(mut child) = command.stdout(Stdio::piped()).spawn() else { return String::new() };
        let mut bytes = Vec::new();
        if let Some(out) = child.stdout.take() {
            // What was read before an error is as good as nothing.
            let _ = out.take(LONGEST_STATE).read_to_end(&mut bytes);
        }
        let _ = child.wait();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }

    /// Starts the daemon with the new settings, now and after each start of the machine.
    pub fn start(&mut self) -> Started {
        if self.systemctl.is_none() || !self.call(&["cat", UNIT]) {
            return Started::NoService;
        }
        for order in ["enable", "restart"] {
            if !self.call(&[order, UNIT]) {
                let why = format!("`systemctl {order} auricle` failed; `journalctl -u auricle` says why");
                return Started::Failed(why);
            }
        }
        self.stopped = false;
        Started::Running
    }

    /// Whether it went well.
    fn call(&self, words: &[&str]) -> bool {
        self.command(words).is_some_and(|mut command| command.status().is_ok_and(|status| status.success()))
    }

    fn command(&self, words: &[&str]) -> Option<Command> {
        let mut command = Command::new(self.systemctl.as_ref()?);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // A Ctrl-C at the terminal is meant for the questions.
        command.process_group(0);
        Some(command)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if self.stopped {
            self.call(&["start", UNIT]);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A stand-in that writes down what it is asked; what `fails` names does not work. Its daemon runs.
    fn stand_in(fails: &str) -> (tempfile::TempDir, OsString) {
        stand_in_with(fails, "active")
    }

    /// One whose daemon is in this state.
    fn stand_in_with(fails: &str, state: &str) -> (tempfile::TempDir, OsString) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("systemctl");
        let log = folder.path().join("log");
        let script = format!(
            "#!/bin/sh\necho \"$*\" >> {}\ncase $1 in {fails}) exit 1 ;; is-active) echo {state}; [ {state} = active ] ;; esac\n",
            log.display()
        );
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        (folder, program.into())
    }

    fn log(folder: &tempfile::TempDir) -> Vec<String> {
        let text = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        text.lines().map(|line| line.replace(" auricle.service", "")).collect()
    }

    #[test]
    fn who_breaks_off_finds_the_daemon_running_again() {
        let (folder, program) = stand_in("none");
        let mut service = Service::with(Some(program));
        assert!(service.pause() && service.pause());
        drop(service);
        assert_eq!(log(&folder), ["is-active", "stop", "start"]);
    }

    #[test]
    fn a_daemon_that_did_not_run_is_not_started_by_breaking_off() {
        for state in ["inactive", "failed", "unknown", ""] {
            let (folder, program) = stand_in_with("none", state);
            let mut service = Service::with(Some(program));
            assert!(!service.pause(), "{state}");
            drop(service);
            assert_eq!(log(&folder), ["is-active"], "{state}");
        }
    }

    #[test]
    fn a_daemon_between_two_restarts_is_stopped_too() {
        for state in ["activating", "reloading", "deactivating"] {
            let (folder, program) = stand_in_with("none", state);
            assert!(Service::with(Some(program)).pause(), "{state}");
            assert_eq!(log(&folder), ["is-active", "stop", "start"], "{state}");
        }
    }

    #[test]
    fn in_the_end_it_is_enabled_and_restarted_once() {
        let (folder, program) = stand_in("none");
        let mut service = Service::with(Some(program));
        service.pause();
        assert_eq!(service.start(), Started::Running);
        drop(service);
        assert_eq!(log(&folder), ["is-active", "stop", "cat", "enable", "restart"]);
    }

    #[test]
    fn a_unit_that_is_missing_or_does_not_start_is_told() {
        assert_eq!(Service::with(None).start(), Started::NoService);
        let (_folder, program) = stand_in("cat");
        assert_eq!(Service::with(Some(program)).start(), Started::NoService);
        let (_folder, program) = stand_in("restart");
        let failed = Service::with(Some(program)).start();
        assert!(matches!(&failed, Started::Failed(why) if why.contains("restart")), "{failed:?}");
    }
}
