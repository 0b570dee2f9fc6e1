//! Muted means that the capture device is closed.

use crate::broker::SOON;
use crate::daemon::{Daemon, Settings};
use crate::pulse::{Pulse, until};
use crate::server::{Server, turn};

fn recorded(pulse: &Pulse) -> String {
    pulse.streams("source-outputs")
}

#[test]
fn muted_closes_the_device_also_over_a_restart_and_unmuted_opens_it() {
    let (pulse, server) = (Pulse::start(), Server::start());
    let state = tempfile::TempDir::new().unwrap();
    let settings = server.settings().environment("AURICLE_STATE_DIR", state.path().display());
    let mut daemon = Daemon::ready(&pulse, &settings);
    assert!(!recorded(&pulse).is_empty());
    assert_eq!(daemon.ask("POST", "/mute", "")["ok"], true);
    daemon.wait_event("muted", |event| event["by"] == "local", SOON);
    daemon.wait_state("muted");
    until("nothing records", || recorded(&pulse).is_empty());
    let position = daemon.counter("tape_position");

    let refused = daemon.ask("POST", "/listen", "");
    assert_eq!(refused["error"], "the microphone is muted; `auricle unmute` opens it");
    let why = daemon.wait_event("spoken", |_| true, SOON);
    assert_eq!(why["text"], "The microphone is muted.");
    daemon.ask("POST", "/say", r#"{"text": "I still speak."}"#);
    daemon.wait_event("spoken", |event| event["text"] == "I still speak.", SOON);
    assert_eq!((recorded(&pulse), daemon.counter("tape_position")), (String::new(), position));

    let (ended, _) = daemon.terminate();
    assert!(ended.success());
    let daemon = Daemon::start(&pulse, &settings);
    daemon.wait_status("the server", |status| status["servers"][0]["link"] == "up");
    assert_eq!((daemon.status()["muted"].as_bool(), recorded(&pulse)), (Some(true), String::new()));
    daemon.ask("POST", "/say", r#"{"text": "I speak again."}"#);
    daemon.wait_event("spoken", |event| event["text"] == "I speak again.", SOON);
    assert_eq!((recorded(&pulse), daemon.counter("capture_periods")), (String::new(), 0));

    assert_eq!(daemon.ask("POST", "/unmute", "")["ok"], true);
    daemon.wait_event("muted", |event| event["by"].is_null(), SOON);
    until("it records again", || !recorded(&pulse).is_empty());
    daemon.wait_status("sound", |status| status["counters"]["tape_position"].as_u64() > Some(0));
    turn(&daemon, &server, &pulse);
}

#[test]
fn muting_while_listening_sends_nothing() {
    let (pulse, server) = (Pulse::start(), Server::start());
    let daemon = Daemon::ready(&pulse, &server.settings());
    daemon.ask("POST", "/listen", "");
    daemon.wait_state("listening");
    let speaking = crate::server::speak(&pulse, "What is the time, please?");
    daemon.wait_event("speech_start", |_| true, SOON);
    daemon.ask("POST", "/mute", "");
    daemon.wait_state("muted");
    until("nothing records", || recorded(&pulse).is_empty());
    speaking.finish();
    assert_eq!((server.requests(), daemon.status()["sent"]["bytes"].as_u64()), (0, Some(0)));
}

#[test]
fn muting_and_unmuting_twice_is_once() {
    let pulse = Pulse::start();
    let mut daemon = Daemon::start(&pulse, &Settings::new());
    for (word, muted) in [("mute", true), ("mute", true), ("unmute", false), ("unmute", false)] {
        assert!(daemon.run_cli(&[word]).status.success());
        assert_eq!(daemon.status()["muted"], muted, "{word}");
    }
    assert!(daemon.is_alive());
}
