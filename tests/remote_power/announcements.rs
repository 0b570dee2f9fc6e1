//! `say` in all its shapes, and beside a conversation.

use serde_json::json;

use crate::broker::SOON;
use crate::operator::quiet;
use crate::stage::Stage;
use crate::words;

#[test]
fn every_shape_is_said_in_its_order() {
    let stage = Stage::with(quiet);
    let payloads: [(&str, &str); 8] = [
        (r#"{"value":"One."}"#, "One."),
        (r#""Two.""#, "Two."),
        ("Three.", "Three."),
        (r#"{"value":{"text":"Four.","phonetic":"four"}}"#, "Four."),
        (r#"{"value":{"say":{"text":"Five."}}}"#, "Five."),
        (r#"{"say":{"text":"Six."}}"#, "Six."),
        (r#"{"value":"Seven is "odd"."}"#, "Seven is \"odd\"."),
        ("{\"value\":\"Eight\nlines.\"}", "Eight\nlines."),
    ];
    for (payload, _) in payloads {
        stage.flow.command("say", payload);
    }
    for (_, text) in payloads {
        stage.daemon.wait_event("spoken", |event| event["text"] == text, SOON * 2);
    }
    assert_eq!(stage.daemon.events_named("spoken").len(), payloads.len());
}

#[test]
fn what_has_no_text_is_told_and_nothing_is_said() {
    let stage = Stage::with(quiet);
    for payload in ["", "{}", "[]", r#"{"value":""}"#, r#"{"value":{}}"#, "{\"valu", "\0\0"] {
        stage.flow.command("say", payload);
        let told = stage.daemon.wait_event("command", |event| event["topic"] == "say", SOON);
        assert_eq!(told["result"], "ignored: no text in it", "{payload}");
    }
    stage.flow.command("say", "The end.");
    stage.daemon.wait_event("spoken", |_| true, SOON);
    assert_eq!(stage.daemon.events_named("spoken")[0]["text"], "The end.");
}

/// The person asked first: the answer comes before the announcement, and the conversation goes on.
#[test]
fn a_request_that_waits_for_its_answer_is_not_disturbed() {
    let stage = Stage::new();
    stage.person_says(&words::question());
    let request = stage.flow.next_request();
    stage.daemon.wait_state("waiting");
    for text in ["Dinner is ready.", "The door is open."] {
        stage.flow.command("say", json!({"value": text}).to_string());
        stage.daemon.wait_event("command", |event| event["topic"] == "say", SOON);
    }
    assert_eq!(stage.daemon.status()["state"], "waiting");
    stage.flow.ask(&request.id, "Today or tomorrow?", &json!({"intent": "forecast"}));
    stage.daemon.wait_event("spoken", |event| event["text"] == "Today or tomorrow?", SOON);
    stage.daemon.wait_state("listening");
    stage.person_says(&words::reply());
    let second = stage.flow.next_request();
    assert_eq!(second.conversation, json!({"intent": "forecast"}));
    stage.flow.say(&second.id, "It will rain.");
    for text in ["It will rain.", "Dinner is ready.", "The door is open."] {
        stage.daemon.wait_event("spoken", |event| event["text"] == text, SOON);
    }
    assert_eq!(stage.daemon.events_named("spoken").len(), 4);
}
