//! The commands and the control socket, with a stand-in for the control thread: what is asked for, and what comes of it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod asking;
mod dictating;
mod doing;
mod fake;
mod refusing;
