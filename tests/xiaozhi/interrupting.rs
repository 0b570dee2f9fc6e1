//! Whoever interrupts the answer is listened to, and the loudspeaker falls silent.

use std::time::{Duration, Instant};

use crate::broker::{SOON, wait_until};
use crate::pulse::Recording;
use crate::stage::{Stage, assert_whole, saying};
use crate::words::{self, SPEAKER_RATE};
use crate::xiaozhi::Mode;

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
