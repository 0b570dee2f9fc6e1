//! How long to wait before the next attempt to connect.

use std::time::Duration;

/// Spread of each delay around its nominal value: a house full of devices does not come back in step.
const JITTER: f64 = 0.2;

/// Delays that double from a first to a last one, and start anew only after a connection has proven stable.
///
/// A successful connection alone proves nothing: a broker that accepts and then throws out would be stormed.
#[derive(Clone, Debug, PartialEq)]
pub struct Backoff {
    usual: Ladder,
    refused: Ladder,
    stable: Duration,
}

/// Why an attempt is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Not reached, or lost.
    Usual,
    /// The broker said no. It will go on saying so until somebody changes something.
    Refused,
}

#[derive(Clone, Debug, PartialEq)]
struct Ladder {
    first: Duration,
    last: Duration,
    next: Duration,
}

impl Ladder {
    fn new(first: Duration, last: Duration) -> Self {
        Self { first, last: last.max(first), next: first }
    }

    fn step(&mut self) -> Duration {
        let delay = self.next;
        self.next = delay.saturating_mul(2).min(self.last);
        delay
    }
}

impl Default for Backoff {
    /// 1–60 s, after a refusal 30–300 s, each ±20 %; stable after 60 s.
    fn default() -> Self {
        Self {
            usual: Ladder::new(Duration::from_secs(1), Duration::from_secs(60)),
            refused: Ladder::new(Duration::from_secs(30), Duration::from_secs(300)),
            stable: Duration::from_secs(60),
        }
    }
}

impl Backoff {
    /// Other delays after a lost connection or a failed attempt.
    #[must_use]
    pub fn between(mut self, first: Duration, last: Duration) -> Self {
        self.usual = Ladder::new(first, last);
        self
    }

    /// Other delays after a refusal.
    #[must_use]
    pub fn refused_between(mut self, first: Duration, last: Duration) -> Self {
        self.refused = Ladder::new(first, last);
        self
    }

    /// A connection that lived this long makes the delays start anew.
    #[must_use]
    pub const fn stable_after(mut self, stable: Duration) -> Self {
        self.stable = stable;
        self
    }

    /// The delay after a connection that lived for `lived` (zero if it never came about). `chance` is a random number
    /// from 0 to 1.
    pub(super) fn delay(&mut self, failure: Failure, lived: Duration, chance: f64) -> Duration {
        if lived >= self.stable {
            self.usual.next = self.usual.first;
            self.refused.next = self.refused.first;
        }
        let nominal = match failure {
            Failure::Usual => self.usual.step(),
            Failure::Refused => self.refused.step(),
        };
        nominal.mul_f64(1.0 + JITTER * (2.0 * chance.clamp(0.0, 1.0) - 1.0))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    const MIDDLE: f64 = 0.5;

    fn usual(backoff: &mut Backoff, lived: u64) -> u64 {
        backoff.delay(Failure::Usual, Duration::from_secs(lived), MIDDLE).as_secs()
    }

    #[test]
    fn doubles_from_one_to_sixty_seconds() {
        let mut backoff = Backoff::default();
        let delays: Vec<_> = (0..8).map(|_| usual(&mut backoff, 0)).collect();
        assert_eq!(delays, [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn a_short_connection_does_not_start_it_anew_but_a_stable_one_does() {
        let mut backoff = Backoff::default();
        usual(&mut backoff, 0);
        usual(&mut backoff, 0);
        assert_eq!(usual(&mut backoff, 59), 4);
        assert_eq!(usual(&mut backoff, 60), 1);
    }

    #[test]
    fn a_refusal_waits_from_half_a_minute_to_five_and_leaves_the_usual_delays_alone() {
        let mut backoff = Backoff::default();
        let delays: Vec<_> =
            (0..5).map(|_| backoff.delay(Failure::Refused, Duration::ZERO, MIDDLE).as_secs()).collect();
        assert_eq!(delays, [30, 60, 120, 240, 300]);
        assert_eq!(usual(&mut backoff, 0), 1);
    }

    #[test]
    fn chance_spreads_by_a_fifth_each_way() {
        let delay = |chance| Backoff::default().delay(Failure::Usual, Duration::ZERO, chance).as_millis();
        assert_eq!([delay(0.0), delay(0.5), delay(1.0)], [800, 1000, 1200]);
        assert_eq!(delay(7.0), 1200, "a bad random number stays in range");
    }
}
