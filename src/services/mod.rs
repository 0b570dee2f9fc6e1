//! Services around the conversation.

pub mod process;
pub mod tts;
