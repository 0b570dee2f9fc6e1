//! The way of sound between a server of xiaozhi, the tape and the loudspeaker: over real sockets on the loopback, with
//! cards that are imagined.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cards;
#[path = "../support/microphone.rs"]
mod microphone;
mod peer;
mod rig;

mod down;
mod session;
mod socket;
mod up;
