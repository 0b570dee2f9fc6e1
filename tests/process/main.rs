//! Programs with limits, and what is made of them: remote commands and hooks.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod hooks;
mod limits;
mod shell;
mod tools;
mod unit;
mod watching;
