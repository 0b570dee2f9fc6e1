//! When something that failed is tried again.

use std::time::{Duration, Instant};

/// Before the first try; then twice as long each time.
const FIRST: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(60);

/// What opened again is believed to work when it has not failed for so long.
const HOLDS: Duration = Duration::from_secs(2);

/// Pauses that grow.
#[derive(Debug)]
pub(super) struct Retry {
    next: Option<Instant>,
    pause: Duration,
    /// When what opened again after a failure has held long enough to be believed.
    proof: Option<Instant>,
}

impl Default for Retry {
    fn default() -> Self {
        Self { next: None, pause: FIRST, proof: None }
    }
}

impl Retry {
    /// It failed.
    pub(super) fn failed(&mut self, now: Instant) {
        self.proof = None;
        self.next = Some(now + self.pause);
        self.pause = (self.pause * 2).min(LONGEST);
    }

    /// It opens again. Whether it works shows when it is used: until it has held, its pauses go on growing.
    pub(super) fn opens(&mut self, now: Instant) {
        self.next = None;
        self.proof = (self.pause != FIRST).then(|| now + HOLDS);
    }

    /// Whether it has just held for long enough after a failure.
    pub(super) fn works(&mut self, now: Instant) -> bool {
        let works = self.proof.is_some_and(|proof| proof <= now);
        if works {
            *self = Self::default();
        }
        works
    }

    /// When to try again, or to believe.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.next.or(self.proof)
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
        retry.opens(now);
        assert!(!retry.works(now) && retry.deadline() == Some(now + HOLDS));
        retry.failed(now + FIRST);
        assert_eq!(retry.deadline(), Some(now + FIRST + LONGEST), "it failed as soon as it was used");
        retry.opens(now);
        assert!(retry.works(now + HOLDS) && !retry.works(now + HOLDS), "told once");
        assert_eq!(retry.deadline(), None);
        retry.failed(now);
        assert_eq!(retry.deadline(), Some(now + FIRST));
    }

    #[test]
    fn what_never_failed_needs_no_proof() {
        let (mut retry, now) = (Retry::default(), Instant::now());
        retry.opens(now);
        assert!(retry.deadline().is_none() && !retry.works(now + LONGEST));
    }
}
