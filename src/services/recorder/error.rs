//! Why a recording can't be made. The texts are ready to be shown.

use std::io;
use std::path::PathBuf;

use auricle_core::recording::EncoderError;
use thiserror::Error;

/// Why there is no recording, or why one ended. Names the folder or the file and the next step.
#[derive(Debug, Error)]
pub enum RecorderError {
    /// The folder is not there and can't be made.
    #[error(
        "the folder `{}` for recordings can't be made: {source}; make it for the user that runs auricle, or set \
         `directory` in [meeting]",
        path.display()
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The disk is too full to begin.
    #[error(
        "the disk of `{}` has {} free, a recording needs {} (`min_free` in [meeting]); delete old recordings or set it lower",
        path.display(), megabytes(*free), megabytes(*needed)
    )]
    NoRoom {
        /// The folder.
        path: PathBuf,
        /// Bytes that are free.
        free: u64,
        /// Bytes that have to be: `min_free`.
        needed: u64,
    },
    /// The file can't be made.
    #[error("the recording `{}` can't be made: {source}; give its folder to the user that runs auricle", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// All names are taken.
    #[error("`{}` is there already, and {tries} more of that name; move old recordings away", path.display())]
    Taken {
        /// The first name that was tried.
        path: PathBuf,
        /// How many were tried after it.
        tries: u32,
    },
    /// Writing failed in the middle. What was on the disk before plays.
    #[error("the recording `{}` can't be written: {source}; it plays up to here; check the disk", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The sound can't be encoded.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// It is as long as a recording can be.
    #[error("the recording `{}` has {hours} hours, a longer one can't be made; start the next one", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length in hours.
        hours: u64,
    },
}

/// Bytes for people.
fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
