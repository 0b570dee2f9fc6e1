//! The server ends the conversation, at any time.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::broker::SOON;
use crate::stage::{Stage, assert_whole, echo, saying};
use crate::words;
use crate::xiaozhi::record::Event;
use crate::xiaozhi::{Order, Rules};

/// A session that is younger than this and ends is tried again.
const GROWN_UP: Duration = Duration::from_millis(2_500);

fn begun(stage: &Stage) -> crate::pulse::Speaking {
    let speaking = stage.person_begins(&[words::question(), words::reply(), words::question()].concat());
    stage.daemon.wait_state("listening");
    speaking
}

#[test]
fn of_another_session_it_means_nothing() {
    let stage = Stage::new(echo());
    let tell = || stage.server.order(Order::Tell(json!({"type": "goodbye", "session_id": "another"})));
    tell();
    let speaking = begun(&stage);
    tell();
    speaking.finish();
    stage.utterances(1);
    stage.daemon.wait_state("speaking");
    tell();
    stage.daemon.wait_state("listening");
    assert_eq!(stage.server.said("hello").len(), 1);
}

#[test]
fn while_it_connects_and_the_chat_server_is_down_it_is_told_at_once() {
    let stage = Stage::new(Rules { chat_up: false, ..echo() });
    let speaking = stage.person_begins(&words::question());
    stage.daemon.wait_state("connecting");
    let start = Instant::now();
    stage.daemon.wait_event("state", |event| event["state"] != "connecting", SOON);
    // An answer to the hello would be waited for for 10 s.
    assert!(start.elapsed() < Duration::from_secs(5), "after {:?}", start.elapsed());
    speaking.finish();
    stage.daemon.wait_state("degraded");
    stage.server.change(|rules| rules.chat_up = true);
    stage.a_turn_works();
}

#[test]
fn right_after_the_hello_it_is_tried_once_more_and_nothing_of_what_was_said_is_missing() {
    let stage = Stage::new(echo());
    let question = words::question();
    let speaking = stage.person_begins(&question);
    stage.server.wait_said("listen", 1);
    stage.server.end_chat();
    speaking.finish();
    stage.server.wait_said("hello", 2);
    assert_whole(&question, &stage.utterances(1)[0]);
}

#[test]
fn while_it_listens_the_turn_ends() {
    let stage = Stage::new(Rules::default());
    let speaking = begun(&stage);
    let since = Instant::now();
    crate::broker::wait_until("a session that has lasted", GROWN_UP * 4, || (since.elapsed() > GROWN_UP).then_some(()));
    stage.server.end_chat();
    drop(speaking);
    stage.daemon.wait_state("idle");
    assert!(stage.server.said("goodbye").is_empty(), "a goodbye is not answered");
    stage.a_turn_works();
}

#[test]
fn while_the_server_speaks_what_has_come_is_still_heard() {
    let text = "This is a long story about a fox and a dog, who lived in a small house at the end of the world.";
    let stage = Stage::new(saying(text));
    stage.person_says(&words::question());
    stage.daemon.wait_state("speaking");
    stage.server.wait("a second of the answer", |entries| {
        let played = entries.iter().filter(|entry| matches!(entry.event, Event::Played { .. }));
        (played.count() >= 20).then_some(())
    });
    stage.server.end_chat();
    stage.daemon.wait_state("idle");
    assert!(stage.server.said("goodbye").is_empty());
    stage.a_turn_works();
}

/// A hello that is sent before it would be killed by it.
#[test]
fn of_the_device_is_echoed_before_the_next_hello() {
    let stage = Stage::new(Rules { closes_after: Duration::from_millis(600), ..echo() });
    stage.a_turn_works();
    // At once: the chat server has not closed yet.
    assert!(stage.daemon.run_cli(&["listen"]).status.success());
    stage.server.wait_said("hello", 2);
    let entries = stage.server.all();
    let first = |wanted: &dyn Fn(&Event) -> bool, skip: usize| {
        entries.iter().filter(|entry| wanted(&entry.event)).nth(skip).unwrap().at
    };
    let said = |kind: &'static str| move |event: &Event| matches!(event, Event::Said { message, .. } if message["type"] == kind);
    let echo = first(&|event| matches!(event, Event::Told(message) if message["type"] == "goodbye"), 0);
    assert!(first(&said("goodbye"), 0) < echo && echo < first(&said("hello"), 1));
    let question = words::question();
    stage.person_says(&question);
    assert_whole(&question, &stage.utterances(2)[1]);
}
