//! Services around the conversation.

pub mod ssh;
pub mod tts;
