//! The voice: heard while it is still being made, missed when it fails.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::broker::SOON;
use crate::daemon::{Daemon, Settings};
use crate::pulse::{Pulse, Recording, until};
use crate::server::{Server, ms};
use crate::speech;

/// Heard means louder than this.
const LOUD: i16 = 1_000;

/// From the order to the first sound in the recording, which itself comes 50 ms late.
const AT_ONCE: Duration = Duration::from_millis(350);

/// As the setting `command`: speaks through this script.
fn command(script: &str) -> String {
    json!(["sh", "-c", script]).to_string()
}

fn write_tone(path: &Path, seconds: f64) {
    speech::write_wav(path, 22_050, &speech::tone(22_050, 440.0, 10_000.0, seconds));
}

fn is_heard(recording: &Recording, from: usize) -> bool {
    recording.so_far()[from..].iter().any(|sample| sample.abs() > LOUD)
}

#[test]
fn a_voice_is_heard_before_it_has_finished() {
    let pulse = Pulse::start();
    let wav = pulse.folder().join("tone.wav");
    write_tone(&wav, 0.2);
    let script = format!("cat {}; sleep 3", wav.display());
    let daemon = Daemon::start(&pulse, &Settings::new().with("tts", "command", command(&script)));
    let recording = pulse.record();
    // What a busy machine does once it does not do three times.
    let mut took = Vec::new();
    while took.len() < 3 && took.iter().all(|took| *took > AT_ONCE) {
        let (from, start) = (recording.so_far().len(), Instant::now());
        daemon.ask("POST", "/say", r#"{"text": "beep"}"#);
        until("the beginning is heard", || is_heard(&recording, from));
        took.push(start.elapsed());
        println!("heard {} ms after the order", ms(start));
        assert_eq!(daemon.status()["state"], "speaking", "the voice has not finished");
        daemon.ask("POST", "/cancel", "");
        daemon.wait_status("silence", |status| status["state"] != "speaking");
    }
    assert!(took.iter().any(|took| *took <= AT_ONCE), "{took:?}");
}

#[test]
fn a_voice_that_fails_is_told_heard_as_a_tone_and_forgiven_at_the_next_success() {
    let (pulse, server) = (Pulse::start(), Server::start());
    let (wav, broken) = (pulse.folder().join("tone.wav"), pulse.folder().join("broken"));
    write_tone(&wav, 0.4);
    std::fs::write(&broken, "").unwrap();
    let script =
        format!("if [ -e {} ]; then echo 'no voice today' >&2; exit 3; fi; cat {}", broken.display(), wav.display());
    let settings = server.settings().with("tts", "command", command(&script)).with("audio", "sounds", true);
    let daemon = Daemon::ready(&pulse, &settings);
    let recording = pulse.record();
    let from = recording.so_far().len();
    daemon.ask("POST", "/say", r#"{"text": "Nobody understands this."}"#);
    let cause = daemon.wait_cause("VoiceGone");
    assert!(cause["text"].as_str().unwrap().contains("no voice today"), "{cause}");
    daemon.wait_event("drop", |event| event["what"] == "speech", SOON);
    until("the error tone is heard", || is_heard(&recording, from));

    // A chime is no voice.
    let from = recording.so_far().len();
    daemon.ask("POST", "/listen", "");
    until("the chime is heard", || is_heard(&recording, from));
    daemon.ask("POST", "/cancel", "");
    daemon.wait_status("the chimes to end", |status| status["state"] == "degraded");

    std::fs::remove_file(&broken).unwrap();
    daemon.ask("POST", "/say", r#"{"text": "Everybody understands this."}"#);
    daemon.wait_event("cause_cleared", |event| event["code"] == "VoiceGone", SOON);
    daemon.wait_event("spoken", |event| event["text"] == "Everybody understands this.", SOON);
}

#[test]
fn a_text_without_words_is_no_fault_of_the_voice() {
    let pulse = Pulse::start();
    let daemon = Daemon::start(&pulse, &Settings::new());
    daemon.ask("POST", "/say", r#"{"text": "?!"}"#);
    daemon.wait_event("drop", |event| event["what"] == "speech", SOON);
    daemon.ask("POST", "/say", r#"{"text": "Hello."}"#);
    daemon.wait_event("spoken", |_| true, SOON);
    assert!(daemon.events_named("cause").iter().all(|cause| cause["code"] == "NotSetUp"));
}
