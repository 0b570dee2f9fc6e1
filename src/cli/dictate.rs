//! `auricle dictate`: the server writes down what is said.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};
use tokio::signal::ctrl_c;
use tokio::time::timeout;

use super::Reach;
use super::events::print;
use super::talk::socket;
use crate::control::client::{self, ClientError, Lines};
use crate::shown::printable;

/// The server has so long for its last text after Ctrl-C.
const LAST_TEXT: Duration = Duration::from_secs(4);

/// So much is shown of a text that may still change, in characters: it must stay on one line of a terminal.
const SHOWN: usize = 72;

/// To the beginning of the terminal's line, and nothing left on it.
const CLEAR: &str = "\r\x1b[K";

/// Prints what is understood, until Ctrl-C or until the dictation ends by itself.
pub fn dictate(reach: &Reach) -> ExitCode {
    let mut paper = Paper { json: reach.json, terminal: std::io::stdout().is_terminal(), finals: 0, troubled: false };
    let ended = super::runtime().map_err(|error| error.to_string()).and_then(|runtime| {
        let socket = socket(reach)?;
        runtime.block_on(take_down(&socket, &mut paper))
    });
    paper.clear();
    match ended {
        // Why was printed as it came.
        Ok(()) if paper.troubled && paper.finals == 0 => ExitCode::FAILURE,
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if reach.json {
                println!("{}", json!({"ok": false, "error": error}));
            }
            super::fail(&error)
        }
    }
}

async fn take_down(socket: &Path, paper: &mut Paper) -> Result<(), String> {
    let told = |error: ClientError| error.to_string();
    let mut lines = client::follow(socket, "/dictate").await.map_err(told)?;
    tokio::select! {
        biased;
        _ = ctrl_c() => {}
        end = write_down(&mut lines, paper) => return end.map_err(told),
    }
    let last_text = async {
        client::call(socket, Method::POST, "/dictate/stop", None).await?;
        write_down(&mut lines, paper).await
    };
    tokio::select! {
        biased;
        // Once more: somebody is in a hurry.
        _ = ctrl_c() => Ok(()),
        end = timeout(LAST_TEXT, last_text) => match end {
            Ok(end) => end.map_err(told),
            Err(_) => Err(format!("the last text did not come within {} s; `auricle status` may say why", LAST_TEXT.as_secs())),
        },
    }
}

/// Until the last line, or until nobody reads what is printed.
async fn write_down(lines: &mut Lines, paper: &mut Paper) -> Result<(), ClientError> {
    while let Some(line) = lines.next().await? {
        if !paper.write(&line) {
            break;
        }
    }
    Ok(())
}

/// What the text is written on.
struct Paper {
    json: bool,
    /// Whether a line can be overwritten.
    terminal: bool,
    finals: u32,
    troubled: bool,
}

impl Paper {
    /// Writes down what a line tells. `false`: the reader has gone away.
    fn write(&mut self, line: &str) -> bool {
        let event: Value = serde_json::from_str(line).unwrap_or_default();
        let text = printable(event["text"].as_str().unwrap_or_default());
        let name = event["event"].as_str().unwrap_or_default();
        self.finals += u32::from(name == "final");
        if let Some(trouble) = trouble(&event) {
            self.troubled = true;
            self.clear();
            eprintln!("auricle: {trouble}");
        }
        match name {
            _ if self.json => print(line),
            "final" => {
                self.clear();
                text.is_empty() || print(&text)
            }
            "partial" if self.terminal => put(&format!("{CLEAR}{}", end_of(&text))),
            _ => true,
        }
    }

    fn clear(&self) {
        if self.terminal && !self.json {
            put(CLEAR);
        }
    }
}

/// Prints without ending the line. `false`: the reader has gone away.
fn put(text: &str) -> bool {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// What a line tells that is not text.
fn trouble(event: &Value) -> Option<String> {
    let words = |key: &str| printable(event[key].as_str().unwrap_or_default());
    match event["event"].as_str() {
        Some("cause") => Some(format!("{} {}", words("text"), words("remedy"))),
        Some("muted") if !event["by"].is_null() => Some("the microphone was muted, which ended the dictation".into()),
        Some("drop") if event["what"] == "transcription" => Some(words("detail")),
        Some("drop") => Some(format!("{} lines were lost, since they were not read in time", event["count"])),
        _ => None,
    }
}

/// The end of a text, which is what is new of it.
fn end_of(text: &str) -> String {
    let too_many = text.chars().count().saturating_sub(SHOWN);
    if too_many == 0 {
        return text.to_owned();
    }
    std::iter::once('…').chain(text.chars().skip(too_many + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_shown_by_its_end_on_one_line() {
        assert_eq!(end_of("It is noon."), "It is noon.");
        let exact = "é".repeat(SHOWN);
        assert_eq!(end_of(&exact), exact);
        let long = end_of(&format!("{exact}!"));
        assert_eq!((long.chars().count(), long.chars().next(), long.chars().last()), (SHOWN, Some('…'), Some('!')));
    }
}
