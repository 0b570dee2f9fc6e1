//! Turns that go as they should, in the three modes.

use insta::assert_snapshot;

use super::super::XiaozhiSettings;
use super::rig::{ID, Rig, settings};
use crate::dialogue::{DialogueEvent, PlayEnd, Trigger};
use crate::hearing::Ending;
use crate::protocol::xiaozhi::message::Mode;

#[test]
fn auto_the_server_ends_the_utterance_speaks_and_is_listened_to_again() {
    let mut rig = Rig::online();
    rig.open();
    rig.wait_ms(30);
    rig.hello(ID);
    rig.opened();
    rig.wait_secs(2);
    rig.uplinked(false);
    rig.uplinked(false);
    rig.stt("what time is it");
    rig.tts("start");
    rig.message(r#"{"type":"llm","text":"🙂","emotion":"happy"}"#);
    rig.sentence("It is noon.");
    rig.arrived();
    rig.wait_secs(1);
    rig.sentence("Lunch!");
    rig.wait_secs(1);
    rig.tts("stop");
    rig.wait_ms(300);
    rig.played(PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn auto_whoever_says_nothing_more_ends_the_conversation_and_the_session() {
    let mut rig = Rig::speaking();
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    rig.trace();
    rig.wait_secs(10);
    rig.end_of_speech(Ending::NoSpeech);
    rig.goodbye(ID);
    rig.wait_secs(3_600);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn auto_who_was_understood_has_not_said_nothing() {
    let mut rig = Rig::listening();
    rig.stt("hm");
    rig.trace();
    rig.end_of_speech(Ending::NoSpeech);
    assert_eq!(rig.trace(), "");
}

#[test]
fn auto_the_next_turn_uses_the_same_session() {
    let mut rig = Rig::speaking();
    rig.event(DialogueEvent::BargeIn);
    rig.trace();
    rig.open();
    let trace = rig.trace();
    assert!(!trace.contains("hello") && trace.contains(r#""state":"start","mode":"auto""#), "{trace}");
}

#[test]
fn manual_the_person_lets_go_and_the_session_stays_open() {
    let mut rig = Rig::online_with(Rig::mode(Mode::Manual));
    rig.open_by(Trigger::Button);
    rig.hello(ID);
    rig.opened();
    rig.wait_secs(2);
    rig.uplinked(false);
    rig.event(DialogueEvent::Release { at: Some(crate::audio::Position(40_000)) });
    rig.uplinked(true);
    rig.stt("what time is it");
    rig.wait_secs(1);
    rig.tts("start");
    rig.arrived();
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    rig.wait_secs(20);
    rig.open_by(Trigger::Button);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn manual_after_a_wake_word_the_endpointer_lets_go() {
    let mut rig = Rig::listening_with(Rig::mode(Mode::Manual));
    rig.end_of_speech(Ending::Silence);
    rig.uplinked(true);
    assert_snapshot!(rig.trace(), @"");
    let mut nobody = Rig::listening_with(Rig::mode(Mode::Manual));
    nobody.end_of_speech(Ending::NoSpeech);
    assert_snapshot!(nobody.trace(), @"");
}

#[test]
fn manual_a_button_that_nobody_lets_go_of_is_let_go() {
    let mut rig = Rig::online_with(Rig::mode(Mode::Manual));
    rig.open_by(Trigger::Button);
    rig.hello(ID);
    rig.opened();
    rig.trace();
    rig.wait_secs(61);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn manual_an_idle_session_is_ended_by_and_by() {
    let mut rig = Rig::speaking_with(Rig::mode(Mode::Manual));
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    rig.trace();
    rig.wait_secs(120);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn realtime_the_microphone_stays_open_while_the_server_speaks() {
    let mut rig = Rig::listening_with(Rig::mode(Mode::Realtime));
    rig.stt("what time is it");
    rig.tts("start");
    rig.arrived();
    rig.sentence("It is noon.");
    rig.wait_secs(1);
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    rig.wait_secs(1);
    rig.stt("and now");
    rig.tts("start");
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn realtime_who_speaks_into_the_answer_is_answered_instead() {
    let mut rig = Rig::speaking_with(Rig::mode(Mode::Realtime));
    rig.stt("stop it");
    rig.tts("stop");
    rig.played(PlayEnd::Flushed);
    rig.tts("start");
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn realtime_a_second_trigger_silences_the_answer_and_the_conversation_goes_on() {
    let mut rig = Rig::speaking_with(Rig::mode(Mode::Realtime));
    rig.event(DialogueEvent::BargeIn);
    rig.tts("stop");
    rig.played(PlayEnd::Flushed);
    rig.event(DialogueEvent::BargeIn);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn a_wake_word_is_announced_where_the_owner_wants_it_and_only_it() {
    let settings = XiaozhiSettings { announce_wake_word: Some("你好小智".into()), ..settings() };
    let mut rig = Rig::online_with(settings.clone());
    rig.open_by(Trigger::Wake);
    rig.hello(ID);
    rig.opened();
    let trace = rig.trace();
    let (detect, start) = (trace.find("detect").unwrap(), trace.find(r#""state":"start""#).unwrap());
    assert!(detect < start && trace.contains("你好小智"), "{trace}");
    rig.tts("start");
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    assert!(!rig.trace().contains("detect"), "nobody said the word again");
    let mut rig = Rig::online_with(settings);
    rig.open_by(Trigger::Button);
    rig.hello(ID);
    rig.opened();
    assert!(!rig.trace().contains("detect"));
}

#[test]
fn a_dictation_is_refused() {
    let mut rig = Rig::online();
    rig.open_by(Trigger::Dictate);
    assert_snapshot!(rig.trace(), @"");
}
