//! `auricle doctor`: what it sees, what it says, and that it always comes to an end.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/broker.rs"]
mod broker;
#[path = "../support/daemon.rs"]
mod daemon;
#[path = "../support/pulse.rs"]
#[allow(dead_code)]
mod pulse;
#[path = "../support/speech.rs"]
#[allow(dead_code)]
mod speech;

mod patient;

mod brokers;
mod certificates;
mod gateways;
mod machine;
mod report;
mod running;
mod settings;
mod sound;
mod unreachable;
