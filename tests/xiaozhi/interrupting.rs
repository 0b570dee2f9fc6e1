//! Whoever interrupts the answer is listened to, and the loudspeaker falls silent.

use std::time::{Duration, Instant};

use crate::broker::{SOON, wait_until};
use crate::pulse::Recording;
use crate::stage::{Stage, assert_whole, saying};
use crate::words::{self, SPEAKER_RATE};
use crate::xiaozhi::Mode;
use crate::xiaozhi::record::Event;

const STORY: &str = "This is a long story about a fox and a dog, who lived in a small house at the end of the world, \
                     where it always rained, and where nobody ever came to see them, except the postman on Mondays.";

/// What a recording runs behind, and what lies in the loudspeaker's own buffer.
const BEHIND: Duration = Duration::from_millis(1_000);

/// Waits until the story can be heard.
fn hear(recording: &Recording) {
    let loud = |sound: &[i16]| sound.iter().filter(|sample| sample.unsigned_abs() > 500).count() > 1_000;
    wait_until("the story to be heard", SOON, || loud(&recording.so_far()).then_some(()));
}

/// Panics if the last second of a recording, which began long after the interruption, is not silent.
#[track_caller]
fn assert_silent(recording: Recording, since: Instant) {
    let over = || (since.elapsed() > BEHIND + Duration::from_secs(1)).then_some(());
    wait_until("a second more of the recording", SOON, over);
    let sound = recording.finish();
    let last = &sound[sound.len() - SPEAKER_RATE as usize..];
    assert!(words::audible(last).is_empty(), "the loudspeaker goes on");
}

#[test]
fn a_command_stops_the_sound_and_what_is_said_then_is_answered() {
    let stage = Stage::with(saying(STORY), |settings| settings.text("listen", "no_speech", "15s"));
    stage.person_says(&words::question());
    let recording = stage.pulse.record();
    hear(&recording);
    assert!(stage.daemon.run_cli(&["listen"]).status.success());
    let at = Instant::now();
    stage.server.wait_said("abort", 1);
    assert_silent(recording, at);

    stage.server.change(|rules| rules.mode = Mode::Echo);
    let before = stage.heard();
    stage.person_says(&words::reply());
    assert_whole(&words::reply(), &stage.utterances(before + 1)[before]);
    assert_eq!(stage.server.said("hello").len(), 1, "in the same session");
}

#[test]
fn who_cancels_hears_nothing_more() {
    let stage = Stage::new(saying(STORY));
    stage.person_says(&words::question());
    let recording = stage.pulse.record();
    hear(&recording);
    assert!(stage.daemon.run_cli(&["cancel"]).status.success());
    let at = Instant::now();
    stage.daemon.wait_state("idle");
    assert_silent(recording, at);
    stage.goodbyes(1);
}

#[test]
fn in_realtime_mode_who_speaks_into_the_answer_is_heard() {
    let stage = Stage::with(saying(STORY), |settings| settings.text("xiaozhi", "mode", "realtime"));
    stage.person_says(&words::question());
    let recording = stage.pulse.record();
    hear(&recording);
    stage.person_says(&words::reply());
    assert_whole(&words::reply(), &stage.utterances(2)[1]);
    let starts = stage.server.said("listen");
    assert_eq!((starts[0]["mode"].as_str(), starts.len()), (Some("realtime"), 1));
}

#[test]
fn a_server_that_cancels_the_echo_is_told_what_is_heard() {
    let stage = Stage::with(saying(STORY), |settings| {
        settings.text("xiaozhi", "mode", "realtime").text("xiaozhi", "echo", "server")
    });
    let recording = stage.pulse.record();
    stage.person_says(&words::question());
    hear(&recording);
    assert_eq!(stage.server.said("hello")[0]["features"]["aec"], true);
    let told = stage.server.wait("20 frames that say what is played", |entries| {
        let told = entries.iter().filter_map(|entry| match entry.event {
            Event::Sound { timestamp, .. } => Some(timestamp),
            _ => None,
        });
        let told: Vec<u32> = told.collect();
        (told.iter().filter(|timestamp| **timestamp != 0).count() >= 20).then_some(told)
    });
    // The greeting and what was said before the answer go without; each packet is heard for about one frame.
    assert_eq!(told[..5], [0; 5]);
    let mut packets: Vec<u32> = told.into_iter().filter(|timestamp| *timestamp != 0).collect();
    assert!(packets.windows(2).all(|two| two[1].wrapping_sub(two[0]).cast_signed() >= 0), "{packets:?}");
    packets.dedup();
    assert!(packets.len() > 5, "{packets:?}");
    assert!(stage.counter("sent_over_playback") >= 20);
    stage.daemon.run_cli(&["cancel"]);
}
