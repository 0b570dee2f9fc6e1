//! Services around the conversation.

pub mod hooks;
pub mod process;
pub mod shell;
pub mod ssh;
pub mod recorder;
pub mod tts;
