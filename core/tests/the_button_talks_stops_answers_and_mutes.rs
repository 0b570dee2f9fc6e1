//! What a press means depends on what the device does.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use auricle_core::assistant::event::{By, Effect, Event};
use auricle_core::assistant::shown::State;
use auricle_core::audio::Position;
use auricle_core::button::Gesture;
use auricle_core::dialogue::{PlayEnd, Source};
use auricle_core::hearing::{EarCommand, Encoding, Start};
use auricle_core::sentences::Sentence;
use auricle_core::wish::Wish;
use support::{Bench, linto_settings, tuning};

fn bench() -> Bench {
    Bench::linto(linto_settings(), tuning())
}

fn press(bench: &mut Bench, gesture: Gesture) {
    let pressed = bench.now;
    bench.event(Event::Button { gesture, server: None, at: Some(Position(160_000)), pressed });
}

/// The loudspeaker has stopped what it was told to stop.
fn flushed(bench: &mut Bench) {
    let play = bench.effects.iter().rev().find_map(|e| if let Effect::Flush(play) = e { Some(*play) } else { None });
    let (play, end, heard) = (play.expect("something was stopped"), PlayEnd::Flushed, std::time::Duration::ZERO);
    bench.event(Event::Played { play, end, heard });
}

fn said(bench: &Bench, sentence: Sentence) -> bool {
    let is_it = |e: &Effect| matches!(e, Effect::Play { source: Source::Sentence(s), .. } if *s == sentence);
    bench.effects.iter().any(is_it)
}

/// What the last request hands back to the server.
fn conversation(bench: &Bench) -> String {
    let last = bench.effects.iter().rev().find_map(|effect| match effect {
        Effect::Ear(EarCommand::StartUplink { encoding: Encoding::LintoFile { conversation }, .. }) => {
            Some(conversation.to_string())
        }
        _ => None,
    });
    last.expect("an uplink")
}

/// Somebody has asked, and the server's answer is being spoken.
fn answered(behavior: &str) -> Bench {
    let mut bench = bench();
    press(&mut bench, Gesture::Press);
    bench.finish_playing();
    bench.speak();
    bench.finish_playing();
    bench.reply(behavior);
    assert_eq!(bench.assistant.state(), State::Speaking);
    bench
}

#[test]
fn idle_a_press_talks() {
    let mut bench = bench();
    press(&mut bench, Gesture::Press);
    assert_eq!(bench.assistant.state(), State::Listening);
}

/// Pressed so long ago, and let go now: where the tape is taken from, and until when speech is not believed.
fn held(bench: &mut Bench, held: Duration) -> (Start, Duration) {
    let before = bench.now;
    bench.pass(held);
    let (at, pressed) = (Some(Position(160_000)), before);
    bench.event(Event::Button { gesture: Gesture::Press, server: None, at, pressed });
    let listen = bench.effects.iter().rev().find_map(|effect| match effect {
        Effect::Ear(EarCommand::Listen { from, guard, .. }) => Some((*from, *guard)),
        _ => None,
    });
    listen.expect("it listens")
}

#[test]
fn who_holds_the_button_and_speaks_at_once_is_heard_from_the_first_word() {
    let mut bench = bench();
    bench.pass(Duration::from_secs(10));
    let (short, guard) = held(&mut bench, Duration::ZERO);
    assert_eq!(short, Start::At(Position(160_000 - 8_000)), "the preroll");
    press(&mut bench, Gesture::Press);
    bench.finish_playing();
    bench.pass(Duration::from_secs(10));
    let (long, later) = held(&mut bench, Duration::from_secs(1));
    assert_eq!(long, Start::At(Position(160_000 - 16_000 - 8_000)), "the preroll before it was pressed");
    assert_eq!(later, guard + Duration::from_secs(1), "the greeting comes later on that tape");
}

#[test]
fn what_the_device_said_while_the_button_was_held_is_left_out() {
    let mut bench = bench();
    bench.event(Event::Say("dinner".into()));
    bench.pass(Duration::from_secs(1));
    let pressed = bench.now;
    bench.finish_playing();
    bench.pass(Duration::from_millis(700));
    let at = Some(Position(160_000));
    bench.event(Event::Button { gesture: Gesture::Press, server: None, at, pressed });
    let from = Start::At(Position(160_000 - 700 * 16));
    assert!(bench.effects.iter().any(|e| matches!(e, Effect::Ear(EarCommand::Listen { from: f, .. }) if *f == from)));
}

