//! Turns that go as they should.

use super::rig::{ID, Rig};
use crate::dialogue::{DialogueEvent, PlayEnd};
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
    assert_snapshot!(rig.trace(), @r#"
    0.000 uplink 1 from At(Position(1000)) to app1/fromlinto/raspberry1/nlp/file/1f0c1b1 Two within 12 s, conversation {}
    0.000 mic from At(Position(1000)), end Local
    0.000 shown Listening
    2.000 mic stop
    2.000 uplink 1 ends at 33000
    2.000 shown Waiting
    2.000 report request 1f0c1b1, 2 s
    3.000 report answer 1f0c1b1 say "It is noon."
    3.000 play 1 Conversation "It is noon."
    4.000 done
    "#);
}

#[test]
fn a_question_opens_the_microphone_after_its_last_sample_and_takes_its_data_along_once() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.answer(ID, r#"{"ask":{"text":"And you?"},"conversationData":{"intent":"howareyou","entities":[]}}"#);
    rig.wait_secs(3);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report answer 1f0c1b1 ask "And you?"
    0.000 play 1 Conversation "And you?"
    "#);
    rig.played(1, PlayEnd::Finished);
    rig.wait_secs(1);
    rig.end_of_speech(Ending::Silence);
    rig.uplinked(2, true);
    rig.answer("1f0c1b2", r#"{"say":{"text":"Good."},"conversationData":{}}"#);
    rig.played(2, PlayEnd::Finished);
    rig.open();
    assert_snapshot!(rig.trace(), @r#"
    3.000 uplink 2 from Now to app1/fromlinto/raspberry1/nlp/file/1f0c1b2 Two within 12 s, conversation {"entities":[],"intent":"howareyou"}
    3.000 mic from Now, end Local
    3.000 shown Listening
    4.000 mic stop
    4.000 uplink 2 ends at 33000
    4.000 shown Waiting
    4.000 report request 1f0c1b2, 2 s
    4.000 report answer 1f0c1b2 say "Good."
    4.000 play 2 Conversation "Good."
    4.000 done
    4.000 uplink 3 from At(Position(1000)) to app1/fromlinto/raspberry1/nlp/file/1f0c1b3 Two within 12 s, conversation {}
    4.000 mic from At(Position(1000)), end Local
    4.000 shown Listening
    "#);
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
    assert_snapshot!(rig.trace(), @r"
    10.000 mic stop
    10.000 uplink 2 aborted
    10.000 done
    10.000 uplink 3 from At(Position(1000)) to app1/fromlinto/raspberry1/nlp/file/1f0c1b3 Two within 12 s, conversation {}
    10.000 mic from At(Position(1000)), end Local
    10.000 shown Listening
    ");
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
    assert_snapshot!(rig.trace(), @r"
    0.000 mic stop
    0.000 uplink 1 aborted
    0.000 done
    ");
}

#[test]
fn somebody_who_never_stops_is_sent_as_far_as_the_cap() {
    let mut rig = Rig::online();
    rig.open();
    rig.trace();
    rig.end_of_speech(Ending::Cap);
    assert_snapshot!(rig.trace(), @r"
    0.000 mic stop
    0.000 uplink 1 ends at 33000
    0.000 shown Waiting
    ");
}

#[test]
fn an_empty_answer_ends_the_turn_with_a_sound() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.answer(ID, "{}");
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report answer 1f0c1b1 empty ""
    0.000 play 1 Local Chime(Done)
    0.000 done
    "#);
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
    assert_snapshot!(cancel(listening), @r"
    0.000 mic stop
    0.000 uplink 1 aborted
    0.000 done
    ");
    let mut sending = Rig::online();
    sending.open();
    sending.end_of_speech(Ending::Silence);
    assert_snapshot!(cancel(sending), @r"
    0.000 uplink 1 aborted
    0.000 done
    ");
    let mut waiting = Rig::online();
    waiting.ask_server();
    assert_snapshot!(cancel(waiting), @r"
    0.000 done
    ");
    let mut speaking = Rig::online();
    speaking.ask_server();
    speaking.answer(ID, r#"{"say":"Once upon a time"}"#);
    assert_snapshot!(cancel(speaking), @r"
    0.000 flush 1
    0.000 done
    ");
    assert_eq!(cancel(Rig::online()), "");
}

#[test]
fn an_open_within_a_turn_ends_the_old_one_and_its_conversation() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.answer(ID, r#"{"ask":"And you?","conversationData":{"intent":"howareyou"}}"#);
    rig.trace();
    rig.open();
    assert_snapshot!(rig.trace(), @r"
    0.000 flush 1
    0.000 uplink 2 from At(Position(1000)) to app1/fromlinto/raspberry1/nlp/file/1f0c1b2 Two within 12 s, conversation {}
    0.000 mic from At(Position(1000)), end Local
    0.000 shown Listening
    ");
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
