//! `auricle events`: what happens, as it happens.

use std::io::Write;
use std::process::ExitCode;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::Reach;
use crate::control::client;
use crate::shown::printable;

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

/// `12:03:04.567  answer         [home] say: “It is noon.”`, in local time.
fn in_words(line: &str) -> String {
    let Ok(Value::Object(event)) = serde_json::from_str(line) else { return printable(line) };
    let time = event.get("t").and_then(Value::as_i64).and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let time = time.map(|time| time.to_zoned(TimeZone::system()).strftime("%H:%M:%S.%3f").to_string());
    let name = event.get("event").and_then(Value::as_str).unwrap_or("?");
    let server = event.get("server").and_then(Value::as_str).map(|server| format!("[{server}] ")).unwrap_or_default();
    let line = format!("{}  {name:<13}  {server}{}", time.unwrap_or_default(), detail(name, &event));
    printable(&line)
}

/// What is special about an event, as a person reads it.
fn detail(name: &str, event: &Map<String, Value>) -> String {
    let said = |key: &str| event.get(key).map(plain).unwrap_or_default();
    let quoted = |text: String| if text.is_empty() { text } else { format!("“{text}”") };
    match name {
        "state" => said("state"),
        "wake" => format!("{}, score {}", said("word"), said("score")),
        "request" => format!("{} s of sound, id {}", said("seconds"), said("id")),
        "answer" => format!("{}: {}", said("kind"), quoted(said("text"))),
        "spoken" | "partial" | "final" => quoted(said("text")),
        "cause" => format!("{}: {} {}", said("code"), said("text"), said("remedy")),
        "cause_cleared" => said("code"),
        "link" => if event.get("up") == Some(&Value::Bool(true)) { "up" } else { "down" }.to_owned(),
        "muted" => event.get("by").and_then(Value::as_str).map_or("no longer".to_owned(), |by| format!("by {by}")),
        "meeting" if event.get("on") == Some(&Value::Bool(true)) => format!("recorded into {}", said("file")),
        "meeting" => format!("over, recorded into {}", said("file")),
        "command" => format!("{}: {}", said("topic"), said("result")),
        "audit" => format!("{}: {}", said("what"), said("result")),
        "drop" => format!("{} {} {}", said("count"), said("what"), said("detail")),
        _ => {
            let fields = event.iter().filter(|(key, _)| !matches!(key.as_str(), "t" | "event" | "server"));
            fields.map(|(key, value)| format!("{key} {}", plain(value))).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Text without its quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn told(event: &Value) -> String {
        let line = in_words(&event.to_string());
        line.split_once("  ").unwrap().1.to_owned()
    }

    #[test]
    fn events_are_told_in_aligned_words() {
        for (event, words) in [
            (json!({"t": 0, "event": "state", "state": "idle"}), "state          idle"),
            (json!({"t": 0, "event": "speech_start"}), "speech_start"),
            (
                json!({"t": 0, "event": "wake", "word": "okay_nabu", "score": 0.98}),
                "wake           okay_nabu, score 0.98",
            ),
            (
                json!({"t": 0, "event": "request", "server": "home", "id": "a1", "seconds": 2.5}),
                "request        [home] 2.5 s of sound, id a1",
            ),
            (
                json!({"t": 0, "event": "answer", "server": "home", "id": "a1", "kind": "say", "text": "It is noon."}),
                "answer         [home] say: “It is noon.”",
            ),
            (
                json!({"t": 0, "event": "cause", "server": null, "code": "MicGone", "text": "It is gone.", "remedy": "Plug it in."}),
                "cause          MicGone: It is gone. Plug it in.",
            ),
            (json!({"t": 0, "event": "muted", "by": null}), "muted          no longer"),
            (json!({"t": 0, "event": "muted", "by": "local"}), "muted          by local"),
            (json!({"t": 0, "event": "link", "up": false}), "link           down"),
            (
                json!({"t": 0, "event": "meeting", "file": "/m/a.wav", "on": true}),
                "meeting        recorded into /m/a.wav",
            ),
            (
                json!({"t": 0, "event": "drop", "what": "announcement", "count": 1, "detail": "too late"}),
                "drop           1 announcement too late",
            ),
            (json!({"t": 0, "event": "new", "what": "is it", "n": 2}), "new            n 2, what is it"),
        ] {
            assert_eq!(told(&event), words);
        }
    }

    #[test]
    fn nothing_in_an_event_controls_the_terminal() {
        let told = told(&json!({"t": 0, "event": "spoken", "text": "a\u{1b}[2J\nb"}));
        assert_eq!(told, "spoken         “a [2J b”");
        assert_eq!(in_words("not\u{7} JSON"), "not  JSON");
    }
}
