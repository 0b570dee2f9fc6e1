//! The daemon's own program and a xiaozhi server: ALSA through PulseAudio, espeak-ng, real sockets.

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
#[path = "../live/words.rs"]
mod words;
#[path = "../support/xiaozhi/mod.rs"]
mod xiaozhi;

mod envelope;
mod stage;

mod bad_network;
mod both_servers;
mod gateway_killed;
mod goodbyes;
mod interrupting;
mod setting_up;
mod talking;
mod which_part_fails;
