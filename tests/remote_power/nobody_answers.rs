//! A server that never answers: the device says what is likely to be wrong.

use serde_json::{Value, json};

use crate::broker::{Broker, Probe, SOON};
use crate::daemon::{Daemon, SERIAL, Settings};
use crate::flow::{ADMIN, Flow};
use crate::operator::{answers_on, hasty};
use crate::pulse::Pulse;
use crate::stage::Stage;
use crate::words;

/// LinTO makes this scope of the name `My device app`.
const APPLICATION: &str = "appe641f28d162046568b294b07efc152f3";

const APOLOGY: &str = "I got no answer. Please try again.";
const LONG: &str = "The server is there, but nobody answers my requests. Please check my application and my account.";

/// Somebody writes to this device, and soon loses patience.
fn writing(port: u16) -> Settings {
    let settings = hasty(Settings::linto(port)).text("linto", "application", "My device app");
    settings.text("linto", "application_kind", "multi-user").text("linto", "answer_timeout", "1s")
}

/// Writes a question that nobody answers; what the device says then.
#[track_caller]
fn in_vain(daemon: &Daemon) -> String {
    let taken = daemon.ask("POST", "/ask", r#"{"text":"What is the time?"}"#);
    assert_eq!(taken["ok"], true, "{taken}");
    let told = daemon.wait_event("spoken", |_| true, SOON);
    told["text"].as_str().unwrap().to_owned()
}

fn cause(daemon: &Daemon) -> Option<Value> {
    let status = daemon.run_cli(&["status", "--json"]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    status["causes"].as_array().unwrap().iter().find(|cause| cause["code"] == "NobodyAnswers").cloned()
}

#[track_caller]
fn assert_says(cause: &Value, text: &[&str], remedy: &[&str]) {
    for (field, parts) in [("text", text), ("remedy", remedy)] {
        for part in parts {
            assert!(cause[field].as_str().unwrap().contains(part), "`{part}` is not in: {cause}");
        }
    }
    assert_eq!(cause["server"], "linto");
}

#[test]
fn no_application_was_heard_and_an_answer_clears_it() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let (page, flow) = (Flow::start(&broker, ADMIN), Flow::start(&broker, APPLICATION));
    let daemon = Daemon::ready(&pulse, &writing(broker.port()));
    // The admin page is no application, and neither is the flow of another one.
    page.command("ping", "{}");
    page.command("tts_lang", r#"{"value":"en-US"}"#);
    daemon.wait_event("command", |event| event["topic"] == "tts_lang", SOON);
    assert_eq!([(); 2].map(|()| in_vain(&daemon)), [APOLOGY, APOLOGY]);
    assert_eq!(cause(&daemon), None);
    assert_eq!(in_vain(&daemon), LONG);
    let found = cause(&daemon).unwrap();
    assert_says(&found, &["no application", APPLICATION], &["admin page", "`application` in [linto]"]);
    assert_eq!(in_vain(&daemon), APOLOGY, "the long sentence is said once");

    let taken = daemon.ask("POST", "/ask", r#"{"text":"And now?"}"#);
    let id = taken["id"].as_str().unwrap();
    let topic = format!("{APPLICATION}/tolinto/{SERIAL}/nlp/text/{id}");
    flow.probe.publish(&topic, r#"{"behavior":{"say":"It is noon."}}"#, false);
    daemon.wait_event("cause_cleared", |event| event["code"] == "NobodyAnswers", SOON);
    daemon.wait_event("spoken", |event| event["text"] == "It is noon.", SOON);
    assert_eq!((cause(&daemon), daemon.status()["state"].clone()), (None, json!("idle")));
    assert_eq!(
        answers_on(&flow, APPLICATION, &format!("nlp/text/{id}")),
        [json!({"text": "And now?", "conversationData": {}})]
    );
}

/// LinTO: an application for devices on a current server hears each request and answers none.
#[test]
fn an_application_was_heard_that_answers_no_devices() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let flow = Flow::start(&broker, APPLICATION);
    let daemon = Daemon::ready(&pulse, &writing(broker.port()));
    flow.probe.wait_for(|seen| seen.topic.ends_with("/status"), SOON);
    flow.command("tts_lang", r#"{"value":"en-US"}"#);
    daemon.wait_event("command", |event| event["topic"] == "tts_lang", SOON);
    assert_eq!([(); 3].map(|()| in_vain(&daemon)), [APOLOGY, APOLOGY, LONG]);
    assert_says(&cause(&daemon).unwrap(), &[APPLICATION, "hears this device"], &["multi-user application"]);
}

/// On one scope the page's commands come where the application's language would.
#[test]
fn the_admin_page_on_the_same_scope_is_no_application() {
    let stage = Stage::with(|settings| hasty(settings).text("linto", "answer_timeout", "1s"));
    stage.flow.command("ping", "{}");
    stage.flow.command("endvolume", r#"{"value":"90"}"#);
    stage.daemon.wait_event("command", |event| event["topic"] == "endvolume", SOON);
    for sentence in [APOLOGY, APOLOGY, LONG] {
        assert!(stage.daemon.run_cli(&["listen"]).status.success());
        stage.daemon.wait_state("listening");
        stage.person_says(&words::question());
        stage.flow.next_request();
        stage.daemon.wait_event("spoken", |event| event["text"] == sentence, SOON);
    }
    assert_says(&cause(&stage.daemon).unwrap(), &["no application", "`blk`"], &["`application` in [linto]"]);
}

/// LinTO: such a broker says yes to everything and delivers nothing.
#[test]
fn the_account_may_not_use_these_topics() {
    let rules = "user server\ntopic readwrite #\n\
                 pattern readwrite +/tolinto/%u/#\npattern readwrite +/fromlinto/%u/#";
    let broker = Broker::start_with_users(&[("somebody", "theirs"), ("server", "all")], rules);
    let pulse = Pulse::start();
    let server = Probe::connect(broker.port(), Some(("server", "all")));
    server.subscribe("#");
    let settings = writing(broker.port()).text("linto", "username", "somebody").text("linto", "password", "theirs");
    let daemon = Daemon::start(&pulse, &settings);
    daemon.wait_cause("BrokerRefused");
    for _ in 0..3 {
        in_vain(&daemon);
    }
    let found = cause(&daemon).unwrap();
    assert_says(&found, &[APPLICATION, "lets nothing of this device through"], &["`username`", "serial number"]);
    assert!(server.seen().is_empty());
}
