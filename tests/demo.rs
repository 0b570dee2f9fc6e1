//! `auricle demo` passes by itself, and fails with the reason when a part of it is broken.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/broker.rs"]
mod broker;
#[path = "support/speech.rs"]
#[allow(dead_code)]
mod speech;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};
use tempfile::TempDir;

use broker::wait_until;

/// On a busy machine too.
const LONGEST: Duration = Duration::from_secs(120);

/// What a run of the demo left behind.
struct Run {
    code: Option<i32>,
    output: String,
}

impl Run {
    /// The lines of the conversation: seconds since the start, and what happened.
    fn conversation(&self) -> Vec<(f64, &str)> {
        let lines = self.output.lines().filter_map(|line| line.split_once(" s  "));
        lines.filter_map(|(seconds, words)| Some((seconds.trim().parse().ok()?, words))).collect()
    }

    /// Asserts that these lines come in this order, each at the time of the one before it or later; others may come
    /// between them. A line is named by its beginning.
    fn tells(&self, wanted: &[&str]) {
        let mut lines = self.conversation().into_iter();
        let mut before = 0.0;
        for beginning in wanted {
            let found = lines.find(|(_, words)| words.starts_with(beginning));
            let (at, _) = found.unwrap_or_else(|| panic!("no “{beginning}” where it belongs in:\n{}", self.output));
            assert!(at >= before, "“{beginning}” at {at} s comes after {before} s:\n{}", self.output);
            before = at;
        }
    }

    /// Asserts that the demo failed, and that this is a part of the reason.
    fn failed(&self, reason: &str) {
        assert_eq!(self.code, Some(1), "{}", self.output);
        let last = self.output.lines().last().unwrap_or_default();
        assert!(last.starts_with("The demo has failed: ") && last.contains(reason), "{}", self.output);
    }
}

fn demo(arguments: &[&str]) -> Run {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("output");
    let mut command = Command::new(env!("CARGO_BIN_EXE_auricle"));
    command.arg("demo").args(arguments).stdin(Stdio::null());
    command.stdout(File::create(&output).unwrap()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let status = wait_until("the demo to end", LONGEST, || child.try_wait().unwrap());
    Run { code: status.code(), output: fs::read_to_string(output).unwrap() }
}

const FIRST_EXCHANGE: [&str; 6] = [
    "the person says: “What is the time, please?”",
    "speech began",
    "speech ended",
    "request sent: ",
    "the server heard the question (",
    "answer (say): “It is a quarter past nine.”",
];

#[test]
fn the_conversation_happens_and_is_kept() {
    let folder = TempDir::new().unwrap();
    let keep = folder.path().join("deeper/still");
    let run = demo(&["--keep", keep.to_str().unwrap()]);
    assert_eq!(run.code, Some(0), "{}", run.output);
    run.tells(&FIRST_EXCHANGE);
    run.tells(&[
        "the device is connected and listens",
        "answer (say): “It is a quarter past nine.”",
        "spoken: “It is a quarter past nine.”",
        "the loudspeaker said it (",
        "the person says: “Will it rain in Toulouse today?”",
        "speech began",
        "speech ended",
        "request sent: ",
        "the server heard the question (",
        "answer (ask): “Not today. Shall I tell you about tomorrow?”",
        "spoken: “Not today. Shall I tell you about tomorrow?”",
        "the loudspeaker said it (",
        "the person says: “Yes, tell me about tomorrow.”",
        "speech began",
        "request sent: ",
        "the server heard the question (",
        "answer (say): “Tomorrow there will be showers in the afternoon.”",
        "spoken: “Tomorrow there will be showers in the afternoon.”",
        "the loudspeaker said it (",
        "all said and all heard",
    ]);
    assert_eq!(run.output.lines().last(), Some("The demo has passed."));
    let said: Vec<f64> = run.conversation().into_iter().filter_map(|(_, words)| seconds_sent(words)).collect();
    assert_eq!(said.len(), 3, "{}", run.output);
    for (n, said) in said.into_iter().enumerate() {
        check_kept(&keep, n + 1, said);
    }
}

/// The length of the sound in a request, as its line tells it.
fn seconds_sent(words: &str) -> Option<f64> {
    words.strip_prefix("request sent: ")?.split(' ').next()?.parse().ok()
}

/// The files of one exchange are what their names say.
fn check_kept(folder: &Path, exchange: usize, said: f64) {
    let request = fs::read(folder.join(format!("request-{exchange}.json"))).unwrap();
    let request: Value = serde_json::from_slice(&request).unwrap();
    let asked_back = request["conversationData"] != json!({});
    assert_eq!(asked_back, exchange == 3, "only the last question answers one");
    let wav = base64::engine::general_purpose::STANDARD.decode(request["audio"].as_str().unwrap()).unwrap();
    let (rate, question) = speech::parse_wav(&wav);
    assert_eq!(rate, 16_000);
    assert!((question.len() as f64 / 16_000.0 - said).abs() < 0.001, "{} samples, {said} s told", question.len());
    let [answer, heard] = ["answer", "heard"].map(|name| {
        let (rate, samples) = speech::read_wav(&folder.join(format!("{name}-{exchange}.wav")));
        assert_eq!(rate, 48_000);
        samples
    });
    let second = speech::find(&answer[24_000..48_000], &heard);
    assert!(second.score > 0.99, "the answer is in what was heard: {second:?}");
}

#[test]
fn a_server_that_says_nothing_is_noticed() {
    let run = demo(&["--fault", "server-silent"]);
    run.tells(&FIRST_EXCHANGE[..4]);
    run.failed("the device apologised: “I got no answer. Please try again.”");
}

#[test]
fn a_loudspeaker_that_is_not_heard_is_noticed() {
    let run = demo(&["--fault", "output-muted"]);
    run.tells(&FIRST_EXCHANGE);
    run.tells(&["spoken: “It is a quarter past nine.”"]);
    run.failed("the loudspeaker stayed silent");
}

#[test]
fn a_question_that_nobody_answers_is_noticed() {
    let run = demo(&["--fault", "ask-unanswered"]);
    run.tells(&FIRST_EXCHANGE);
    run.tells(&["answer (ask): ", "spoken: ", "the loudspeaker said it (", "the person says nothing"]);
    run.failed("nobody answered the question that was asked back");
}

#[test]
fn a_broker_that_goes_away_is_noticed() {
    let run = demo(&["--fault", "broker-gone"]);
    run.tells(&FIRST_EXCHANGE[..2]);
    assert!(!run.output.contains("request sent"), "{}", run.output);
    run.failed("The server can't be reached: ");
}

#[test]
fn what_can_not_be_kept_is_told() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let run = demo(&["--fault", "broker-gone", "--keep", file.to_str().unwrap()]);
    run.failed(file.to_str().unwrap());
}
