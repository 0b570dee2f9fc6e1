//! The way of the sound: signs of life, and an answer of which nothing arrives.

use insta::assert_snapshot;

use super::rig::{ID, Rig};
use crate::dialogue::PlayEnd;
use crate::protocol::xiaozhi::message::Mode;

#[test]
fn silence_goes_up_every_ten_seconds_while_nothing_else_does() {
    let mut rig = Rig::speaking();
    rig.wait_secs(35);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn nothing_is_added_to_the_microphones_sound() {
    let mut rig = Rig::listening();
    rig.wait_secs(30);
    let mut realtime = Rig::speaking_with(Rig::mode(Mode::Realtime));
    realtime.wait_secs(30);
    assert!(!rig.trace().contains("Silence") && !realtime.trace().contains("Silence"));
}

#[test]
fn an_answer_of_which_nothing_arrives_gets_a_new_way_once() {
    let mut rig = Rig::listening();
    rig.stt("what time is it");
    rig.tts("start");
    rig.sentence("It is noon.");
    rig.trace();
    rig.wait_secs(6);
    rig.goodbye(ID);
    rig.hello("s2");
    rig.opened();
    assert_snapshot!(rig.trace(), @"");
    rig.wait_ms(1_500);
    rig.played_of(2, PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @"");
    rig.tts("start");
    rig.sentence("It is noon.");
    rig.trace();
    rig.wait_secs(6);
    let trace = rig.trace();
    assert!(trace.ends_with("done") && !trace.contains("hello"), "once in a turn: {trace}");
}

#[test]
fn a_server_that_thinks_is_not_dead() {
    let mut rig = Rig::listening();
    rig.stt("what time is it");
    rig.tts("start");
    rig.trace();
    rig.wait_secs(19);
    rig.sentence("It is noon.");
    rig.wait_secs(2);
    rig.arrived();
    rig.wait_secs(5);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn one_that_never_says_a_sentence_is() {
    let mut rig = Rig::listening();
    rig.tts("start");
    rig.wait_secs(20);
    assert!(rig.trace().contains("drop 1 no_sound"));
}

#[test]
fn sound_that_came_before_its_answer_counts() {
    let mut rig = Rig::listening();
    rig.arrived();
    rig.stt("what time is it");
    rig.tts("start");
    rig.sentence("It is noon.");
    rig.trace();
    rig.wait_secs(9);
    assert_eq!(rig.trace(), "");
}

#[test]
fn in_manual_mode_nobody_listens_after_a_lost_answer() {
    let mut rig = Rig::listening_with(Rig::mode(Mode::Manual));
    rig.tts("start");
    rig.sentence("It is noon.");
    rig.trace();
    rig.wait_secs(6);
    let trace = rig.trace();
    assert!(trace.contains("Sentence(NoAnswer)") && trace.contains("goodbye") && trace.ends_with("done"), "{trace}");
}

#[test]
fn a_new_way_that_can_not_be_had_ends_the_turn() {
    let mut rig = Rig::listening();
    rig.tts("start");
    rig.sentence("It is noon.");
    rig.wait_secs(7);
    rig.trace();
    rig.wait_secs(10);
    let trace = rig.trace();
    assert!(trace.contains("no answer to the hello") && trace.ends_with("done"), "{trace}");
}
