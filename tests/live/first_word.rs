//! What is said reaches the server from its first word on, and what the server says is heard to its last.

use serde_json::json;

use crate::broker::SOON;
use crate::stage::Stage;
use crate::words;

const ANSWER: &str = "It is a quarter past nine in the morning.";

#[test]
fn a_question_arrives_whole_and_its_answer_is_heard_whole() {
    let stage = Stage::new();
    let recording = stage.pulse.record();
    let question = words::question();
    stage.person_says(&question);
    let request = stage.flow.next_request();
    request.assert_has(&question);
    assert_eq!(request.conversation, json!({}));
    stage.flow.say(&request.id, ANSWER);

    let daemon = &stage.daemon;
    daemon.wait_state("listening");
    daemon.wait_event("speech_start", |_| true, SOON);
    daemon.wait_event("speech_end", |_| true, SOON);
    let sent = daemon.wait_event("request", |event| event["id"] == request.id.as_str(), SOON);
    let seconds = request.sound.len() as f64 / f64::from(words::MIC_RATE);
    assert!((sent["seconds"].as_f64().unwrap() - seconds).abs() < 0.001, "{sent} is {seconds} s");
    let answer = daemon.wait_event("answer", |event| event["id"] == request.id.as_str(), SOON);
    assert_eq!((&answer["kind"], &answer["text"]), (&json!("say"), &json!(ANSWER)));
    daemon.wait_event("spoken", |event| event["text"] == ANSWER, SOON);
    daemon.wait_state("idle");
    words::said_only(ANSWER, &recording.finish());

    let sent = &daemon.status()["sent"];
    assert!((sent["seconds"].as_f64().unwrap() - seconds).abs() < 0.001, "{sent}");
    assert!(sent["bytes"].as_u64().unwrap() > request.sound.len() as u64 * 2, "{sent}");
}

/// Recorded voices, which begin softer than any machine's.
#[test]
fn the_first_word_of_real_people_is_whole() {
    let stage = Stage::with(|settings| settings.text("listen", "hangover", "1s"));
    for name in ["call-forwarding", "conf-locked", "agent-loggedoff"] {
        let words = words::recorded(name);
        stage.person_says(&words);
        let request = stage.flow.next_request();
        request.assert_has(&words);
        stage.flow.nod(&request.id);
        stage.daemon.wait_state("idle");
    }
    assert_eq!(stage.flow.requests().len(), 3);
}

/// Asked for by a command, the turn does not begin with what was said long before.
#[test]
fn a_turn_on_command_hears_what_is_said_after_it() {
    let stage = Stage::with(|settings| settings.with("listen", "triggers", "[]"));
    let question = words::question();
    stage.person_says(&words::reply());
    let later = stage.daemon.counter("tape_position") + u64::from(words::MIC_RATE);
    stage.daemon.wait_status("another second", |status| status["counters"]["tape_position"].as_u64() > Some(later));
    assert!(stage.daemon.run_cli(&["listen"]).status.success());
    stage.daemon.wait_state("listening");
    stage.person_says(&question);
    let request = stage.flow.next_request();
    request.assert_has(&question);
    let before = crate::speech::find(words::audible(&words::reply()), &request.sound);
    assert!(before.score < 0.5, "what was said before anybody asked was sent: {before:?}");
}
