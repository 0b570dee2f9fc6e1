//! Questions in writing: to the application or to the chatbot alone.

use super::super::LintoSettings;
use super::rig::{ID, Rig, settings};
use crate::dialogue::{DialogueEvent, PlayEnd};
use insta::assert_snapshot;

fn online() -> Rig {
    Rig::online_with(LintoSettings { multi_user: true, ..settings() })
}

/// The answer comes on the topic of the question.
fn answer(rig: &mut Rig, leaf: &str, behavior: &str) {
    rig.message(&format!("app1/tolinto/raspberry1/{leaf}"), &format!(r#"{{"behavior":{behavior}}}"#));
}

#[test]
fn a_question_is_sent_and_its_answer_is_spoken() {
    let mut rig = online();
    rig.write("il a dit \"oui\"", false);
    rig.wait_secs(1);
    answer(&mut rig, &format!("nlp/text/{ID}"), r#"{"say":{"text":"Vraiment ?"}}"#);
    rig.played(1, PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    0.000 send app1/fromlinto/raspberry1/nlp/text/1f0c1b1 Two {"conversationData":{},"text":"il a dit \"oui\""} within 12 s
    0.000 taken as 1f0c1b1
    0.000 report request 1f0c1b1, 0 s
    0.000 shown Waiting
    1.000 report answer 1f0c1b1 say "Vraiment ?"
    1.000 play 1 Conversation "Vraiment ?"
    1.000 done
    "#);
}

#[test]
fn a_question_for_the_chatbot_is_answered_on_its_own_topic() {
    let mut rig = online();
    rig.write("salut", true);
    answer(&mut rig, &format!("chatbot/{ID}"), r#"{"chatbot":{"ask":"salut","answer":{"text":"Salut du bot"}}}"#);
    rig.played(1, PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    0.000 send app1/fromlinto/raspberry1/chatbot/1f0c1b1 Two {"conversationData":{},"text":"salut"} within 12 s
    0.000 taken as 1f0c1b1
    0.000 report request 1f0c1b1, 0 s
    0.000 shown Waiting
    0.000 report answer 1f0c1b1 chatbot "Salut du bot"
    0.000 play 1 Conversation "Salut du bot"
    0.000 done
    "#);
}

#[test]
fn a_question_back_is_asked_aloud_and_listens() {
    let mut rig = online();
    rig.write("comment vas tu", false);
    answer(&mut rig, &format!("nlp/text/{ID}"), r#"{"ask":"Et vous ?","conversationData":{"intent":"howareyou"}}"#);
    rig.trace();
    rig.played(1, PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    0.000 uplink 2 from Now to app1/fromlinto/raspberry1/nlp/file/1f0c1b2 Two within 12 s, conversation {"intent":"howareyou"}
    0.000 mic from Now, end Local
    0.000 shown Listening
    "#);
}

#[test]
fn an_application_for_devices_takes_no_text() {
    for chatbot in [false, true] {
        let mut rig = Rig::online();
        rig.write("salut", chatbot);
        let trace = rig.trace();
        assert!(trace.contains("not taken: an application for devices takes no text"), "{trace}");
        assert!(trace.contains("application_kind = \"multi-user\" in [linto]"), "a remedy: {trace}");
        assert!(trace.ends_with("done") && !trace.contains("fromlinto"), "nothing may be sent: {trace}");
    }
}

#[test]
fn offline_a_question_is_refused_at_once_and_not_kept() {
    let mut rig = Rig::with(LintoSettings { multi_user: true, ..settings() });
    rig.write("salut", false);
    assert_snapshot!(rig.trace(), @r"
    0.000 not taken: I can't reach the server right now.
    0.000 done
    ");
    rig.connect();
    rig.wait_secs(60);
    let trace = rig.trace();
    assert!(!trace.contains("nlp/text"), "{trace}");
}

#[test]
fn a_question_that_nobody_answers_is_apologised_for() {
    let mut rig = online();
    rig.write("salut", false);
    rig.trace();
    rig.wait_secs(60);
    answer(&mut rig, &format!("nlp/text/{ID}"), r#"{"say":"late"}"#);
    answer(&mut rig, &format!("chatbot/{ID}"), r#"{"chatbot":{"answer":{"text":"late"}}}"#);
    assert_snapshot!(rig.trace(), @r"
    12.000 report drop 1 unanswered: request 1f0c1b1: no answer within 12 s
    12.000 play 1 Local Sentence(NoAnswer)
    12.000 done
    60.000 report drop 1 late_answer: `nlp/text/1f0c1b1`: nobody waits for it
    60.000 report drop 1 late_answer: `chatbot/1f0c1b1`: nobody waits for it
    ");
}

#[test]
fn a_connection_that_is_lost_while_a_question_waits_is_named() {
    let mut rig = online();
    rig.write("salut", false);
    rig.lose();
    rig.trace();
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @r"
    12.000 report drop 1 unanswered: request 1f0c1b1: no answer within 12 s
    12.000 play 1 Local Sentence(Offline)
    12.000 done
    ");
}

#[test]
fn second_and_unknown_answers_are_counted_and_not_spoken() {
    let mut rig = online();
    rig.write("salut", true);
    answer(&mut rig, &format!("chatbot/{ID}"), r#"{"chatbot":{"answer":{"text":"one"}}}"#);
    rig.trace();
    answer(&mut rig, &format!("chatbot/{ID}"), r#"{"chatbot":{"answer":{"text":"two"}}}"#);
    answer(&mut rig, "chatbot/ffffff", r#"{"chatbot":{"answer":{"text":"three"}}}"#);
    answer(&mut rig, "nlp/text/ffffff", r#"{"say":"four"}"#);
    assert_snapshot!(rig.trace(), @r"
    0.000 report drop 1 second_answer: `chatbot/1f0c1b1`: nobody waits for it
    0.000 report drop 1 unknown_answer: `chatbot/ffffff`: nobody waits for it
    0.000 report drop 1 unknown_answer: `nlp/text/ffffff`: nobody waits for it
    ");
}

#[test]
fn a_new_question_gives_up_the_one_before() {
    let mut rig = online();
    rig.write("one", false);
    rig.write("two", false);
    rig.trace();
    answer(&mut rig, &format!("nlp/text/{ID}"), r#"{"say":"to one"}"#);
    answer(&mut rig, "nlp/text/1f0c1b2", r#"{"say":"to two"}"#);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report drop 1 late_answer: `nlp/text/1f0c1b1`: nobody waits for it
    0.000 report answer 1f0c1b2 say "to two"
    0.000 play 1 Conversation "to two"
    "#);
}

#[test]
fn a_question_takes_the_place_of_an_utterance_that_is_not_over() {
    let mut rig = online();
    rig.open();
    rig.trace();
    rig.write("salut", false);
    assert_snapshot!(rig.trace(), @r#"
    0.000 mic stop
    0.000 uplink 1 aborted
    0.000 send app1/fromlinto/raspberry1/nlp/text/1f0c1b2 Two {"conversationData":{},"text":"salut"} within 12 s
    0.000 taken as 1f0c1b2
    0.000 report request 1f0c1b2, 0 s
    0.000 shown Waiting
    "#);
}

#[test]
fn cancel_ends_a_question() {
    let mut rig = online();
    rig.write("salut", false);
    rig.trace();
    rig.event(DialogueEvent::Cancel);
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @r"
    0.000 done
    ");
}
