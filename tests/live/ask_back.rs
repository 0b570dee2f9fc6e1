//! The server asks back: the microphone opens again, without a trigger.

use serde_json::json;

use crate::broker::SOON;
use crate::stage::Stage;
use crate::words;

const QUESTION: &str = "Not today. Shall I tell you about tomorrow?";

/// How late a recording of the loudspeaker may be, in samples: 200 ms.
const LATENCY: usize = 9_600;

#[test]
fn the_microphone_opens_after_the_last_sample_and_the_conversation_goes_back_once() {
    let stage = Stage::new();
    let conversation = json!({"intent": "forecast", "entities": [{"entity": "city", "value": "Toulouse \"sud\""}]});
    let recording = stage.pulse.record();
    stage.person_says(&words::question());
    let first = stage.flow.next_request();
    assert_eq!(first.conversation, json!({}));
    stage.flow.ask(&first.id, QUESTION, &conversation);
    stage.daemon.wait_event("answer", |event| event["kind"] == "ask" && event["text"] == QUESTION, SOON);
    stage.daemon.wait_event("spoken", |event| event["text"] == QUESTION, SOON);
    stage.daemon.wait_state("listening");
    let opened = recording.so_far().len();
    let asked = words::said(QUESTION, &recording.finish());
    assert!(asked.end <= opened + LATENCY, "opened after {opened} samples, the question ended at {asked:?}");

    let reply = words::reply();
    stage.person_says(&reply);
    let second = stage.flow.next_request();
    assert_eq!(second.conversation, conversation);
    second.assert_has(&reply);
    stage.flow.nod(&second.id);
    stage.daemon.wait_state("idle");

    stage.person_says(&words::question());
    let third = stage.flow.next_request();
    assert_eq!(third.conversation, json!({}));
}

#[test]
fn a_question_that_nobody_answers_is_forgotten() {
    let stage = Stage::with(|settings| settings.text("listen", "no_speech", "1s"));
    stage.person_says(&words::question());
    let first = stage.flow.next_request();
    stage.flow.ask(&first.id, QUESTION, &json!({"intent": "forecast"}));
    stage.daemon.wait_event("spoken", |event| event["text"] == QUESTION, SOON);
    stage.daemon.wait_state("listening");
    stage.daemon.wait_state("idle");
    stage.flow.fence();
    assert_eq!(stage.flow.requests(), [first.id.as_str()]);

    stage.person_says(&words::question());
    assert_eq!(stage.flow.next_request().conversation, json!({}));
}

/// LinTO: a skill that asks must send conversation data. One that forgets is asked and answered all the same.
#[test]
fn a_question_without_conversation_is_asked_all_the_same() {
    let stage = Stage::new();
    stage.person_says(&words::question());
    let first = stage.flow.next_request();
    let topic = stage.flow.answer_topic(&first.id);
    stage.flow.probe.publish(&topic, r#"{"behavior":{"ask":"And you?"}}"#, false);
    stage.daemon.wait_event("spoken", |event| event["text"] == "And you?", SOON);
    stage.daemon.wait_state("listening");
    stage.person_says(&words::reply());
    assert_eq!(stage.flow.next_request().conversation, json!({}));
}
