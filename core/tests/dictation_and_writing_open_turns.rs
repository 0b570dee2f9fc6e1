//! Turns that are opened by writing or to dictate: whoever opens one is told at once whether it was taken.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use auricle_core::assistant::cause::Cause;
use auricle_core::assistant::event::{By, Effect, Event, RequestId, ServerId};
use auricle_core::assistant::shown::State;
use auricle_core::audio::Position;
use auricle_core::audio::chime::Chime;
use auricle_core::dialogue::linto::LintoSettings;
use auricle_core::dialogue::{Delivery, PlayEnd, Source};
use auricle_core::hearing::{EarCommand, Encoding, Start};
use auricle_core::link::{LinkEvent, Loss};
use auricle_core::sentences::Sentence;
use auricle_core::wish::Outcome;
use support::toy::Toy;
use support::{Bench, S0, linto_settings, tuning};

fn bench() -> Bench {
    Bench::linto(LintoSettings { multi_user: true, ..linto_settings() }, tuning())
}

fn dictate(bench: &mut Bench, request: u64) {
    bench.event(Event::Dictate { request: RequestId(request), server: None, at: Some(Position(160_000)) });
}

fn write(bench: &mut Bench, request: u64, text: &str) {
    bench.event(Event::Text { request: RequestId(request), server: None, text: text.into(), chatbot: false });
}

