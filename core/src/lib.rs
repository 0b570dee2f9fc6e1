//! The pure part of Auricle: conversation, protocols, hearing and the arithmetic of audio.
//!
//! Nothing in here opens a descriptor, starts a thread or reads a clock. Time comes in as [`time::Tick`], sound as
//! slices of samples, messages as bytes; what is to happen comes out as plain data. Every machine has the same two
//! doors, `handle` and `poll`, and tells its next `deadline`, so that tests drive it with virtual time.

pub mod assistant;
pub mod audio;
pub mod button;
pub mod channel;
pub mod dialogue;
pub mod downlink;
pub mod fetch;
pub mod frontend;
pub mod hearing;
pub mod lights;
pub mod link;
mod pace;
pub mod protocol;
pub mod recording;
pub mod sentences;
pub mod time;
pub mod voices;
pub mod wake;
pub mod wish;
