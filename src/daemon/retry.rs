//! When something that failed is tried again.

use std::time::{Duration, Instant};

/// Before the first try; then twice as long each time.
const FIRST: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(60);

/// Pauses that grow.
#[derive(Debug)]
pub(super) struct Retry {
    next: Option<Instant>,
    pause: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { next: None, pause: FIRST }
    }
}

impl Retry {
    /// It failed.
    pub(super) fn failed(&mut self, now: Instant) {
        self.next = Some(now + self.pause);
        self.pause = (self.pause * 2).min(LONGEST);
    }

    /// It works.
    pub(super) fn works(&mut self) {
        *self = Self::default();
    }

    /// When to try again.
    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// Whether to try now; then somebody does.
    pub(super) fn due(&mut self, now: Instant) -> bool {
        self.next.take_if(|next| *next <= now).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_minute_and_begin_anew_when_it_works() {
        let (mut retry, mut now) = (Retry::default(), Instant::now());
        let mut pauses = Vec::new();
        for _ in 0..8 {
            retry.failed(now);
            let next = retry.deadline().unwrap_or(now);
            pauses.push((next - now).as_secs());
            assert!(!retry.due(now) && retry.due(next) && !retry.due(next));
            now = next;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        retry.works();
        retry.failed(now);
        assert_eq!(retry.deadline(), Some(now + FIRST));
    }
}
