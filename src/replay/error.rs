//! Why a recording was not heard.

use std::io;
use std::path::PathBuf;

use auricle_core::audio::convert::ConvertError;
use auricle_core::audio::wav::{RecordingError, WavError};
use thiserror::Error;

const CONVERT: &str = "convert it, for example with `ffmpeg -i IN -c:a pcm_s16le OUT.wav`";

/// Why a recording was not heard to its end.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// There is no such file, or it may not be opened.
    #[error("{file} can't be opened: {error}; check the path and its rights")]
    Open {
        /// Which.
        file: String,
        /// What the system says.
        error: io::Error,
    },
    /// It is a folder.
    #[error("{file} is a folder; name a recording in it")]
    Folder {
        /// Which.
        file: String,
    },
    /// The picture would take the place of the recording.
    #[error("{file} is the recording, and --plot would write the picture over it; give the picture another name")]
    Over {
        /// Which.
        file: String,
    },
    /// Reading failed.
    #[error("{file} can't be read: {error}; what was heard until there is told, the rest needs another copy")]
    Read {
        /// Which.
        file: String,
        /// What the system says.
        error: io::Error,
    },
    /// Not a file that can be heard.
    #[error("{file} {what}")]
    Unheard {
        /// Which.
        file: String,
        /// What is wrong with it, and what to do.
        what: String,
    },
    /// The settings want a channel that it has not.
    #[error(
        "{file} has {}, counted from 0, and `channel` in [audio] is {wanted}; choose another with \
         `--set audio.channel=N`",
        if *channels == 1 { "1 channel".into() } else { format!("{channels} channels") }
    )]
    Channel {
        /// Which.
        file: String,
        /// What it has.
        channels: u16,
        /// What is wanted.
        wanted: u16,
    },
    /// The picture can't be written.
    #[error("the picture {} can't be written: {error}; choose a folder that you may write to", path.display())]
    Plot {
        /// Where it was to be.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// What was heard could not be told.
    #[error("what was heard can't be written: {0}; check where the output goes")]
    Told(io::Error),
}

impl ReplayError {
    /// The bytes are no recording that can be heard.
    pub(super) fn unheard(file: &str, error: RecordingError) -> Self {
        let what = match error {
            RecordingError::Wav(WavError::NotWav { found }) => {
                format!("is no WAV file, which begins with `RIFF` and `WAVE`: it begins with {found}; {CONVERT}")
            }
            RecordingError::Wav(WavError::Unsupported { found }) => {
                format!("has {found}, which is not heard; {CONVERT}")
            }
            RecordingError::Wav(WavError::Damaged { what }) => {
                format!("is damaged: {what}; record or convert it again")
            }
            RecordingError::Wav(WavError::Ended { bytes }) => {
                format!("ended after {bytes} bytes, before any sound; record or copy it again")
            }
            RecordingError::Convert(ConvertError::NoSuchChannel { wanted, channels }) => {
                return Self::Channel { file: file.to_owned(), channels, wanted };
            }
            RecordingError::Convert(error) => format!("can't be heard: {error}; {CONVERT}"),
        };
        Self::Unheard { file: file.to_owned(), what }
    }
}
