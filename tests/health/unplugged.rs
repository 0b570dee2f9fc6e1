//! Cards that are pulled out and put in again.

use std::time::{Duration, Instant};

use crate::broker::{SOON, wait_until};
use crate::daemon::Daemon;
use crate::pulse::{Pulse, until};
use crate::server::{Server, let_it_say, speak, turn};

/// How long a daemon without a microphone is watched.
const WATCHED: Duration = Duration::from_secs(8);

/// Longer than it takes to pull out a plug.
const LONG: &str = "This is a long story, and it goes on and on, from the first word to the last one, and on and on, \
                    so that nobody knows when it will be over, and nobody wants to know it either.";

const APOLOGY: &str = "I can't hear you. The microphone is not responding.";

#[test]
fn a_microphone_that_is_pulled_out_while_listening_ends_the_turn_and_comes_back_by_itself() {
    let (pulse, server) = (Pulse::start(), Server::start());
    let daemon = Daemon::ready(&pulse, &server.settings());
    daemon.ask("POST", "/listen", "");
    daemon.wait_state("listening");
    let speaking = speak(&pulse, LONG);
    daemon.wait_event("speech_start", |_| true, SOON);
    pulse.unplug("mic");
    drop(speaking);
    let cause = daemon.wait_cause("MicGone");
    assert!(cause["text"].as_str().unwrap().contains("testmic"), "{cause}");
    daemon.wait_event("spoken", |event| event["text"] == APOLOGY, SOON);
    daemon.wait_state("degraded");
    let refused = daemon.ask("POST", "/listen", "");
    assert!(refused["error"].as_str().unwrap().starts_with("The microphone is gone: "), "{refused}");
    daemon.wait_event("spoken", |event| event["text"] == APOLOGY, SOON);
    assert_eq!(server.requests(), 0, "half a question is none");

    let (before, start) = (daemon.processor_time(), Instant::now());
    until("a while has passed", || start.elapsed() >= WATCHED);
    let share = (daemon.processor_time() - before).as_secs_f64() / start.elapsed().as_secs_f64();
    println!("without a microphone: {:.2} % of a core", share * 100.0);
    assert!(share < 0.012, "{:.2} % of a core", share * 100.0);

    pulse.replug("mic");
    daemon.wait_event("cause_cleared", |event| event["code"] == "MicGone", SOON);
    turn(&daemon, &server, &pulse);
    assert_eq!(daemon.status()["causes"], serde_json::json!([]));
    let deaf = daemon.counter("deaf_seconds");
    assert!(Duration::from_secs(deaf) >= WATCHED && deaf < 120, "{deaf} s");
    // Whoever is muted is not deaf.
    daemon.ask("POST", "/mute", "");
    daemon.wait_status("mute", |status| status["muted"] == true);
    assert_eq!(daemon.counter("deaf_seconds"), deaf);
}

#[test]
fn a_loudspeaker_that_is_pulled_out_while_speaking_ends_the_turn_and_comes_back_by_itself() {
    let (pulse, server) = (Pulse::start(), Server::start());
    let daemon = Daemon::ready(&pulse, &server.settings());
    daemon.ask("POST", "/listen", "");
    daemon.wait_state("listening");
    let speaking = speak(&pulse, "What is the time, please?");
    let request = server.request();
    speaking.finish();
    // A question: but whoever did not hear it does not answer it.
    server.ask(&request, LONG);
    daemon.wait_state("speaking");
    wait_until("the device to be heard", SOON, || (!pulse.streams("sink-inputs").is_empty()).then_some(()));
    pulse.unplug("spk");
    let cause = daemon.wait_cause("SpeakerGone");
    assert!(cause["text"].as_str().unwrap().contains("testspk"), "{cause}");
    daemon.wait_event("drop", |event| event["what"] == "speech", SOON);
    daemon.wait_state("degraded");
    assert_eq!(daemon.status()["state"], "degraded", "the microphone stays closed");

    pulse.replug("spk");
    daemon.wait_event("cause_cleared", |event| event["code"] == "SpeakerGone", SOON);
    turn(&daemon, &server, &pulse);
}

#[test]
fn what_is_to_be_said_without_a_loudspeaker_is_told_as_unheard() {
    let pulse = Pulse::start();
    let daemon = Daemon::start(&pulse, &crate::daemon::Settings::new());
    pulse.unplug("spk");
    daemon.ask("POST", "/say", r#"{"text": "Nobody hears this."}"#);
    daemon.wait_cause("SpeakerGone");
    daemon.wait_event("drop", |event| event["what"] == "speech", SOON);
    pulse.replug("spk");
    daemon.wait_event("cause_cleared", |event| event["code"] == "SpeakerGone", SOON);
    let_it_say(&daemon, "Somebody hears this.");
    daemon.wait_event("spoken", |event| event["text"] == "Somebody hears this.", SOON);
}
