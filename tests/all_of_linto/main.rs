//! Everything that a LinTO server, an operator and a person can do with the device, with the daemon's own program and
//! real parts: mosquitto, ALSA through PulseAudio, espeak-ng, ffmpeg.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/broker.rs"]
mod broker;
#[path = "../support/daemon.rs"]
mod daemon;
#[allow(dead_code)]
#[path = "../live/flow.rs"]
mod flow;
#[allow(dead_code)]
#[path = "../support/pulse.rs"]
mod pulse;
#[allow(dead_code)]
#[path = "../support/speech.rs"]
mod speech;
#[allow(dead_code)]
#[path = "../live/stage.rs"]
mod stage;
#[allow(dead_code)]
#[path = "../live/words.rs"]
mod words;

mod command_line;
mod scribe;
mod wire;

mod behaviour;
mod dictation;
mod events;
mod meeting;
mod mute;
mod mute_in_each_phase;
mod volume;
mod writing;
