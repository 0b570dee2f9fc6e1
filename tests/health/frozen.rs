//! A sound server that stops in the middle of whatever it does.

use std::time::{Duration, Instant};

use crate::broker::SOON;
use crate::daemon::{Daemon, Settings};
use crate::manager::Manager;
use crate::pulse::{Pulse, Recording, until};
use crate::server::{Server, let_it_say, ms, turn};

/// A freeze is told within 2 s, plus what a busy machine needs.
const TOLD: Duration = Duration::from_secs(4);

fn told_gone(daemon: &Daemon, code: &str, since: Instant) {
    daemon.wait_event("cause", |event| event["code"] == code, TOLD);
    println!("{code} told {} ms after the freeze", ms(since));
}

#[test]
fn a_sound_server_that_freezes_while_idle_is_told_and_works_again_after_the_thaw() {
    let (pulse, server) = (Pulse::start(), Server::start());
    let daemon = Daemon::ready(&pulse, &server.settings());
    let start = Instant::now();
    pulse.freeze();
    told_gone(&daemon, "MicGone", start);
    assert_eq!(daemon.ask("POST", "/listen", "")["ok"], false);
    pulse.thaw();
    daemon.wait_event("cause_cleared", |event| event["code"] == "MicGone", SOON);
    // The apology of the refused trigger may have found the loudspeaker stuck.
    daemon.wait_status("all to be well", |status| status["state"] == "idle");
    turn(&daemon, &server, &pulse);
}

#[test]
fn a_sound_server_that_is_frozen_from_the_start_holds_up_nothing_else() {
    let (pulse, server, manager) = (Pulse::start(), Server::start(), Manager::new());
    pulse.freeze();
    let daemon = Daemon::start(&pulse, &manager.watch(server.settings()));
    manager.wait("READY=1", SOON);
    // Events are told from the moment on when somebody reads them, the cause may have come before.
    let status = daemon.wait_status("the cause", |status| status.to_string().contains("MicGone"));
    assert!(status.to_string().contains("does not answer"), "{status}");
    pulse.thaw();
    daemon.wait_status("the microphone", |status| !status.to_string().contains("MicGone"));
    assert!(daemon.counter("tape_position") > 0);
}

#[test]
fn a_sentence_for_a_frozen_loudspeaker_is_given_up_and_the_next_one_is_heard() {
    let pulse = Pulse::start();
    let daemon = Daemon::start(&pulse, &Settings::new());
    pulse.freeze();
    let start = Instant::now();
    daemon.ask("POST", "/say", r#"{"text": "Nobody hears this."}"#);
    told_gone(&daemon, "SpeakerGone", start);
    daemon.wait_event("drop", |event| event["what"] == "speech", SOON);
    // Now it is known to be stuck: nobody has to wait for it again.
    let start = Instant::now();
    daemon.ask("POST", "/say", r#"{"text": "Nor this."}"#);
    daemon.wait_event("drop", |event| event["what"] == "speech", SOON);
    assert!(start.elapsed() < Duration::from_secs(1), "{} ms", ms(start));
    pulse.thaw();
    let recording = pulse.record();
    daemon.wait_event("cause_cleared", |event| event["code"] == "SpeakerGone", SOON);
    let_it_say(&daemon, "Somebody hears this.");
    daemon.wait_event("spoken", |event| event["text"] == "Somebody hears this.", SOON);
    until("it is recorded", || is_heard(&recording));
}

#[test]
fn a_sound_server_that_freezes_while_speaking_ends_the_sentence() {
    let pulse = Pulse::start();
    let daemon = Daemon::start(&pulse, &Settings::new());
    let recording = pulse.record();
    let_it_say(&daemon, &"This goes on and on. ".repeat(20));
    until("the device is heard", || is_heard(&recording));
    let start = Instant::now();
    pulse.freeze();
    told_gone(&daemon, "SpeakerGone", start);
    daemon.wait_event("drop", |event| event["what"] == "speech", SOON);
    pulse.thaw();
    daemon.wait_event("cause_cleared", |event| event["code"] == "SpeakerGone", SOON);
}

#[test]
fn a_sound_server_that_freezes_before_the_first_word_ends_the_sentence_too() {
    let pulse = Pulse::start();
    let daemon = Daemon::start(&pulse, &Settings::new());
    let_it_say(&daemon, &"This goes on and on. ".repeat(20));
    until("the device opens the loudspeaker", || !pulse.streams("sink-inputs").is_empty());
    pulse.freeze();
    daemon.wait_event("cause", |event| event["code"] == "SpeakerGone", SOON);
    daemon.wait_event("drop", |event| event["what"] == "speech", SOON);
    pulse.thaw();
    daemon.wait_event("cause_cleared", |event| event["code"] == "SpeakerGone", SOON);
}

fn is_heard(recording: &Recording) -> bool {
    recording.so_far().iter().any(|sample| sample.abs() > 1_000)
}
