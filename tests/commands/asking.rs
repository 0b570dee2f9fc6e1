//! `auricle ask` waits for the answer to its own question.

use std::time::{Duration, Instant};

use auricle::control::{Action, Answer};
use serde_json::{Value, json};

use super::fake::{Fake, Teller, out, said};

fn taken() -> Option<Answer> {
    Some(Ok(json!({"id": "q1"})))
}

fn answer(teller: &Teller, id: &str, kind: &str, text: &str) {
    teller.tell("answer", json!({"server": "home", "id": id, "kind": kind, "text": text}));
}

#[test]
fn the_answer_to_the_question_is_printed_and_no_other() {
    // Even before the question's own reply is out.
    let fake = Fake::start(|action, teller| {
        let Action::Ask { text, chatbot } = action else { return None };
        teller.tell("state", json!({"state": "waiting"}));
        teller.tell("cause", json!({"server": "work", "code": "BrokerUnreachable", "text": "…", "remedy": "…"}));
        teller.tell("cause", json!({"code": "MicGone", "text": "…", "remedy": "…"}));
        answer(teller, "q0", "say", "of somebody else");
        answer(teller, "q1", "say", &format!("{text}\u{7} {chatbot}"));
        answer(teller, "q1", "say", "once is enough");
        taken()
    });
    assert_eq!(fake.works(&["ask", "What", "time?"]), "What time?  false\n");
    assert_eq!(fake.works(&["ask", "--chatbot", "Hello"]), "Hello  true\n");
    let event: Value = serde_json::from_str(&fake.works(&["ask", "Hi", "--json"])).unwrap();
    assert_eq!((&event["event"], &event["id"]), (&json!("answer"), &json!("q1")));
    assert_eq!((&event["kind"], &event["text"]), (&json!("say"), &json!("Hi\u{7} false")));
    let asked = Action::Ask { text: "Hello".into(), chatbot: true };
    assert_eq!(fake.actions()[1], asked);
}

#[test]
fn an_answer_without_text_prints_nothing() {
    let fake = Fake::start(|_, teller| {
        answer(teller, "q1", "empty", "");
        taken()
    });
    assert_eq!(fake.works(&["ask", "x"]), "");
}

#[test]
fn what_goes_wrong_at_the_server_is_the_reason() {
    let fake = Fake::start(|_, teller| {
        teller.tell(
            "cause",
            json!({"server": "home", "code": "NobodyAnswers", "text": "Nobody answers.", "remedy": "Try."}),
        );
        taken()
    });
    assert_eq!(fake.fails(&["ask", "x"]), "auricle: Nobody answers. Try.\n");
    let fake = Fake::start(|_, teller| {
        answer(teller, "q1", "error", "Missing information");
        taken()
    });
    assert_eq!(fake.fails(&["ask", "x"]), "auricle: the server answered with an error: Missing information\n");
}

#[test]
fn patience_ends_three_seconds_after_the_servers() {
    let fake = Fake::start(|_, _| taken());
    let started = Instant::now();
    let settings = "[linto]\nbroker = \"mqtt://127.0.0.1\"\nanswer_timeout = \"1s\"\n";
    let output = fake.command(&["ask", "x"], settings).output().unwrap();
    let complaint = "auricle: the server gave no answer within 1 s; `auricle status` may say why\n";
    assert_eq!((output.status.code(), out(&output).as_str(), said(&output).as_str()), (Some(1), "", complaint));
    let took = started.elapsed();
    assert!((Duration::from_secs(4)..Duration::from_secs(9)).contains(&took), "{took:?}");
}

#[test]
fn a_daemon_that_ends_is_no_answer() {
    let fake = Fake::start(|_, _| taken());
    let child = fake
        .command(&["ask", "x"], "")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn();
    fake.wait_for(&Action::Ask { text: "x".into(), chatbot: false });
    drop(fake);
    let output = child.unwrap().wait_with_output().unwrap();
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(1), ""));
    assert!(said(&output).starts_with("auricle: the daemon "), "{}", said(&output));
}
