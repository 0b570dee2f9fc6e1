//! The way of the sound: signs of life, and an answer of which nothing arrives.

use std::time::Duration;

use insta::assert_snapshot;

use super::super::XiaozhiSettings;
use super::rig::{ID, Rig, settings};
use crate::dialogue::PlayEnd;
use crate::protocol::xiaozhi::message::Mode;

#[test]
fn silence_goes_up_every_ten_seconds_while_nothing_else_does() {
    let mut rig = Rig::speaking();
    rig.wait_secs(35);
    assert_snapshot!(rig.trace(), @r"
    10.000 channel Silence
    20.000 channel Silence
    30.000 channel Silence
    ");
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
    assert_snapshot!(rig.trace(), @r#"
    3.000 channel Silence
    6.000 cause NoSound: No sound comes through over UDP: nothing comes back from 10.0.0.1:8884 (datagrams sent there: 2).
    6.000 report drop 1 no_sound: request 47c1931: the server speaks, and nothing arrives
    6.000 flush 1
    6.000 report answer 47c1931 say "It is noon."
    6.000 play 2 Local Sentence(NoAnswer)
    6.000 send {"session_id":"s1","type":"goodbye"}
    6.000 channel Close
    6.000 shown Connecting
    6.000 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    6.000 channel to 10.0.0.1:8884, frames of 60 ms
    "#);
    rig.wait_ms(1_500);
    rig.played_of(2, PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    7.500 mic from Now, ended by the server within 3600 s, quiet 10s
    7.500 send {"session_id":"s2","type":"listen","state":"start","mode":"auto"}
    7.500 uplink 2 from Now, Opus of 60 ms
    7.500 shown Listening
    "#);
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
    assert_snapshot!(rig.trace(), @r"
    3.000 channel Silence
    13.000 channel Silence
    23.000 channel Silence
    ");
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

#[test]
fn a_short_answer_without_sound_is_told_as_soon_as_it_is_over() {
    let mut rig = Rig::listening();
    rig.stt("what time is it");
    rig.tts("start");
    rig.sentence("It is noon.");
    rig.trace();
    rig.wait_secs(1);
    rig.tts("stop");
    let trace = rig.trace();
    assert!(trace.contains("1.000 cause NoSound: ") && trace.contains("Sentence(NoAnswer)"), "{trace}");
    assert!(!trace.contains("report spoken"), "nobody has heard it: {trace}");
    rig.hello("s2");
    rig.opened();
    rig.trace();
    rig.arrived();
    assert_eq!(rig.trace(), "1.000 clear NoSound");
}

#[test]
fn a_sentence_without_sound_after_others_with_it_is_no_fault_of_the_way() {
    let mut rig = Rig::speaking();
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    rig.stt("and now");
    rig.tts("start");
    rig.sentence(":-)");
    rig.tts("stop");
    let trace = rig.trace();
    assert!(!trace.contains("cause") && !trace.contains("Sentence("), "{trace}");
}

#[test]
fn who_is_not_understood_where_sound_came_from_before_hears_nothing_of_ports() {
    let mut rig = Rig::speaking();
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    rig.goodbye(ID);
    rig.open();
    rig.hello("s2");
    rig.opened();
    rig.wait_secs(35);
    let trace = rig.trace();
    assert!(trace.contains("the server has understood nothing") && !trace.contains("cause"), "{trace}");
}

/// xiaozhi: the open-source server says that it speaks before its model has thought of anything.
#[test]
fn a_model_that_thinks_for_long_is_no_fault_of_the_way() {
    let mut rig = Rig::listening_with(XiaozhiSettings { answer_timeout: Duration::from_secs(60), ..settings() });
    rig.stt("what time is it");
    rig.tts("start");
    rig.trace();
    rig.wait_secs(59);
    let trace = rig.trace();
    assert!(!trace.contains("NoSound") && !trace.contains("no_sound"), "{trace}");
    rig.sentence("It is noon.");
    rig.arrived();
    rig.tts("stop");
    assert!(rig.trace().contains("say \"It is noon.\""));
}
