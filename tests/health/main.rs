//! The whole daemon and what can go wrong around it: cards that go and come, a frozen sound server, the voice, the
//! watchdog, the end.

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

mod manager;
mod server;

mod ending;
mod frozen;
mod mute;
mod reload;
mod room;
mod start;
mod unplugged;
mod voice;
mod watchdog;
