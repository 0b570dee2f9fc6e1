//! Text instead of speech.

use insta::assert_snapshot;

use super::super::XiaozhiSettings;
use super::rig::{ID, Rig, settings};
use crate::dialogue::PlayEnd;

#[test]
fn a_text_is_sent_when_the_way_of_the_sound_is_open() {
    let mut rig = Rig::online();
    rig.write("what time is it");
    rig.hello(ID);
    rig.opened();
    rig.stt("what time is it");
    rig.tts("start");
    rig.sentence("It is noon.");
    rig.arrived();
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    rig.wait_secs(1);
    assert_snapshot!(rig.trace(), @"");
    rig.write("and now");
    let trace = rig.trace();
    assert!(trace.contains("detect") && !trace.contains("hello"), "the session is still open: {trace}");
}

#[test]
fn a_text_without_an_answer_is_told_with_its_id() {
    let mut rig = Rig::online();
    rig.write("what time is it");
    rig.hello(ID);
    rig.opened();
    rig.trace();
    rig.wait_secs(20);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn a_server_that_has_nothing_to_say_ends_the_turn() {
    let mut rig = Rig::online();
    rig.write("nihao");
    rig.hello(ID);
    rig.opened();
    rig.stt("nihao");
    rig.trace();
    rig.tts("stop");
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn what_can_not_be_sent_is_not_taken() {
    let refused = |mut rig: Rig, text: &str| {
        rig.trace();
        rig.write(text);
        let trace = rig.trace();
        assert!(trace.starts_with("0.000 not taken: ") && trace.ends_with("done"), "{text:.20}: {trace}");
    };
    refused(Rig::online(), " ");
    refused(Rig::online(), &"x".repeat(8_000));
    refused(Rig::with(settings()), "hello");
}

#[test]
fn a_text_whose_session_ended_right_away_is_sent_again() {
    let mut rig = Rig::online_with(XiaozhiSettings { ..settings() });
    rig.write("what time is it");
    rig.hello(ID);
    rig.opened();
    rig.trace();
    rig.goodbye(ID);
    rig.wait_secs(1);
    rig.hello("s2");
    rig.opened();
    assert_snapshot!(rig.trace(), @"");
}
