//! Stand-in until the real encoder is merged: a WAV without base64 or JSON around it.

/// Collects samples.
#[derive(Debug)]
pub struct FileRequest(Vec<u8>);

impl FileRequest {
    /// Begins a request.
    #[must_use]
    pub const fn new(_conversation: &serde_json::Value) -> Self {
        Self(Vec::new())
    }

    /// Appends sound.
    pub fn push(&mut self, sound: &[i16]) {
        self.0.extend(sound.iter().flat_map(|sample| sample.to_le_bytes()));
    }

    /// The body.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }
}
