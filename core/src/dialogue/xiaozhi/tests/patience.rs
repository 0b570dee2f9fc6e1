//! How long a silent server and an endless one are waited for.

use insta::assert_snapshot;

use super::rig::Rig;

#[test]
fn who_is_never_understood_is_told_so() {
    let mut rig = Rig::listening();
    rig.wait_secs(36);
    assert_snapshot!(rig.trace(), @r#"
    35.000 cause NoSound: No sound comes through over UDP: the server seems to hear nothing at 10.0.0.1:8884 (datagrams sent there: 1).
    35.000 mic stop
    35.000 uplink 1 aborted
    35.000 send {"session_id":"s1","type":"goodbye"}
    35.000 channel Close
    35.000 report drop 1 unanswered: request 47c1931: the server has understood nothing
    35.000 play 1 Local Sentence(NoAnswer)
    35.000 done
    "#);
}

#[test]
fn who_is_understood_but_not_answered_is_told_so() {
    let mut rig = Rig::listening();
    rig.wait_secs(30);
    rig.stt("what time is it");
    rig.trace();
    rig.wait_secs(20);
    let trace = rig.trace();
    assert!(trace.contains("50.000 play 1 Local Sentence(NoAnswer)"), "{trace}");
    assert!(trace.contains("no answer within 20 s") && !trace.contains("NoSound"), "it was heard: {trace}");
}

#[test]
fn an_answer_that_never_ends_does() {
    let mut rig = Rig::speaking();
    rig.wait_secs(599);
    rig.sentence("Still here.");
    rig.wait_secs(599);
    assert!(!rig.trace().contains("done"));
    rig.wait_secs(2);
    assert!(rig.trace().contains("drop 1 endless_speech"));
}

#[test]
fn a_loudspeaker_that_never_ends_is_flushed() {
    let mut rig = Rig::speaking();
    rig.tts("stop");
    rig.trace();
    rig.wait_secs(45);
    let trace = rig.trace();
    assert!(trace.contains("flush 1") && trace.contains("mic from Now"), "{trace}");
}
