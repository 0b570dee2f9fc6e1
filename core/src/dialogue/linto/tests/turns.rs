//! Turns: what is asked for, in which order, in the good case and in each bad one.

use super::rig::{ID, Rig};
use crate::dialogue::{DialogueEvent, PlayEnd, PlayId};
use crate::hearing::Ending;
use insta::assert_snapshot;

#[test]
fn a_spoken_request_is_answered_with_say() {
    let mut rig = Rig::online();
    rig.open();
    rig.wait_secs(2);
    rig.end_of_speech(Ending::Silence);
    rig.uplinked(1, true);
    rig.wait_secs(1);
    rig.answer(ID, r#"{"say":{"text":"It is noon.","phonetic":"…"}}"#);
    rig.wait_secs(1);
    rig.played(1, PlayEnd::Finished);
    rig.wait_secs(200);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn a_question_opens_the_microphone_after_its_last_sample_and_takes_its_data_along_once() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.answer(ID, r#"{"ask":{"text":"And you?"},"conversationData":{"intent":"howareyou","entities":[]}}"#);
    rig.wait_secs(3);
    assert_snapshot!(rig.trace(), @"");
    rig.played(1, PlayEnd::Finished);
    rig.wait_secs(1);
    rig.end_of_speech(Ending::Silence);
    rig.uplinked(2, true);
    rig.answer("6ba53c2", r#"{"say":{"text":"Good."},"conversationData":{}}"#);
    rig.played(2, PlayEnd::Finished);
    rig.open();
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn a_question_that_nobody_answers_is_forgotten_with_its_data() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.answer(ID, r#"{"ask":"And you?","conversationData":{"intent":"howareyou"}}"#);
    rig.played(1, PlayEnd::Finished);
    rig.trace();
    rig.wait_secs(10);
    rig.end_of_speech(Ending::NoSpeech);
    rig.open();
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn a_question_that_was_interrupted_opens_nothing() {
    for end in [PlayEnd::Flushed, PlayEnd::Failed] {
        let mut rig = Rig::online();
        rig.ask_server();
        rig.answer(ID, r#"{"ask":"And you?","conversationData":{"intent":"howareyou"}}"#);
        rig.trace();
        rig.played(1, end);
        let trace = rig.trace();
        assert!(trace.ends_with("0.000 done") && !trace.contains("mic"), "{trace}");
    }
}

#[test]
fn nobody_speaks_and_nothing_is_sent() {
    let mut rig = Rig::online();
    rig.open();
    rig.trace();
    rig.end_of_speech(Ending::NoSpeech);
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn somebody_who_never_stops_is_sent_as_far_as_the_cap() {
    let mut rig = Rig::online();
    rig.open();
    rig.trace();
    rig.end_of_speech(Ending::Cap);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn a_silent_server_is_apologised_for_at_the_deadline() {
    let mut rig = Rig::online();
    rig.open();
    rig.end_of_speech(Ending::Silence);
    rig.uplinked(1, true);
    rig.trace();
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn a_request_that_is_still_on_its_way_at_the_deadline_is_taken_back() {
    let mut rig = Rig::online();
    rig.open();
    rig.end_of_speech(Ending::Silence);
    rig.trace();
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn a_broken_answer_is_told() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.message(&format!("app1/tolinto/raspberry1/nlp/file/{ID}"), r#"{"behavior":{"say"#);
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn an_empty_answer_ends_the_turn_with_a_sound() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.answer(ID, "{}");
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn an_answer_of_a_kind_that_is_not_served_does_not_end_in_silence() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.answer(ID, r#"{"chatbot":{"ask":"hi","answer":{"text":"Hello"}},"customAction":{"kind":"light_on"}}"#);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn an_answer_that_is_too_large_is_told_at_once() {
    let mut rig = Rig::online();
    rig.ask_server();
    let topic = format!("app1/tolinto/raspberry1/nlp/file/{ID}");
    rig.link(crate::link::LinkEvent::Oversize { topic, size: 3_000_000 });
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn late_second_and_unknown_answers_are_counted_and_not_spoken() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.answer(ID, r#"{"say":"first"}"#);
    rig.answer(ID, r#"{"say":"second"}"#);
    rig.played(1, PlayEnd::Finished);
    rig.answer(ID, r#"{"say":"third"}"#);
    rig.open();
    rig.end_of_speech(Ending::Silence);
    rig.uplinked(2, true);
    rig.answer("ffffff", r#"{"say":"not ours"}"#);
    rig.wait_secs(13);
    rig.trace();
    rig.answer("6ba53c2", r#"{"say":"late"}"#);
    rig.answer("6ba53c3", r#"{"say":"not yet"}"#);
    rig.answer("", r#"{"say":"no id"}"#);
    rig.message("app1/tolinto/raspberry1/nlp/text/6ba53c2", r#"{"behavior":{"say":"text"}}"#);
    rig.message("app1/tolinto/raspberry1/nlp", "{}");
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn the_first_answer_wins_while_it_is_spoken() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.answer(ID, r#"{"say":"first"}"#);
    rig.answer(ID, r#"{"say":"second"}"#);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn an_answer_after_the_deadline_is_late_even_if_the_clock_jumped() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.now += std::time::Duration::from_secs(3_600);
    rig.answer(ID, r#"{"say":"an hour late"}"#);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn offline_nothing_is_recorded_and_the_person_hears_why() {
    let mut rig = Rig::new();
    rig.open();
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn a_link_that_is_lost_while_listening_and_back_at_the_end_harms_nobody() {
    let mut rig = Rig::online();
    rig.open();
    rig.lose();
    rig.wait_secs(2);
    rig.connect();
    rig.trace();
    rig.end_of_speech(Ending::Silence);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn a_link_that_is_lost_while_listening_is_told_at_the_end() {
    let mut rig = Rig::online();
    rig.open();
    rig.lose();
    rig.trace();
    rig.wait_secs(2);
    rig.end_of_speech(Ending::Silence);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn a_request_that_the_connection_did_not_take_is_told_at_once() {
    let mut rig = Rig::online();
    rig.open();
    rig.end_of_speech(Ending::Silence);
    rig.trace();
    rig.uplinked(1, false);
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn an_answer_that_comes_after_a_quick_reconnect_is_spoken() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.lose();
    rig.wait_secs(3);
    rig.connect();
    rig.echo();
    rig.trace();
    rig.answer(ID, r#"{"say":"still here"}"#);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn a_link_that_stays_lost_while_waiting_is_named_at_the_deadline() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.lose();
    rig.trace();
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn cancel_ends_each_phase() {
    let cancel = |mut rig: Rig| {
        rig.trace();
        rig.event(DialogueEvent::Cancel);
        rig.event(DialogueEvent::Cancel);
        rig.wait_secs(300);
        rig.trace()
    };
    let mut listening = Rig::online();
    listening.open();
    assert_snapshot!(cancel(listening), @"");
    let mut sending = Rig::online();
    sending.open();
    sending.end_of_speech(Ending::Silence);
    assert_snapshot!(cancel(sending), @"");
    let mut waiting = Rig::online();
    waiting.ask_server();
    assert_snapshot!(cancel(waiting), @"");
    let mut speaking = Rig::online();
    speaking.ask_server();
    speaking.answer(ID, r#"{"say":"Once upon a time"}"#);
    assert_snapshot!(cancel(speaking), @"");
    assert_eq!(cancel(Rig::online()), "");
}

#[test]
fn an_open_within_a_turn_ends_the_old_one_and_its_conversation() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.answer(ID, r#"{"ask":"And you?","conversationData":{"intent":"howareyou"}}"#);
    rig.trace();
    rig.open();
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn each_phase_ends_by_itself_when_everybody_else_is_dead() {
    let mut listening = Rig::online();
    listening.open();
    listening.trace();
    listening.wait_secs(300);
    assert_snapshot!(listening.trace(), @"");
    let mut speaking = Rig::online();
    speaking.ask_server();
    speaking.answer(ID, r#"{"say":"0123456789"}"#);
    speaking.trace();
    speaking.wait_secs(300);
    assert_snapshot!(speaking.trace(), @"");
}

#[test]
fn an_answer_that_can_not_be_heard_ends_the_turn() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.answer(ID, r#"{"say":"Hello"}"#);
    rig.trace();
    rig.event(DialogueEvent::Refused { id: PlayId(1) });
    assert_snapshot!(rig.trace(), @"");
}

#[test]
fn ids_of_two_runs_differ() {
    let mut other = Rig::with(super::super::LintoSettings { instance: "other-run".into(), ..super::rig::settings() });
    other.connect();
    other.trace();
    other.open();
    let trace = other.trace();
    assert!(trace.contains("nlp/file/") && !trace.contains(ID), "{trace}");
}
