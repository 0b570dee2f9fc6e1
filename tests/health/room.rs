//! A room: what the loudspeaker plays comes back through the microphone.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::broker::{SOON, Seen};
use crate::daemon::Daemon;
use crate::pulse::{Pulse, until};
use crate::server::{Server, let_it_say, speak};

/// Speech is louder than this.
const LOUD: i16 = 1_000;

/// How long the device must not talk to itself afterwards.
const QUIET: Duration = Duration::from_secs(5);

/// A person speaks and is answered, and the answer comes back through the microphone.
fn exchange(daemon: &Daemon, server: &Server, pulse: &Pulse, question: &str, answer: impl FnOnce(&Seen)) {
    let speaking = speak(pulse, question);
    let request = server.request();
    speaking.finish();
    let room = pulse.overhear();
    answer(&request);
    daemon.wait_event("spoken", |_| true, SOON);
    assert!(room.so_far().iter().any(|sample| sample.abs() > LOUD), "the microphone hears the loudspeaker");
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
    exchange(&daemon, &server, &pulse, "Will it rain in Toulouse today?", |request| {
        server.ask(request, "Not today. Shall I tell you about tomorrow?");
    });
    daemon.wait_state("listening");
    exchange(&daemon, &server, &pulse, "Yes, tell me about tomorrow.", |request| {
        server.say(request, "Tomorrow there will be showers in the afternoon.");
    });
    daemon.wait_state("idle");
    let told = daemon.events().len();
    let quiet = Instant::now();
    until("it was quiet for a while", || quiet.elapsed() >= QUIET);
    assert_eq!(daemon.events()[told..], [] as [Value; 0], "nothing happens when nobody speaks");
    assert_eq!((daemon.events_named("request").len(), server.requests()), (3, 0));
}

#[test]
fn in_a_room_with_echo_the_device_neither_answers_its_own_question_nor_hears_its_own_announcement() {
    let (pulse, server) = (Pulse::start(), Server::start());
    pulse.echo();
    let daemon = Daemon::ready(&pulse, &server.settings().with("listen", "triggers", "[\"voice\"]"));
    exchange(&daemon, &server, &pulse, "Will it rain in Toulouse today?", |request| {
        server.ask(request, "Not today. Shall I tell you about tomorrow?");
    });
    daemon.wait_state("listening");
    daemon.wait_state("idle");
    let said = "Attention please, this is an announcement for everybody in this room.";
    let_it_say(&daemon, said);
    daemon.wait_event("spoken", |event| event["text"] == said, SOON);
    daemon.wait_state("idle");
    let told = daemon.events().len();
    // Whatever still came back would open a turn now.
    let quiet = Instant::now();
    until("it was quiet for a moment", || quiet.elapsed() >= Duration::from_secs(1));
    assert_eq!(daemon.events()[told..], [] as [Value; 0]);
    let heard = [daemon.events_named("speech_start").len(), daemon.events_named("request").len(), server.requests()];
    assert_eq!(heard, [1, 1, 0], "only the person was listened to");
}
