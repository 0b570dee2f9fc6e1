//! Services around the conversation.

pub mod tts;
