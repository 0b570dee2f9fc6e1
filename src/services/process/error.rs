//! Why a program does not start.

use std::io;

use thiserror::Error;

/// A program could not be started. Names it and the next step.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// An empty argument vector.
    #[error("no program is named; write the program and its arguments as a list, for example [\"/usr/bin/uptime\"]")]
    Unnamed,
    /// Neither there nor in `PATH`.
    #[error("the program `{program}` is not there; install it, or correct its path (or the first line of the script)")]
    Missing {
        /// As it was called.
        program: String,
    },
    /// There, but this user may not run it, or it is a folder.
    #[error("the program `{program}` may not be run; make it executable for the user of auricle: chmod +x")]
    NotExecutable {
        /// As it was called.
        program: String,
    },
    /// There, and of another machine, without a first line, with too many arguments …
    #[error("the program `{program}` does not start: {source}; try it by hand as the user of auricle")]
    Start {
        /// As it was called.
        program: String,
        /// What the system says.
        source: io::Error,
    },
}

impl ProcessError {
    pub(super) fn of(program: &str, source: io::Error) -> Self {
        let program = program.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { program },
            io::ErrorKind::PermissionDenied => Self::NotExecutable { program },
            _ => Self::Start { program, source },
        }
    }
}
