//! The device does not hear itself: the loudspeaker's sound comes back through the microphone, and the tape has it not.
//!
//! Here it is measured how well the canceller knows a room of PulseAudio's, whose clocks jump when the machine, which others
//! share, stands still for a moment. So each of these tests runs alone, and what is measured has to be good once of three
//! times.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/broker.rs"]
mod broker;
#[path = "../support/daemon.rs"]
mod daemon;
#[allow(dead_code)]
#[path = "../live/door.rs"]
mod door;
#[allow(dead_code)]
#[path = "../live/flow.rs"]
mod flow;
#[allow(dead_code)]
#[path = "../support/pulse.rs"]
mod pulse;
#[allow(dead_code)]
#[path = "../support/speech.rs"]
mod speech;
#[allow(dead_code)]
#[path = "../live/stage.rs"]
mod stage;
#[allow(dead_code)]
#[path = "../live/words.rs"]
mod words;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

use crate::broker::SOON;
use crate::speech::read_wav;
use crate::stage::Stage;
use crate::words::MIC_RATE;

/// About 8 s.
const SPEECH: &str = "The weather tomorrow will be sunny in the morning. In the afternoon there will be some clouds, with \
                      a light breeze from the west, and in the evening it may rain a little.";

/// As long as this is held, no other test of this program runs.
fn alone() -> MutexGuard<'static, ()> {
    static TESTS: Mutex<()> = Mutex::new(());
    // One that failed has nothing to do with the next one.
    TESTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Measures until it is as it should be, three times at most.
fn once_of_three(measure: impl Fn() -> Result<(), String>) {
    let found: Vec<String> = (0..3).map_while(|_| measure().err()).collect();
    assert!(found.len() < 3, "{found:#?}");
}

/// A room in which the microphone hears the loudspeaker.
fn room(profile: &str, triggers: &str) -> (Stage, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::with(|settings| {
        let settings = settings.text("audio", "profile", profile).with("listen", "triggers", triggers);
        let settings = settings.text("meeting", "directory", folder.path().to_str().unwrap());
        settings.text("meeting", "min_free", "1MB").with("wake", "words", "[\"okay_nabu\"]")
    });
    stage.pulse.echo();
    (stage, folder)
}

/// `auricle meeting start`, without the word that says so; the file.
fn recording(stage: &Stage) -> PathBuf {
    let answer = stage.daemon.ask("POST", "/meeting/start", "{\"name\": \"room\"}");
    answer["file"].as_str().unwrap_or_else(|| panic!("{answer}")).into()
}

/// Mean power in dB.
fn level(sound: &[i16]) -> f64 {
    let power: f64 = sound.iter().map(|&sample| f64::from(sample).powi(2)).sum();
    10.0 * (power / sound.len().max(1) as f64).max(1.0).log10()
}

#[test]
fn the_tape_has_the_room_without_the_devices_own_voice() {
    let _alone = alone();
    let heard = |profile| {
        let (stage, _folder) = room(profile, "[]");
        let file = recording(&stage);
        assert!(stage.daemon.run_cli(&["say", SPEECH]).status.success());
        stage.daemon.wait_event("spoken", |event| event["text"] == SPEECH, SOON);
        assert!(stage.daemon.run_cli(&["meeting", "stop"]).status.success());
        let (rate, tape) = read_wav(&file);
        assert_eq!(rate, MIC_RATE);
        (tape, stage.daemon.status()["counters"].clone())
    };
    let (with, idle) = heard("off");
    assert_eq!(idle["echo_seconds"], 0);
    let spoken = speech::say(SPEECH, "en-us", MIC_RATE);
    let found = speech::find(words::audible(&spoken), &with);
    assert!(found.score > 0.7, "without the canceller the tape has the voice: {found:?}");
    // The last three seconds: by then it knows the way through the room.
    let (end, length) = (usize::try_from(found.at).unwrap() + words::audible(&spoken).len(), 3 * MIC_RATE as usize);
    let before = level(&with[end - length..end]);
    once_of_three(|| {
        let (without, worked) = heard("light");
        assert!(worked["echo_seconds"].as_u64() >= Some(6), "{worked}");
        let after = level(&without[end - length..end.min(without.len())]);
        let good = before - after >= 15.0 && worked["echo_missed_samples"].as_u64() < Some(4_800);
        good.then_some(()).ok_or_else(|| format!("{before:.1} dB became {after:.1} dB; {worked}"))
    });
}

/// The device says this, to the end.
fn device_says(stage: &Stage, text: &str) {
    assert!(stage.daemon.run_cli(&["say", text]).status.success());
    stage.daemon.wait_event("spoken", |event| event["text"] == text, SOON);
}

/// A person who calls the device, in the voice that the model hears best.
fn call() -> Vec<i16> {
    words::audible(&speech::say("okay nabu", "en-us+m3", MIC_RATE)).to_vec()
}

#[test]
fn the_devices_own_wake_word_does_not_wake_it_and_a_persons_does() {
    let _alone = alone();
    for (profile, own) in [("off", 1), ("light", 0)] {
        let (stage, _folder) = room(profile, "[\"wake\"]");
        device_says(&stage, "If you need me, just say: okay nabu. I am here.");
        let counters = stage.daemon.status()["counters"].clone();
        assert_eq!(stage.daemon.events_named("wake"), Vec::<serde_json::Value>::new(), "{profile}: {counters}");
        assert_eq!(counters["own_wake"], own, "{profile}: {counters}");
        stage.person_says(&call());
        stage.daemon.wait_event("wake", |_| true, SOON);
    }
}

#[test]
fn who_interrupts_the_device_is_heard_without_its_voice() {
    let _alone = alone();
    once_of_three(|| {
        let (stage, _folder) = room("light", "[\"wake\"]");
        let question = words::question();
        std::thread::scope(|scope| {
            // Interrupted, it is refused.
            scope.spawn(|| stage.daemon.run_cli(&["say", &SPEECH.repeat(3)]));
            let speaks = |status: &serde_json::Value| status["counters"]["echo_seconds"].as_u64() >= Some(3);
            stage.daemon.wait_status("the device to have spoken for a while", speaks);
            let pause = vec![0; MIC_RATE as usize / 2];
            stage.person_says(&[&call(), &pause[..], &question].concat());
        });
        let request = stage.flow.next_request();
        // The last of the device's voice has hardly died away in the room.
        request.assert_has_nearly(&question, 0.8);
        // It begins before the word was decided, while the device still spoke as loud as the person. How well the canceller
        // knows the room by then is the machine's matter, too.
        let (call, early) = (call(), &request.sound[..MIC_RATE as usize * 4 / 10]);
        let person = speech::find(early, &call);
        let device = speech::find(early, &speech::say(SPEECH, "en-us", MIC_RATE));
        let good = person.score > 0.4 && person.score > 1.5 * device.score;
        good.then_some(()).ok_or_else(|| format!("the person {person:?}, the device {device:?}"))
    });
}
