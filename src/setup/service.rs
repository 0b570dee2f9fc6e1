//! The daemon as a service: out of the way while the microphone is tried, and started again whatever happens.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

const UNIT: &str = "auricle.service";

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

    /// Stops the daemon if it runs, so that its microphone is free. True if it was stopped.
    pub fn pause(&mut self) -> bool {
        self.stopped = self.stopped || (self.call(&["is-active", "--quiet", UNIT]) && self.call(&["stop", UNIT]));
        self.stopped
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
        let Some(program) = &self.systemctl else { return false };
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // A Ctrl-C at the terminal is meant for the questions.
        command.process_group(0);
        command.status().is_ok_and(|status| status.success())
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

    /// A stand-in that writes down what it is asked; what `fails` names does not work.
    fn stand_in(fails: &str) -> (tempfile::TempDir, OsString) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("systemctl");
        let log = folder.path().join("log");
        let script = format!("#!/bin/sh\necho \"$*\" >> {}\ncase $1 in {fails}) exit 1 ;; esac\n", log.display());
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
        assert_eq!(log(&folder), ["is-active --quiet", "stop", "start"]);
    }

    #[test]
    fn a_daemon_that_did_not_run_is_not_started_by_breaking_off() {
        let (folder, program) = stand_in("is-active");
        let mut service = Service::with(Some(program));
        assert!(!service.pause());
        drop(service);
        assert_eq!(log(&folder), ["is-active --quiet"]);
    }

    #[test]
    fn in_the_end_it_is_enabled_and_restarted_once() {
        let (folder, program) = stand_in("none");
        let mut service = Service::with(Some(program));
        service.pause();
        assert_eq!(service.start(), Started::Running);
        drop(service);
        assert_eq!(log(&folder), ["is-active --quiet", "stop", "cat", "enable", "restart"]);
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
