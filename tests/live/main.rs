//! The daemon's own program with real parts: mosquitto, ALSA through PulseAudio, espeak-ng and recorded voices.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/broker.rs"]
mod broker;
#[path = "../support/daemon.rs"]
mod daemon;
#[path = "../support/pulse.rs"]
mod pulse;
#[path = "../support/speech.rs"]
mod speech;

mod control_commands;
