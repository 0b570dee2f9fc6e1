//! What the settings say about the conversation.

use std::time::Duration;

use crate::hearing::Limits;

/// What the settings say about the conversation; may change while the daemon runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Whether any speech opens a turn.
    pub voice_trigger: bool,
    /// Whether a wake word opens a turn.
    pub wake_trigger: bool,
    /// How far before the trigger the tape is used.
    pub preroll: Duration,
    /// Whether the device makes sounds of its own.
    pub sounds: bool,
    /// When the endpointer lets go.
    pub limits: Limits,
    /// The loudspeaker volume, 0–100, as long as nothing else is remembered.
    pub volume: u8,
    /// The speech language, as long as nothing else is remembered.
    pub language: String,
    /// What a server's unmute lifts.
    pub unmute: UnmuteRule,
    /// Whether a server may start a recording.
    pub remote_meeting: bool,
}

/// What a server's unmute lifts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnmuteRule {
    /// What a server muted.
    #[default]
    Own,
    /// Whatever muted the microphone.
    Always,
    /// Nothing.
    Never,
}
