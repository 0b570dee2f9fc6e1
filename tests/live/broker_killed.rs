//! The broker is killed in each phase of a turn, and comes back.

use crate::broker::SOON;
use crate::stage::Stage;
use crate::words;

/// Everything recovers, and nothing of before is delivered.
fn recovers(mut stage: Stage) {
    stage.broker_is_back();
    stage.a_turn_works();
    stage.flow.fence();
    assert_eq!(stage.flow.requests().len(), 1, "nothing is delivered later");
    assert_eq!(stage.daemon.status()["causes"], serde_json::json!([]));
}

#[test]
fn while_idle_and_whoever_speaks_hears_why_nothing_happens() {
    let mut stage = Stage::new();
    stage.broker.kill();
    let cause = stage.daemon.wait_cause("BrokerUnreachable");
    assert_eq!(cause["server"], "linto");
    let recording = stage.pulse.record();
    stage.person_says(&words::question());
    let sentence = "I can't reach the server right now.";
    stage.daemon.wait_event("spoken", |event| event["text"] == sentence, SOON);
    words::said_only(sentence, &recording.finish());
    assert!(stage.daemon.events_named("request").is_empty());
    recovers(stage);
}

#[test]
fn while_somebody_speaks() {
    let mut stage = Stage::new();
    let speaking = stage.person_begins(&words::question());
    stage.daemon.wait_event("speech_start", |_| true, SOON);
    stage.broker.kill();
    speaking.finish();
    let sentence = "The connection was lost. Your request was not sent.";
    stage.daemon.wait_event("spoken", |event| event["text"] == sentence, SOON);
    stage.daemon.wait_event("state", |event| event["state"] != "speaking", SOON);
    assert!(stage.daemon.events_named("request").is_empty());
    recovers(stage);
}

#[test]
fn while_the_answer_is_waited_for() {
    let mut stage = Stage::with(|settings| settings.text("linto", "answer_timeout", "3s"));
    stage.person_says(&words::question());
    stage.flow.next_request();
    stage.broker.kill();
    let sentence = "I can't reach the server right now.";
    stage.daemon.wait_event("spoken", |event| event["text"] == sentence, SOON);
    recovers(stage);
}

/// The answer is already here: it is spoken to its end.
#[test]
fn while_the_answer_is_spoken() {
    let mut stage = Stage::new();
    let answer = "Tomorrow there will be showers in the afternoon, and more wind.";
    let recording = stage.pulse.record();
    stage.person_says(&words::question());
    let request = stage.flow.next_request();
    stage.flow.say(&request.id, answer);
    stage.daemon.wait_state("speaking");
    stage.broker.kill();
    stage.daemon.wait_event("spoken", |event| event["text"] == answer, SOON);
    words::said_only(answer, &recording.finish());
    stage.daemon.wait_status("the loss", |status| status["causes"][0]["code"] == "BrokerUnreachable");
    recovers(stage);
}
