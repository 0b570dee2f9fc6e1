//! `mute`: the admin page closes the microphone. Its payload says nothing.

/// The fourth level of the topic.
pub const LEAF: &str = "mute";
