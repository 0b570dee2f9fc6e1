//! Waiting for sockets, never longer than to a deadline, and never deaf to the order to stop.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use ssh2::{BlockDirections, Session};

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

/// What libssh2 waits for.
pub(super) fn directions(session: &Session) -> PollFlags {
    match session.block_directions() {
        BlockDirections::Outbound => PollFlags::POLLOUT,
        BlockDirections::Both => PollFlags::POLLIN | PollFlags::POLLOUT,
        BlockDirections::Inbound | BlockDirections::None => PollFlags::POLLIN,
    }
}

/// Whether libssh2 has a packet that the socket did not take whole.
pub(super) fn is_stuck(session: &Session) -> bool {
    directions(session).contains(PollFlags::POLLOUT)
}

/// Whether it only has to be tried again later.
pub(super) fn would_block(error: &ssh2::Error) -> bool {
    // LIBSSH2_ERROR_EAGAIN
    error.code() == ssh2::ErrorCode::Session(-37)
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
    /// Tries until it is through. `what` follows "did not answer … to"; `explain` makes an error of libssh2's.
    pub(super) fn run<T>(
        &self,
        what: &'static str,
        limit: Duration,
        mut attempt: impl FnMut() -> Result<T, ssh2::Error>,
        explain: impl FnOnce(&ssh2::Error) -> SshError,
    ) -> Result<T, Ending> {
        let until = Instant::now() + limit;
        loop {
            match attempt() {
                Ok(value) => return Ok(value),
                Err(error) if !would_block(&error) => return Err(explain(&error).into()),
                Err(_) if Instant::now() >= until => {
                    return Err(SshError::Slow { server: self.server.into(), step: what, limit }.into());
                }
                Err(_) => wait_for(self.order, Some((self.socket, directions(self.session))), until)?,
            }
        }
    }
}
