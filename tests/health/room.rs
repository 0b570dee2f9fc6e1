//! A room: what the loudspeaker plays comes back through the microphone.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::broker::{SOON, Seen};
use crate::daemon::Daemon;
use crate::pulse::{Pulse, until};
use crate::server::{Server, speak};

/// How long the device must not talk to itself afterwards.
const QUIET: Duration = Duration::from_secs(5);

/// A person who waits for the device to be ready, speaks, and is answered.
fn exchange(daemon: &Daemon, server: &Server, pulse: &Pulse, question: &str, answer: impl FnOnce(&Seen)) {
    let speaking = speak(pulse, question);
    let request = server.request();
    speaking.finish();
    answer(&request);
    daemon.wait_event("answer", |_| true, SOON);
    daemon.wait_event("spoken", |_| true, SOON);
}

#[test]
fn in_a_room_with_echo_the_device_does_not_talk_to_itself() {
    let (pulse, server) = (Pulse::start(), Server::start());
    pulse.echo();
    let daemon = Daemon::ready(&pulse, &server.settings().with("listen", "triggers", "[\"voice\"]"));

    exchange(&daemon, &server, &pulse, "What is the time, please?", |request| {
        server.say(request, "It is a quarter past nine.");
    });
    daemon.wait_state("idle");
    // A person draws breath first.
    let breath = Instant::now();
    until("the person speaks again", || breath.elapsed() > Duration::from_millis(700));
    exchange(&daemon, &server, &pulse, "Will it rain in Toulouse today?", |request| {
        server.ask(request, "Not today. Shall I tell you about tomorrow?");
    });
    daemon.wait_state("listening");
    let breath = Instant::now();
    until("the person speaks again", || breath.elapsed() > Duration::from_millis(700));
    exchange(&daemon, &server, &pulse, "Yes, tell me about tomorrow.", |request| {
        server.say(request, "Tomorrow there will be showers in the afternoon.");
    });
    daemon.wait_state("idle");
    let told = daemon.events().len();
    let quiet = Instant::now();
    until("it was quiet for a while", || quiet.elapsed() >= QUIET);
    assert_eq!(daemon.events()[told..], [] as [Value; 0], "nothing happens when nobody speaks");
    assert_eq!((daemon.events_named("request").len(), server.requests()), (3, 0));
    let echo = pulse.streams("sink-inputs").lines().count();
    assert_eq!(echo, 1, "the echo was there all the time");
}
