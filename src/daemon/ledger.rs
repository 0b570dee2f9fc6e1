//! The ledger: everything that is told, counted and logged, in one place and with the same words.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use auricle_core::assistant::report::Report;
use serde_json::{Map, Value, json};
use tokio::sync::broadcast;

use super::clock::unix_ms;
use super::deaf::Deaf;
use crate::shown::one_line;

/// Lines that a slow reader of `auricle events` may lag behind before it loses the oldest.
const EVENTS: usize = 256;

/// One log line for the same reason in this time.
const QUIET: Duration = Duration::from_secs(10);

/// Of what comes and goes, so many lines in this time: a hostile server can make it flicker.
const FLICKER: u64 = 10;

/// Of a command, so many lines in this time: a moving slider sends a hundred.
const FEW: u64 = 5;

/// Reasons that are told apart; topics come from outside, so there must be an end to it.
const REASONS: usize = 64;

/// One line of `auricle events --json`.
pub type Line = std::sync::Arc<str>;

/// Keeps the books.
pub struct Ledger {
    lines: broadcast::Sender<Line>,
    counters: BTreeMap<&'static str, u64>,
    quiet: BTreeMap<String, Quiet>,
    /// Seconds of sound that left the device.
    pub sent_seconds: f64,
    /// Bytes of messages with sound in them that left the device.
    pub sent_bytes: u64,
    pub(super) deaf: Deaf,
}

/// What the log has of one reason.
struct Quiet {
    since: Instant,
    lines: u64,
    held_back: u64,
}

impl Default for Ledger {
    fn default() -> Self {
        let (lines, _) = broadcast::channel(EVENTS);
        Self {
            lines,
            counters: BTreeMap::new(),
            quiet: BTreeMap::new(),
            sent_seconds: 0.0,
            sent_bytes: 0,
            deaf: Deaf::default(),
        }
    }
}

impl Ledger {
    /// A reader of everything that is told from now on.
    #[must_use]
    pub fn follow(&self) -> broadcast::Receiver<Line> {
        self.lines.subscribe()
    }

    /// The means to follow later.
    #[must_use]
    pub fn lines(&self) -> broadcast::Sender<Line> {
        self.lines.clone()
    }

