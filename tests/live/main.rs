//! The daemon's own program with real parts: mosquitto, ALSA through PulseAudio, espeak-ng and recorded voices.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/broker.rs"]
mod broker;
#[path = "../support/daemon.rs"]
mod daemon;
#[allow(dead_code)]
#[path = "../support/pulse.rs"]
mod pulse;
#[allow(dead_code)]
#[path = "../support/speech.rs"]
mod speech;

mod door;
mod flow;
mod stage;
mod words;

mod accounts;
mod announcements;
mod ask_back;
mod bad_messages;
mod broker_frozen;
mod broker_killed;
mod control_commands;
mod ending;
mod first_word;
mod poisoned_topic;
mod settings_commands;
mod silent_server;
mod status;
mod tls;
mod twins;
mod two_scopes;
mod wake_models;
mod wake_settings;
mod wake_word;
