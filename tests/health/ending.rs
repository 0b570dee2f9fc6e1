//! The end: within 2 s and with a farewell, whatever goes on.

use std::time::Duration;

use crate::broker::SOON;
use crate::daemon::Daemon;
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
