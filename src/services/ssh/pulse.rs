//! When to ask a silent server for a sign of life, and when it is dead.

use std::time::{Duration, Instant};

/// The server's pulse.
#[derive(Debug)]
pub(super) struct Pulse {
    every: Duration,
    most: u32,
    heard: Instant,
    asked: Instant,
    unanswered: u32,
}

impl Pulse {
    /// Asks after a silence of `every`, and again; after `most` questions without an answer it is dead.
    pub(super) const fn new(every: Duration, most: u32, now: Instant) -> Self {
        Self { every, most, heard: now, asked: now, unanswered: 0 }
    }

    /// Something came.
    pub(super) const fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.unanswered = 0;
    }

    /// When [`Self::ask`] wants to be called next.
    pub(super) fn due(&self) -> Instant {
        self.heard.max(self.asked) + self.every
    }

    /// `Some(Ok)`: it is time to ask. `Some(Err(silence))`: it has been dead for so long.
    pub(super) fn ask(&mut self, now: Instant) -> Option<Result<(), Duration>> {
        if now < self.due() {
            return None;
        }
        if self.unanswered >= self.most {
            return Some(Err(now - self.heard));
        }
        self.unanswered += 1;
        self.asked = now;
        Some(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_silent_server_is_asked_three_times_and_then_dead() {
        let start = Instant::now();
        let mut pulse = Pulse::new(15 * SECOND, 3, start);
        let mut told = Vec::new();
        for second in 0..=60 {
            if let Some(what) = pulse.ask(start + second * SECOND) {
                told.push((second, what));
            }
        }
        assert_eq!(told, [(15, Ok(())), (30, Ok(())), (45, Ok(())), (60, Err(60 * SECOND))]);
    }

    #[test]
    fn whoever_speaks_is_not_asked() {
        let start = Instant::now();
        let mut pulse = Pulse::new(15 * SECOND, 1, start);
        for second in 0..100 {
            pulse.heard(start + second * SECOND);
            assert_eq!(pulse.ask(start + second * SECOND), None);
        }
        assert_eq!(pulse.ask(start + 114 * SECOND), Some(Ok(())));
        pulse.heard(start + 115 * SECOND);
        assert_eq!(pulse.ask(start + 129 * SECOND), None, "an answer counts");
    }
}
