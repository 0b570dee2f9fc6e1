//! Services around the conversation.

pub mod recorder;
pub mod tts;
