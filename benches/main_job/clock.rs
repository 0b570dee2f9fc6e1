//! Moments and spans that processes can share, and what many of them have in common.

use std::time::SystemTime;

/// A moment in microseconds since 1970: the clock that also stamps the daemon's log.
pub type Micros = i64;

/// The present.
pub fn now() -> Micros {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_micros()).expect("a clock before the year 294247")
}

/// Measured values, in order of size.
#[derive(Clone, Debug)]
pub struct Spread(Vec<f64>);

impl Spread {
    /// Of at least one value.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        assert!(!values.is_empty(), "nothing was measured");
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// How many.
    pub const fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest value that is not below `percent` of them.
    pub fn percentile(&self, percent: usize) -> f64 {
        self.0[(self.0.len() * percent).div_ceil(100).max(1) - 1]
    }

    /// Half of the values are not above it.
    pub fn p50(&self) -> f64 {
        self.percentile(50)
    }

    /// 95 of 100 values are not above it.
    pub fn p95(&self) -> f64 {
        self.percentile(95)
    }

    /// The largest.
    pub fn most(&self) -> f64 {
        self.percentile(100)
    }
}
