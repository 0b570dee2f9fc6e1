//! Texts, presses and unasked speech while something runs: they find their place, or are refused without harm.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use auricle_core::assistant::event::{Effect, Event, RequestId, ServerId};
use auricle_core::assistant::report::Report;
use auricle_core::assistant::shown::State;
use auricle_core::audio::Position;
use auricle_core::button::Gesture;
use auricle_core::channel::{ChannelAsk, ChannelEvent};
use auricle_core::dialogue::{PlayEnd, Source};
use auricle_core::hearing::{EarCommand, Start};
use auricle_core::protocol::xiaozhi::message::Mode;
use auricle_core::wish::Outcome;
use support::Bench;
use support::both::{HELLO, LINTO, XIAOZHI, both, listening, sent, speaking, wake, xiaozhi};

/// Asks in writing, and says what came of it.
fn write(bench: &mut Bench, server: ServerId) -> Outcome {
    let (request, server) = (RequestId(7), Some(server));
    bench.event(Event::Text { request, server, text: "and in Tokyo".into(), chatbot: false });
    let answer = bench.effects.iter().rev().find_map(|effect| match effect {
        Effect::Answer { request: RequestId(7), outcome } => Some(outcome.clone()),
        _ => None,
    });
    answer.expect("it is answered")
}

