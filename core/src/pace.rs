//! How often something may be done at most. What comes too early is not lost but done once, later.

use std::time::Duration;

use crate::time::Tick;

/// So many times at once, then again after each pause; wishes in between become one.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    burst: u32,
    pause: Duration,
    /// When the whole burst is available again.
    rested: Tick,
    wanted: bool,
}

impl Pace {
    pub(crate) const fn new(burst: u32, pause: Duration) -> Self {
        Self { burst, pause, rested: Tick::ZERO, wanted: false }
    }

    /// It is to be done, now or as soon as it may.
    pub(crate) const fn want(&mut self) {
        self.wanted = true;
    }

    /// It need not be done any more.
    pub(crate) const fn forget(&mut self) {
        self.wanted = false;
    }

    /// When it may be done, if it is wanted.
    pub(crate) fn deadline(&self) -> Option<Tick> {
        let ahead = self.pause.saturating_mul(self.burst.saturating_sub(1));
        let micros = u64::try_from(ahead.as_micros()).unwrap_or(u64::MAX);
        self.wanted.then(|| Tick::from_micros(self.rested.as_micros().saturating_sub(micros)))
    }

    /// Whether it is to be done now; counts it as done.
    pub(crate) fn take(&mut self, now: Tick) -> bool {
        if self.deadline().is_none_or(|due| now < due) {
            return false;
        }
        self.wanted = false;
        self.rested = self.rested.max(now) + self.pause;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_at_once_and_the_rest_becomes_one_each_pause() {
        let mut pace = Pace::new(2, Duration::from_secs(10));
        let mut done = Vec::new();
        for second in 0..35 {
            if second < 30 {
                pace.want();
            }
            if pace.take(Tick::from_millis(second * 1_000)) {
                done.push(second);
            }
        }
        assert_eq!(done, [0, 1, 10, 20, 30]);
    }

    #[test]
    fn what_is_not_wanted_has_no_deadline() {
        let mut pace = Pace::new(1, Duration::from_secs(10));
        assert_eq!(pace.deadline(), None);
        pace.want();
        assert_eq!(pace.deadline(), Some(Tick::ZERO));
        assert!(pace.take(Tick::from_millis(5)));
        assert!(!pace.take(Tick::from_millis(60_000)));
        pace.want();
        assert_eq!(pace.deadline(), Some(Tick::from_millis(10_005)));
        pace.forget();
        assert_eq!(pace.deadline(), None);
    }
}
