//! Dictations, and transcripts of recordings: the stream of this device on its server.

use std::time::Duration;

use super::super::LintoSettings;
use super::rig::{Rig, settings};
use super::stream_rig::Whose::{Dictation, Meeting};
use super::stream_rig::{NOT_STARTED, RUNNING, STARTED, live, reached};
use crate::audio::Position;
use crate::dialogue::DialogueEvent;
use insta::assert_snapshot;

#[test]
fn a_dictation_from_the_first_word_to_the_last() {
    let mut rig = live();
    rig.dictate();
    rig.wait_secs(1);
    rig.stream("start", STARTED);
    rig.wait(Duration::from_millis(249));
    rig.stream("chunk", r#"{"partial":""}"#);
    rig.wait(Duration::from_millis(1));
    rig.chunk(1, true, false);
    rig.stream("chunk", r#"{"partial":"bonj"}"#);
    rig.stream("chunk", r#"{"text":"bonjour"}"#);
    rig.wait_secs(2);
    rig.event(DialogueEvent::Release { at: Some(Position(99_000)) });
    rig.wait(Duration::from_millis(100));
    rig.chunk(1, true, true);
    rig.stream("stop", r#"{"status":"stop"}"#);
    rig.stream("chunk", r#"{"text":"à tous"}"#);
    rig.wait_secs(1);
    rig.stream("final", r#"{"status":"final","result":"{\"text\":\"bonjour à tous les amis\"}"}"#);
    rig.wait_secs(300);
    assert_snapshot!(rig.trace(), @r#"
    0.000 taken as dictation
    0.000 mic from At(Position(1000)), end Manual
    0.000 shown Listening
    0.000 publish app1/fromlinto/raspberry1/streaming/start Two {"config":{"sample_rate":16000,"metadata":1}}
    1.249 report partial ""
    1.250 stream 1 from At(Position(1000)) to app1/fromlinto/raspberry1/streaming/chunk Zero within 5 s, chunks of 250 ms
    1.250 report command streaming: started
    1.250 report partial "bonj"
    1.250 report final "bonjour"
    3.250 mic stop
    3.250 stream 1 ends at 99000
    3.350 publish app1/fromlinto/raspberry1/streaming/stop Two {}
    3.350 report final "à tous"
    4.350 report final "les amis"
    4.350 report command streaming: ended
    4.350 done
    "#);
}

#[test]
fn a_recording_is_written_down_from_its_start_to_its_end() {
    let mut rig = live();
    rig.event(DialogueEvent::Recording(true));
    rig.stream("start", STARTED);
    rig.wait_secs(1);
    rig.chunk(1, true, false);
    rig.stream("chunk", r#"{"partial":"item"}"#);
    rig.stream("chunk", r#"{"text":"item one"}"#);
    rig.wait_secs(3_600);
    rig.event(DialogueEvent::Recording(false));
    rig.chunk(1, true, true);
    rig.stream("stop", r#"{"status":"stop"}"#);
    rig.stream("final", r#"{"status":"final","result":{"text":"item one"}}"#);
    rig.wait_secs(300);
    assert_snapshot!(rig.trace(), @r#"
    0.000 publish app1/fromlinto/raspberry1/streaming/start Two {"config":{"sample_rate":16000,"metadata":1}}
    0.250 stream 1 from Now to app1/fromlinto/raspberry1/streaming/chunk Zero within 5 s, chunks of 250 ms
    0.250 report command streaming: started
    1.000 report partial of the meeting "item"
    1.000 report final of the meeting "item one"
    3601.000 stream 1 ends at 0
    3601.000 publish app1/fromlinto/raspberry1/streaming/stop Two {}
    3601.000 report command streaming: ended
    "#);
}

#[test]
fn without_the_setting_a_recording_is_not_written_down() {
    let mut rig = Rig::online();
    rig.event(DialogueEvent::Recording(true));
    rig.wait_secs(60);
    rig.event(DialogueEvent::Recording(false));
    assert_eq!(rig.trace(), "");
}

#[test]
fn the_final_text_tells_only_what_was_not_told() {
    for (phrases, result, expected) in [
        (vec!["one", "two"], "one two", ""),
        (vec!["one", "two"], "two", ""),
        (vec!["one"], "one two three", "two three"),
        (vec![], "one", "one"),
        (vec!["one"], "something else", "something else"),
        (vec!["one"], "", ""),
    ] {
        let mut rig = reached(Dictation, "running");
        for phrase in &phrases {
            rig.stream("chunk", &format!(r#"{{"text":"{phrase}"}}"#));
        }
        rig.event(DialogueEvent::Release { at: Some(Position(99_000)) });
        rig.chunk(1, true, true);
        rig.trace();
        rig.stream("final", &format!(r#"{{"status":"final","result":"{result}"}}"#));
        let told: Vec<String> = rig.trace().lines().filter(|line| line.contains("final")).map(String::from).collect();
        let expected: Vec<String> = Some(expected)
            .filter(|text| !text.is_empty())
            .map(|text| format!("0.250 report final {text:?}"))
            .into_iter()
            .collect();
        assert_eq!(told, expected, "{phrases:?} then {result:?}");
    }
}

#[test]
fn a_stream_that_was_left_open_is_stopped_and_started_anew_from_the_first_word() {
    let mut rig = live();
    rig.dictate();
    rig.stream("error", RUNNING);
    rig.stream("stop", r#"{"status":"stop"}"#);
    rig.wait_secs(3);
    rig.stream("final", r#"{"status":"final","result":"of the stream before"}"#);
    rig.wait_secs(1);
    rig.stream("start", STARTED);
    rig.wait_secs(1);
    assert_snapshot!(rig.trace(), @r#"
    0.000 taken as dictation
    0.000 mic from At(Position(1000)), end Manual
    0.000 shown Listening
    0.000 publish app1/fromlinto/raspberry1/streaming/start Two {"config":{"sample_rate":16000,"metadata":1}}
    0.000 publish app1/fromlinto/raspberry1/streaming/stop Two {}
    3.500 publish app1/fromlinto/raspberry1/streaming/start Two {"config":{"sample_rate":16000,"metadata":1}}
    4.250 stream 1 from At(Position(1000)) to app1/fromlinto/raspberry1/streaming/chunk Zero within 5 s, chunks of 250 ms
    4.250 report command streaming: started
    "#);
}

#[test]
fn after_two_stops_in_vain_it_is_given_up() {
    // Each generation has its own way to say that a stream runs already.
    for topic in ["error", "start"] {
        let mut rig = live();
        rig.dictate();
        for _ in 0..3 {
            rig.stream(topic, RUNNING);
            rig.wait_secs(4);
        }
        rig.wait_secs(60);
        let trace = rig.trace();
        assert_eq!(trace.matches("streaming/start Two").count(), 3, "{trace}");
        assert_eq!(trace.matches("streaming/stop Two").count(), 2, "{trace}");
        assert!(trace.contains("7.500 publish app1/fromlinto/raspberry1/streaming/start"), "{trace}");
        assert!(trace.contains("the server holds on to an old stream of this serial number"), "{trace}");
        assert!(trace.ends_with("done"), "{trace}");
    }
}

#[test]
fn a_recording_that_could_not_be_written_down_tries_again_later() {
    let mut rig = live();
    rig.event(DialogueEvent::Recording(true));
    rig.wait_secs(40);
    assert_snapshot!(rig.trace(), @r#"
    0.000 publish app1/fromlinto/raspberry1/streaming/start Two {"config":{"sample_rate":16000,"metadata":1}}
    5.000 report drop 1 transcription: no answer to `streaming/start` within 5 s; is it a multi-user application?
    35.000 publish app1/fromlinto/raspberry1/streaming/start Two {"config":{"sample_rate":16000,"metadata":1}}
    40.000 report drop 1 transcription: no answer to `streaming/start` within 5 s; is it a multi-user application?
    "#);
    rig.event(DialogueEvent::Recording(false));
    rig.wait_secs(300);
    let trace = rig.trace();
    assert!(!trace.contains("streaming/start"), "it is over: {trace}");
}

#[test]
fn a_server_that_never_says_started_ends_the_dictation() {
    let mut rig = live();
    rig.dictate();
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @r#"
    0.000 taken as dictation
    0.000 mic from At(Position(1000)), end Manual
    0.000 shown Listening
    0.000 publish app1/fromlinto/raspberry1/streaming/start Two {"config":{"sample_rate":16000,"metadata":1}}
    5.000 report drop 1 transcription: no answer to `streaming/start` within 5 s; is it a multi-user application?
    5.000 play 1 Local Chime(Error)
    5.000 mic stop
    5.000 report command streaming: ended
    5.000 done
    "#);
}

#[test]
fn a_stream_that_the_server_ends_by_itself_ends_the_dictation_with_its_text() {
    let mut rig = reached(Dictation, "running");
    rig.wait_secs(37);
    rig.stream("stop", r#"{"status":"stop"}"#);
    rig.wait_secs(1);
    rig.stream("final", r#"{"status":"final","result":"all of it"}"#);
    assert_snapshot!(rig.trace(), @r#"
    37.250 stream 1 aborted
    37.250 mic stop
    37.250 report drop 1 transcription: the server ended the stream by itself
    38.250 report final "all of it"
    38.250 report command streaming: ended
    38.250 done
    "#);
}

#[test]
fn a_stream_that_the_server_ends_by_itself_is_followed_by_another_for_a_recording() {
    let mut rig = reached(Meeting, "running");
    rig.wait_secs(37);
    rig.stream("stop", r#"{"status":"stop"}"#);
    rig.stream("final", r#"{"status":"final","result":"the first half"}"#);
    rig.stream("start", STARTED);
    rig.wait_secs(1);
    assert_snapshot!(rig.trace(), @r#"
    37.250 stream 1 aborted
    37.250 report drop 1 transcription: the server ended the stream by itself
    37.250 report final of the meeting "the first half"
    37.250 report command streaming: ended
    37.250 publish app1/fromlinto/raspberry1/streaming/start Two {"config":{"sample_rate":16000,"metadata":1}}
    37.500 stream 2 from Now to app1/fromlinto/raspberry1/streaming/chunk Zero within 5 s, chunks of 250 ms
    37.500 report command streaming: started
    "#);
}

#[test]
fn a_server_that_lost_the_stream_is_started_once_however_often_it_says_so() {
    for (topic, error) in [("error", NOT_STARTED), ("chunk", r#"{"status":"error","message":"not started"}"#)] {
        let mut rig = reached(Dictation, "running");
        rig.wait_secs(20);
        for _ in 0..40 {
            rig.stream(topic, error);
        }
        rig.stream("start", STARTED);
        rig.stream(topic, error);
        rig.wait_secs(1);
        let trace = rig.trace();
        assert_eq!(trace.matches("streaming/start").count(), 1, "{trace}");
        assert!(trace.contains("stream 2 from Now"), "what was lost is lost: {trace}");
    }
}

#[test]
fn a_server_that_loses_each_stream_at_once_is_given_up() {
    let mut rig = reached(Dictation, "running");
    rig.wait_secs(20);
    for _ in 0..2 {
        rig.stream("error", NOT_STARTED);
        rig.stream("start", STARTED);
        rig.wait_secs(1);
    }
    assert_snapshot!(rig.trace(), @r#"
    20.250 stream 1 aborted
    20.250 publish app1/fromlinto/raspberry1/streaming/start Two {"config":{"sample_rate":16000,"metadata":1}}
    20.500 stream 2 from Now to app1/fromlinto/raspberry1/streaming/chunk Zero within 5 s, chunks of 250 ms
    20.500 report command streaming: started
    21.250 stream 2 aborted
    21.250 report drop 1 transcription: the server loses each stream at once
    21.250 play 1 Local Chime(Error)
    21.250 mic stop
    21.250 report command streaming: ended
    21.250 done
    21.250 report drop 1 late_transcript: `streaming/start`
    "#);
}

#[test]
fn a_recording_whose_streams_break_off_at_once_is_not_an_endless_round() {
    for breaks in [
        |rig: &mut Rig| rig.stream("error", NOT_STARTED),
        |rig: &mut Rig| rig.stream("stop", r#"{"status":"stop"}"#),
        // The microphone is gone.
        |rig: &mut Rig| (1..60).for_each(|stream| rig.chunk(stream, false, true)),
    ] {
        let mut rig = reached(Meeting, "running");
        for _ in 0..600 {
            breaks(&mut rig);
            rig.stream("final", r#"{"status":"final"}"#);
            rig.stream("start", STARTED);
            rig.wait(Duration::from_millis(500));
        }
        // Every half minute.
        let starts = rig.trace().matches("streaming/start Two").count();
        assert!((5..=11).contains(&starts), "{starts}");
    }
}

#[test]
fn a_stream_that_the_server_ends_while_the_person_lets_go_keeps_its_text() {
    let mut rig = reached(Dictation, "flushing");
    rig.stream("stop", r#"{"status":"stop"}"#);
    rig.stream("final", r#"{"status":"final","result":"all of it"}"#);
    assert_snapshot!(rig.trace(), @r#"
    0.250 stream 1 aborted
    0.250 report final "all of it"
    0.250 report command streaming: ended
    0.250 done
    "#);
}

#[test]
fn what_comes_without_a_stream_is_told() {
    let mut rig = live();
    rig.stream("start", STARTED);
    rig.stream("chunk", r#"{"text":"whose?"}"#);
    rig.stream("final", r#"{"status":"final","result":"whose?"}"#);
    assert_snapshot!(rig.trace(), @r"
    0.000 report drop 1 late_transcript: `streaming/start`
    0.000 report drop 1 late_transcript: `streaming/chunk`
    0.000 report drop 1 late_transcript: `streaming/final`
    ");
}

#[test]
fn a_recording_that_begins_offline_is_written_down_from_the_connection_on() {
    let mut rig = Rig::with(LintoSettings { live_transcript: true, ..settings() });
    rig.event(DialogueEvent::Recording(true));
    rig.wait_secs(60);
    assert_eq!(rig.trace(), "");
    rig.connect();
    assert_eq!(rig.trace().matches("streaming/start").count(), 1);
}

#[test]
fn offline_a_dictation_is_refused() {
    let mut rig = Rig::new();
    rig.dictate();
    assert_snapshot!(rig.trace(), @r"
    0.000 not taken: there is no connection to the server
    0.000 done
    ");
}

#[test]
fn a_failed_chunk_is_counted_and_the_stream_goes_on() {
    let mut rig = reached(Dictation, "running");
    rig.chunk(1, false, false);
    rig.chunk(1, true, false);
    rig.chunk(0, true, true);
    rig.chunk(7, true, true);
    assert_snapshot!(rig.trace(), @r"
    0.250 report drop 1 transcript_chunk: a piece of sound could not be sent
    ");
}

#[test]
fn a_microphone_that_is_taken_away_ends_the_stream() {
    let mut rig = reached(Dictation, "running");
    rig.chunk(1, false, true);
    rig.stream("final", r#"{"status":"final","result":"until then"}"#);
    assert_snapshot!(rig.trace(), @r"
    0.250 report drop 1 transcript_chunk: a piece of sound could not be sent
    0.250 publish app1/fromlinto/raspberry1/streaming/stop Two {}
    0.250 stream 1 aborted
    0.250 report drop 1 transcription: the microphone is closed
    0.250 play 1 Local Chime(Error)
    0.250 mic stop
    0.250 report command streaming: ended
    0.250 done
    0.250 report drop 1 late_transcript: `streaming/final`
    ");
}

#[test]
fn a_conversation_beside_a_transcript_has_its_own_requests() {
    let mut rig = reached(Meeting, "running");
    rig.open();
    rig.end_of_speech(crate::hearing::Ending::Silence);
    rig.uplinked(1, true);
    rig.event(DialogueEvent::Cancel);
    rig.chunk(1, true, false);
    assert_snapshot!(rig.trace(), @r"
    0.250 uplink 1 from At(Position(1000)) to app1/fromlinto/raspberry1/nlp/file/1f0c1b1 Two within 12 s, conversation {}
    0.250 mic from At(Position(1000)), end Local
    0.250 shown Listening
    0.250 mic stop
    0.250 uplink 1 ends at 33000
    0.250 shown Waiting
    0.250 report request 1f0c1b1, 2 s
    0.250 done
    ");
}
