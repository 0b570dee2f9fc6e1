//! What the service manager is told: READY, and the watchdog's food.
//!
//! The watchdog is fed only by a token that went the whole way: control → hearing (which knows whether the capture
//! thread delivered) → assistant. Whoever is stuck on the way starves it.

use std::time::{Duration, Instant};

use sd_notify::NotifyState;

/// The service manager's end of the health chain.
pub struct Watchdog {
    every: Option<Duration>,
    next: Instant,
    token: u64,
}

impl Watchdog {
    /// As the service manager wants it (`WatchdogSec=`); without it nothing is sent and nothing wakes up.
    #[must_use]
    pub fn from_environment() -> Self {
        let every = sd_notify::watchdog_enabled().map(|period| period / 3);
        Self { every, next: Instant::now(), token: 0 }
    }

    /// When the next token is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.every.map(|_| self.next)
    }

    /// The next token, if it is due.
    pub fn due(&mut self, now: Instant) -> Option<u64> {
        let every = self.every.filter(|_| self.next <= now)?;
        self.next = now + every;
        self.token += 1;
        Some(self.token)
    }

    /// A token came back through the whole chain. An old one no longer counts: whatever held it up may be stuck again.
    pub fn healthy(&self, token: u64) {
        if token == self.token {
            say(&[NotifyState::Watchdog]);
        }
    }
}

/// The daemon works, or is silent for a known and announced reason.
pub fn ready() {
    say(&[NotifyState::Ready]);
}

/// The daemon is about to end.
pub fn stopping() {
    say(&[NotifyState::Stopping]);
}

fn say(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!("the service manager can't be told: {error}");
    }
}

/// Whether a service manager runs us, which starts us again when we end.
pub fn is_service() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some_and(|socket| !socket.is_empty())
}
