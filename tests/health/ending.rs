//! The end: within 2 s and with a farewell, whatever goes on.

use std::path::Path;
use std::time::Duration;

use crate::broker::{SOON, wait_until};
use crate::daemon::{Daemon, Settings};
use crate::pulse::{Pulse, until};
use crate::server::{Server, let_it_say, speak};

const LIMIT: Duration = Duration::from_secs(2);

/// A daemon in service.
fn scene() -> (Pulse, Server, Daemon) {
    let (pulse, server) = (Pulse::start(), Server::start());
    let daemon = Daemon::ready(&pulse, &server.settings());
    (pulse, server, daemon)
}

#[track_caller]
fn ends_in_time(daemon: &mut Daemon) {
    let socket = daemon.socket();
    let (status, took) = daemon.terminate();
    println!("ended after {} ms", took.as_millis());
    assert!(status.success() && took < LIMIT, "{status} after {took:?}");
    assert!(!socket.exists(), "the control socket is removed");
}

#[test]
fn while_speaking() {
    let (pulse, server, mut daemon) = scene();
    let_it_say(&daemon, &"This goes on and on. ".repeat(20));
    until("the device is heard", || !pulse.streams("sink-inputs").is_empty());
    ends_in_time(&mut daemon);
    server.offline(SOON);
    assert_eq!(pulse.streams("sink-inputs"), "");
}

#[test]
fn while_listening() {
    let (pulse, server, mut daemon) = scene();
    daemon.ask("POST", "/listen", "");
    daemon.wait_state("listening");
    let _speaking = speak(&pulse, &"This goes on and on. ".repeat(5));
    daemon.wait_event("speech_start", |_| true, SOON);
    ends_in_time(&mut daemon);
    server.offline(SOON);
    assert_eq!((server.requests(), pulse.streams("source-outputs")), (0, String::new()));
}

#[test]
fn while_the_sound_server_is_frozen() {
    let (pulse, server, mut daemon) = scene();
    let_it_say(&daemon, &"This goes on and on. ".repeat(20));
    until("the device is heard", || !pulse.streams("sink-inputs").is_empty());
    pulse.freeze();
    daemon.wait_cause("MicGone");
    ends_in_time(&mut daemon);
    server.offline(SOON);
}

#[test]
fn while_the_broker_is_frozen() {
    let (_pulse, server, mut daemon) = scene();
    server.broker.freeze();
    ends_in_time(&mut daemon);
    server.broker.thaw();
    server.offline(SOON);
}

#[test]
fn while_all_is_frozen() {
    let (pulse, server, mut daemon) = scene();
    let_it_say(&daemon, &"This goes on and on. ".repeat(20));
    until("the device is heard", || !pulse.streams("sink-inputs").is_empty());
    pulse.freeze();
    server.broker.freeze();
    daemon.wait_cause("MicGone");
    ends_in_time(&mut daemon);
    server.broker.thaw();
    server.offline(SOON);
}

#[test]
fn the_voice_ends_with_it() {
    let pulse = Pulse::start();
    let pid = pulse.folder().join("pid");
    let script = format!("echo $$ > {0}.new; mv {0}.new {0}; exec sleep 600", pid.display());
    let command = serde_json::json!(["sh", "-c", script]).to_string();
    let mut daemon = Daemon::start(&pulse, &Settings::new().with("tts", "command", command));
    let_it_say(&daemon, "This takes long.");
    let voice = wait_until("the voice to run", SOON, || std::fs::read_to_string(&pid).ok());
    let process = format!("/proc/{}", voice.trim());
    assert!(Path::new(&process).exists());
    ends_in_time(&mut daemon);
    until("the voice has ended", || !Path::new(&process).exists());
}
