//! What servers and operators may do with the device beyond talking, with the daemon's own program and real parts:
//! mosquitto, sshd, ALSA through PulseAudio, espeak-ng.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/broker.rs"]
mod broker;
#[path = "../support/daemon.rs"]
mod daemon;
#[path = "../live/flow.rs"]
#[allow(dead_code)]
mod flow;
#[path = "../support/pulse.rs"]
#[allow(dead_code)]
mod pulse;
#[path = "../support/speech.rs"]
#[allow(dead_code)]
mod speech;
#[path = "../support/sshd.rs"]
mod sshd;
#[path = "../live/stage.rs"]
#[allow(dead_code)]
mod stage;
#[path = "../live/words.rs"]
#[allow(dead_code)]
mod words;

mod operator;
mod writes;

mod announcements;
mod audit;
mod defects;
mod languages;
mod nobody_answers;
mod reverse_ssh;
mod scopes;
mod shell;
