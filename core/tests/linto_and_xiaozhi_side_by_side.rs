//! Two kinds of server at once: each wake word opens its own, and while one of them converses the other one's commands
//! are served.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use auricle_core::assistant::event::{By, Effect, Event, Memory, RequestId};
use auricle_core::assistant::report::Report;
use auricle_core::assistant::shown::{Mood, State};
use auricle_core::audio::Position;
use auricle_core::audio::chime::Chime;
use auricle_core::channel::{ChannelAsk, ChannelEvent};
use auricle_core::dialogue::{Delivery, PlayEnd, Source};
use auricle_core::hearing::{EarCommand, Encoding, Ending, Start};
use auricle_core::link::LinkEvent;
use auricle_core::protocol::xiaozhi::message::Mode;
use auricle_core::wish::{Outcome, Wish};
use support::Bench;
use support::both::{HELLO, LINTO, XIAOZHI, both, listening, plays, sent, speaking, wake, xiaozhi};

#[test]
fn each_wake_word_opens_its_server() {
    let mut bench = both(Mode::Auto);
    wake(&mut bench, LINTO);
    assert_eq!(bench.assistant.turn(), Some(LINTO));
    bench.event(Event::Cancel);
    bench.finish_playing();
    wake(&mut bench, XIAOZHI);
    assert_eq!((bench.assistant.turn(), bench.assistant.state()), (Some(XIAOZHI), State::Connecting));
}

#[test]
fn the_sound_goes_up_from_before_the_word_and_into_the_channel() {
    let bench = listening(Mode::Auto);
    assert_eq!(bench.assistant.state(), State::Listening);
    let start = bench.effects.iter().rev().find_map(|effect| match effect {
        Effect::Ear(EarCommand::StartUplink { from, encoding, .. }) => Some((*from, encoding.clone())),
        _ => None,
    });
    let encoding = Encoding::Opus { frame: Duration::from_millis(60) };
    assert_eq!(start, Some((Start::At(Position(152_000)), encoding)), "half a second before the word was known");
    let mut bench = bench;
    let uplink = bench.last_uplink();
    bench.effects.clear();
    bench.event(Event::UplinkReady { uplink, samples: 960, last: false });
    assert!(matches!(bench.effects[..], [Effect::Send { server: XIAOZHI, to: Delivery::Channel, samples: 960, .. }]));
}

