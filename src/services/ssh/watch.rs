//! Waiting for sockets, never longer than to a deadline, and never deaf to the order to stop.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::libssh::{Attempt, Failure, Session};
use super::{Ending, Order, SshError};

/// Waits until one of `fds` is ready or the order to stop is given; at most as long as `timeout`.
///
/// # Errors
/// [`Ending::Stopped`], or the system can't wait.
pub(super) fn wait(order: &Order, fds: &mut Vec<PollFd<'_>>, timeout: Duration) -> Result<(), Ending> {
    let millis = PollTimeout::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(PollTimeout::MAX);
    match poll(fds, millis) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(errno) => return Err(io::Error::from(errno).into()),
    }
    if order.given() { Err(Ending::Stopped) } else { Ok(()) }
}

/// Waits for one descriptor, or only for the order to stop.
pub(super) fn wait_for(order: &Order, fd: Option<(BorrowedFd<'_>, PollFlags)>, until: Instant) -> Result<(), Ending> {
    let mut fds = vec![PollFd::new(order.bell.as_fd(), PollFlags::POLLIN)];
    fds.extend(fd.map(|(fd, flags)| PollFd::new(fd, flags)));
    wait(order, &mut fds, until.saturating_duration_since(Instant::now()))
}

/// What a session waits for.
pub(super) fn directions(session: &Session) -> PollFlags {
    let mut flags = PollFlags::POLLIN;
    flags.set(PollFlags::POLLOUT, session.wants_to_write());
    flags
}

/// A step of the protocol with a time limit.
pub(super) struct Step<'a> {
    pub(super) order: &'a Order,
    pub(super) session: &'a Session,
    pub(super) socket: BorrowedFd<'a>,
    /// Address and port of the server.
    pub(super) server: &'a str,
}

impl Step<'_> {
    /// Tries until it is through. `what` follows "did not answer … to"; `explain` says why it failed.
    pub(super) fn run<T>(
        &self,
        what: &'static str,
        limit: Duration,
        mut attempt: impl FnMut(&Session) -> Attempt<T>,
        explain: impl FnOnce(Failure) -> SshError,
    ) -> Result<T, Ending> {
        let until = Instant::now() + limit;
        loop {
            match attempt(self.session) {
                Ok(Some(value)) => return Ok(value),
                Err(failure) => return Err(explain(failure).into()),
                Ok(None) if Instant::now() >= until => {
                    return Err(SshError::Slow { server: self.server.into(), step: what, limit }.into());
                }
                Ok(None) => wait_for(self.order, Some((self.socket, directions(self.session))), until)?,
            }
        }
    }
}
