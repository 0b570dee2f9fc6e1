//! A toy protocol that is nothing like LinTO holds its turns without a change to the assistant.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use auricle_core::assistant::event::{By, Effect, Event};
use auricle_core::assistant::shown::State;
use auricle_core::audio::Position;
use auricle_core::dialogue::{PlayEnd, Source};
use auricle_core::hearing::{EarCommand, Ending};
use auricle_core::link::LinkEvent;
use support::toy::Toy;
use support::{Bench, S0};

fn bench(realtime: bool) -> Bench {
    let mut bench = Bench::new(vec![Box::new(Toy::new(realtime))]);
    bench.event(Event::Link(S0, LinkEvent::Connected));
    bench.effects.clear();
    bench
}

fn sent(bench: &Bench) -> Vec<String> {
    let texts = bench.effects.iter().filter_map(|effect| match effect {
        Effect::Link(_, auricle_core::link::LinkAsk::Publish(p)) => Some(String::from_utf8_lossy(&p.payload).into()),
        _ => None,
    });
    texts.collect()
}

#[test]
fn the_server_ends_the_turn() {
    let mut bench = bench(false);
    bench.listen();
    assert_eq!(bench.assistant.state(), State::Connecting);
    bench.message(S0, "toy", "ready");
    assert_eq!(bench.assistant.state(), State::Listening);
    let listen = bench.last_listen();
    bench.event(Event::Ended { listen, at: Position(200_000), why: Ending::Silence });
    assert_eq!(bench.assistant.state(), State::Listening, "the local endpointer has no say");
    assert!(!sent(&bench).iter().any(|word| word.starts_with("ended")), "and is not heard");
    bench.message(S0, "toy", "heard");
    assert_eq!(bench.assistant.state(), State::Waiting);
    bench.finish_playing();
    bench.message(S0, "toy", "speak 7");
    assert_eq!(bench.assistant.state(), State::Speaking);
    bench.finish_playing();
    assert!(sent(&bench).contains(&"played 7".into()));
    bench.message(S0, "toy", "end");
    assert_eq!(bench.assistant.state(), State::Idle);
}

#[test]
fn where_the_server_ends_the_turn_it_is_told_that_nobody_speaks() {
    let mut bench = bench(false);
    bench.listen();
    bench.message(S0, "toy", "ready");
    let listen = bench.last_listen();
    let watched = bench.effects.iter().find_map(|effect| match effect {
        Effect::Ear(EarCommand::Listen { limits: Some(limits), .. }) => Some((limits.no_speech, limits.max_utterance)),
        _ => None,
    });
    assert_eq!(watched, Some((Duration::from_secs(5), Duration::from_secs(10))));
    bench.event(Event::Ended { listen, at: Position(200_000), why: Ending::NoSpeech });
    assert!(sent(&bench).contains(&"ended NoSpeech".into()));
    assert_eq!(bench.assistant.state(), State::Listening, "what becomes of that is the dialogue's matter");
}

#[test]
fn a_turn_of_another_server_ends_one_that_would_go_on_listening() {
    let servers: Vec<Box<dyn auricle_core::dialogue::Dialogue>> =
        vec![Box::new(Toy::new(true)), Box::new(Toy::new(false))];
    let mut bench = Bench::new(servers);
    bench.listen();
    bench.message(S0, "toy", "ready");
    bench.message(S0, "toy", "speak 1");
    let other = auricle_core::assistant::event::ServerId(1);
    let trigger = auricle_core::dialogue::Trigger::Listen;
    bench.event(Event::Trigger { trigger, server: Some(other), at: Some(Position(320_000)) });
    assert_eq!(bench.assistant.turn(), Some(other));
    let sent = sent(&bench);
    assert!(sent.contains(&"abort".into()) && sent.contains(&"cancelled".into()), "{sent:?}");
}

