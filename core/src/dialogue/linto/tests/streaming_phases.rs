//! What happens to a stream in each phase that it may be in.

use super::rig::Rig;
use super::stream_rig::Whose::{self, Dictation, Meeting};
use super::stream_rig::{PHASES, STARTED, live, reached};
use crate::audio::Position;
use crate::dialogue::{Dialogue, DialogueEvent};
use insta::assert_snapshot;

/// What happens in each phase, with a head line for each.
fn in_each_phase(whose: Whose, what: impl Fn(&mut Rig)) -> String {
    let story = |phase: &&str| {
        let mut rig = reached(whose, phase);
        what(&mut rig);
        format!("— {phase}\n{}\n", rig.trace())
    };
    PHASES.iter().map(story).collect()
}

#[test]
fn each_error_of_both_generations_ends_a_dictation_with_a_sound_and_the_reason() {
    for (topic, error, why) in [
        ("error", r#"{"status":"error"}"#, "the server can't transcribe"),
        ("error", r#"{"status":"error","message":"no model"}"#, "no model"),
        ("error", "{}", "the server can't transcribe"),
        ("start", r#"{"status":"error","message":"no model"}"#, "no model"),
        ("final", r#"{"status":"error"}"#, "the server can't transcribe"),
    ] {
        for phase in PHASES {
            let mut rig = reached(Dictation, phase);
            rig.stream(topic, error);
            let trace = rig.trace();
            assert!(trace.contains(&format!("drop 1 transcription: {why}")), "{phase} {topic} {error}: {trace}");
            assert!(trace.contains("Local Chime(Error)"), "{phase} {topic} {error}: {trace}");
            assert!(trace.ends_with("done"), "{phase} {topic} {error}: {trace}");
            rig.wait_secs(300);
            assert_eq!(rig.trace(), "", "{phase} {topic} {error}");
        }
    }
}

#[test]
fn what_can_not_be_read_is_told_and_changes_nothing() {
    for phase in PHASES {
        let mut rig = reached(Dictation, phase);
        let before = rig.dialogue.deadline();
        rig.message("app1/tolinto/raspberry1/streaming/start", "nonsense");
        rig.stream("chunk", "{}");
        rig.stream("lunch", "{}");
        let trace = rig.trace();
        assert_eq!(trace.matches("drop 1 odd_transcript").count(), trace.lines().count(), "{phase}: {trace}");
        assert_eq!(trace.lines().count(), 3, "{phase}: {trace}");
        assert_eq!(rig.dialogue.deadline(), before, "{phase}");
    }
}

#[test]
fn cancel_in_each_phase() {
    assert_snapshot!(in_each_phase(Dictation, |rig| rig.event(DialogueEvent::Cancel)), @r"
    — starting
    0.000 publish app1/fromlinto/raspberry1/streaming/stop Two {}
    0.000 mic stop
    0.000 report command streaming: ended
    0.000 done
    — clearing
    0.000 publish app1/fromlinto/raspberry1/streaming/stop Two {}
    0.000 mic stop
    0.000 report command streaming: ended
    0.000 done
    — holding
    0.000 publish app1/fromlinto/raspberry1/streaming/stop Two {}
    0.000 mic stop
    0.000 report command streaming: ended
    0.000 done
    — running
    0.250 stream 1 aborted
    0.250 publish app1/fromlinto/raspberry1/streaming/stop Two {}
    0.250 mic stop
    0.250 report command streaming: ended
    0.250 done
    — flushing
    0.250 stream 1 aborted
    0.250 publish app1/fromlinto/raspberry1/streaming/stop Two {}
    0.250 report command streaming: ended
    0.250 done
    — ending
    0.250 publish app1/fromlinto/raspberry1/streaming/stop Two {}
    0.250 report command streaming: ended
    0.250 done
    ");
    let meeting = in_each_phase(Meeting, |rig| rig.event(DialogueEvent::Cancel));
    assert_eq!(meeting.lines().filter(|line| !line.starts_with('—') && !line.is_empty()).count(), 0, "{meeting}");
}

#[test]
fn the_person_lets_go_in_each_phase() {
    assert_snapshot!(in_each_phase(Dictation, |rig| rig.event(DialogueEvent::Release { at: Some(Position(99_000)) })), @r"
    — starting
    0.000 mic stop
    — clearing
    0.000 mic stop
    — holding
    0.000 mic stop
    — running
    0.250 mic stop
    0.250 stream 1 ends at 99000
    — flushing

    — ending
    ");
}

#[test]
fn the_connection_is_lost_in_each_phase_of_a_dictation() {
    let story = in_each_phase(Dictation, |rig| {
        rig.lose();
        rig.wait_secs(1);
        rig.connect();
        rig.echo();
        rig.wait_secs(60);
    });
    let known = ["/status", " link ", " cause ", " clear "];
    let story: Vec<&str> = story.lines().filter(|line| !known.iter().any(|known| line.contains(known))).collect();
    assert_snapshot!(story.join("\n"), @r"
    — starting
    0.000 report drop 1 transcription: the connection to the server was lost
    0.000 play 1 Local Sentence(NotSent)
    0.000 mic stop
    0.000 report command streaming: ended
    0.000 done
    — clearing
    0.000 report drop 1 transcription: the connection to the server was lost
    0.000 play 1 Local Sentence(NotSent)
    0.000 mic stop
    0.000 report command streaming: ended
    0.000 done
    — holding
    0.000 report drop 1 transcription: the connection to the server was lost
    0.000 play 1 Local Sentence(NotSent)
    0.000 mic stop
    0.000 report command streaming: ended
    0.000 done
    — running
    0.250 stream 1 aborted
    0.250 report drop 1 transcription: the connection to the server was lost
    0.250 play 1 Local Sentence(NotSent)
    0.250 mic stop
    0.250 report command streaming: ended
    0.250 done
    — flushing
    0.250 stream 1 aborted
    0.250 report drop 1 transcription: the connection to the server was lost
    0.250 play 1 Local Sentence(NotSent)
    0.250 report command streaming: ended
    0.250 done
    — ending
    0.250 report drop 1 transcription: the connection to the server was lost
    0.250 play 1 Local Sentence(NotSent)
    0.250 report command streaming: ended
    0.250 done
    ");
}

#[test]
fn the_connection_is_lost_in_each_phase_of_a_recording_and_its_text_goes_on_afterwards() {
    for phase in &PHASES[..4] {
        let mut rig = reached(Meeting, phase);
        rig.lose();
        rig.wait_secs(1);
        rig.trace();
        rig.connect();
        let trace = rig.trace();
        assert_eq!(trace.matches("streaming/start").count(), 1, "{phase}: {trace}");
        rig.stream("start", STARTED);
        rig.wait_secs(1);
        assert!(rig.trace().contains("from Now to app1/fromlinto/raspberry1/streaming/chunk"), "{phase}");
    }
    for phase in &PHASES[4..] {
        let mut rig = reached(Meeting, phase);
        rig.lose();
        rig.connect();
        let trace = rig.trace();
        assert!(!trace.contains("streaming/start"), "the recording is over, {phase}: {trace}");
    }
}

#[test]
fn a_second_dictation_is_refused_in_each_phase_of_the_first() {
    for phase in PHASES {
        let mut rig = reached(Dictation, phase);
        rig.dictate();
        assert!(rig.trace().contains("not taken: the text before is not complete yet"), "{phase}");
        let mut rig = reached(Meeting, phase);
        rig.dictate();
        assert!(rig.trace().contains("not taken: the "), "{phase}");
    }
}

#[test]
fn a_recording_that_ends_in_each_phase() {
    assert_snapshot!(in_each_phase(Meeting, |rig| rig.event(DialogueEvent::Recording(false))), @r"
    — starting
    0.000 publish app1/fromlinto/raspberry1/streaming/stop Two {}
    — clearing
    0.000 publish app1/fromlinto/raspberry1/streaming/stop Two {}
    — holding
    0.000 publish app1/fromlinto/raspberry1/streaming/stop Two {}
    — running
    0.250 stream 1 ends at 0
    — flushing

    — ending
    ");
}

#[test]
fn a_recording_that_begins_in_each_phase_of_a_dictation_is_written_down_after_it() {
    for phase in PHASES {
        for ending in ["released", "cancelled", "failed"] {
            let mut rig = reached(Dictation, phase);
            rig.event(DialogueEvent::Recording(true));
            assert_eq!(rig.trace(), "", "the dictation comes first");
            match ending {
                "released" => rig.event(DialogueEvent::Release { at: Some(Position(99_000)) }),
                "cancelled" => rig.event(DialogueEvent::Cancel),
                _ => rig.stream("error", r#"{"status":"error"}"#),
            }
            rig.chunk(1, true, true);
            rig.trace();
            rig.wait_secs(40);
            let trace = rig.trace();
            assert!(trace.contains("streaming/start Two"), "{phase}, {ending}: {trace}");
        }
    }
}

#[test]
fn recordings_in_quick_succession_get_one_stream_each() {
    for phase in PHASES {
        let mut rig = reached(Meeting, phase);
        rig.event(DialogueEvent::Recording(false));
        rig.event(DialogueEvent::Recording(true));
        rig.chunk(1, true, true);
        rig.stream("final", r#"{"status":"final","result":""}"#);
        rig.wait_secs(20);
        let trace = rig.trace();
        assert_eq!(trace.matches("streaming/start Two").count(), 1, "{phase}: {trace}");
    }
}

#[test]
fn each_phase_but_running_has_a_deadline_and_ends_by_itself() {
    for whose in [Dictation, Meeting] {
        for phase in PHASES {
            let mut rig = reached(whose, phase);
            assert_eq!(rig.dialogue.deadline().is_none(), phase == "running", "{whose:?} {phase}");
            rig.wait_secs(1);
            // A stream that runs lasts until the assistant's cap, or as long as the recording.
            whose.end(&mut rig);
            rig.wait_secs(3_600);
            let trace = rig.trace();
            assert_eq!(rig.dialogue.deadline(), None, "{whose:?} {phase}: {trace}");
            assert_eq!(trace.matches("done").count(), usize::from(whose == Dictation), "{whose:?} {phase}: {trace}");
        }
    }
}

#[test]
fn what_was_dictated_before_the_server_could_take_sound_is_sent_when_it_can() {
    let mut rig = live();
    rig.dictate();
    rig.wait_secs(2);
    rig.event(DialogueEvent::Release { at: Some(Position(33_000)) });
    rig.event(DialogueEvent::Release { at: Some(Position(99_000)) });
    rig.stream("start", STARTED);
    rig.wait_secs(1);
    assert_snapshot!(rig.trace(), @r#"
    0.000 taken as dictation
    0.000 mic from At(Position(1000)), end Manual
    0.000 shown Listening
    0.000 publish app1/fromlinto/raspberry1/streaming/start Two {"config":{"sample_rate":16000,"metadata":1}}
    2.000 mic stop
    2.250 stream 1 from At(Position(1000)) to app1/fromlinto/raspberry1/streaming/chunk Zero within 5 s, chunks of 250 ms
    2.250 report command streaming: started
    2.250 stream 1 ends at 33000
    "#);
}
