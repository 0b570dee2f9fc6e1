//! When to ping, and when silence means that the broker is gone.

use std::time::{Duration, Instant};

/// Shorter intervals only cost wake-ups.
const SHORTEST: Duration = Duration::from_millis(100);

/// Pings after an interval in which we said nothing (else the broker gives us up) or heard nothing (else we would take
/// a broker for dead that has only nothing to say), and gives the broker half an interval more to be heard.
#[derive(Debug)]
pub(super) struct Heartbeat {
    every: Duration,
    heard: Instant,
    spoke: Instant,
    asked: bool,
}

impl Heartbeat {
    pub(super) fn new(keep_alive: Duration, now: Instant) -> Self {
        Self { every: keep_alive.max(SHORTEST), heard: now, spoke: now, asked: false }
    }

    /// Bytes came from the broker.
    pub(super) const fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// The ping was answered.
    pub(super) const fn answered(&mut self) {
        self.asked = false;
    }

    /// Bytes went to the broker. While more are waiting (`backlog`), that they move proves that somebody takes them.
    pub(super) const fn spoke(&mut self, now: Instant, backlog: bool) {
        self.spoke = now;
        if backlog {
            self.heard = now;
        }
    }

    /// Whether to send a ping now; it counts as sent.
    pub(super) fn ping(&mut self, now: Instant) -> bool {
        let due = !self.asked && now >= self.ping_at();
        self.asked |= due;
        due
    }

    /// How long the broker has been silent, if that is too long.
    pub(super) fn silence(&self, now: Instant) -> Option<Duration> {
        (now >= self.gone_at()).then(|| now.saturating_duration_since(self.heard))
    }

    /// When to look again.
    pub(super) fn deadline(&self) -> Instant {
        if self.asked { self.gone_at() } else { self.ping_at().min(self.gone_at()) }
    }

    fn ping_at(&self) -> Instant {
        self.heard.min(self.spoke) + self.every
    }

    fn gone_at(&self) -> Instant {
        self.heard + self.every.mul_f64(1.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_idle_connection_is_looked_at_once_per_interval() {
        let start = Instant::now();
        let mut beat = Heartbeat::new(secs(10), start);
        assert_eq!(beat.deadline(), start + secs(10));
        assert!(beat.ping(start + secs(10)));
        beat.spoke(start + secs(10), false);
        beat.heard(start + secs(10));
        beat.answered();
        assert_eq!(beat.deadline(), start + secs(20));
    }

    #[test]
    fn a_broker_that_says_nothing_while_we_talk_is_pinged_and_then_given_up() {
        let start = Instant::now();
        let mut beat = Heartbeat::new(secs(10), start);
        for second in 1..10 {
            beat.spoke(start + secs(second), false);
            assert!(!beat.ping(start + secs(second)));
        }
        assert!(beat.ping(start + secs(10)));
        assert!(!beat.ping(start + secs(11)), "one ping at a time");
        assert_eq!(beat.silence(start + secs(14)), None);
        assert_eq!(beat.silence(start + secs(15)), Some(secs(15)));
    }

    #[test]
    fn a_long_write_that_moves_is_not_silence() {
        let start = Instant::now();
        let mut beat = Heartbeat::new(secs(10), start);
        beat.spoke(start + secs(14), true);
        assert_eq!(beat.silence(start + secs(20)), None);
        assert!(beat.silence(start + secs(29)).is_some());
    }
}
