//! What a server says, in every order in which it may come.

use insta::assert_snapshot;

use super::rig::{ID, Rig, settings};
use crate::dialogue::{DialogueEvent, PlayEnd};
use crate::protocol::xiaozhi::message::Mode;

#[test]
fn an_answer_without_a_loudspeaker_is_read_to_its_end() {
    let mut rig = Rig::speaking();
    rig.played(PlayEnd::Failed);
    rig.wait_secs(2);
    rig.tts("stop");
    assert_snapshot!(rig.trace(), @r#"
    0.000 report drop 1 not_heard: sound 1: no loudspeaker or no voice
    2.000 channel Drain
    2.000 report answer 47c1931 say "It is noon."
    2.000 channel Hold
    2.000 mic from Now, ended by the server within 3600 s, quiet 10s
    2.000 send {"session_id":"s1","type":"listen","state":"start","mode":"auto"}
    2.000 uplink 2 from Now, Opus of 60 ms
    2.000 shown Listening
    "#);
}

#[test]
fn an_answer_that_begins_before_the_one_before_was_heard_follows_it() {
    let mut rig = Rig::speaking();
    rig.tts("stop");
    rig.trace();
    rig.tts("start");
    rig.played_of(1, PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report spoken "It is noon."
    0.000 channel Hold
    0.000 play 2 Conversation Stream(2)
    "#);
}

#[test]
fn sentences_of_an_answer_that_begins_before_the_one_before_was_heard_are_told() {
    let mut rig = Rig::speaking();
    rig.tts("stop");
    rig.trace();
    rig.tts("start");
    rig.sentence("Lunch is ready.");
    rig.played_of(1, PlayEnd::Finished);
    rig.sentence("Come.");
    rig.tts("stop");
    rig.played_of(2, PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report spoken "It is noon."
    0.000 channel Hold
    0.000 play 2 Conversation Stream(2)
    0.000 report spoken "Lunch is ready."
    0.000 channel Drain
    0.000 report answer 47c1931 say "Lunch is ready. Come."
    0.000 report spoken "Come."
    0.000 channel Hold
    0.000 mic from Now, ended by the server within 3600 s, quiet 10s
    0.000 send {"session_id":"s1","type":"listen","state":"start","mode":"auto"}
    0.000 uplink 2 from Now, Opus of 60 ms
    0.000 shown Listening
    "#);
}

#[test]
fn an_answer_that_is_through_before_the_one_before_was_heard_follows_it_too() {
    let mut rig = Rig::speaking();
    rig.tts("stop");
    rig.trace();
    rig.tts("start");
    rig.sentence("Lunch is ready.");
    rig.tts("stop");
    rig.played_of(1, PlayEnd::Finished);
    rig.played_of(2, PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    0.000 report spoken "It is noon."
    0.000 channel Hold
    0.000 play 2 Conversation Stream(2)
    0.000 channel Drain
    0.000 report answer 47c1931 say "Lunch is ready."
    0.000 report spoken "Lunch is ready."
    0.000 channel Hold
    0.000 mic from Now, ended by the server within 3600 s, quiet 10s
    0.000 send {"session_id":"s1","type":"listen","state":"start","mode":"auto"}
    0.000 uplink 2 from Now, Opus of 60 ms
    0.000 shown Listening
    "#);
}

#[test]
fn an_answer_goes_on_after_a_long_silence_in_it() {
    let mut rig = Rig::speaking();
    rig.wait_secs(25);
    // Nothing came for so long that the loudspeaker was given back.
    rig.played(PlayEnd::Finished);
    rig.wait_secs(60);
    rig.arrived();
    rig.sentence("I have found it.");
    rig.wait_secs(2);
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    10.000 channel Silence
    20.000 channel Silence
    30.000 channel Silence
    40.000 channel Silence
    50.000 channel Silence
    60.000 channel Silence
    70.000 channel Silence
    80.000 channel Silence
    85.000 play 2 Conversation Stream(2)
    85.000 report spoken "It is noon."
    87.000 channel Drain
    87.000 report answer 47c1931 say "It is noon. I have found it."
    87.000 report spoken "I have found it."
    87.000 channel Hold
    87.000 mic from Now, ended by the server within 3600 s, quiet 10s
    87.000 send {"session_id":"s1","type":"listen","state":"start","mode":"auto"}
    87.000 uplink 2 from Now, Opus of 60 ms
    87.000 shown Listening
    "#);
}

#[test]
fn a_silence_without_end_in_an_answer_is_told() {
    let mut rig = Rig::speaking();
    rig.wait_secs(25);
    rig.played(PlayEnd::Finished);
    rig.trace();
    rig.wait_secs(300);
    assert_snapshot!(rig.trace(), @r#"
    30.000 channel Silence
    40.000 channel Silence
    50.000 channel Silence
    60.000 channel Silence
    70.000 channel Silence
    80.000 channel Silence
    90.000 channel Silence
    100.000 channel Silence
    110.000 channel Silence
    120.000 channel Silence
    120.000 send {"session_id":"s1","type":"abort"}
    120.000 channel Discard
    120.000 report answer 47c1931 say "It is noon."
    120.000 send {"session_id":"s1","type":"goodbye"}
    120.000 channel Close
    120.000 report drop 1 unanswered: request 47c1931: its answer broke off
    120.000 play 2 Local Sentence(NoAnswer)
    120.000 done
    "#);
}

#[test]
fn an_answer_that_ends_in_a_long_silence_is_over() {
    let mut rig = Rig::speaking();
    rig.wait_secs(25);
    rig.played(PlayEnd::Finished);
    rig.wait_secs(30);
    rig.trace();
    rig.tts("stop");
    assert!(rig.trace().contains("mic from Now"));
}

#[test]
fn a_loudspeaker_that_is_gone_is_not_asked_again_and_again() {
    let mut rig = Rig::speaking();
    rig.played(PlayEnd::Failed);
    rig.trace();
    rig.arrived();
    assert_eq!(rig.trace(), "");
}

#[test]
fn stops_and_starts_that_nobody_expects_change_nothing() {
    let mut rig = Rig::listening();
    rig.tts("stop");
    assert_eq!(rig.trace(), "");
    let mut rig = Rig::speaking();
    rig.tts("start");
    assert_eq!(rig.trace(), "");
    let mut rig = Rig::online();
    rig.tts("start");
    rig.tts("stop");
    rig.sentence("Nobody hears this.");
    assert_snapshot!(rig.trace(), @"0.000 report drop 1 late_answer: the server speaks without a session");
}

#[test]
fn a_server_that_speaks_unasked_is_heard_and_nobody_is_listened_to() {
    let mut rig = Rig::speaking_with(Rig::mode(Mode::Manual));
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    rig.trace();
    rig.wait_secs(5);
    rig.tts("start");
    rig.sentence("Goodbye.");
    rig.arrived();
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    assert_snapshot!(rig.trace(), @r#"
    5.000 channel Hold
    5.000 play 2 Conversation Stream(2)
    5.000 channel Drain
    5.000 report answer 47c1932 say "Goodbye."
    5.000 report spoken "Goodbye."
    "#);
}

/// Nobody is told at night that an answer broke off for which nobody had asked.
#[test]
fn a_server_that_speaks_unasked_and_breaks_off_is_forgotten_without_a_word() {
    for ends_by in ["patience", "goodbye", "connection"] {
        let mut rig = Rig::speaking_with(Rig::mode(Mode::Manual));
        rig.tts("stop");
        rig.played(PlayEnd::Finished);
        rig.wait_secs(5);
        rig.tts("start");
        rig.sentence("Reminder.");
        rig.arrived();
        rig.played(PlayEnd::Finished);
        match ends_by {
            "patience" => rig.wait_secs(100),
            "goodbye" => rig.goodbye("s1"),
            _ => rig.lose(),
        }
        let trace = rig.trace();
        assert!(!trace.contains("Sentence(") && !trace.contains("unanswered"), "{ends_by}: {trace}");
        assert!(trace.contains("say \"Reminder.\""), "{ends_by}: {trace}");
    }
}

#[test]
fn an_answer_that_breaks_off_with_a_goodbye_is_told() {
    let mut rig = Rig::speaking();
    rig.sentence("Let me look.");
    rig.arrived();
    rig.played(PlayEnd::Finished);
    rig.wait_secs(30);
    rig.trace();
    rig.goodbye("s1");
    let trace = rig.trace();
    assert!(trace.contains("say \"") && trace.contains("Sentence(NoAnswer)") && trace.ends_with("done"), "{trace}");
}

#[test]
fn a_server_that_speaks_unasked_is_stopped_by_who_wants_to_talk() {
    let mut rig = Rig::speaking_with(Rig::mode(Mode::Manual));
    rig.tts("stop");
    rig.played(PlayEnd::Finished);
    rig.wait_secs(5);
    rig.tts("start");
    rig.arrived();
    rig.trace();
    rig.open();
    rig.played(PlayEnd::Flushed);
    rig.wait_ms(80);
    rig.tts("stop");
    assert_snapshot!(rig.trace(), @r#"
    5.000 send {"session_id":"s1","type":"abort","reason":"wake_word_detected"}
    5.000 channel Discard
    5.000 flush 2
    5.000 report answer 47c1932 empty ""
    5.000 shown Connecting
    5.000 mic from At(Position(1000)), ended by the endpointer
    5.000 send {"session_id":"s1","type":"listen","state":"start","mode":"manual"}
    5.000 uplink 2 from At(Position(1000)), Opus of 60 ms
    5.000 shown Listening
    5.080 channel Hold
    "#);
}

#[test]
fn what_is_aborted_is_thrown_away_until_the_server_has_stopped() {
    let mut rig = Rig::speaking();
    rig.event(DialogueEvent::BargeIn { wake: false });
    rig.open();
    assert_snapshot!(rig.trace(), @r#"
    0.000 send {"session_id":"s1","type":"abort"}
    0.000 channel Discard
    0.000 flush 1
    0.000 report answer 47c1931 say "It is noon."
    0.000 done
    0.000 shown Connecting
    0.000 mic from At(Position(1000)), ended by the server within 3600 s, quiet 10s
    0.000 send {"session_id":"s1","type":"listen","state":"start","mode":"auto"}
    0.000 uplink 2 from At(Position(1000)), Opus of 60 ms
    0.000 shown Listening
    "#);
    rig.arrived();
    rig.wait_ms(80);
    rig.tts("stop");
    assert_eq!(rig.trace(), "0.080 channel Hold", "from now on it is the next answer's");
}

#[test]
fn a_wake_word_that_cuts_an_answer_off_is_named() {
    let mut rig = Rig::speaking();
    rig.event(DialogueEvent::BargeIn { wake: true });
    let abort = r#"send {"session_id":"s1","type":"abort","reason":"wake_word_detected"}"#;
    assert!(rig.trace().contains(abort));
}

#[test]
fn a_server_that_never_says_stop_is_heard_with_its_next_answer() {
    let mut rig = Rig::speaking();
    rig.event(DialogueEvent::BargeIn { wake: false });
    rig.open();
    rig.trace();
    rig.stt("go on");
    rig.tts("start");
    let trace = rig.trace();
    let (hold, play) = (trace.find("channel Hold").unwrap(), trace.find("play 2").unwrap());
    assert!(hold < play, "{trace}");
}

#[test]
fn an_understood_nothing_leaves_the_microphone_open() {
    let mut rig = Rig::listening();
    rig.stt("nihao");
    rig.tts("stop");
    assert!(rig.trace().ends_with("mic from Now, ended by the server within 3600 s, quiet 10s\n0.000 shown Listening"));
    rig.wait_secs(34);
    assert_eq!(rig.trace(), "");
    rig.stt("what time is it");
    rig.tts("start");
    assert!(rig.trace().contains("play 1 Conversation"));
}

#[test]
fn the_server_may_let_the_microphone_rest() {
    let mut rig = Rig::listening();
    rig.message(r#"{"type":"record_stop","session_id":"s1"}"#);
    rig.wait_secs(1);
    rig.tts("start");
    assert_snapshot!(rig.trace(), @r"
    0.000 mic stop
    0.000 uplink 1 aborted
    0.000 report request 47c1931, 0 s
    0.000 shown Waiting
    1.000 play 1 Conversation Stream(1)
    ");
}

#[test]
fn an_alert_is_told_with_a_sound() {
    let mut rig = Rig::online();
    rig.message(r#"{"type":"alert","status":"Warning","message":"Battery low","emotion":"sad"}"#);
    assert_snapshot!(rig.trace(), @r"
    0.000 play 1 Announcement Chime(Error)
    0.000 report command alert: Warning: Battery low
    ");
}

#[test]
fn unknown_messages_are_counted_and_nothing_else() {
    let mut rig = Rig::listening();
    for message in [r#"{"type":"pong"}"#, r#"{"type":"call_accepted","from":"x"}"#, "{}", "rubbish", r#"{"type":7}"#] {
        rig.message(message);
        let trace = rig.trace();
        assert!(trace.lines().count() == 1 && trace.contains("drop 1 unknown_message"), "{message}: {trace}");
    }
}

#[test]
fn moods_colour_the_answer() {
    let mut rig = Rig::listening();
    for (emotion, mood) in
        [("happy", "Bright"), ("sad", "Low"), ("loving", "Warm"), ("angry", "Stirred"), ("x", "Even")]
    {
        rig.message(&format!(r#"{{"type":"llm","text":"","emotion":"{emotion}"}}"#));
        assert!(rig.trace().ends_with(&format!("mood {mood}")), "{emotion}");
    }
}

#[test]
fn a_text_that_never_ends_is_told_in_part() {
    let mut rig = Rig::speaking_with(settings());
    for _ in 0..100 {
        rig.sentence(&"word ".repeat(100));
    }
    rig.trace();
    rig.tts("stop");
    let trace = rig.trace();
    assert!(trace.len() < 20_000 && trace.contains(ID.trim_start_matches('s')), "{} bytes", trace.len());
}
