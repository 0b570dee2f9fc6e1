//! `auricle events`: what happens, as it happens.

use std::io::Write;
use std::process::ExitCode;

use http_body_util::BodyExt;
use hyper::Method;
use serde_json::Value;

use super::Reach;
use crate::control::client;

/// The longest line that is believed to be one.
const LINE: usize = 1 << 20;

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
    let (_, mut body) = client::open(&socket, Method::GET, "/events", None).await.map_err(|error| error.to_string())?;
    let mut buffer: Vec<u8> = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| format!("the daemon ended: {error}"))?.into_data() else { continue };
        buffer.extend_from_slice(&data);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let printed = if reach.json { line.trim_end().to_owned() } else { in_words(&line) };
            let mut out = std::io::stdout().lock();
            if writeln!(out, "{printed}").and_then(|()| out.flush()).is_err() {
                return Ok(());
            }
        }
        if buffer.len() > LINE {
            return Err("the daemon sent a line without an end".into());
        }
    }
    Ok(())
}

/// `12:03:04.567 answer kind=say text="It is noon."`
pub(super) fn in_words(line: &str) -> String {
    let Ok(Value::Object(event)) = serde_json::from_str(line) else { return line.trim_end().to_owned() };
    let time = event.get("t").and_then(Value::as_i64).and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let time = time.map(|time| time.strftime("%H:%M:%S.%3f").to_string()).unwrap_or_default();
    let name = event.get("event").and_then(Value::as_str).unwrap_or("?");
    let fields = event.iter().filter(|(key, _)| !matches!(key.as_str(), "t" | "event"));
    let fields: String = fields.map(|(key, value)| format!(" {key}={value}")).collect();
    format!("{time} {name}{fields}")
}
