//! The stand-in for the xiaozhi server behaves as the real gateway was seen to behave, line by line. The client here is
//! not the program's.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../support/broker.rs"]
mod broker;
#[allow(dead_code)]
#[path = "../support/speech.rs"]
mod speech;
#[path = "../support/xiaozhi/mod.rs"]
mod xiaozhi;

mod client;

mod cipher;
mod closes;
mod conversation;
mod login;
mod sessions;
mod sound;
mod tools;
mod weather;
mod web;
