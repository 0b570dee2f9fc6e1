//! The daemon's clock, the only place where the core's time comes from.

use std::time::{Duration, Instant};

use auricle_core::time::Tick;

/// Turns the machine's monotonic clock into ticks.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// A clock that starts now. It begins at one hour, so that "long ago" is never before its start.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The present.
    #[must_use]
    pub fn now(self) -> Tick {
        Tick::from_millis(3_600_000) + self.0.elapsed()
    }

    /// When that moment comes.
    #[must_use]
    pub fn instant(self, tick: Tick) -> Instant {
        self.0 + tick.since(Tick::from_millis(3_600_000))
    }

    /// A moment on the machine's clock as a tick; it may lie up to an hour before the start.
    #[must_use]
    pub fn tick(self, instant: Instant) -> Tick {
        let before = self.0.saturating_duration_since(instant);
        let start = Duration::from_secs(3_600).saturating_sub(before);
        Tick::ZERO + start + instant.saturating_duration_since(self.0)
    }

    /// The moment in `span` from now, on the machine's clock.
    #[must_use]
    pub fn within(span: Duration) -> Instant {
        Instant::now() + span
    }
}

/// Wall-clock time in UTC, ISO 8601 with milliseconds.
#[must_use]
pub fn utc() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Wall-clock time in milliseconds since 1970.
#[must_use]
pub fn unix_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Wall-clock time in UTC as part of a file's name.
#[must_use]
pub fn file_time() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H-%M-%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_and_its_tick_are_the_same_also_before_the_start() {
        let clock = Clock::start();
        let later = clock.0 + Duration::from_secs(2);
        assert_eq!(clock.instant(clock.tick(later)), later);
        if let Some(earlier) = clock.0.checked_sub(Duration::from_secs(2)) {
            assert_eq!(clock.tick(later).since(clock.tick(earlier)), Duration::from_secs(4));
        }
    }
}
