//! A server that answers too late, too often, or not at all.

use crate::broker::SOON;
use crate::stage::Stage;
use crate::words;

const APOLOGY: &str = "I got no answer. Please try again.";

#[test]
fn a_server_that_does_not_answer_is_apologised_for_at_the_deadline() {
    let stage = Stage::with(|settings| settings.text("linto", "answer_timeout", "2s"));
    let recording = stage.pulse.record();
    stage.person_says(&words::question());
    let request = stage.flow.next_request();
    let decided = stage.daemon.wait_event("speech_end", |_| true, SOON);
    stage.daemon.wait_state("waiting");
    let apologises = stage.daemon.wait_state("speaking");
    let waited = apologises["t"].as_i64().unwrap() - decided["t"].as_i64().unwrap();
    assert!((1_900..3_000).contains(&waited), "apologised after {waited} ms");
    stage.daemon.wait_event("spoken", |event| event["text"] == APOLOGY, SOON);
    stage.daemon.wait_state("idle");
    words::said_only(APOLOGY, &recording.finish());

    // Now it answers, and nobody wants to hear it any more.
    stage.flow.say(&request.id, "Too late.");
    stage.daemon.wait_status("the late answer", |status| status["counters"]["late_answer"] == 1);
    stage.a_turn_works();
    assert_eq!(stage.daemon.events_named("spoken").len(), 2);
}

#[test]
fn only_the_first_answer_to_an_own_request_counts() {
    let stage = Stage::new();
    stage.person_says(&words::question());
    let request = stage.flow.next_request();
    stage.flow.say("nobody-asked", "Unknown.");
    stage.daemon.wait_status("the unknown answer", |status| status["counters"]["unknown_answer"] == 1);
    stage.flow.say(&request.id, "The first.");
    stage.flow.say(&request.id, "The second.");
    stage.daemon.wait_event("spoken", |event| event["text"] == "The first.", SOON);
    stage.daemon.wait_status("the second answer", |status| status["counters"]["second_answer"] == 1);
    stage.daemon.wait_state("idle");
    let dropped: Vec<_> = stage.daemon.events_named("drop").iter().map(|event| event["what"].clone()).collect();
    assert_eq!(dropped, ["unknown_answer", "second_answer"]);
    stage.a_turn_works();
    let spoken: Vec<_> = stage.daemon.events_named("spoken").iter().map(|event| event["text"].clone()).collect();
    assert_eq!(spoken, ["The first.", "It is noon."]);
}

#[test]
fn an_answer_that_makes_no_sense_is_apologised_for() {
    let stage = Stage::new();
    stage.person_says(&words::question());
    let request = stage.flow.next_request();
    stage.flow.probe.publish(&stage.flow.answer_topic(&request.id), "\u{0}not JSON", false);
    stage.daemon.wait_event("answer", |event| event["kind"] == "error", SOON);
    let apology = "I could not understand the server's answer.";
    stage.daemon.wait_event("spoken", |event| event["text"] == apology, SOON);
    stage.daemon.wait_state("idle");
    stage.a_turn_works();
}
