//! A LinTO server in the hands of a test, and a person who speaks to the device.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::broker::{Broker, Probe, SOON, Seen};
use crate::daemon::{Daemon, SERIAL, Settings};
use crate::pulse::{Pulse, Speaking};
use crate::speech;

/// A broker and whoever watches it.
pub struct Server {
    pub broker: Broker,
    pub probe: Probe,
}

impl Server {
    pub fn start() -> Self {
        let broker = Broker::start();
        let probe = Probe::connect(broker.port(), None);
        probe.subscribe("blk/fromlinto/#");
        Self { broker, probe }
    }

    /// Settings of a device of this server. It opens a turn only when it is told to.
    pub fn settings(&self) -> Settings {
        Settings::linto(self.broker.port()).with("listen", "triggers", "[]")
    }

    /// The next request.
    #[track_caller]
    pub fn request(&self) -> Seen {
        let seen = self.probe.wait_for(|seen| seen.topic.starts_with(&request_topic("")), SOON);
        self.probe.forget();
        seen
    }

    /// How many requests have come since the last one that was waited for.
    pub fn requests(&self) -> usize {
        self.probe.seen().iter().filter(|seen| seen.topic.starts_with(&request_topic(""))).count()
    }

    /// Answers a request.
    pub fn say(&self, request: &Seen, text: &str) {
        self.answer(request, &json!({"say": {"phonetic": text, "text": text}, "conversationData": {}}));
    }

    /// Answers a request with a question.
    pub fn ask(&self, request: &Seen, text: &str) {
        self.answer(request, &json!({"ask": {"phonetic": text, "text": text}, "conversationData": {"intent": "x"}}));
    }

    fn answer(&self, request: &Seen, behavior: &Value) {
        let id = request.topic.strip_prefix(&request_topic("")).unwrap();
        let body = json!({"behavior": behavior, "transcript": "whatever"});
        self.probe.publish(&format!("blk/tolinto/{SERIAL}/nlp/file/{id}"), body.to_string(), false);
    }

    /// Waits until the device's farewell is there.
    #[track_caller]
    pub fn offline(&self, within: Duration) {
        let topic = format!("blk/fromlinto/{SERIAL}/status");
        self.probe.wait_for(|seen| seen.topic == topic && seen.text() == r#"{"connexion":"offline"}"#, within);
    }
}

fn request_topic(id: &str) -> String {
    format!("blk/fromlinto/{SERIAL}/nlp/file/{id}")
}

/// Samples per second of the microphone.
const RATE: u32 = 16_000;

/// The silence before somebody speaks: the voice trigger is armed 300 ms after the loudspeaker's last sound.
const BREATH: usize = RATE as usize * 7 / 10;

/// Somebody draws breath and says this to the microphone.
pub fn speak(pulse: &Pulse, text: &str) -> Speaking {
    let wav = pulse.folder().join("words.wav");
    let mut sound = vec![0; BREATH];
    sound.extend(speech::say(text, "en-gb", RATE));
    speech::write_wav(&wav, RATE, &sound);
    pulse.speak(&wav)
}

/// A whole turn, from the trigger to the last word of the answer.
#[track_caller]
pub fn turn(daemon: &Daemon, server: &Server, pulse: &Pulse) {
    let opened = daemon.ask("POST", "/listen", "");
    assert_eq!(opened["ok"], true, "{opened}");
    daemon.wait_state("listening");
    let speaking = speak(pulse, "What is the time, please?");
    let request = server.request();
    speaking.finish();
    server.say(&request, "It is noon.");
    daemon.wait_event("spoken", |event| event["text"] == "It is noon.", SOON);
    daemon.wait_state("idle");
}

/// Lets the device say this; returns when it is heard speaking.
#[track_caller]
pub fn let_it_say(daemon: &Daemon, text: &str) {
    let said = daemon.ask("POST", "/say", &json!({"text": text}).to_string());
    assert_eq!(said["ok"], true, "{said}");
    daemon.wait_state("speaking");
}

/// The time since `start`, for a figure that is worth printing.
#[must_use]
pub fn ms(start: Instant) -> u128 {
    start.elapsed().as_millis()
}
