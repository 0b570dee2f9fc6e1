//! The service manager's side: what the daemon tells it.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::daemon::Settings;

/// How often the watchdog wants to be fed.
pub const WATCHDOG: Duration = Duration::from_millis(1_500);

/// A service manager that listens and does nothing.
pub struct Manager {
    folder: TempDir,
    socket: UnixDatagram,
}

impl Manager {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        Self { folder, socket }
    }

    /// Where it listens.
    pub fn address(&self) -> PathBuf {
        self.folder.path().join("notify")
    }

    /// Settings of a daemon that it watches.
    pub fn watch(&self, settings: Settings) -> Settings {
        let settings = settings.environment("NOTIFY_SOCKET", self.address().display());
        settings.environment("WATCHDOG_USEC", WATCHDOG.as_micros())
    }

    /// The next thing that it is told before `deadline`, for instance `READY=1`.
    pub fn next(&self, deadline: Instant) -> Option<String> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.socket.set_read_timeout(Some(left.max(Duration::from_millis(1)))).unwrap();
        let mut bytes = [0; 512];
        let length = self.socket.recv(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes[..length]).trim_end().to_owned())
    }

    /// Waits until it is told this.
    #[track_caller]
    pub fn wait(&self, wanted: &str, within: Duration) {
        let deadline = Instant::now() + within;
        while let Some(told) = self.next(deadline) {
            if told == wanted {
                return;
            }
        }
        panic!("the service manager waited {within:?} in vain for {wanted}");
    }

    /// The longest time in `span` from now on for which the watchdog got nothing.
    pub fn longest_hunger(&self, span: Duration) -> Duration {
        let end = Instant::now() + span;
        let (mut fed, mut longest) = (Instant::now(), Duration::ZERO);
        while let Some(told) = self.next(end) {
            if told == "WATCHDOG=1" {
                longest = longest.max(fed.elapsed());
                fed = Instant::now();
            }
        }
        longest.max(fed.elapsed())
    }
}
