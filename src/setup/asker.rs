//! Who asks: a person at a terminal, or the script of a test.

use std::io;

use zeroize::Zeroizing;

use super::error::SetupError;

/// Why the questions end before the last.
#[derive(Debug)]
pub enum Stop {
    /// Ctrl-C, Ctrl-\\, or the terminal was closed.
    Interrupted,
    /// Nobody is there to answer.
    Ended,
    /// The terminal can't be used.
    Broken(io::Error),
}

impl From<Stop> for SetupError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Interrupted => Self::Interrupted,
            Stop::Ended => Self::Ended,
            Stop::Broken(error) => Self::Terminal(error),
        }
    }
}

/// Someone to talk to, line by line.
pub trait Asker {
    /// Tells a line.
    fn tell(&mut self, line: &str);

    /// Asks for a line; what comes back is trimmed.
    ///
    /// # Errors
    /// There will be no answer.
    fn ask(&mut self, question: &str) -> Result<String, Stop>;

    /// Asks for a line that is not shown while it is typed, and not trimmed.
    ///
    /// # Errors
    /// There will be no answer.
    fn ask_secretly(&mut self, question: &str) -> Result<Zeroizing<String>, Stop>;

    /// Whether the person wants to leave. Asked between steps that take long.
    ///
    /// # Errors
    /// [`Stop::Interrupted`].
    fn goes_on(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}
