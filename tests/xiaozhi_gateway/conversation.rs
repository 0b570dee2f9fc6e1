//! The chat server behind the gateway.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Client, Session};
use crate::speech::{find, resample, say, tone};
use crate::xiaozhi::chat::Turn;
use crate::xiaozhi::record::{Entry, Event};
use crate::xiaozhi::voice::{HEARS, SAYS};
use crate::xiaozhi::{Mode, Rules, Xiaozhi};

/// Of what a device sends.
fn uplink(sound: &[i16]) -> Vec<Vec<u8>> {
    let mut encoder = opus::Encoder::new(HEARS, opus::Channels::Mono, opus::Application::Audio).unwrap();
    let frames = sound.chunks(960).map(|chunk| {
        let mut frame = chunk.to_vec();
        frame.resize(960, 0);
        encoder.encode_vec(&frame, 1_275).unwrap()
    });
    frames.collect()
}

fn question() -> Vec<i16> {
    say("What is the time, please?", "en-gb", HEARS)
}

fn tts(entries: &[Entry], state: &str) -> Option<std::time::Instant> {
    let told = |entry: &&Entry| matches!(&entry.event, Event::Told(message) if message["type"] == "tts" && message["state"] == state);
    entries.iter().find(told).map(|entry| entry.at)
}

fn started(rules: Rules) -> (Xiaozhi, Client, Session) {
    let server = Xiaozhi::start(rules);
    let mut client = Client::login(&server);
    let session = client.hello();
    client.say(&session.message(json!({"type": "listen", "state": "start", "mode": "auto"})));
    // Both go different ways: the sound must not come first, or it is forgotten.
    client.so_far();
    (server, client, session)
}

fn speak(session: &mut Session, sound: &[i16]) {
    uplink(sound).iter().for_each(|packet| session.send(packet));
}

fn silence(seconds: f64) -> Vec<i16> {
    vec![0; (f64::from(HEARS) * seconds) as usize]
}

#[test]
fn what_it_hears_it_says_back_once_a_second_of_silence_has_come() {
    let (server, mut client, mut session) = started(Rules { mode: Mode::Echo, ..Rules::default() });
    let question = question();
    speak(&mut session, &[silence(0.5), question.clone(), silence(0.6)].concat());
    assert!(client.so_far().is_empty(), "without enough silence the turn goes on");
    speak(&mut session, &silence(0.8));
    assert_eq!(client.next().1["type"], "stt");
    assert_eq!(client.next().1["state"], "start");
    assert_eq!(client.next().1["type"], "llm");
    assert_eq!(client.next().1["state"], "sentence_start");
    assert_eq!(client.next().1, session.message(json!({"type": "tts", "state": "stop"})));
    let mut decoder = opus::Decoder::new(SAYS, opus::Channels::Mono).unwrap();
    let (mut back, mut buffer) = (Vec::new(), vec![0; 2_880]);
    while let Some(packet) = session.take() {
        let length = decoder.decode(&packet, &mut buffer, false).unwrap();
        assert_eq!(length, 1_440, "60 ms of 24 kHz");
        back.extend_from_slice(&buffer[..length]);
    }
    let found = find(&question, &resample(&back, SAYS, HEARS));
    assert!(found.score > 0.8, "{found:?}");
    assert!(server.all().iter().any(|entry| matches!(entry.event, Event::Utterance(_))));
}

fn script(seconds: f64) -> Mode {
    let sentences = vec![("Here is a tone.".into(), tone(SAYS, 440.0, 8_000.0, seconds))];
    Mode::Script(vec![Turn { heard: "Sing!".into(), emotion: "happy".into(), sentences, last: false }])
}