#[test]
fn realtime_listens_and_speaks_at_once() {
    let mut bench = bench(true);
    bench.listen();
    bench.message(S0, "toy", "ready");
    bench.message(S0, "toy", "speak 1");
    assert!(bench.assistant.listening());
    assert!(bench.effects.iter().any(|e| matches!(e, Effect::Play { source: Source::Stream(1), .. })));
    bench.listen();
    assert!(sent(&bench).contains(&"abort".into()), "a second trigger is a barge-in");
    assert!(bench.assistant.listening(), "and the turn goes on");
}

#[test]
fn the_server_opens_the_microphone_and_a_silent_server_is_given_up() {
    let mut bench = bench(false);
    bench.message(S0, "toy", "open");
    assert_eq!(bench.assistant.state(), State::Listening);
    bench.pass(Duration::from_secs(11));
    assert_eq!(bench.assistant.state(), State::Idle);
    assert!(!bench.assistant.listening());
}

#[test]
fn a_sound_that_can_not_start_at_once_is_refused_at_once() {
    let mut bench = bench(false);
    bench.message(S0, "toy", "sound 1");
    bench.message(S0, "toy", "sound 2");
    assert_eq!(sent(&bench), ["refused 2"]);
    bench.finish_playing();
    assert_eq!(sent(&bench), ["refused 2", "played 1"]);
}

#[test]
fn a_flush_touches_one_sound_only() {
    let mut bench = bench(false);
    bench.message(S0, "toy", "sound 1");
    bench.message(S0, "toy", "stop 9");
    assert!(!bench.effects.iter().any(|e| matches!(e, Effect::Flush(_))));
    bench.message(S0, "toy", "stop 1");
    let flushed = bench.effects.iter().find_map(|e| if let Effect::Flush(play) = e { Some(*play) } else { None });
    let play = flushed.expect("the one that plays is flushed");
    bench.event(Event::Played { play, end: PlayEnd::Flushed, heard: Duration::from_millis(40) });
    assert_eq!(sent(&bench), ["played 1"]);
}

#[test]
fn a_closed_gate_keeps_triggers_off() {
    let mut bench = bench(false);
    bench.message(S0, "toy", "gate off");
    bench.listen();
    assert_eq!(bench.assistant.state(), State::Idle);
    bench.message(S0, "toy", "gate on");
    bench.listen();
    assert_eq!(bench.assistant.state(), State::Connecting);
}

#[test]
fn mute_takes_the_microphone_from_the_server() {
    let mut bench = bench(true);
    bench.listen();
    bench.message(S0, "toy", "ready");
    let uplink = bench.last_uplink();
    bench.event(Event::Mute(By::Local));
    assert_eq!(bench.assistant.state(), State::Muted);
    bench.effects.clear();
    bench.event(Event::UplinkReady { uplink, samples: 960, last: false });
    assert_eq!(bench.effects, [Effect::Discard(uplink)], "nothing that was heard before leaves after the mute");
    bench.message(S0, "toy", "open");
    assert_eq!(bench.assistant.state(), State::Muted, "nor can a server open it");
}

#[test]
fn two_servers_do_not_share_the_microphone() {
    let servers: Vec<Box<dyn auricle_core::dialogue::Dialogue>> =
        vec![Box::new(Toy::new(false)), Box::new(Toy::new(false))];
    let mut bench = Bench::new(servers);
    bench.listen();
    bench.message(S0, "toy", "ready");
    let other = auricle_core::assistant::event::ServerId(1);
    bench.effects.clear();
    bench.message(other, "toy", "open");
    assert_eq!(bench.assistant.turn(), Some(S0));
    assert!(sent(&bench).contains(&"cancelled".into()));
    bench.message(other, "toy", "speak 3");
    assert_eq!(bench.assistant.turn(), Some(S0), "what it says waits for the end of the turn");
    assert!(!bench.effects.iter().any(|e| matches!(e, Effect::Play { source: Source::Stream(3), .. })));
}