    /// Counts something.
    pub fn count(&mut self, what: &'static str, by: u64) {
        *self.counters.entry(what).or_default() += by;
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> Map<String, Value> {
        self.counters.iter().map(|(name, count)| ((*name).to_owned(), json!(count))).collect()
    }

    /// Writes a report into the log, the counters and the events.
    pub fn enter(&mut self, server: Option<&str>, report: &Report) {
        self.log(server, report);
        let (event, fields) = describe(report);
        if self.lines.receiver_count() == 0 {
            return;
        }
        let mut line = Map::new();
        line.insert("t".into(), json!(unix_ms()));
        line.insert("event".into(), json!(event));
        if let Some(server) = server {
            line.insert("server".into(), json!(server));
        }
        if let Value::Object(fields) = fields {
            line.extend(fields);
        }
        // Without a reader the line is lost, as it should be.
        let _ = self.lines.send(Value::Object(line).to_string().into());
    }

    /// Everything is in the message: `journalctl` shows no fields.
    fn log(&mut self, server: Option<&str>, report: &Report) {
        let of = server.map_or_else(String::new, |server| format!("{server}: "));
        match report {
            Report::Cause(cause) => {
                self.warn(cause.code(), FLICKER, format!("{of}{} {}", cause.text(), cause.remedy()))
            }
            Report::CauseCleared(cause) => self.info(cause.code(), FLICKER, format!("{of}no longer: {}", cause.text())),
            Report::Link { up } => tell(format!("{of}{}", if *up { "connected" } else { "disconnected" })),
            Report::Muted { by } => {
                tell(format!("microphone {}", by.map_or("open".into(), |by| format!("muted ({by})"))));
            }
            Report::Request { id, seconds } if *seconds > 0.0 => {
                tell(format!("{of}request {id} sent, {seconds:.1} s of sound"));
            }
            Report::Request { id, .. } => tell(format!("{of}request {id} sent, in writing")),
            Report::Answer { id, kind, .. } => tell(format!("{of}answer to {id}: {kind}")),
            Report::Command { topic, result } => {
                self.info(&format!("command {topic}"), FEW, format!("{of}command {topic}: {result}"));
            }
            // Quoted, so that nobody adds a part of his own to it.
            Report::Audit { what, result } => tracing::warn!("{of}audit: {what:?}: {result:?}"),
            Report::Drop { what, count, detail } => {
                self.count(what, *count);
                self.count("drops", *count);
                self.warn(what, 1, format!("{of}dropped {what}: {detail}"));
            }
            Report::Wake { word, score } => tell(format!("{of}heard `{word}`, score {score:.2}")),
            Report::Meeting { file, on } => tell(format!("recording {} {file}", if *on { "to" } else { "ended:" })),
            Report::State(_)
            | Report::Partial { .. }
            | Report::Final { .. }
            | Report::SpeechStart
            | Report::SpeechEnd
            | Report::Spoken { .. } => {}
        }
    }

    /// A line of which there may be up to `most` in ten seconds for the same `reason`.
    fn info(&mut self, reason: &str, most: u64, line: String) {
        if let Some(held_back) = self.may_log(reason, most) {
            tell(line + &more(held_back));
        }
    }

    /// The same for what is wrong.
    fn warn(&mut self, reason: &str, most: u64, line: String) {
        if let Some(held_back) = self.may_log(reason, most) {
            tracing::warn!("{}", fit(&(line + &more(held_back))));
        }
    }

    /// Whether the log gets a line for this reason, of which it has up to `most` in ten seconds. If so, how many were
    /// held back before it.
    fn may_log(&mut self, reason: &str, most: u64) -> Option<u64> {
        let now = Instant::now();
        let rests = |quiet: &Quiet| now.duration_since(quiet.since) >= QUIET;
        self.quiet.retain(|_, quiet| quiet.held_back > 0 || !rests(quiet));
        if self.quiet.len() >= REASONS {
            self.quiet.clear();
        }
        let entry = self.quiet.entry(reason.to_owned());
        let quiet = entry.or_insert(Quiet { since: now, lines: 0, held_back: 0 });
        if rests(quiet) {
            (quiet.since, quiet.lines) = (now, 0);
        }
        if quiet.lines >= most {
            quiet.held_back += 1;
            return None;
        }
        quiet.lines += 1;
        Some(std::mem::take(&mut quiet.held_back))
    }
}

fn tell(line: String) {
    tracing::info!("{}", fit(&line));
}

fn more(held_back: u64) -> String {
    if held_back == 0 { String::new() } else { format!(" (and {held_back} more like it)") }
}

/// What came from outside may be in it: nobody writes a line of his own into the log.
fn fit(line: &str) -> String {
    one_line(line, '\u{fffd}')
}

/// The name and the fields of a report, as the contract with scripts has them.
fn describe(report: &Report) -> (&'static str, Value) {
    match report {
        Report::State(state) => ("state", json!({"state": state})),
        Report::Wake { word, score } => ("wake", json!({"word": word, "score": rounded(*score)})),
        Report::SpeechStart => ("speech_start", json!({})),
        Report::SpeechEnd => ("speech_end", json!({})),
        Report::Request { id, seconds } => {
            ("request", json!({"id": id, "seconds": (seconds * 1000.0).round() / 1000.0}))
        }
        Report::Answer { id, kind, text } => ("answer", json!({"id": id, "kind": kind, "text": text})),
        Report::Spoken { text } => ("spoken", json!({"text": text})),
        Report::Partial { text, meeting } => ("partial", transcript(text, *meeting)),
        Report::Final { text, meeting } => ("final", transcript(text, *meeting)),
        Report::Meeting { file, on } => ("meeting", json!({"file": file, "on": on})),
        Report::Cause(cause) => {
            ("cause", json!({"code": cause.code(), "text": cause.text(), "remedy": cause.remedy()}))
        }
        Report::CauseCleared(cause) => {
            ("cause_cleared", json!({"code": cause.code(), "text": cause.text(), "remedy": cause.remedy()}))
        }
        Report::Link { up } => ("link", json!({"up": up})),
        Report::Muted { by } => ("muted", json!({"by": by})),
        Report::Command { topic, result } => ("command", json!({"topic": topic, "result": result})),
        Report::Audit { what, result } => ("audit", json!({"what": what, "result": result})),
        Report::Drop { what, count, detail } => ("drop", json!({"what": what, "count": count, "detail": detail})),
    }
}

/// To thousandths.
fn rounded(score: f32) -> f64 {
    (f64::from(score) * 1000.0).round() / 1000.0
}

/// A dictation's text is plain; that of a meeting says so.
fn transcript(text: &str, meeting: bool) -> Value {
    if meeting { json!({"text": text, "meeting": true}) } else { json!({"text": text}) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_writes_a_line_of_his_own_into_the_log() {
        assert_eq!(fit("audit: shell `ls`\nNov 21 auricle: all is well").lines().count(), 1);
        assert_eq!(fit("\u{1b}[2J\r"), "\u{fffd}[2J\u{fffd}");
    }
}