#[test]
fn a_text_goes_into_the_conversation_that_runs() {
    let runs = [listening(Mode::Auto), speaking(Mode::Auto), listening(Mode::Realtime), speaking(Mode::Realtime)];
    for (n, mut bench) in runs.into_iter().enumerate() {
        let speaks = n % 2 == 1;
        let seen = bench.effects.len();
        let outcome = write(&mut bench, XIAOZHI);
        assert!(matches!(outcome, Outcome::Answer { .. }), "{n}: {outcome:?}");
        let before = bench.effects.drain(..seen).collect::<Vec<_>>();
        let sent = sent(&bench, XIAOZHI);
        assert!(sent.contains(r#""state":"detect","text":"and in Tokyo""#) && !sent.contains("goodbye"), "{n}: {sent}");
        assert_eq!(sent.contains(r#""type":"abort""#), speaks, "{n}: {sent}");
        assert_eq!(bench.effects.iter().any(|effect| matches!(effect, Effect::Flush(_))), speaks, "{n}");
        bench.effects.splice(..0, before);
        bench.finish_playing();
        if speaks {
            xiaozhi(&mut bench, r#"{"type":"tts","state":"stop"}"#);
        }
        for message in [
            r#"{"type":"tts","state":"start"}"#,
            r#"{"type":"tts","state":"sentence_start","text":"It is night there."}"#,
            r#"{"type":"tts","state":"stop"}"#,
        ] {
            xiaozhi(&mut bench, message);
            bench.event(Event::Channel(XIAOZHI, ChannelEvent::Arrived));
        }
        bench.finish_playing();
        let told = |effect: &Effect| matches!(effect, Effect::Report(_, Report::Answer { text, .. }) if text == "It is night there.");
        assert!(bench.effects.iter().any(told), "{n}");
        assert_eq!(bench.assistant.state(), State::Listening, "{n}: and the conversation goes on");
    }
}

#[test]
fn a_text_for_another_server_is_refused_while_somebody_is_listened_to_and_harms_nothing() {
    let mut bench = listening(Mode::Auto);
    bench.effects.clear();
    assert!(matches!(write(&mut bench, LINTO), Outcome::Refused(_)));
    assert_eq!((bench.assistant.state(), bench.assistant.turn()), (State::Listening, Some(XIAOZHI)));
    assert_eq!(sent(&bench, XIAOZHI), "");
}

fn press(bench: &mut Bench, at: u64) {
    let (at, pressed, server) = (Some(Position(at)), bench.now, Some(XIAOZHI));
    bench.event(Event::Button { gesture: Gesture::Press, server, at, pressed });
}

#[test]
fn what_is_said_between_two_presses_is_kept_until_the_server_is_there() {
    let mut bench = both(Mode::Manual);
    press(&mut bench, 160_000);
    assert_eq!(bench.assistant.state(), State::Listening);
    bench.pass(Duration::from_secs(2));
    press(&mut bench, 192_000);
    assert_eq!((bench.assistant.state(), bench.assistant.listening()), (State::Connecting, false));
    xiaozhi(&mut bench, HELLO);
    bench.event(Event::Channel(XIAOZHI, ChannelEvent::Opened { to: [10, 0, 0, 1].into() }));
    let (from, to) = (Start::At(Position(152_000)), Position(192_000));
    let sends = bench.effects.iter().filter_map(|effect| match effect {
        Effect::Ear(EarCommand::StartUplink { from, .. }) => Some(format!("from {from:?}")),
        Effect::Ear(EarCommand::FinishUplink { to, .. }) => Some(format!("to {to:?}")),
        _ => None,
    });
    assert_eq!(sends.collect::<Vec<_>>(), [format!("from {from:?}"), format!("to {to:?}")]);
    let uplink = bench.last_uplink();
    bench.event(Event::UplinkReady { uplink, samples: 40_000, last: true });
    bench.event(Event::Uplinked { uplink, sent: true, samples: 40_000, last: true });
    let sent = sent(&bench, XIAOZHI);
    assert_eq!((sent.matches("hello").count(), sent.matches(r#""state":"stop""#).count()), (1, 1), "{sent}");
    assert_eq!(bench.assistant.state(), State::Waiting);
}

#[test]
fn a_server_that_speaks_unasked_into_the_others_turn_is_stopped_and_told() {
    let mut bench = speaking(Mode::Manual);
    xiaozhi(&mut bench, r#"{"type":"tts","state":"stop"}"#);
    bench.finish_playing();
    wake(&mut bench, LINTO);
    let seen = bench.effects.len();
    xiaozhi(&mut bench, r#"{"type":"tts","state":"start"}"#);
    bench.effects.drain(..seen);
    assert!(sent(&bench, XIAOZHI).contains(r#""type":"abort""#));
    assert!(bench.effects.contains(&Effect::Channel(XIAOZHI, ChannelAsk::Discard)));
    let told = |effect: &Effect| matches!(effect, Effect::Report(_, Report::Drop { what: "announcement", .. }));
    assert!(bench.effects.iter().any(told), "{:?}", bench.effects);
    bench.event(Event::Cancel);
    bench.finish_playing();
    let streams = |effect: &Effect| matches!(effect, Effect::Play { source: Source::Stream(_), .. });
    assert!(!bench.effects.iter().any(streams), "half of it is worse than nothing");
    xiaozhi(&mut bench, r#"{"type":"tts","state":"stop"}"#);
    xiaozhi(&mut bench, r#"{"type":"tts","state":"start"}"#);
    assert!(bench.effects.iter().any(streams), "with the loudspeaker free it is heard");
}

#[test]
fn a_server_that_speaks_unasked_is_stopped_when_somebody_talks_with_the_other_one() {
    let mut bench = speaking(Mode::Manual);
    xiaozhi(&mut bench, r#"{"type":"tts","state":"stop"}"#);
    bench.finish_playing();
    xiaozhi(&mut bench, r#"{"type":"tts","state":"start"}"#);
    assert_eq!(bench.assistant.state(), State::Speaking);
    bench.effects.clear();
    wake(&mut bench, LINTO);
    let play = bench.effects.iter().find_map(|e| if let Effect::Flush(play) = e { Some(*play) } else { None });
    let (play, end, heard) = (play.expect("it is silenced"), PlayEnd::Flushed, Duration::ZERO);
    bench.event(Event::Played { play, end, heard });
    assert!(sent(&bench, XIAOZHI).contains(r#""type":"abort""#));
}
