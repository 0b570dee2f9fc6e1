//! Turns in which the server, the connection, hearing or the loudspeaker fails.

use super::rig::{ID, Rig};
use crate::dialogue::{DialogueEvent, PlayEnd, PlayId};
use crate::hearing::Ending;
use insta::assert_snapshot;

#[test]
fn a_silent_server_is_apologised_for_at_the_deadline() {
    let mut rig = Rig::online();
    rig.open();
    rig.end_of_speech(Ending::Silence);
    rig.uplinked(1, true);
    rig.trace();
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @r"
    12.000 report drop 1 unanswered: request 1f0c1b1: no answer within 12 s
    12.000 play 1 Local Sentence(NoAnswer)
    12.000 done
    ");
}

#[test]
fn a_request_that_is_still_on_its_way_at_the_deadline_is_taken_back() {
    let mut rig = Rig::online();
    rig.open();
    rig.end_of_speech(Ending::Silence);
    rig.trace();
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @r"
    12.000 uplink 1 aborted
    12.000 report drop 1 unanswered: request 1f0c1b1: no answer within 12 s
    12.000 play 1 Local Sentence(NoAnswer)
    12.000 done
    ");
}

#[test]
fn a_broken_answer_is_told() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.message(&format!("app1/tolinto/raspberry1/nlp/file/{ID}"), r#"{"behavior":{"say"#);
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report answer 1f0c1b1 error "the answer is not valid JSON: EOF while parsing a string at line 1 column 17"
    0.000 play 1 Local Sentence(BrokenAnswer)
    0.000 done
    "#);
}

#[test]
fn an_answer_that_is_too_large_is_told_at_once() {
    let mut rig = Rig::online();
    rig.ask_server();
    let topic = format!("app1/tolinto/raspberry1/nlp/file/{ID}");
    rig.link(crate::link::LinkEvent::Oversize { topic, size: 3_000_000 });
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report drop 1 oversize_message: 3000000 bytes on `app1/tolinto/raspberry1/nlp/file/1f0c1b1`
    0.000 report answer 1f0c1b1 error "the answer has 3000000 bytes"
    0.000 play 1 Local Sentence(BrokenAnswer)
    0.000 done
    "#);
}

