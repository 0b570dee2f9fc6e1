//! The reverse tunnel through a real sshd.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod rig;
#[path = "../support/sshd.rs"]
mod sshd;

mod connections;
mod dead_network;
mod endings;
mod login;
mod refusals;
