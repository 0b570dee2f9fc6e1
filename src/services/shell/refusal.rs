//! Why a command is not run.

use thiserror::Error;

use super::MAX_COMMAND;

/// A command that is not run. What to do about it is told by [`Refusal::remedy`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The owner allows none.
    #[error("remote commands are off on this device")]
    Off,
    /// The owner allows others.
    #[error("this command is not in the list of this device")]
    NotListed,
    /// The owner allows any, but has not enabled the unit in which they run.
    #[error("commands run in a unit of their own, and it is not enabled on this device")]
    Disabled,
    /// Nothing to run.
    #[error("the command is empty")]
    Empty,
    /// More than [`MAX_COMMAND`].
    #[error("the command has {bytes} bytes, {MAX_COMMAND} are the most")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// No program can be given one.
    #[error("the command has a NUL character in it")]
    Nul,
    /// It can't be divided into words.
    #[error("a quote in the command is not closed, or nothing follows its last backslash")]
    OpenQuote,
}

impl Refusal {
    /// What to do, and who.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Off => {
                "the owner turns them on in [remote] with shell = \"listed\" and shell_commands, or shell = \"any\""
            }
            Self::NotListed => {
                "send one of the list word for word, or let the owner add it to shell_commands in [remote]"
            }
            Self::Disabled => "its owner enables it with `sudo systemctl enable --now auricle-shell.socket`",
            Self::Empty => "send the command as text in `cmd`",
            Self::TooLong { .. } => "send a shorter one, or put it into a script on the device",
            Self::Nul | Self::OpenQuote => "correct the command",
        }
    }
}
