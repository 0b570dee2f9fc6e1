//! Mute wins: a microphone that somebody muted stays closed, here too.

use std::path::Path;
use std::time::Duration;

use hyper::Method;
use tokio::time::timeout;

use crate::config::Settings;
use crate::control::client;
use crate::device::state;

/// A daemon answers within this.
const ANSWER: Duration = Duration::from_secs(2);

/// Why no microphone may be opened. The daemon is asked first, if it runs; then what it remembers.
pub(super) fn reason(settings: &Settings) -> Option<String> {
    if says_muted(&settings.control.socket) {
        return Some("the microphone is muted; `auricle unmute` opens it".to_owned());
    }
    match state::peek(&settings.device.state_dir) {
        Ok(state) => state?
            .muted
            .map(|by| format!("the microphone is muted ({by:?}); start the daemon and let `auricle unmute` open it")),
        Err(error) => Some(format!("nobody knows whether the microphone is muted: {error}")),
    }
}

/// Whether a daemon runs and says so. One that does not answer has written down what it knows.
fn says_muted(socket: &Path) -> bool {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return false };
    let status = client::call(socket, Method::GET, "/status", None);
    let answer = runtime.block_on(async { timeout(ANSWER, status).await });
    answer.is_ok_and(|status| status.is_ok_and(|status| status["muted"] == true))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;
    use crate::config;

    #[test]
    fn only_what_nobody_muted_may_be_opened() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().display();
        let text = format!("[device]\nstate_dir = \"{at}\"\n[control]\nsocket = \"{at}/none\"\n");
        let settings = config::parse_str(&text, std::iter::empty()).unwrap().settings;
        assert_eq!(reason(&settings), None, "nothing was ever written");
        for (state, part) in [
            ("{\"volume\": 5}", None),
            ("{\"muted\": \"button\"}", Some("muted (\"button\"); start the daemon")),
            ("{\"muted\": 1}", Some("nobody knows")),
            ("", Some("nobody knows")),
        ] {
            fs::write(folder.path().join("state.json"), state).unwrap();
            let told = reason(&settings);
            assert_eq!(told.is_some(), part.is_some(), "{state}: {told:?}");
            assert!(told.unwrap_or_default().contains(part.unwrap_or_default()), "{state}");
        }
    }
}
