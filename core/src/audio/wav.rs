//! Reading WAV as it arrives: a stand-in that knows the plain 44-byte header.

use thiserror::Error;

/// What is wrong with a WAV stream.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WavError {
    /// It does not begin like one.
    #[error("not a WAV file")]
    NotWav,
}

/// Takes bytes in any portions, gives samples.
#[derive(Debug, Default)]
pub struct Reader {
    header: Vec<u8>,
    half: Option<u8>,
}

impl Reader {
    /// Before the first byte.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the samples in `bytes` to `out`.
    ///
    /// # Errors
    /// [`WavError`] if this is no WAV.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<i16>) -> Result<(), WavError> {
        for &byte in bytes {
            if self.header.len() < 44 {
                self.header.push(byte);
                if self.header.len() == 44 && (!self.header.starts_with(b"RIFF") || &self.header[8..12] != b"WAVE") {
                    return Err(WavError::NotWav);
                }
            } else if let Some(low) = self.half.take() {
                out.push(i16::from_le_bytes([low, byte]));
            } else {
                self.half = Some(byte);
            }
        }
        Ok(())
    }

    /// Samples per second, once known.
    #[must_use]
    pub fn rate(&self) -> Option<u32> {
        let rate = self.header.get(24..28)?;
        Some(u32::from_le_bytes([rate[0], rate[1], rate[2], rate[3]]))
    }
}
