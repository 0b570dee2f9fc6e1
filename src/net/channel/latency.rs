//! How long something takes, as a distribution in little memory.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// The width of a step.
const STEP: Duration = Duration::from_micros(100);

/// So many steps; what takes longer, 40 ms or more, counts as the last.
const STEPS: usize = 400;

/// How often something took how long, in steps of 0.1 ms.
#[derive(Debug)]
pub struct Latency([AtomicU32; STEPS]);

impl Default for Latency {
    fn default() -> Self {
        Self([const { AtomicU32::new(0) }; STEPS])
    }
}

impl Latency {
    /// One more took so long.
    pub fn note(&self, took: Duration) {
        let step = usize::try_from(took.as_micros() / STEP.as_micros()).unwrap_or(STEPS);
        self.0[step.min(STEPS - 1)].fetch_add(1, Relaxed);
    }

    /// How many were noted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(|step| u64::from(step.load(Relaxed))).sum()
    }

    /// What this share of them, 0 to 1, stayed below; zero if there were none.
    #[must_use]
    pub fn below(&self, share: f64) -> Duration {
        let wanted = (self.count() as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (step, above) in self.0.iter().zip(1_u32..) {
            seen += u64::from(step.load(Relaxed));
            if seen >= wanted.max(1) {
                return STEP * above;
            }
        }
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_stays_below_the_end_of_its_step() {
        let latency = Latency::default();
        assert_eq!(latency.below(0.95), Duration::ZERO);
        for took in 0..100 {
            latency.note(Duration::from_micros(took * 100 + 50));
        }
        assert_eq!(latency.count(), 100);
        assert_eq!(latency.below(0.5), Duration::from_millis(5));
        assert_eq!(latency.below(0.95), Duration::from_micros(9_500));
    }

    #[test]
    fn what_takes_for_ever_counts_as_40_ms() {
        let latency = Latency::default();
        latency.note(Duration::from_secs(3_600));
        assert_eq!(latency.below(0.5), Duration::from_millis(40));
    }
}
