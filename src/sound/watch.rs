//! Whether a thread hangs in a call that may never return.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Longer in one call than this is stuck. Opening a healthy device takes a tenth of it.
pub(super) const PATIENCE: Duration = Duration::from_millis(1_500);

/// A thread has so long to end; one that a frozen server holds is left behind.
pub(super) const GOODBYE: Duration = Duration::from_millis(300);

/// The moment at which a thread went into such a call; seen by other threads.
pub(super) struct Watch {
    start: Instant,
    /// Milliseconds since `start`, plus one; 0 is not in a call.
    entered: AtomicU64,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), entered: AtomicU64::new(0) }
    }

    /// Runs `call`, which may block for ever.
    pub(super) fn over<T>(&self, call: impl FnOnce() -> T) -> T {
        self.entered.store(self.millis() + 1, Ordering::Relaxed);
        let result = call();
        self.entered.store(0, Ordering::Relaxed);
        result
    }

    /// Whether the thread has been in one call for longer than [`PATIENCE`].
    pub(super) fn stuck(&self) -> bool {
        let entered = self.entered.load(Ordering::Relaxed);
        entered != 0 && u128::from(self.millis().saturating_sub(entered - 1)) > PATIENCE.as_millis()
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }
}
