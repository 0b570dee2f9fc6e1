//! `unmute`: the admin page opens the microphone again. Its payload says nothing.

/// The fourth level of the topic.
pub const LEAF: &str = "unmute";