#[test]
fn late_second_and_unknown_answers_are_counted_and_not_spoken() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.answer(ID, r#"{"say":"first"}"#);
    rig.played(1, PlayEnd::Finished);
    rig.answer(ID, r#"{"say":"second"}"#);
    rig.open();
    rig.end_of_speech(Ending::Silence);
    rig.uplinked(2, true);
    rig.trace();
    rig.answer(ID, r#"{"say":"of the request before"}"#);
    rig.answer("ffffff", r#"{"say":"not ours"}"#);
    rig.wait_secs(13);
    rig.answer("1f0c1b2", r#"{"say":"late"}"#);
    rig.answer("1f0c1b3", r#"{"say":"not yet"}"#);
    rig.answer("", r#"{"say":"no id"}"#);
    rig.message("app1/tolinto/raspberry1/nlp/text/1f0c1b2", r#"{"behavior":{"say":"text"}}"#);
    rig.message("app1/tolinto/raspberry1/nlp", "{}");
    assert_snapshot!(rig.trace(), @r"
    0.000 report drop 1 second_answer: `nlp/file/1f0c1b1`: nobody waits for it
    0.000 report drop 1 unknown_answer: `nlp/file/ffffff`: nobody waits for it
    12.000 report drop 1 unanswered: request 1f0c1b2: no answer within 12 s
    12.000 play 2 Local Sentence(NoAnswer)
    12.000 done
    13.000 report drop 1 late_answer: `nlp/file/1f0c1b2`: nobody waits for it
    13.000 report drop 1 unknown_answer: `nlp/file/1f0c1b3`: nobody waits for it
    13.000 report drop 1 unknown_answer: `nlp/file/`: nobody waits for it
    13.000 report drop 1 late_answer: `nlp/text/1f0c1b2`: nobody waits for it
    13.000 report drop 1 unknown_answer: `nlp/`: nobody waits for it
    ");
}

#[test]
fn the_first_answer_wins_while_it_is_spoken() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.answer(ID, r#"{"say":"first"}"#);
    rig.answer(ID, r#"{"say":"second"}"#);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report answer 1f0c1b1 say "first"
    0.000 play 1 Conversation "first"
    0.000 report drop 1 second_answer: `nlp/file/1f0c1b1`: nobody waits for it
    "#);
}

#[test]
fn an_answer_after_the_deadline_is_late_even_if_the_clock_jumped() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.now += std::time::Duration::from_secs(3_600);
    rig.answer(ID, r#"{"say":"an hour late"}"#);
    assert_snapshot!(rig.trace(), @r"
    3600.000 report drop 1 unanswered: request 1f0c1b1: no answer within 12 s
    3600.000 play 1 Local Sentence(NoAnswer)
    3600.000 done
    3600.000 report drop 1 late_answer: `nlp/file/1f0c1b1`: nobody waits for it
    ");
}

#[test]
fn offline_nothing_is_recorded_and_the_person_hears_why() {
    let mut rig = Rig::new();
    rig.open();
    assert_snapshot!(rig.trace(), @r"
    0.000 play 1 Local Sentence(Offline)
    0.000 done
    ");
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
    assert_snapshot!(rig.trace(), @r"
    2.000 mic stop
    2.000 uplink 1 ends at 33000
    2.000 shown Waiting
    ");
}

#[test]
fn a_link_that_is_lost_while_listening_is_told_at_the_end() {
    let mut rig = Rig::online();
    rig.open();
    rig.lose();
    rig.trace();
    rig.wait_secs(2);
    rig.end_of_speech(Ending::Silence);
    assert_snapshot!(rig.trace(), @r"
    2.000 mic stop
    2.000 uplink 1 aborted
    2.000 play 1 Local Sentence(NotSent)
    2.000 done
    ");
}

#[test]
fn a_request_that_the_connection_did_not_take_is_told_at_once() {
    let mut rig = Rig::online();
    rig.open();
    rig.end_of_speech(Ending::Silence);
    rig.trace();
    rig.uplinked(1, false);
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @r"
    0.000 play 1 Local Sentence(NotSent)
    0.000 done
    ");
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
    assert_snapshot!(rig.trace(), @r#"
    3.000 report answer 1f0c1b1 say "still here"
    3.000 play 1 Conversation "still here"
    "#);
}

#[test]
fn a_link_that_stays_lost_while_waiting_is_named_at_the_deadline() {
    let mut rig = Rig::online();
    rig.ask_server();
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
fn each_phase_ends_by_itself_when_everybody_else_is_dead() {
    let mut listening = Rig::online();
    listening.open();
    listening.trace();
    listening.wait_secs(300);
    assert_snapshot!(listening.trace(), @r"
    30.000 mic stop
    30.000 uplink 1 aborted
    30.000 report drop 1 endless_listening: hearing never said that the utterance is over
    30.000 play 1 Local Chime(Error)
    30.000 done
    ");
    let mut speaking = Rig::online();
    speaking.ask_server();
    speaking.answer(ID, r#"{"say":"0123456789"}"#);
    speaking.trace();
    speaking.wait_secs(300);
    assert_snapshot!(speaking.trace(), @r"
    121.000 flush 1
    121.000 report drop 1 endless_speech: the loudspeaker never said that the answer is over
    121.000 done
    ");
}

#[test]
fn an_answer_that_can_not_be_heard_ends_the_turn() {
    let mut rig = Rig::online();
    rig.ask_server();
    rig.answer(ID, r#"{"say":"Hello"}"#);
    rig.trace();
    rig.event(DialogueEvent::Refused { id: PlayId(1) });
    assert_snapshot!(rig.trace(), @r"
    0.000 report drop 1 not_heard: sound 1: no loudspeaker or no voice
    0.000 done
    ");
}
