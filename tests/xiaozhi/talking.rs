//! What is said reaches the server from its first word on, and what the server says is heard.

use std::time::Duration;

use serde_json::json;

use crate::broker::SOON;
use crate::stage::{Stage, assert_back, assert_whole, echo, saying};
use crate::words;
use crate::xiaozhi::Rules;
use crate::xiaozhi::record::{Entry, Event};

/// Sequence number and timestamp of each datagram.
fn datagrams(entries: &[Entry]) -> Vec<(u32, u32)> {
    let sounds = entries.iter().filter_map(|entry| match entry.event {
        Event::Sound { sequence, timestamp, .. } => Some((sequence, timestamp)),
        _ => None,
    });
    sounds.collect()
}

#[test]
fn what_is_said_arrives_whole_and_comes_back() {
    let stage = Stage::new(echo());
    let recording = stage.pulse.record();
    let question = words::question();
    stage.person_says(&question);
    let utterances = stage.utterances(1);
    assert_whole(&question, &utterances[0]);
    stage.daemon.wait_state("listening");
    stage.daemon.wait_state("speaking");
    // In the same session it listens on; nobody says anything more, and it says goodbye.
    stage.daemon.wait_state("listening");
    assert_back(&question, &recording.finish());
    stage.daemon.wait_state("idle");
    let session = stage.goodbyes(1)[0]["session_id"].clone();

    let server = &stage.server;
    assert_eq!((server.said("hello").len(), server.said("goodbye").len()), (1, 1));
    let listens = server.said("listen");
    assert!(listens.iter().all(|message| message["session_id"] == session), "{listens:?}");
    assert_eq!((&listens[0]["state"], &listens[0]["mode"]), (&json!("start"), &json!("auto")));
    let entries = server.all();
    let numbers = datagrams(&entries);
    assert!(numbers.iter().zip(1..).all(|((sequence, _), wanted)| *sequence == wanted), "{numbers:?}");
    assert!(numbers.windows(2).all(|two| two[0].1 < two[1].1), "the timestamps grow: {numbers:?}");
    assert!(!entries.iter().any(|entry| matches!(entry.event, Event::Ignored { .. } | Event::Nowhere)));
    assert_eq!(stage.counter("sent"), numbers.len() as u64);
}

#[test]
fn silence_is_sent_as_well() {
    let stage = Stage::new(echo());
    stage.person_says(&words::question());
    stage.utterances(1);
    let entries = stage.server.all();
    let listen = |entry: &&Entry| matches!(&entry.event, Event::Said { message, .. } if message["state"] == "start");
    let from = entries.iter().find(listen).unwrap().at;
    let end = entries.iter().find(|entry| matches!(entry.event, Event::Utterance(_))).unwrap().at;
    let sent = Duration::from_millis(60) * u32::try_from(datagrams(&entries).len()).unwrap();
    // And what the tape held of the time before.
    assert!(sent + Duration::from_millis(200) > end - from, "{sent:?} of sound in {:?}", end - from);
}

#[test]
fn what_the_server_says_is_shown_and_heard_to_its_last_word() {
    let text = "It is a quarter past nine in the morning.";
    // Where the sound goes may be told by name.
    let stage = Stage::new(Rules { udp_host: "localhost".into(), ..saying(text) });
    let recording = stage.pulse.record();
    stage.person_says(&words::question());
    stage.daemon.wait_event("final", |event| event["text"] == "What?", SOON);
    stage.daemon.wait_event("answer", |event| event["text"].as_str().unwrap().contains(text), SOON);
    stage.daemon.wait_event("spoken", |_| true, SOON);
    let said = crate::speech::say(text, "en-us", words::MIC_RATE);
    assert_back(&said, &recording.finish());
    assert_eq!(stage.counter("lost"), 0);
}

#[test]
fn a_conversation_of_several_turns_is_one_session() {
    let stage = Stage::new(echo());
    for (turn, words) in [words::question(), words::reply(), words::question()].iter().enumerate() {
        stage.person_says(words);
        let utterances = stage.utterances(turn + 1);
        assert_whole(words, &utterances[turn]);
        stage.daemon.wait_state("speaking");
        stage.daemon.wait_state("listening");
    }
    stage.daemon.wait_state("idle");
    assert_eq!(stage.server.said("hello").len(), 1);
}

#[test]
fn while_the_session_opens_the_tape_keeps_what_is_said() {
    let stage = Stage::new(echo());
    stage.server.change(|rules| rules.hello_after = Some(Duration::from_secs(3)));
    let question = words::question();
    stage.person_says(&question);
    stage.daemon.wait_state("connecting");
    assert_whole(&question, &stage.utterances(1)[0]);
}

#[test]
fn in_manual_mode_the_device_tells_when_somebody_has_finished() {
    let stage = Stage::with(echo(), |settings| settings.text("xiaozhi", "mode", "manual"));
    let (recording, question) = (stage.pulse.record(), words::question());
    stage.person_says(&question);
    assert_whole(&question, &stage.utterances(1)[0]);
    stage.daemon.wait_event("spoken", |_| true, SOON);
    assert_back(&question, &recording.finish());
    stage.daemon.wait_state("idle");
    let said: Vec<String> = stage.server.said("listen").iter().map(|message| message["state"].to_string()).collect();
    assert_eq!(said, ["\"start\"", "\"stop\""]);
}

/// The server can send sound only where a datagram came from, and nobody has spoken.
#[test]
fn a_question_in_writing_is_answered_aloud() {
    let text = "It is a quarter past nine in the morning.";
    let stage = Stage::new(saying(text));
    let recording = stage.pulse.record();
    let answer = stage.daemon.run_cli(&["ask", "What is the time?"]);
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    assert!(String::from_utf8_lossy(&answer.stdout).contains(text));
    let detect = &stage.server.said("listen")[0];
    assert_eq!((&detect["state"], &detect["text"]), (&json!("detect"), &json!("What is the time?")));
    stage.daemon.wait_event("spoken", |_| true, SOON);
    assert_back(&crate::speech::say(text, "en-us", words::MIC_RATE), &recording.finish());
}
