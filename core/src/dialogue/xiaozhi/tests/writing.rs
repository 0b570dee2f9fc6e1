//! Text instead of speech.

use insta::assert_snapshot;

use super::super::XiaozhiSettings;
use super::rig::{ID, Rig, settings};
use crate::dialogue::{DialogueEvent, PlayEnd};

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
    assert_snapshot!(rig.trace(), @r#"
    0.000 taken as 47c1931
    0.000 shown Connecting
    0.000 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    0.000 channel to 10.0.0.1:8884, frames of 60 ms
    0.000 send {"session_id":"s1","type":"listen","state":"detect","text":"what time is it"}
    0.000 report request 47c1931, 0 s
    0.000 shown Waiting
    0.000 report final "what time is it"
    0.000 play 1 Conversation Stream(1)
    0.000 channel Drain
    0.000 report answer 47c1931 say "It is noon."
    0.000 report spoken "It is noon."
    0.000 done
    "#);
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
    assert_snapshot!(rig.trace(), @r#"
    10.000 channel Silence
    20.000 channel Silence
    20.000 send {"session_id":"s1","type":"abort"}
    20.000 channel Discard
    20.000 report drop 1 unanswered: request 47c1931: no answer within 20 s
    20.000 play 1 Local Sentence(NoAnswer)
    20.000 done
    "#);
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
    assert_snapshot!(rig.trace(), @r#"
    0.000 report answer 47c1931 empty ""
    0.000 play 1 Local Chime(Done)
    0.000 done
    "#);
}

#[test]
fn the_end_of_an_answer_that_a_text_cut_off_is_not_the_end_of_its_own() {
    let mut rig = Rig::speaking();
    rig.event(DialogueEvent::BargeIn { wake: false });
    rig.write("and in Tokyo");
    rig.trace();
    rig.wait_ms(80);
    rig.tts("stop");
    assert_eq!(rig.trace(), "0.080 channel Hold");
    rig.stt("and in Tokyo");
    rig.tts("start");
    assert!(rig.trace().contains("play 2 Conversation"));
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
    assert_snapshot!(rig.trace(), @r#"
    0.000 channel Close
    0.000 shown Connecting
    1.000 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    1.000 channel to 10.0.0.1:8884, frames of 60 ms
    1.000 send {"session_id":"s2","type":"listen","state":"detect","text":"what time is it"}
    1.000 shown Waiting
    "#);
}

#[test]
fn who_writes_is_told_at_once_that_there_is_no_session() {
    let mut rig = Rig::online();
    rig.write("what time is it");
    rig.message(r#"{"type":"error","message":"no chat server"}"#);
    let trace = rig.trace();
    let told = "report drop 1 unanswered: request 47c1931: the server said no: no chat server";
    assert!(trace.contains(told) && trace.contains("cause NoSession"), "{trace}");
}
