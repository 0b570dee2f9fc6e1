//! The daemon with pins that are only imagined: no test machine has real ones.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod button;
mod lights;
#[path = "../support/microphone.rs"]
mod microphone;
mod rig;
