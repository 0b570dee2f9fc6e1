//! Sound in frames of Opus, one packet each, as a conversation sends them.

use std::time::Duration;

use opus::{Application, Channels, Encoder};

use super::{TAPE_RATE, samples};

/// The longest packet that libopus makes of one frame, in bytes.
const PACKET: usize = 1_275;

/// One frame of silence of this length, see [`FrameEncoder::new`].
///
/// # Errors
/// When libopus has no memory.
pub fn silence(frame: Duration) -> Result<Vec<u8>, opus::Error> {
    let mut encoder = FrameEncoder::new(frame)?;
    let samples = vec![0; encoder.missing()];
    Ok(encoder.push(&samples).unwrap_or_default())
}

/// Makes packets of 16 kHz mono.
///
/// Silence is encoded as well, in packets of a byte or two: a server that looks for the end of speech counts frames.
#[derive(Debug)]
pub struct FrameEncoder {
    encoder: Encoder,
    /// Samples in a frame.
    length: usize,
    /// Samples that don't fill a frame yet.
    frame: Vec<i16>,
}

impl FrameEncoder {
    /// Frames of 10, 20, 40 or 60 ms; another length becomes 60 ms.
    ///
    /// # Errors
    /// When libopus has no memory.
    pub fn new(frame: Duration) -> Result<Self, opus::Error> {
        let length = if [10, 20, 40, 60].contains(&frame.as_millis()) { frame } else { Duration::from_millis(60) };
        let mut encoder = Encoder::new(TAPE_RATE, Channels::Mono, Application::Audio)?;
        encoder.set_complexity(0)?;
        encoder.set_dtx(true)?;
        let length = usize::try_from(samples(length)).unwrap_or(960);
        Ok(Self { encoder, length, frame: Vec::with_capacity(length) })
    }

    /// Samples that are missing for the next packet. Never 0.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.length - self.frame.len()
    }

    /// Samples that wait for the rest of their frame.
    #[must_use]
    pub fn filled(&self) -> usize {
        self.frame.len()
    }

    /// Takes at most [`FrameEncoder::missing`] samples, the rest is not looked at; gives the packet of a full frame.
    pub fn push(&mut self, sound: &[i16]) -> Option<Vec<u8>> {
        self.frame.extend(&sound[..sound.len().min(self.missing())]);
        if self.frame.len() < self.length {
            return None;
        }
        // libopus refuses a frame only if its length is wrong, and it is one of those that it takes.
        let packet = self.encoder.encode_vec(&self.frame, PACKET).unwrap_or_default();
        self.frame.clear();
        Some(packet)
    }

    /// The packet of what is left, filled up with silence; `None` when nothing is.
    pub fn finish(&mut self) -> Option<Vec<u8>> {
        if self.frame.is_empty() {
            return None;
        }
        self.push(&vec![0; self.missing()])
    }
}
