//! Recordings of meetings: the bytes of the file, made while people speak, and a name that every disk takes.
//!
//! Both formats can be cut off at any moment. A WAV file is appended to, and its header names only sound that is on
//! the disk already. An Ogg file is a row of pages that are never changed again, each with its checksum.

mod name;
pub mod ogg;
mod opus;

use thiserror::Error;

pub use self::name::{file_name, safe_name};
pub use self::opus::{BITRATE, FRAME, OpusFile, PAGE};
use crate::audio::wav::{HEADER_LENGTH, header};
use crate::audio::{TAPE_RATE, wav};

/// The longest recording in samples: 37 hours. A WAV file can't name more than 4 GiB, and whoever records for longer
/// has forgotten it.
pub const MAX_SAMPLES: u64 = 37 * 3_600 * TAPE_RATE as u64;

const _: () = assert!(MAX_SAMPLES * 2 + HEADER_LENGTH as u64 <= u32::MAX as u64);

/// How a recording is stored. Both are mono, 16 kHz.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// 16 bit PCM, 32 kB per second.
    #[default]
    Wav,
    /// Opus in Ogg, about 3 kB per second.
    Opus,
}

impl Format {
    /// The ending of the file's name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Opus => "opus",
        }
    }
}

/// The encoder refused. With the settings that it is given here, that is a broken build of libopus.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the Opus encoder can't {doing}: {why}; set `format = \"wav\"` in [meeting]")]
pub struct EncoderError {
    /// What it was asked to do.
    pub doing: &'static str,
    /// libopus's words.
    pub why: String,
}

/// Turns samples into the bytes of a file. How the samples are cut into slices does not change the file.
#[derive(Debug)]
pub enum Writer {
    /// WAV.
    Wav,
    /// Ogg/Opus.
    Opus(Box<OpusFile>),
}

impl Writer {
    /// Begins a file: appends its first bytes to `out`. `serial` tells Ogg streams apart; any number will do.
    ///
    /// # Errors
    /// The encoder can't be made.
    pub fn begin(format: Format, serial: u32, out: &mut Vec<u8>) -> Result<Self, EncoderError> {
        match format {
            Format::Wav => {
                out.extend(header(0, TAPE_RATE));
                Ok(Self::Wav)
            }
            Format::Opus => Ok(Self::Opus(Box::new(OpusFile::begin(serial, out)?))),
        }
    }

    /// Takes mono samples at 16 kHz and appends to `out` what goes to the end of the file.
    ///
    /// # Errors
    /// The encoder refused; `out` ends with a whole page then.
    pub fn push(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncoderError> {
        match self {
            Self::Wav => out.extend(samples.iter().flat_map(|sample| sample.to_le_bytes())),
            Self::Opus(file) => file.push(samples, out)?,
        }
        Ok(())
    }

    /// Ends the file: appends its last bytes to `out`.
    ///
    /// # Errors
    /// As [`Writer::push`].
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), EncoderError> {
        match self {
            Self::Wav => Ok(()),
            Self::Opus(file) => file.finish(out),
        }
    }

    /// What the file has to begin with once its first `length` bytes are safe on the disk. `None`: it stays as it is.
    #[must_use]
    pub fn head(&self, length: u64) -> Option<[u8; HEADER_LENGTH]> {
        match self {
            Self::Wav => Some(wav::header(length.saturating_sub(HEADER_LENGTH as u64) / 2, TAPE_RATE)),
            Self::Opus(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
