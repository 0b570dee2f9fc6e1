//! `auricle events`: what happens, as it happens.

use std::io::Write;
use std::process::ExitCode;

use serde_json::Value;

use super::Reach;
use crate::control::client;

/// Prints events until the daemon ends or the reader goes away.
pub fn events(reach: &Reach) -> ExitCode {
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return super::fail(&error),
    };
    match runtime.block_on(follow(reach)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => super::fail(&error),
    }
}

async fn follow(reach: &Reach) -> Result<(), String> {
    let socket = super::talk::socket(reach)?;
    let mut lines = client::follow(&socket, "/events").await.map_err(|error| error.to_string())?;
    while let Some(line) = lines.next().await.map_err(|error| error.to_string())? {
        if !print(&if reach.json { line } else { in_words(&line) }) {
            break;
        }
    }
    Ok(())
}

/// Prints a line at once. `false`: the reader has gone away.
pub(super) fn print(line: &str) -> bool {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).is_ok()
}

/// `12:03:04.567 answer kind=say text="It is noon."`
fn in_words(line: &str) -> String {
    let Ok(Value::Object(event)) = serde_json::from_str(line) else { return line.trim_end().to_owned() };
    let time = event.get("t").and_then(Value::as_i64).and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let time = time.map(|time| time.strftime("%H:%M:%S.%3f").to_string()).unwrap_or_default();
    let name = event.get("event").and_then(Value::as_str).unwrap_or("?");
    let fields = event.iter().filter(|(key, _)| !matches!(key.as_str(), "t" | "event"));
    let fields: String = fields.map(|(key, value)| format!(" {key}={value}")).collect();
    format!("{time} {name}{fields}")
}
