//! The device does not hear itself: the loudspeaker's sound comes back through the microphone, and the tape has it not.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::broker::SOON;
use crate::speech::{self, read_wav};
use crate::stage::Stage;
use crate::words::{self, MIC_RATE};

/// About 8 s.
const SPEECH: &str = "The weather tomorrow will be sunny in the morning. In the afternoon there will be some clouds, with \
                      a light breeze from the west, and in the evening it may rain a little.";

/// A room in which the microphone hears the loudspeaker.
fn room(profile: &str, triggers: &str) -> (Stage, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::with(|settings| {
        let settings = settings.text("audio", "profile", profile).with("listen", "triggers", triggers);
        let settings = settings.text("meeting", "directory", folder.path().to_str().unwrap());
        settings
            .text("meeting", "min_free", "1MB")
            .environment("AURICLE_MODEL_DIR", concat!(env!("CARGO_MANIFEST_DIR"), "/models"))
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
    let ((with, idle), (without, worked)) = (heard("off"), heard("light"));
    let spoken = speech::say(SPEECH, "en-us", MIC_RATE);
    let found = speech::find(words::audible(&spoken), &with);
    assert!(found.score > 0.7, "without the canceller the tape has the voice: {found:?}");
    // The last three seconds: by then it knows the way through the room.
    let (end, length) = (usize::try_from(found.at).unwrap() + words::audible(&spoken).len(), 3 * MIC_RATE as usize);
    let (before, after) = (level(&with[end - length..end]), level(&without[end - length..end.min(without.len())]));
    assert!(before - after >= 20.0, "{before:.1} dB became {after:.1} dB; {worked}");
    assert_eq!(idle["echo_seconds"], 0);
    assert!(worked["echo_seconds"].as_u64() >= Some(6), "{worked}");
    assert_eq!(worked["echo_missed_samples"], 0, "{worked}");
}
