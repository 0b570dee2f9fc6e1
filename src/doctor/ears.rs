//! May the microphone be opened? Mute wins, also over whoever only looks.
//!
//! A muted device has its capture device closed, whether its daemon runs or not. So whatever opens one without the
//! daemon asks here first, and what is not known counts as muted.

use std::path::Path;

use super::case::{Case, Daemon, Reading};
use crate::config;
use crate::device::state;

/// Where the state is, as long as no settings say anything else.
const STATE: &str = "/var/lib/auricle";

impl Case {
    /// Whether a microphone may be opened now. A daemon that runs is believed for the moment only.
    ///
    /// # Errors
    /// It is muted, or nobody can tell; a sentence without its full stop, with what to do.
    pub fn may_open_microphone(&self) -> Result<(), String> {
        match &self.daemon {
            Daemon::Running(status) if status["muted"] == false => Ok(()),
            Daemon::Running(_) => Err("the microphone is muted; `auricle unmute` opens it".to_owned()),
            Daemon::Denied => Err("a daemon runs and this user may not ask it; run it with sudo".to_owned()),
            Daemon::Stuck(_) => Err("a daemon runs and does not answer".to_owned()),
            Daemon::Starting => Err("the service is being started".to_owned()),
            Daemon::Absent => self.remembered(),
        }
    }

    /// What was set when a daemon last ran.
    fn remembered(&self) -> Result<(), String> {
        let folder = match (&self.reading, self.settings()) {
            (_, Some(settings)) => settings.device.state_dir.as_path(),
            (Reading::Forbidden(_), None) => {
                return Err("this user may not read the settings, so whether it is muted is not known; run it with \
                            sudo"
                    .to_owned());
            }
            (_, None) if Path::new(config::DEFAULT_PATH).exists() => {
                return Err("the settings are broken, so whether it is muted is not known".to_owned());
            }
            (_, None) => Path::new(STATE),
        };
        match state::peek(&self.host.path(folder)) {
            Ok(state) if state.as_ref().is_none_or(|state| state.muted.is_none()) => Ok(()),
            Ok(_) => Err("the microphone is muted; start the daemon and `auricle unmute`".to_owned()),
            Err(error) => Err(format!("whether it is muted is not known: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use serde_json::json;

    use super::super::host::Host;
    use super::*;

    /// A machine whose state file has this content.
    fn case(daemon: Daemon, state: Option<&str>) -> (tempfile::TempDir, Case) {
        let root = tempfile::tempdir().unwrap();
        let host = Host::at(root.path());
        let folder = host.path(STATE);
        fs::create_dir_all(&folder).unwrap();
        if let Some(state) = state {
            fs::write(folder.join("state.json"), state).unwrap();
        }
        let file = root.path().join("auricle.toml");
        fs::write(&file, "").unwrap();
        let reading = Reading::Whole(Box::new(config::load(Some(&file), std::iter::empty()).unwrap()));
        (root, Case { host, reading, socket: "socket".into(), daemon, person: false, talk: false })
    }

    #[test]
    fn only_a_microphone_that_is_known_to_be_open_may_be_opened() {
        for (state, may) in [
            (None, true),
            (Some("{}"), true),
            (Some(r#"{"muted":"local"}"#), false),
            (Some(r#"{"muted":"remote"}"#), false),
            (Some(r#"{"muted":tru"#), false),
            (Some(""), false),
        ] {
            let (_root, case) = case(Daemon::Absent, state);
            assert_eq!(case.may_open_microphone().is_ok(), may, "{state:?}");
        }
        let (_root, muted) = case(Daemon::Absent, Some(r#"{"muted":"local"}"#));
        assert!(muted.may_open_microphone().unwrap_err().contains("`auricle unmute`"));
    }

    #[test]
    fn a_daemon_that_runs_decides() {
        let (_root, open) = case(Daemon::Running(json!({"muted": false})), Some(r#"{"muted":"local"}"#));
        assert_eq!(open.may_open_microphone(), Ok(()));
        for daemon in [
            Daemon::Running(json!({"muted": true})),
            Daemon::Running(json!({})),
            Daemon::Denied,
            Daemon::Stuck(String::new()),
            Daemon::Starting,
        ] {
            let (_root, case) = case(daemon, None);
            assert!(case.may_open_microphone().is_err(), "{:?}", case.daemon);
        }
    }
}
