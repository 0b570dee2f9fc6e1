//! WAV: the header that we write, and a reader for files that arrive in pieces and whose header can't be trusted.
//!
//! Speech programs write WAV to a pipe before they know how long it gets, so sizes are wrong more often than right:
//! zero, all ones, or a round number near two gigabytes. The reader takes the bytes that are there, and never makes
//! room for more than that.

use thiserror::Error;

use self::container::take;
pub use self::container::{Bounds, Container};
pub use self::format::{Format, Stored};
use self::format::{PCM, mono};
pub use self::recording::{Recording, RecordingError};

mod container;
mod format;
mod recording;

/// Length of [`header`] in bytes.
pub const HEADER_LENGTH: usize = 44;

/// The header of a WAV file of `samples` samples, mono, 16 bit, at `rate` Hz.
#[must_use]
pub fn header(samples: u64, rate: u32) -> [u8; HEADER_LENGTH] {
    let data = u32::try_from(samples.saturating_mul(2)).unwrap_or(u32::MAX);
    let mut header = [0; HEADER_LENGTH];
    header[..4].copy_from_slice(b"RIFF");
    header[4..8].copy_from_slice(&data.saturating_add(36).to_le_bytes());
    header[8..16].copy_from_slice(b"WAVEfmt ");
    header[16..20].copy_from_slice(&16u32.to_le_bytes());
    header[20..22].copy_from_slice(&PCM.to_le_bytes());
    header[22..24].copy_from_slice(&1u16.to_le_bytes());
    header[24..28].copy_from_slice(&rate.to_le_bytes());
    header[28..32].copy_from_slice(&rate.saturating_mul(2).to_le_bytes());
    header[32..34].copy_from_slice(&2u16.to_le_bytes());
    header[34..36].copy_from_slice(&16u16.to_le_bytes());
    header[36..40].copy_from_slice(b"data");
    header[40..].copy_from_slice(&data.to_le_bytes());
    header
}

/// Why bytes are not a WAV file that can be played.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WavError {
    /// It does not begin like a WAV file.
    #[error("expected a WAV file, which begins with `RIFF` and `WAVE`, but found {found}; let the program write WAV")]
    NotWav {
        /// What the first bytes are.
        found: String,
    },
    /// The sound comes before its format, or the format is too short.
    #[error("the WAV file's header is damaged: {what}; write the file anew")]
    Damaged {
        /// What is wrong with it.
        what: String,
    },
    /// A format that is not read.
    #[error(
        "the WAV file has {found}; write PCM with 8, 16, 24 or 32 bits or floating point with 32 or 64 bits, \
         1 to 8 channels, 4000 to 192000 Hz"
    )]
    Unsupported {
        /// What was found.
        found: String,
    },
    /// It ended before any sound.
    #[error("the WAV file ended after {bytes} bytes, before any sound; the program that wrote it failed")]
    Ended {
        /// Its length in bytes.
        bytes: u64,
    },
}

/// The longest frame that a [`Reader`] meets: 8 channels of 8 bytes.
const LONGEST_FRAME: usize = 64;
const _: () = assert!(Bounds::MESSAGE.channels as usize * 8 <= LONGEST_FRAME);

/// Reads a message of speech that arrives in pieces, within [`Bounds::MESSAGE`].
#[derive(Debug)]
pub struct Reader {
    container: Container,
    /// What has arrived of a frame that is not complete yet.
    part: [u8; LONGEST_FRAME],
    filled: usize,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// Nothing has arrived.
    #[must_use]
    pub const fn new() -> Self {
        Self { container: Container::new(Bounds::MESSAGE), part: [0; LONGEST_FRAME], filled: 0 }
    }

    /// What the header says, as soon as it has arrived.
    #[must_use]
    pub const fn format(&self) -> Option<Format> {
        self.container.format()
    }

    /// Takes the next piece, of any length, and appends its sound to `out`: the mean of the channels, at the rate of the
    /// file.
    ///
    /// # Errors
    /// The first thing that is wrong, again at each further call. What was appended before stays valid.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<i16>) -> Result<(), WavError> {
        let mut rest = piece;
        loop {
            let sound = self.container.next(&mut rest)?;
            // The sound never begins without a format.
            let (Some(format), false) = (self.format(), sound.is_empty()) else { return Ok(()) };
            self.sound(format, sound, out);
        }
    }

    /// No more will come.
    ///
    /// # Errors
    /// If the sound had not begun yet, or [`Reader::push`] had failed.
    pub fn end(&self) -> Result<(), WavError> {
        self.container.end()
    }

    fn sound(&mut self, format: Format, mut sound: &[u8], out: &mut Vec<i16>) {
        let frame = format.frame();
        if self.filled > 0 {
            self.keep(take(&mut sound, (frame - self.filled) as u64));
            if self.filled == frame {
                out.push(mono(format, &self.part[..frame]));
                self.filled = 0;
            }
        }
        let frames = sound.chunks_exact(frame);
        let odd = frames.remainder();
        out.extend(frames.map(|bytes| mono(format, bytes)));
        self.keep(odd);
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.part[self.filled..self.filled + bytes.len()].copy_from_slice(bytes);
        self.filled += bytes.len();
    }
}

/// Reads `bytes` as a file in one piece and in many, for the fuzzer and its kept seeds.
///
/// Checks what must hold for any input and panics if it doesn't.
#[doc(hidden)]
pub fn exercise(bytes: &[u8]) {
    let (mut whole, mut pieces) = (Reader::new(), Reader::new());
    let (mut at_once, mut bit_by_bit) = (Vec::new(), Vec::new());
    let first = whole.push(bytes, &mut at_once).and_then(|()| whole.end());
    let length = bytes.first().map_or(1, |b| usize::from(*b) % 17 + 1);
    let mut second = Ok(());
    for piece in bytes.chunks(length) {
        second = second.and_then(|()| pieces.push(piece, &mut bit_by_bit));
    }
    let second = second.and_then(|()| pieces.end());
    assert_eq!(first.is_ok(), second.is_ok(), "the split decides whether it is a WAV file");
    assert_eq!(at_once, bit_by_bit, "the split changes the sound");
    assert!(at_once.len() <= bytes.len(), "more sound than bytes");
    recording::exercise(bytes, length);
}

#[cfg(test)]
mod tests;
