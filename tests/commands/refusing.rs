//! What can't be done says why, and what can't be understood does not reach the control thread.

use std::time::Instant;

use auricle::control::Action;
use serde_json::json;

use super::fake::{Fake, SOON, out, said};

const WHY: &str = "the microphone is muted; `auricle unmute` opens it";

#[test]
fn a_refusal_is_told_with_its_reason() {
    let fake = Fake::start(|_, _| Some(Err(WHY.into())));
    for words in [
        &["volume"][..],
        &["volume", "3"],
        &["ask", "hello"],
        &["dictate"],
        &["meeting", "start", "x"],
        &["meeting", "stop"],
        &["ssh", "stop"],
    ] {
        assert_eq!(fake.fails(words), format!("auricle: {WHY}\n"), "{words:?}");
    }
    assert_eq!(fake.ask("GET", "/dictate", ""), (409, json!({"ok": false, "error": WHY})));
    assert!(!fake.actions().contains(&Action::DictateStop), "somebody else's dictation was ended");
}

#[test]
fn what_is_not_understood_says_what_would_be() {
    let fake = Fake::agreeable();
    let volume = "the body must be {\"volume\": N} with N from 0 to 100";
    let ask = "the body must be {\"text\": \"…\"}, with \"chatbot\": true for the chatbot alone";
    for (path, body, why) in [
        ("/volume", "", volume),
        ("/volume", r#"{"volume": 101}"#, volume),
        ("/volume", r#"{"volume": -1}"#, volume),
        ("/volume", r#"{"volume": 256}"#, volume),
        ("/volume", r#"{"volume": "55"}"#, volume),
        ("/volume", r#"{"volume": 5.5}"#, volume),
        ("/ask", r#"{"text": 3}"#, ask),
        ("/ask", r#"{"text": "x", "chatbot": "yes"}"#, ask),
        ("/ask", "x", ask),
        ("/ask", r#"{"text": "  "}"#, "there is no text to ask"),
        ("/say", r#"{"text": "\n"}"#, "there is no text to say"),
        ("/say", "[]", "the body must be {\"text\": \"…\"}"),
        ("/meeting/start", "{}", "the body must be {\"name\": \"…\"}"),
        ("/meeting/start", r#"{"name": " "}"#, "the meeting needs a name, of which the name of its file is made"),
    ] {
        assert_eq!(fake.ask("POST", path, body), (400, json!({"ok": false, "error": why})), "{path} {body}");
    }
    let large = format!("{{\"text\": \"{}\"}}", "x".repeat(64 * 1024));
    assert_eq!(fake.ask("POST", "/ask", &large).0, 413);
    assert_eq!(fake.ask("GET", "/ask", "").0, 405);
    assert_eq!(fake.ask("POST", "/nothing", "").0, 404);
    assert_eq!(fake.actions(), []);
}

#[test]
fn a_command_line_that_is_wrong_says_so() {
    let fake = Fake::agreeable();
    for words in [
        &["volume", "101"][..],
        &["volume", "-1"],
        &["volume", "loud"],
        &["ask"],
        &["meeting"],
        &["meeting", "start"],
        &["meeting", "pause"],
        &["ssh"],
        &["dictate", "this"],
    ] {
        let output = fake.run(words);
        assert_eq!((output.status.code(), out(&output).as_str()), (Some(2), ""), "{words:?}");
        assert!(!said(&output).is_empty());
    }
    assert_eq!(fake.actions(), []);
}

#[test]
fn a_control_thread_that_does_not_answer_is_said_to_be_stuck() {
    let fake = Fake::start(|_, _| None);
    let started = Instant::now();
    let answer = fake.ask("POST", "/meeting/stop", "");
    assert_eq!(answer, (503, json!({"ok": false, "error": "the daemon is stuck or ending"})));
    assert!(started.elapsed() < SOON);
}

#[test]
fn without_a_daemon_each_command_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("control.sock");
    for words in [&["volume"][..], &["ask", "x"], &["dictate"], &["meeting", "stop"], &["ssh", "stop"]] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_auricle"));
        let output = command.args(words).env("AURICLE_CONTROL_SOCKET", &socket).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        let complaint = said(&output);
        assert!(
            complaint.contains(socket.to_str().unwrap()) && complaint.contains("systemctl start auricle"),
            "{complaint}"
        );
    }
}
