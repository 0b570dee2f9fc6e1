//! Services around the conversation.

pub mod hooks;
pub mod models;
pub mod process;
pub mod recorder;
pub mod shell;
pub mod ssh;
pub mod tools;
pub mod tts;
