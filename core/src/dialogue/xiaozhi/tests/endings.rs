//! How turns end before their time: by the person, by the server, with the connection.

use insta::assert_snapshot;

use super::rig::{ID, Rig, settings};
use crate::channel::ChannelEvent;
use crate::dialogue::{DialogueEvent, PlayEnd, Trigger};
use crate::hearing::UplinkId;
use crate::protocol::xiaozhi::message::Mode;

/// One of each phase of a turn.
fn phases() -> Vec<(&'static str, Rig)> {
    let mut connecting = Rig::online();
    connecting.open();
    let mut waiting = Rig::online();
    waiting.write("hello");
    waiting.hello(ID);
    waiting.opened();
    let mut releasing = Rig::online_with(Rig::mode(Mode::Manual));
    releasing.open_by(Trigger::Button);
    releasing.hello(ID);
    releasing.opened();
    releasing.event(DialogueEvent::Release { at: None });
    let mut draining = Rig::speaking();
    draining.tts("stop");
    let mut all = vec![
        ("connecting", connecting),
        ("listening", Rig::listening()),
        ("releasing", releasing),
        ("waiting", waiting),
        ("speaking", Rig::speaking()),
        ("draining", draining),
        ("listening realtime", Rig::listening_with(Rig::mode(Mode::Realtime))),
        ("speaking realtime", Rig::speaking_with(Rig::mode(Mode::Realtime))),
        ("idle", Rig::online()),
    ];
    for (_, rig) in &mut all {
        // What ends right after it began is another story.
        rig.wait_ms(2_500);
        rig.trace();
    }
    all
}

fn each(act: impl Fn(&mut Rig)) -> String {
    let told = phases().into_iter().map(|(name, mut rig)| {
        act(&mut rig);
        format!("[{name}]\n{}", rig.trace())
    });
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_person_ends_each_phase() {
    assert_snapshot!(each(|rig| rig.event(DialogueEvent::Cancel)), @"");
}

#[test]
fn somebody_who_wants_to_speak_ends_each_phase() {
    assert_snapshot!(each(|rig| rig.event(DialogueEvent::BargeIn)), @"");
}

#[test]
fn the_server_ends_each_phase_and_that_is_no_error() {
    assert_snapshot!(each(|rig| rig.message(r#"{"type":"goodbye","reason":"idle"}"#)), @"");
}

#[test]
fn a_lost_connection_ends_each_phase_at_once_and_is_told() {
    assert_snapshot!(each(Rig::lose), @"");
}

#[test]
fn whatever_ends_it_comes_to_rest() {
    let acts: [fn(&mut Rig); 4] = [
        |rig| rig.event(DialogueEvent::Cancel),
        |rig| rig.event(DialogueEvent::BargeIn),
        |rig| rig.message(r#"{"type":"goodbye"}"#),
        Rig::lose,
    ];
    for act in acts {
        for (name, mut rig) in phases() {
            act(&mut rig);
            rig.trace();
            rig.wait_secs(400);
            let trace = rig.trace();
            let open = trace.contains("mic from") || trace.contains("uplink");
            assert!(!open || name.contains("realtime"), "{name}: {trace}");
            rig.wait_secs(3_600);
            assert_eq!(rig.trace(), "", "{name}");
        }
    }
}

#[test]
fn manual_a_cancelled_answer_leaves_the_session_open() {
    let mut rig = Rig::speaking_with(Rig::mode(Mode::Manual));
    rig.event(DialogueEvent::Cancel);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn the_last_words_are_heard_after_the_server_has_left() {
    let mut rig = Rig::speaking();
    rig.tts("stop");
    rig.wait_secs(3);
    rig.trace();
    rig.goodbye(ID);
    rig.wait_secs(1);
    rig.played(PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn what_the_old_session_still_says_does_not_close_the_new_channel() {
    let mut rig = Rig::speaking();
    rig.wait_secs(3);
    rig.goodbye(ID);
    rig.open();
    rig.hello("s2");
    rig.opened();
    rig.trace();
    rig.played_of(1, PlayEnd::Flushed);
    assert_eq!(rig.trace(), "");
}

#[test]
fn a_muted_microphone_ends_the_conversation() {
    let mut rig = Rig::listening();
    rig.trace();
    let uplink = UplinkId(rig.uplinks);
    rig.event(DialogueEvent::Uplinked { uplink, sent: false, samples: 0, last: true });
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn a_channel_that_breaks_ends_the_conversation() {
    let mut rig = Rig::listening();
    rig.event(DialogueEvent::Channel(ChannelEvent::Failed("network is unreachable".into())));
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn who_is_never_understood_is_told_so() {
    let mut rig = Rig::listening();
    rig.wait_secs(36);
    assert_snapshot!(rig.trace(), @"");
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
}

#[test]
fn an_answer_that_never_ends_does() {
    let mut rig = Rig::speaking_with(super::super::XiaozhiSettings { mode: Mode::Auto, ..settings() });
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
