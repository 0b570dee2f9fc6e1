//! `auricle say`, `listen`, `volume`, `meeting` and others: one question to the daemon, one answer.

use std::path::PathBuf;
use std::process::ExitCode;

use hyper::Method;
use serde_json::{Value, json};

use super::Reach;
use crate::config::{self, Settings};
use crate::control::client::{self, ClientError};
use crate::shown::printable;

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

pub(super) fn ask(reach: &Reach, method: Method, path: &str, body: Option<Value>) -> Result<Value, String> {
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

pub(super) fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}
