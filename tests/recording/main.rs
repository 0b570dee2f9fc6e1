//! The recorder: with the power cut at every moment, killed, on a disk that is full, slow or not there.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod full;
mod killed;
mod names;
mod player;
mod power_cut;
mod room;
mod slow;
mod transcript;