/// Some servers give the microphone seconds later: what was said since the press must not depend on that.
#[test]
fn right_after_an_answer_the_tape_is_used_from_the_press_on() {
    let mut bench = answered(r#"{"say":{"text":"It is noon."}}"#);
    bench.finish_playing();
    assert_eq!(bench.assistant.state(), State::Idle);
    bench.pass(Duration::from_millis(100));
    let (from, guard) = held(&mut bench, Duration::ZERO);
    assert_eq!(from, Start::At(Position(160_000)));
    bench.finish_playing();
    press(&mut bench, Gesture::Press);
    bench.finish_playing();
    bench.pass(Duration::from_secs(10));
    let (_, later) = held(&mut bench, Duration::ZERO);
    assert_eq!(later, guard + tuning().preroll, "what lies before the press is no utterance");
}

#[test]
fn while_it_listens_a_press_stops_it_and_nothing_is_sent() {
    let mut bench = bench();
    press(&mut bench, Gesture::Press);
    press(&mut bench, Gesture::Press);
    assert!(bench.assistant.turn().is_none());
    assert!(!bench.effects.iter().any(|effect| matches!(effect, Effect::Send { .. })));
}

#[test]
fn a_second_press_cancels_what_the_first_one_opened() {
    let mut bench = bench();
    press(&mut bench, Gesture::Press);
    press(&mut bench, Gesture::Double);
    bench.finish_playing();
    assert_eq!((bench.assistant.state(), bench.assistant.turn()), (State::Idle, None));
}

#[test]
fn while_it_speaks_a_press_stops_the_loudspeaker_and_listens() {
    let mut bench = answered(r#"{"say":{"text":"It is a long story."}}"#);
    press(&mut bench, Gesture::Press);
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::Flush(_))));
    assert_eq!(bench.assistant.state(), State::Listening);
    assert_eq!(conversation(&bench), "{}");
}

#[test]
fn while_it_asks_a_press_answers_at_once() {
    let mut bench = answered(r#"{"ask":{"text":"Which one?"},"conversationData":{"intent":"choose"}}"#);
    press(&mut bench, Gesture::Press);
    assert_eq!(bench.assistant.state(), State::Listening);
    assert_eq!(conversation(&bench), r#"{"intent":"choose"}"#, "the server learns which question it was");
    flushed(&mut bench);
    press(&mut bench, Gesture::Press);
    press(&mut bench, Gesture::Press);
    assert_eq!(conversation(&bench), "{}", "the question is over");
}

#[test]
fn a_question_that_was_cancelled_is_not_answered_by_the_next_press() {
    let mut bench = answered(r#"{"ask":{"text":"Which one?"},"conversationData":{"intent":"choose"}}"#);
    press(&mut bench, Gesture::Double);
    flushed(&mut bench);
    bench.finish_playing();
    press(&mut bench, Gesture::Press);
    assert_eq!(conversation(&bench), "{}");
}

#[test]
fn an_announcement_is_stopped_by_a_press_too() {
    let mut bench = bench();
    bench.event(Event::Say("dinner".into()));
    press(&mut bench, Gesture::Press);
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::Flush(_))));
    assert_eq!(bench.assistant.state(), State::Listening);
}

#[test]
fn a_long_press_mutes_and_the_next_one_unmutes_whoever_muted() {
    let mut bench = bench();
    press(&mut bench, Gesture::Long);
    assert_eq!(bench.assistant.muted(), Some(By::Local));
    press(&mut bench, Gesture::Long);
    assert_eq!(bench.assistant.muted(), None);
    bench.event(Event::Mute(By::Remote));
    press(&mut bench, Gesture::Long);
    assert_eq!(bench.assistant.muted(), None);
}

#[test]
fn a_long_press_in_the_middle_of_a_turn_closes_the_microphone() {
    let mut bench = bench();
    press(&mut bench, Gesture::Press);
    press(&mut bench, Gesture::Long);
    assert!(bench.effects.contains(&Effect::Mic(false)));
    assert!(!bench.assistant.listening());
}

#[test]
fn muted_a_press_is_answered_with_the_reason() {
    let mut bench = bench();
    press(&mut bench, Gesture::Long);
    press(&mut bench, Gesture::Press);
    assert!(said(&bench, Sentence::Muted));
    assert!(bench.assistant.turn().is_none());
}

#[test]
fn a_recording_goes_on_while_somebody_talks() {
    let mut bench = bench();
    bench.wish(1, Wish::MeetingStart { name: "team".into() });
    bench.event(Event::Recording(auricle_core::assistant::event::Recording::Started { file: "/m/team.wav".into() }));
    press(&mut bench, Gesture::Press);
    assert!(bench.assistant.recording() && bench.assistant.scene().recording);
    assert_eq!(bench.assistant.scene().state, State::Listening);
}
