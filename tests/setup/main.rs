//! `auricle setup` and `auricle devices` with real parts: mosquitto, sound cards of PulseAudio, a terminal.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/broker.rs"]
mod broker;
#[path = "../support/pulse.rs"]
#[allow(dead_code)]
mod pulse;
#[path = "../support/speech.rs"]
#[allow(dead_code)]
mod speech;

mod answering;
mod mute;
mod place;
mod quick_start;
mod script;
mod terminal;
mod unattended;
mod writing;