fn stream(bench: &mut Bench, rest: &str, streaming: &str) {
    let topic = format!("appx/tolinto/raspberry1/streaming/{rest}");
    bench.message(S0, &topic, &format!(r#"{{"behavior":{{"streaming":{streaming}}}}}"#));
}

/// A dictation whose sound goes out.
fn dictating() -> Bench {
    let mut bench = bench();
    dictate(&mut bench, 1);
    stream(&mut bench, "start", r#"{"status":"started"}"#);
    bench.pass(Duration::from_millis(250));
    bench.finish_playing();
    bench
}

fn refusal(bench: &Bench, request: u64) -> String {
    match bench.answer(request) {
        Outcome::Refused(why) => why,
        other => panic!("{other:?}"),
    }
}

/// The server answers what was written.
fn answer_text(bench: &mut Bench, behavior: &str) {
    let topic = bench.effects.iter().rev().find_map(|effect| match effect {
        Effect::Publish { publication, .. } => Some(publication.topic.replace("fromlinto", "tolinto")),
        _ => None,
    });
    bench.message(S0, &topic.expect("something was sent"), &format!(r#"{{"behavior":{behavior}}}"#));
}

fn sentences(bench: &Bench) -> Vec<Sentence> {
    let said = bench.effects.iter().filter_map(|effect| match effect {
        Effect::Play { source: Source::Sentence(sentence), .. } => Some(*sentence),
        _ => None,
    });
    said.collect()
}

fn plays(bench: &Bench, chime: Chime) -> bool {
    bench.effects.iter().any(|e| matches!(e, Effect::Play { source: Source::Chime(c), .. } if *c == chime))
}

#[test]
fn a_dictation_holds_the_microphone_without_an_endpointer_until_the_person_lets_go() {
    let mut bench = bench();
    dictate(&mut bench, 1);
    assert_eq!(bench.answer(1).result(), "taken as dictation");
    assert_eq!(bench.assistant.state(), State::Listening);
    assert!(plays(&bench, Chime::Listening), "the person hears that it begins");
    let endless = |e: &Effect| matches!(e, Effect::Ear(EarCommand::Listen { limits: None, .. }));
    assert!(bench.effects.iter().any(endless));
    stream(&mut bench, "start", r#"{"status":"started"}"#);
    bench.pass(Duration::from_millis(250));
    let uplink = bench.last_uplink();
    let from_the_first_word = |e: &Effect| {
        matches!(
            e,
            Effect::Ear(EarCommand::StartUplink {
                from: Start::At(Position(160_000)),
                encoding: Encoding::Pcm { .. },
                ..
            })
        )
    };
    assert!(bench.effects.iter().any(from_the_first_word));
    bench.pass(Duration::from_secs(600));
    bench.event(Event::UplinkReady { uplink, samples: 4_000, last: false });
    let chunk = |e: &Effect| matches!(e, Effect::Send { to: Delivery::Message { topic, .. }, last: false, .. } if topic == "appx/fromlinto/raspberry1/streaming/chunk");
    assert!(bench.effects.iter().any(chunk));
    bench.event(Event::Uplinked { uplink, sent: true, samples: 4_000, last: false });
    bench.event(Event::Release { at: Some(Position(200_000)) });
    assert!(!bench.assistant.listening());
    bench.event(Event::UplinkReady { uplink, samples: 100, last: true });
    bench.event(Event::Uplinked { uplink, sent: true, samples: 100, last: true });
    assert_eq!(bench.published("stop").len(), 1);
    stream(&mut bench, "final", r#"{"status":"final","result":"bonjour"}"#);
    assert!(bench.assistant.turn().is_none());
    assert_eq!(bench.answers().len(), 1);
}

#[test]
fn a_dictation_that_nobody_ends_is_ended_after_half_an_hour() {
    let mut bench = dictating();
    bench.pass(Duration::from_secs(30 * 60 - 1));
    assert!(bench.assistant.listening());
    bench.pass(Duration::from_secs(1));
    assert!(!bench.assistant.listening() && bench.assistant.turn().is_none());
    assert_eq!(bench.published("stop").len(), 1, "the server is told");
}

#[test]
fn a_dictation_is_refused_with_the_reason() {
    let mut muted = bench();
    muted.event(Event::Mute(By::Local));
    dictate(&mut muted, 1);
    assert!(refusal(&muted, 1).contains("muted"));

    let mut gone = bench();
    gone.event(Event::MicLost(Cause::MicGone { detail: "unplugged".into() }));
    dictate(&mut gone, 1);
    assert!(refusal(&gone, 1).contains("microphone"));

    let mut nobody = Bench::new(vec![]);
    dictate(&mut nobody, 1);
    assert!(refusal(&nobody, 1).contains("server"));

    let mut offline = bench();
    offline.event(Event::Link(S0, LinkEvent::Disconnected(Loss::Lost("gone".into()))));
    dictate(&mut offline, 1);
    assert_eq!(refusal(&offline, 1), "there is no connection to the server");

    let mut busy = bench();
    busy.listen();
    dictate(&mut busy, 1);
    assert_eq!(refusal(&busy, 1), "the microphone is already open for a turn");
    assert!(busy.assistant.listening(), "the turn before goes on");

    for bench in [muted, gone, nobody, offline] {
        assert!(bench.assistant.turn().is_none() && !bench.assistant.listening());
    }
}

#[test]
fn a_server_that_knows_neither_dictation_nor_text_refuses_both() {
    let mut bench = Bench::new(vec![Box::new(Toy::new(false))]);
    dictate(&mut bench, 1);
    write(&mut bench, 2, "hello");
    for request in [1, 2] {
        assert_eq!(refusal(&bench, request), "this kind of server does not take that");
    }
    assert!(bench.assistant.turn().is_none());
}

#[test]
fn mute_cancel_a_lost_microphone_and_a_lost_connection_end_a_dictation() {
    let gone = Cause::MicGone { detail: "unplugged".into() };
    for event in [
        Event::Mute(By::Local),
        Event::Cancel,
        Event::MicLost(gone),
        Event::Link(S0, LinkEvent::Disconnected(Loss::Lost("gone".into()))),
    ] {
        let mut bench = dictating();
        let uplink = bench.last_uplink();
        bench.effects.clear();
        bench.event(event.clone());
        assert!(!bench.assistant.listening() && bench.assistant.turn().is_none(), "{event:?}");
        bench.event(Event::UplinkReady { uplink, samples: 4_000, last: false });
        let sent = bench.effects.iter().any(|e| matches!(e, Effect::Send { .. }));
        assert!(!sent, "{event:?}: nothing leaves any more");
    }
}

#[test]
fn while_somebody_dictates_nobody_else_gets_the_microphone() {
    let mut bench = dictating();
    bench.listen();
    write(&mut bench, 2, "hello");
    assert_eq!(refusal(&bench, 2), "the microphone is already open for a turn");
    assert!(bench.assistant.listening());
    bench.event(Event::Release { at: Some(Position(200_000)) });
    write(&mut bench, 3, "hello");
    assert!(matches!(bench.answer(3), Outcome::Answer { .. }), "nobody speaks any more");
}

#[test]
fn a_dictation_interrupts_what_is_spoken() {
    let mut bench = bench();
    bench.event(Event::Say("a long story".into()));
    dictate(&mut bench, 1);
    assert!(matches!(bench.answer(1), Outcome::Answer { .. }));
    assert!(bench.effects.iter().any(|e| matches!(e, Effect::Flush(_))));
}

#[test]
fn letting_go_of_nothing_harms_nobody() {
    let mut bench = bench();
    bench.event(Event::Release { at: Some(Position(200_000)) });
    bench.listen();
    bench.event(Event::Release { at: Some(Position(200_000)) });
    assert!(bench.assistant.listening(), "an utterance ends by itself");
}

#[test]
fn what_is_written_is_sent_with_its_deadline_and_answered_aloud() {
    let mut bench = bench();
    write(&mut bench, 1, "what time is it");
    assert!(bench.answer(1).result().starts_with("taken as "));
    let sent = bench.effects.iter().find_map(|effect| match effect {
        Effect::Publish { publication, expires, .. } => Some((publication, *expires)),
        _ => None,
    });
    let (publication, expires) = sent.expect("it is sent");
    assert!(publication.topic.starts_with("appx/fromlinto/raspberry1/nlp/text/"));
    assert_eq!(publication.payload, br#"{"conversationData":{},"text":"what time is it"}"#);
    assert_eq!(expires, Duration::from_secs(12));
    assert_eq!(bench.assistant.state(), State::Waiting);
    answer_text(&mut bench, r#"{"say":"It is noon."}"#);
    assert_eq!(bench.assistant.state(), State::Speaking);
    bench.finish_playing();
    assert!(bench.assistant.turn().is_none());
    assert_eq!(bench.answers().len(), 1);
}

#[test]
fn what_nobody_answers_is_apologised_for_and_the_turn_is_over() {
    let mut bench = bench();
    write(&mut bench, 1, "what time is it");
    bench.pass(Duration::from_secs(12));
    assert_eq!(sentences(&bench), [Sentence::NoAnswer]);
    assert!(bench.assistant.turn().is_none());
}

#[test]
fn muted_one_can_still_write() {
    let mut bench = bench();
    bench.event(Event::Mute(By::Local));
    write(&mut bench, 1, "what time is it");
    assert!(matches!(bench.answer(1), Outcome::Answer { .. }));
    answer_text(&mut bench, r#"{"say":"It is noon."}"#);
    assert_eq!(bench.assistant.state(), State::Speaking);
}

#[test]
fn a_question_back_while_muted_opens_nothing_and_blames_nobody() {
    let mut bench = bench();
    write(&mut bench, 1, "comment vas tu");
    bench.event(Event::Mute(By::Local));
    answer_text(&mut bench, r#"{"ask":"Et vous ?","conversationData":{"intent":"howareyou"}}"#);
    bench.finish_playing();
    bench.pass(Duration::from_secs(60));
    assert!(bench.assistant.turn().is_none() && !bench.assistant.listening());
    assert_eq!(sentences(&bench), [], "whoever muted knows why nobody listens");
}

#[test]
fn what_is_written_is_refused_with_the_reason() {
    let mut devices = Bench::linto(linto_settings(), tuning());
    write(&mut devices, 1, "hello");
    assert!(refusal(&devices, 1).contains("application_kind"));

    let mut offline = bench();
    offline.event(Event::Link(S0, LinkEvent::Disconnected(Loss::Lost("gone".into()))));
    write(&mut offline, 1, "hello");
    assert!(refusal(&offline, 1).contains("can't reach the server"));

    let mut unknown = bench();
    let server = Some(ServerId(7));
    unknown.event(Event::Text { request: RequestId(1), server, text: "hello".into(), chatbot: false });
    assert!(refusal(&unknown, 1).contains("no server is configured"));

    for bench in [devices, offline, unknown] {
        assert!(bench.assistant.turn().is_none());
        assert!(!bench.effects.iter().any(|e| matches!(e, Effect::Publish { .. })), "nothing is sent or kept");
    }
}

#[test]
fn a_new_text_takes_the_place_of_one_that_waits_or_speaks() {
    let mut bench = bench();
    write(&mut bench, 1, "one");
    write(&mut bench, 2, "two");
    answer_text(&mut bench, r#"{"say":"to two"}"#);
    write(&mut bench, 3, "three");
    for request in 1..=3 {
        assert!(matches!(bench.answer(request), Outcome::Answer { .. }));
    }
    let flushed = bench.effects.iter().find_map(|e| if let Effect::Flush(play) = e { Some(*play) } else { None });
    let play = flushed.expect("the answer to two is cut off");
    bench.event(Event::Played { play, end: PlayEnd::Flushed, heard: Duration::from_millis(300) });
    assert_eq!(bench.assistant.state(), State::Waiting);
}
