//! Stand-in until the real encoder is merged: the same message, built at the end.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Builds one request.
#[derive(Debug)]
pub struct FileRequest {
    conversation: serde_json::Value,
    sound: Vec<u8>,
}

impl FileRequest {
    /// Begins a request.
    #[must_use]
    pub fn new(conversation: &serde_json::Value) -> Self {
        Self { conversation: conversation.clone(), sound: vec![0; 44] }
    }

    /// Adds sound. Returns how many samples were taken.
    pub fn push(&mut self, sound: &[i16]) -> usize {
        self.sound.extend(sound.iter().flat_map(|sample| sample.to_le_bytes()));
        sound.len()
    }

    /// The complete message.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let audio = STANDARD.encode(&self.sound);
        serde_json::json!({"audio": audio, "conversationData": self.conversation}).to_string().into_bytes()
    }
}