#[test]
fn commands_of_one_server_are_served_while_the_other_converses() {
    for mut bench in [listening(Mode::Auto), speaking(Mode::Auto), speaking(Mode::Realtime)] {
        let turn = bench.assistant.turn();
        bench.effects.clear();
        bench.message(LINTO, "blk/tolinto/raspberry1/ping", "{}");
        bench.message(LINTO, "blk/tolinto/raspberry1/volume", r#"{"value":30}"#);
        bench.message(LINTO, "blk/tolinto/raspberry1/say", r#"{"value":"dinner"}"#);
        assert!(sent(&bench, LINTO).contains("blk/fromlinto/raspberry1/pong"), "{}", sent(&bench, LINTO));
        assert!(bench.effects.contains(&Effect::Volume(30)));
        assert_eq!(bench.assistant.turn(), turn, "and the conversation goes on");
        let dinner = Source::Text("dinner".into());
        assert!(!plays(&bench, &dinner), "what it says waits for the end of the turn");
        bench.event(Event::Cancel);
        bench.finish_playing();
        assert!(!plays(&bench, &dinner), "a person who cancels wants silence");
    }
}

#[test]
fn what_one_server_says_is_heard_after_the_others_turn() {
    let mut bench = listening(Mode::Auto);
    bench.message(LINTO, "blk/tolinto/raspberry1/say", r#"{"value":"dinner"}"#);
    let listen = bench.last_listen();
    bench.event(Event::Ended { listen, at: Position(320_000), why: Ending::NoSpeech });
    bench.finish_playing();
    assert!(plays(&bench, &Source::Text("dinner".into())));
    assert!(sent(&bench, XIAOZHI).contains(r#""type":"goodbye""#));
}

#[test]
fn the_other_servers_word_interrupts_and_takes_the_turn() {
    for mode in [Mode::Auto, Mode::Realtime] {
        let mut bench = speaking(mode);
        bench.effects.clear();
        wake(&mut bench, LINTO);
        assert_eq!(bench.assistant.turn(), Some(LINTO), "{mode:?}");
        assert!(sent(&bench, XIAOZHI).contains(r#""type":"abort""#), "{mode:?}");
        assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::Flush(_))), "{mode:?}");
        let uplinks = bench.effects.iter().filter_map(|effect| match effect {
            Effect::Ear(EarCommand::StartUplink { encoding, .. }) => Some(encoding.clone()),
            _ => None,
        });
        assert!(uplinks.eq([Encoding::LintoFile { conversation: serde_json::json!({}) }]), "{mode:?}");
    }
}

#[test]
fn the_own_word_interrupts_and_is_listened_to_in_the_same_session() {
    let mut bench = speaking(Mode::Auto);
    bench.effects.clear();
    wake(&mut bench, XIAOZHI);
    assert_eq!(bench.assistant.state(), State::Listening);
    let sent = sent(&bench, XIAOZHI);
    let (abort, start) = (sent.find("abort").unwrap(), sent.find(r#""state":"start""#).unwrap());
    assert!(abort < start && !sent.contains("hello"), "{sent}");
    assert!(sent.contains(r#""reason":"wake_word_detected""#), "{sent}");
    let flush = bench.effects.iter().position(|effect| matches!(effect, Effect::Flush(_))).unwrap();
    let listen = bench.effects.iter().position(|e| matches!(e, Effect::Ear(EarCommand::Listen { .. }))).unwrap();
    assert!(flush < listen, "it is silent before it listens");
    assert!(bench.effects.contains(&Effect::Channel(XIAOZHI, ChannelAsk::Discard)));
}

#[test]
fn after_the_answer_it_listens_again_and_nobody_speaks() {
    let mut bench = speaking(Mode::Auto);
    xiaozhi(&mut bench, r#"{"type":"tts","state":"stop"}"#);
    assert_eq!(bench.assistant.state(), State::Speaking);
    bench.finish_playing();
    assert_eq!(bench.assistant.state(), State::Listening);
    let listen = bench.last_listen();
    bench.event(Event::Ended { listen, at: Position(480_000), why: Ending::NoSpeech });
    assert_eq!(bench.assistant.turn(), None);
}

#[test]
fn mute_ends_the_conversation() {
    let mut bench = listening(Mode::Realtime);
    bench.effects.clear();
    bench.event(Event::Mute(By::Local));
    assert_eq!(bench.assistant.turn(), None);
    assert!(sent(&bench, XIAOZHI).contains("goodbye"));
    assert!(bench.effects.contains(&Effect::Channel(XIAOZHI, ChannelAsk::Close)));
    wake(&mut bench, XIAOZHI);
    assert_eq!(bench.assistant.turn(), None, "and nothing wakes it");
}

#[test]
fn a_mute_while_the_server_speaks_lets_it_finish_and_does_not_listen_again() {
    let mut bench = speaking(Mode::Auto);
    bench.event(Event::Mute(By::Local));
    xiaozhi(&mut bench, r#"{"type":"tts","state":"stop"}"#);
    let listens = |bench: &Bench| {
        bench.effects.iter().filter(|effect| matches!(effect, Effect::Ear(EarCommand::Listen { .. }))).count()
    };
    let before = listens(&bench);
    let seen = bench.effects.len();
    bench.finish_playing();
    bench.effects.drain(..seen);
    assert_eq!((before, listens(&bench)), (1, 0));
    let sent = sent(&bench, XIAOZHI);
    assert!(sent.contains("goodbye") && !sent.contains("listen"), "{sent}");
    assert!(!plays(&bench, &Source::Chime(Chime::Error)), "nothing is wrong");
    assert_eq!((bench.assistant.turn(), bench.assistant.state()), (None, State::Muted));
}

#[test]
fn the_mood_of_the_answer_is_seen_while_it_is_heard() {
    let mut bench = speaking(Mode::Auto);
    xiaozhi(&mut bench, r#"{"type":"llm","emotion":"happy"}"#);
    assert_eq!(bench.assistant.scene().mood, Mood::Bright);
    xiaozhi(&mut bench, r#"{"type":"tts","state":"stop"}"#);
    bench.finish_playing();
    assert_eq!(bench.assistant.scene().mood, Mood::Even);
}

#[test]
fn a_text_goes_to_the_server_that_it_is_for() {
    let mut bench = both(Mode::Auto);
    let (request, server) = (RequestId(7), Some(XIAOZHI));
    bench.event(Event::Text { request, server, text: "what time is it".into(), chatbot: false });
    xiaozhi(&mut bench, HELLO);
    bench.event(Event::Channel(XIAOZHI, ChannelEvent::Opened { to: [10, 0, 0, 1].into() }));
    let taken = bench.effects.iter().find_map(|effect| match effect {
        Effect::Answer { request: RequestId(7), outcome: Outcome::Answer { payload, .. } } => {
            Some(payload["id"].clone())
        }
        _ => None,
    });
    let id = taken.expect("it is taken").as_str().unwrap().to_owned();
    assert!(sent(&bench, XIAOZHI).contains(r#""state":"detect","text":"what time is it""#));
    for message in [
        r#"{"type":"tts","state":"start"}"#,
        r#"{"type":"tts","state":"sentence_start","text":"It is noon."}"#,
        r#"{"type":"tts","state":"stop"}"#,
    ] {
        xiaozhi(&mut bench, message);
    }
    bench.finish_playing();
    let answer = Report::Answer { id, kind: "say", text: "It is noon.".into() };
    assert!(bench.effects.contains(&Effect::Report(Some(XIAOZHI), answer)));
    assert_eq!(bench.assistant.turn(), None);
}

#[test]
fn who_was_understood_hears_no_sound_that_says_otherwise() {
    let mut bench = listening(Mode::Auto);
    bench.finish_playing();
    xiaozhi(&mut bench, r#"{"type":"stt","text":"what time is it"}"#);
    let listen = bench.last_listen();
    bench.effects.clear();
    bench.event(Event::Ended { listen, at: Position(320_000), why: Ending::NoSpeech });
    assert!(!plays(&bench, &Source::Chime(Chime::Cancelled)));
    assert_eq!(bench.assistant.turn(), Some(XIAOZHI));
}

#[test]
fn a_tool_sets_the_volume_and_the_server_is_told() {
    let mut bench = both(Mode::Auto);
    let call = r#"{"type":"mcp","payload":{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":
        "self.audio_speaker.set_volume","arguments":{"volume":40}}}}"#;
    xiaozhi(&mut bench, call);
    assert!(bench.effects.contains(&Effect::Volume(40)));
    assert!(sent(&bench, XIAOZHI).contains(r#""isError":false"#));
}

#[test]
fn a_restart_is_asked_for_and_the_server_is_answered_before_it() {
    let mut bench = both(Mode::Auto);
    bench.effects.clear();
    let call =
        r#"{"type":"mcp","payload":{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"self.restart"}}}"#;
    xiaozhi(&mut bench, call);
    let service = bench.effects.iter().find_map(|effect| match effect {
        Effect::Serve { service, server: Some(XIAOZHI), wish: Wish::Restart } => Some(*service),
        _ => None,
    });
    assert_eq!(sent(&bench, XIAOZHI), "", "not before it is known");
    bench.event(Event::Served { service: service.expect("it is asked for"), outcome: Outcome::Done });
    assert!(sent(&bench, XIAOZHI).contains(r#""isError":false"#));
    let audited = |effect: &Effect| matches!(effect, Effect::Report(_, Report::Audit { what, .. }) if what.contains("self.restart"));
    assert!(bench.effects.iter().any(audited));
}

#[test]
fn a_configuration_is_kept_and_its_password_is_not_printed() {
    let bench = both(Mode::Auto);
    let kept = bench.effects.iter().find(|effect| matches!(effect, Effect::Remember(Memory::Server(XIAOZHI, _))));
    let printed = format!("{:?}", kept.expect("it is kept"));
    assert!(!printed.contains("secret"), "{printed}");
    let printed = format!("{:?}", bench.effects);
    assert!(!printed.contains("secret"), "{printed}");
}

#[test]
fn a_lost_server_ends_its_turn_and_leaves_the_other_alone() {
    let mut bench = speaking(Mode::Auto);
    let lost = auricle_core::link::Loss::Lost("gateway:1883 closed the connection".into());
    bench.event(Event::Link(XIAOZHI, LinkEvent::Disconnected(lost)));
    assert_eq!(bench.assistant.turn(), None);
    assert!(bench.assistant.link(LINTO) && !bench.assistant.link(XIAOZHI));
    bench.finish_playing();
    wake(&mut bench, LINTO);
    assert_eq!(bench.assistant.turn(), Some(LINTO));
}

#[test]
fn an_answer_that_was_flushed_by_the_device_does_not_hang() {
    let mut bench = speaking(Mode::Auto);
    bench.event(Event::Cancel);
    let flushed = bench.effects.iter().rev().find_map(|e| if let Effect::Flush(play) = e { Some(*play) } else { None });
    let (play, heard) = (flushed.expect("it is silenced"), Duration::ZERO);
    bench.event(Event::Played { play, end: PlayEnd::Flushed, heard });
    assert_eq!(bench.assistant.turn(), None);
    bench.pass(Duration::from_secs(400));
    assert_eq!(bench.assistant.state(), State::Idle);
}
