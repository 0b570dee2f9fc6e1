//! How one thread wakes another: an eventfd.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};

/// A bell. Clones ring the same one; ringing before anybody waits is not lost, ringing twice wakes once.
#[derive(Clone, Debug)]
pub struct Bell(Arc<EventFd>);

impl Bell {
    /// A silent bell.
    ///
    /// # Errors
    /// No descriptor is left.
    pub fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?)))
    }

    /// Wakes whoever waits. Takes no lock and allocates nothing: a real-time thread may call it.
    pub fn ring(&self) {
        // It fails only if it was rung 2⁶⁴ times without anybody waiting: then it is ringing anyway.
        let _ = self.0.write(1);
    }

    /// Sleeps until it rings, at most as long as `timeout`; `None` waits for ever. True if it rang; it is silent then.
    #[must_use]
    pub fn wait(&self, timeout: Option<Duration>) -> bool {
        let until = timeout.map(|span| Instant::now() + span);
        loop {
            let mut fds = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            match poll(&mut fds, poll_timeout(left)) {
                Err(Errno::EINTR) => {}
                Ok(0) if until.is_none_or(|until| Instant::now() < until) => {}
                _ => return self.drain(),
            }
        }
    }

    /// Silences it. True if it was ringing.
    pub fn drain(&self) -> bool {
        self.0.read().is_ok()
    }

    /// The descriptor, readable while it rings: for `poll` and tokio.
    #[must_use]
    pub fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Rounded up to a millisecond: rounded down, a loop around it would spin through the last one.
pub(super) fn poll_timeout(left: Option<Duration>) -> PollTimeout {
    left.map_or(PollTimeout::NONE, |left| {
        let millis = left.as_micros().div_ceil(1_000);
        PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_ring_before_the_wait_is_not_lost_and_wakes_once() {
        let bell = Bell::new().unwrap();
        bell.ring();
        bell.clone().ring();
        assert!(bell.wait(Some(Duration::from_secs(5))));
        assert!(!bell.wait(Some(Duration::ZERO)));
    }

    #[test]
    fn it_wakes_another_thread() {
        let bell = Bell::new().unwrap();
        let other = bell.clone();
        let thread = std::thread::spawn(move || other.wait(Some(Duration::from_secs(5))));
        bell.ring();
        assert!(thread.join().unwrap());
    }

    #[test]
    fn a_wait_ends_at_its_timeout() {
        let bell = Bell::new().unwrap();
        let start = Instant::now();
        assert!(!bell.wait(Some(Duration::from_millis(20))));
        assert!(start.elapsed() >= Duration::from_millis(20));
    }
}
