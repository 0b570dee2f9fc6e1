//! The assistant: one person, one microphone, one loudspeaker, some servers.

pub mod cause;
pub mod report;
