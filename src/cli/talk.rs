//! `auricle status`, `say`, `listen`, `volume`, `meeting` and others: one question to the daemon, one answer.

use std::path::PathBuf;
use std::process::ExitCode;

use hyper::Method;
use serde_json::{Value, json};

use super::Reach;
use crate::config::{self, Settings};
use crate::control::client::{self, ClientError};

/// Prints how the daemon is.
pub fn status(reach: &Reach) -> ExitCode {
    finish(reach, ask(reach, Method::GET, "/status", None), |status| print!("{}", in_words(status)))
}

/// Lets the device speak.
pub fn say(text: &str, reach: &Reach) -> ExitCode {
    finish(reach, ask(reach, Method::POST, "/say", Some(json!({"text": text}))), |_| {})
}

/// Does something that needs no words.
pub fn act(what: &str, reach: &Reach) -> ExitCode {
    finish(reach, ask(reach, Method::POST, &format!("/{what}"), None), |_| {})
}

/// Prints the volume, or sets it.
pub fn volume(percent: Option<u8>, reach: &Reach) -> ExitCode {
    match percent {
        None => finish(reach, ask(reach, Method::GET, "/volume", None), |told| println!("{} %", told["volume"])),
        Some(percent) => finish(reach, ask(reach, Method::POST, "/volume", Some(json!({"volume": percent}))), |_| {}),
    }
}

/// Begins the recording of a meeting, and prints the name of its file.
pub fn meeting(name: &str, reach: &Reach) -> ExitCode {
    let answer = ask(reach, Method::POST, "/meeting/start", Some(json!({"name": name})));
    finish(reach, answer, |told| println!("{}", printable(plain(&told["file"]))))
}

/// Ends the recording, and prints the name of its file.
pub fn meeting_end(reach: &Reach) -> ExitCode {
    let answer = ask(reach, Method::POST, "/meeting/stop", None);
    finish(reach, answer, |told| println!("{}", printable(plain(&told["file"]))))
}

fn ask(reach: &Reach, method: Method, path: &str, body: Option<Value>) -> Result<Value, String> {
    let runtime = super::runtime().map_err(|error| error.to_string())?;
    let socket = socket(reach)?;
    let answer: Result<Value, ClientError> = runtime.block_on(client::call(&socket, method, path, body));
    answer.map_err(|error| error.to_string())
}

/// Prints what came of it. Exit code 1, with the reason, if nothing did.
pub(super) fn finish(reach: &Reach, answer: Result<Value, String>, print: impl Fn(&Value)) -> ExitCode {
    match answer {
        Ok(answer) if reach.json => println!("{answer}"),
        Ok(answer) => print(&answer),
        Err(error) => {
            if reach.json {
                println!("{}", json!({"ok": false, "error": error}));
            }
            return super::fail(&error);
        }
    }
    ExitCode::SUCCESS
}

/// The daemon's control socket. Settings that can't be used matter only if they were named: the daemon says what is
/// wrong with its own.
pub(super) fn socket(reach: &Reach) -> Result<PathBuf, String> {
    if let Some(socket) = std::env::var_os("AURICLE_CONTROL_SOCKET").filter(|socket| !socket.is_empty()) {
        return Ok(PathBuf::from(socket));
    }
    match settings(reach) {
        Ok(settings) => Ok(settings.control.socket),
        Err(errors) if reach.config.is_some() => Err(errors.to_string()),
        Err(_) => Ok(PathBuf::from("/run/auricle/control.sock")),
    }
}

/// The daemon's settings, as far as this user may read them.
pub(super) fn settings(reach: &Reach) -> Result<Settings, config::Errors> {
    let loaded = config::load_without_secrets(reach.config.as_deref(), config::environment())?;
    Ok(loaded.settings)
}

/// Text from elsewhere, fit for a terminal: on one line, and without anything that would control it.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

fn in_words(status: &Value) -> String {
    let text = |key: &str| status.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
    let list = |key: &str| status.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut out = format!("auricle {}, serial number {}\nstate: {}\n", text("version"), text("serial"), text("state"));
    if status["muted"] == true {
        out += "microphone: muted\n";
    }
    if status["recording"] == true {
        out += "recording: a meeting; `auricle meeting stop` ends it\n";
    }
    for server in list("servers") {
        out += &format!("server {} ({}): {}\n", plain(&server["name"]), plain(&server["kind"]), plain(&server["link"]));
    }
    for cause in list("causes") {
        let server = cause["server"].as_str().map(|name| format!(" [{name}]")).unwrap_or_default();
        out += &format!("! {}{server}: {} {}\n", plain(&cause["code"]), plain(&cause["text"]), plain(&cause["remedy"]));
    }
    let sent = &status["sent"];
    out += &format!(
        "volume: {} %\nsent since the start: {} s of sound, {} bytes\n",
        status["volume"], sent["seconds"], sent["bytes"]
    );
    out
}

fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_told_while_it_runs() {
        let told = |recording: bool| in_words(&json!({"recording": recording, "state": "idle"}));
        assert!(told(true).contains("\nrecording: a meeting; `auricle meeting stop` ends it\n"), "{}", told(true));
        assert!(!told(false).contains("recording"), "{}", told(false));
    }

    #[test]
    fn text_from_elsewhere_does_not_control_the_terminal() {
        assert_eq!(printable(" It\u{1b}[2J is\r\nnoon.\u{9b}\t"), "It [2J is  noon.");
    }
}
