//! `say` from the admin page.

use crate::broker::SOON;
use crate::stage::Stage;
use crate::words;

#[test]
fn texts_are_said_in_their_order() {
    let stage = Stage::new();
    let recording = stage.pulse.record();
    let texts = ["Dinner is ready.", "The door is open.", "Good night."];
    for text in texts {
        stage.flow.command("say", serde_json::json!({"value": text}).to_string());
    }
    for text in texts {
        stage.daemon.wait_event("spoken", |event| event["text"] == text, SOON);
    }
    let recording = recording.finish();
    let places = texts.map(|text| words::said(text, &recording));
    assert!(places[0].end < places[1].start && places[1].end < places[2].start, "{places:?}");
    assert_eq!(stage.daemon.events_named("spoken").len(), 3);
}

/// The page puts the JSON together by hand.
#[test]
fn a_text_with_quotes_and_line_breaks_is_said_although_the_page_breaks_the_json() {
    let stage = Stage::new();
    for (payload, text) in
        [(&b"{\"value\":\"il a dit \"oui\"\"}"[..], "il a dit \"oui\""), (b"{\"value\":\"one\ntwo\"}", "one\ntwo")]
    {
        stage.flow.command("say", payload);
        stage.daemon.wait_event("spoken", |event| event["text"] == text, SOON);
    }
}

#[test]
fn an_announcement_waits_for_the_end_of_a_turn() {
    let stage = Stage::new();
    let speaking = stage.person_begins(&words::question());
    stage.daemon.wait_event("speech_start", |_| true, SOON);
    stage.flow.command("say", r#"{"value":"Dinner is ready."}"#);
    stage.daemon.wait_event("command", |event| event["topic"] == "say", SOON);
    speaking.finish();
    let request = stage.flow.next_request();
    request.assert_has(&words::question());
    stage.flow.say(&request.id, "It is noon.");
    stage.daemon.wait_event("spoken", |event| event["text"] == "It is noon.", SOON);
    stage.daemon.wait_event("spoken", |event| event["text"] == "Dinner is ready.", SOON);
    assert_eq!(stage.daemon.events_named("spoken").len(), 2);
}
