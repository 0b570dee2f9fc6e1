//! Why the device is not set up.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::config;

/// Why it did not come to its end. Except for [`SetupError::NotRunning`] and
/// [`SetupError::PasswordOnly`] everything is as it was.
#[derive(Debug, Error)]
pub enum SetupError {
    /// The file of the system, and an ordinary user.
    #[error("{} can only be written by root: use `sudo auricle setup`, or `--config FILE` for a file elsewhere", path.display())]
    NotRoot {
        /// The file.
        path: PathBuf,
    },
    /// The file that is there can't be used.
    #[error("{0}\ncorrect this first, or move the file away; nothing was changed")]
    Settings(config::Errors),
    /// The file that is there can't be read.
    #[error("{} can't be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What would be written can't be used.
    #[error("these answers make no usable settings, nothing was changed:\n{0}")]
    Invalid(String),
    /// A file can't be written.
    #[error("{} can't be written: {source}; check the free space and the rights of its folder. The old settings are still there", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The settings can't be written, and the new password can't be taken back.
    #[error("{error}, but {} has the new password and can't be put back: {source}; run `auricle setup` again", path.display())]
    PasswordOnly {
        /// The password file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
        /// Why the settings were not written.
        error: Box<Self>,
    },
    /// The questions were broken off.
    #[error("stopped; nothing was changed")]
    Interrupted,
    /// Nobody answers.
    #[error(
        "the input ended before all questions were answered; nothing was changed. To set up without questions, use `auricle setup --yes` with what is needed, see `auricle setup --help`"
    )]
    Ended,
    /// The terminal is gone.
    #[error("the terminal can't be used: {0}; nothing was changed")]
    Terminal(io::Error),
    /// Something is needed that nobody gave.
    #[error("`--yes` asks nothing, and {0}")]
    Needed(String),
    /// An option can't be used.
    #[error("{0}")]
    Option(String),
    /// The settings are written, and the daemon does not run with them.
    #[error("the settings are written, but the service does not run: {0}")]
    NotRunning(String),
    /// A test failed and nobody can be asked.
    #[error("{0}\nnothing was changed; `--no-test` writes the settings all the same")]
    Test(String),
}

impl SetupError {
    /// Whether settings or command line can't be used: exit code 2.
    #[must_use]
    pub const fn is_misuse(&self) -> bool {
        matches!(self, Self::Settings(_) | Self::Invalid(_) | Self::Needed(_) | Self::Option(_))
    }
}
