//! The first process of a process group.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::{Signal as Signo, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use tokio::process::Child;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

/// A child that leads a process group of its own. Dropping it kills the group.
///
/// It is buried last: as long as the leader is not, not even as a zombie, its number can't be given to another process,
/// so that a signal to the group reaches nobody else.
#[derive(Debug)]
pub(super) struct Leader {
    child: Child,
    group: Pid,
    deaths: Signal,
    buried: bool,
}

impl Leader {
    /// Takes over a child that was started with `process_group(0)`.
    pub(super) fn new(child: Child, deaths: Signal) -> io::Result<Self> {
        let group = child.id().and_then(|id| i32::try_from(id).ok()).ok_or(io::ErrorKind::NotFound)?;
        Ok(Self { child, group: Pid::from_raw(group), deaths, buried: false })
    }

    /// What [`Self::new`] needs from before the start, so that no death is missed.
    pub(super) fn watch() -> io::Result<Signal> {
        signal(SignalKind::child())
    }

    /// Returns when the leader has ended. Others of its group may live on. May be dropped half-way.
    pub(super) async fn ended(&mut self) {
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        while !self.buried && matches!(waitid(Id::Pid(self.group), look), Ok(WaitStatus::StillAlive)) {
            if self.deaths.recv().await.is_none() {
                return;
            }
        }
    }

    /// Sends a signal to the whole group.
    pub(super) fn signal(&self, signo: Signo) {
        if !self.buried {
            // It fails only if nobody is left who could be signalled.
            let _ = killpg(self.group, signo);
        }
    }

    /// Kills whoever is left of the group, and tells how the leader ended. `None` if the kernel can't end it: it hangs
    /// in a device.
    pub(super) async fn bury(&mut self) -> Option<ExitStatus> {
        self.signal(Signo::SIGKILL);
        let status = timeout(Duration::from_secs(1), self.child.wait()).await.ok()?.ok();
        self.buried = true;
        status
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        // tokio buries it as soon as it is dead.
        self.signal(Signo::SIGKILL);
    }
}
