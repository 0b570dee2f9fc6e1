//! A server that answers nothing: after the third time the likely reason is named, and said once.

use super::rig::{ID, Rig};
use crate::hearing::Ending;
use crate::link::LinkEvent;
use insta::assert_snapshot;

/// Asks so many times in vain; the requests count on from `first`.
fn in_vain(rig: &mut Rig, first: u64, times: u64) {
    for request in first..first + times {
        rig.open();
        rig.end_of_speech(Ending::Silence);
        rig.uplinked(request, true);
        rig.trace();
        rig.wait_secs(30);
    }
}

/// The application listens: it sends the language after each status.
fn application(rig: &mut Rig) {
    rig.message("app1/tolinto/raspberry1/tts_lang", r#"{"value":"en-US"}"#);
}

#[test]
fn two_in_a_row_are_an_accident() {
    let mut rig = Rig::online();
    in_vain(&mut rig, 1, 2);
    let trace = rig.trace();
    assert!(trace.contains("Sentence(NoAnswer)") && !trace.contains("cause"), "{trace}");
}

#[test]
fn the_third_names_that_no_application_listens() {
    let mut rig = Rig::online();
    in_vain(&mut rig, 1, 3);
    assert_snapshot!(rig.trace(), @r"
    72.000 report drop 1 unanswered: request 1f0c1b3: no answer within 12 s
    72.000 cause NobodyAnswers: Nobody answers: no application seems to listen on `app1`.
    72.000 play 3 Local Sentence(NobodyAnswers)
    72.000 done
    ");
}

#[test]
fn an_application_that_was_heard_is_one_for_devices_on_a_current_server() {
    let mut rig = Rig::online();
    application(&mut rig);
    in_vain(&mut rig, 1, 3);
    assert_snapshot!(rig.trace(), @r"
    72.000 report drop 1 unanswered: request 1f0c1b3: no answer within 12 s
    72.000 cause NobodyAnswers: The application on `app1` hears this device and answers nothing.
    72.000 play 3 Local Sentence(NobodyAnswers)
    72.000 done
    ");
}

#[test]
fn an_admin_page_is_no_application() {
    let mut rig = Rig::online();
    rig.message("blk/tolinto/raspberry1/tts_lang", r#"{"value":"en-US"}"#);
    rig.message("app1/tolinto/raspberry1/ping", "{}");
    in_vain(&mut rig, 1, 3);
    assert!(rig.trace().contains("no application seems to listen on `app1`"));
}

#[test]
fn a_status_that_never_came_back_points_at_the_account() {
    let mut rig = Rig::new();
    rig.connect();
    rig.wait_secs(6);
    rig.trace();
    in_vain(&mut rig, 1, 1);
    assert_snapshot!(rig.trace(), @r"
    18.000 report drop 1 unanswered: request 1f0c1b1: no answer within 12 s
    18.000 play 1 Local Sentence(Refused)
    18.000 done
    ");
    in_vain(&mut rig, 2, 2);
    assert_snapshot!(rig.trace(), @r"
    78.000 report drop 1 unanswered: request 1f0c1b3: no answer within 12 s
    78.000 cause NobodyAnswers: Nobody answers on `app1`: the broker lets nothing of this device through.
    78.000 play 3 Local Sentence(NobodyAnswers)
    78.000 done
    ");
}

#[test]
fn it_is_said_once() {
    let mut rig = Rig::online();
    in_vain(&mut rig, 1, 3);
    rig.trace();
    in_vain(&mut rig, 4, 1);
    let trace = rig.trace();
    assert!(trace.contains("Sentence(NoAnswer)") && !trace.contains("cause"), "{trace}");
}

#[test]
fn an_answer_clears_it_and_the_count_begins_anew() {
    let mut rig = Rig::online();
    in_vain(&mut rig, 1, 3);
    rig.open();
    rig.end_of_speech(Ending::Silence);
    rig.uplinked(4, true);
    rig.trace();
    rig.answer("1f0c1b4", r#"{"say":"here I am"}"#);
    assert_snapshot!(rig.trace(), @r#"
    90.000 clear NobodyAnswers
    90.000 report answer 1f0c1b4 say "here I am"
    90.000 play 4 Conversation "here I am"
    "#);
    rig.played(4, crate::dialogue::PlayEnd::Finished);
    in_vain(&mut rig, 5, 2);
    assert!(!rig.trace().contains("cause"));
    in_vain(&mut rig, 7, 1);
    let trace = rig.trace();
    assert!(trace.contains("Sentence(NobodyAnswers)") && trace.contains("cause NobodyAnswers"), "{trace}");
}

#[test]
fn an_answer_between_two_silences_starts_the_count_anew() {
    let mut rig = Rig::online();
    in_vain(&mut rig, 1, 2);
    rig.open();
    rig.end_of_speech(Ending::Silence);
    rig.uplinked(3, true);
    rig.answer("1f0c1b3", r#"{"say":{"text":"sorry","errMessage":"Missing information","code":500}}"#);
    rig.trace();
    in_vain(&mut rig, 4, 2);
    assert!(!rig.trace().contains("cause"));
}

#[test]
fn an_answer_that_is_too_large_is_one_too() {
    let mut rig = Rig::online();
    in_vain(&mut rig, 1, 3);
    rig.open();
    rig.end_of_speech(Ending::Silence);
    rig.uplinked(4, true);
    rig.trace();
    rig.link(LinkEvent::Oversize { topic: "app1/tolinto/raspberry1/nlp/file/1f0c1b4".into(), size: 3_000_000 });
    assert!(rig.trace().contains("clear NobodyAnswers"));
}

#[test]
fn a_lost_connection_is_no_silence() {
    let mut rig = Rig::online();
    for request in 1..=5 {
        rig.open();
        rig.end_of_speech(Ending::Silence);
        rig.uplinked(request, true);
        rig.lose();
        rig.wait_secs(20);
        rig.connect();
        rig.echo();
    }
    assert!(!rig.trace().contains("NobodyAnswers"));
}

#[test]
fn late_answers_do_not_clear_it() {
    let mut rig = Rig::online();
    in_vain(&mut rig, 1, 3);
    rig.trace();
    rig.answer(ID, r#"{"say":"late"}"#);
    let trace = rig.trace();
    assert!(trace.contains("late_answer") && !trace.contains("clear"), "{trace}");
}

#[test]
fn who_cancels_does_not_count() {
    let mut rig = Rig::online();
    for request in 1..=5 {
        rig.open();
        rig.end_of_speech(Ending::Silence);
        rig.uplinked(request, true);
        rig.event(crate::dialogue::DialogueEvent::Cancel);
    }
    rig.wait_secs(60);
    assert!(!rig.trace().contains("cause"));
}
