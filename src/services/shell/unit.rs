//! The daemon's way to `auricle-shell.socket`: the owner's consent to commands of any kind, and where they run.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::wire::{self, LONGEST_REPORT, Order, Report};
use crate::services::process::Outcome;

/// Where the socket is, unless the variable `AURICLE_SHELL_SOCKET` says otherwise.
pub const SOCKET: &str = "/run/auricle-shell.sock";

/// Where a package puts the program. While it is being replaced, " (deleted)" follows its name.
const PROGRAMS: &str = "/usr/bin";

/// Where a package puts the unit of the socket.
const UNITS: [&str; 2] = ["/usr/lib/systemd/system/auricle-shell.socket", "/lib/systemd/system/auricle-shell.socket"];

/// How long the service manager may take to answer a connection.
const CONNECT: Duration = Duration::from_secs(2);

/// How long the unit may take for its start and its end, beside the command's own time.
const AROUND: Duration = Duration::from_secs(5);

/// The unit in which commands of any kind run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its socket.
    pub socket: PathBuf,
    /// Whether commands may run only there. Without it they run as the user of the daemon while the socket is away.
    pub required: bool,
}

/// Why the unit gives no answer.
#[derive(Debug, Error)]
pub enum UnitError {
    /// The socket is there, and can't be reached.
    #[error(
        "the unit for commands can't be reached at {}: {source}; see `systemctl status auricle-shell.socket`",
        socket.display()
    )]
    Unreachable {
        /// The socket.
        socket: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It ended without an answer, or with one that is none.
    #[error("the unit for commands gave no answer ({0}); see `journalctl -u 'auricle-shell@*'`")]
    Silent(io::Error),
    /// It could not start the command.
    #[error("the unit for commands could not start it: {0}")]
    NotStarted(String),
}

/// What connecting to the unit came to.
#[derive(Debug)]
pub(super) enum Found {
    /// The unit answers.
    Unit(UnixStream),
    /// It is there, and the owner has not enabled it.
    Disabled,
    /// There is none on this machine.
    None,
}

impl Unit {
    /// That of this machine: required if this is the package's program, or if the variable names a socket.
    #[must_use]
    pub fn of_this_machine() -> Self {
        match std::env::var_os("AURICLE_SHELL_SOCKET").filter(|named| !named.is_empty()) {
            Some(named) => Self { socket: named.into(), required: true },
            None => Self { socket: SOCKET.into(), required: is_packaged() },
        }
    }

    pub(super) async fn find(&self) -> Result<Found, UnitError> {
        use io::ErrorKind::{ConnectionRefused, NotFound};
        let connected = timeout(CONNECT, UnixStream::connect(&self.socket)).await;
        match connected.unwrap_or_else(|late| Err(late.into())) {
            Ok(stream) => Ok(Found::Unit(stream)),
            Err(_) if !self.required => Ok(Found::None),
            Err(error) if matches!(error.kind(), NotFound | ConnectionRefused) => Ok(Found::Disabled),
            Err(source) => Err(UnitError::Unreachable { socket: self.socket.clone(), source }),
        }
    }
}

fn is_packaged() -> bool {
    std::env::current_exe().is_ok_and(|program| program.starts_with(PROGRAMS))
        && UNITS.iter().any(|unit| Path::new(unit).exists())
}

/// Has the command run at the other end of `stream`. Dropping the future hangs up, which kills the command.
pub(super) async fn run(mut stream: UnixStream, command: &str, time_limit: Duration) -> Result<Outcome, UnitError> {
    let time_limit_ms = u64::try_from(time_limit.as_millis()).unwrap_or(u64::MAX);
    let order = Order { command: command.to_owned(), time_limit_ms };
    let told = timeout(time_limit.saturating_add(AROUND), async {
        wire::send(&mut stream, &order).await?;
        wire::receive(&mut BufReader::new(stream), LONGEST_REPORT).await
    });
    match told.await.unwrap_or_else(|late| Err(late.into())).map_err(UnitError::Silent)? {
        Report::Ended(ended) => Ok(ended.into()),
        Report::Failed(why) => Err(UnitError::NotStarted(why)),
    }
}