#[test]
fn an_answer_begins_with_some_packets_at_once_and_goes_on_one_by_one() {
    let (server, mut client, mut session) = started(Rules { mode: script(1.2), ..Rules::default() });
    speak(&mut session, &[question(), silence(1.2)].concat());
    assert_eq!(client.wait("stt")["text"], "Sing!");
    assert_eq!(client.wait("llm")["emotion"], "happy");
    assert_eq!(client.wait("tts")["text"], "Here is a tone.");
    assert_eq!(client.wait("tts")["state"], "stop");
    let entries = server.all();
    let played: Vec<_> = entries.iter().filter(|entry| matches!(entry.event, Event::Played { .. })).collect();
    assert_eq!(played.len(), 20);
    // Each is sent at its time or later; the first of all may itself have been late.
    for (number, entry) in played.iter().enumerate() {
        let due = Duration::from_millis(60) * number.saturating_sub(5) as u32;
        assert!(
            entry.at - played[0].at + Duration::from_millis(50) >= due,
            "packet {number} after {:?}",
            entry.at - played[0].at
        );
    }
    let at_once = played[5].at - played[0].at;
    assert!(at_once < Duration::from_millis(250), "the first six within {at_once:?}");
    let tail = tts(&entries, "stop").unwrap() - played[19].at;
    assert!(tail > Duration::from_millis(300), "{tail:?} from the last packet to the end");
}

#[test]
fn abort_ends_an_answer_at_once() {
    let (server, mut client, mut session) = started(Rules { mode: script(20.0), ..Rules::default() });
    speak(&mut session, &[question(), silence(1.2)].concat());
    session.receive();
    client.say(&session.message(json!({"type": "abort", "reason": "wake_word_detected"})));
    while client.wait("tts")["state"] != "stop" {}
    let played = server.all().iter().filter(|entry| matches!(entry.event, Event::Played { .. })).count();
    assert!(played < 200, "{played} of 334 packets");
    client.say(&session.message(json!({"type": "listen", "state": "start", "mode": "auto"})));
    client.so_far();
    speak(&mut session, &[question(), silence(1.2)].concat());
    client.wait("stt");
}

#[test]
fn in_manual_mode_the_device_says_when_it_is_over() {
    let (_server, mut client, mut session) = started(Rules { mode: script(0.3), ..Rules::default() });
    client.say(&session.message(json!({"type": "listen", "state": "start", "mode": "manual"})));
    client.so_far();
    speak(&mut session, &[question(), silence(2.0)].concat());
    assert!(client.so_far().is_empty());
    client.say(&session.message(json!({"type": "listen", "state": "stop"})));
    client.wait("stt");
}

#[test]
fn a_word_that_is_told_is_answered_like_speech() {
    let (_server, mut client, session) = started(Rules { mode: script(0.3), ..Rules::default() });
    client.say(&session.message(json!({"type": "listen", "state": "detect", "text": "hello"})));
    client.wait("stt");
}

#[test]
fn who_interrupts_is_heard_when_the_server_takes_the_echo_away() {
    let server = Xiaozhi::start(Rules { mode: script(20.0), ..Rules::default() });
    let mut client = Client::login(&server);
    let mut session = client.hello_with(json!({"aec": true}));
    client.say(&session.message(json!({"type": "listen", "state": "start", "mode": "realtime"})));
    client.so_far();
    speak(&mut session, &[question(), silence(1.2)].concat());
    session.receive();
    speak(&mut session, &question());
    while client.wait("tts")["state"] != "stop" {}
}

#[test]
fn a_conversation_ends_after_its_last_turn_or_when_nobody_speaks() {
    let last = Turn { last: true, ..Turn::default() };
    let (_server, mut client, mut session) = started(Rules { mode: Mode::Script(vec![last]), ..Rules::default() });
    speak(&mut session, &[question(), silence(1.2)].concat());
    assert_eq!(client.wait("tts")["state"], "start");
    assert_eq!(client.wait("tts")["state"], "stop");
    assert_eq!(client.next().1, session.message(json!({"type": "goodbye"})));

    let idle = Some(Duration::from_millis(100));
    let (_server, mut client, session) = started(Rules { idle, ..Rules::default() });
    let goodbye: Value = client.wait("goodbye");
    assert_eq!(goodbye, session.message(json!({"type": "goodbye"})));
}
