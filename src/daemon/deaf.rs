//! For how long the device could not hear although it should have.

use std::time::{Duration, Instant};

/// Adds up times.
#[derive(Debug, Default)]
pub(super) struct Deaf {
    since: Option<Instant>,
    total: Duration,
}

impl Deaf {
    /// Whether it is so now. A microphone that is lost is known to be within a second or two; those are not counted.
    pub(super) fn note(&mut self, deaf: bool, now: Instant) {
        match (self.since, deaf) {
            (None, true) => self.since = Some(now),
            (Some(since), false) => {
                self.total += now.saturating_duration_since(since);
                self.since = None;
            }
            _ => {}
        }
    }

    /// Whole seconds so far.
    pub(super) fn seconds(&self, now: Instant) -> u64 {
        let running = self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        (self.total + running).as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_add_up_and_the_present_one_counts() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut deaf = Deaf::default();
        assert_eq!(deaf.seconds(at(5_000)), 0);
        deaf.note(true, at(5_000));
        deaf.note(true, at(6_000));
        assert_eq!(deaf.seconds(at(7_500)), 2);
        deaf.note(false, at(7_600));
        deaf.note(false, at(9_000));
        assert_eq!(deaf.seconds(at(20_000)), 2);
        deaf.note(true, at(20_000));
        assert_eq!(deaf.seconds(at(20_400)), 3);
    }
}
