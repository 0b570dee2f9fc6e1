//! Patience with a sound thread that was given an order.
//!
//! A frozen sound server holds a thread inside the call that opens or closes a device, and a held thread can't tell.
//! So whoever gave an order looks now and then whether the thread hangs, until it has said something. When all is well
//! that is never: the answer comes first.

use std::time::{Duration, Instant};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// When to look next, while an answer is owed.
#[derive(Debug, Default)]
pub(super) struct Patience {
    next: Option<Instant>,
}

impl Patience {
    /// An order was given.
    pub(super) fn begin(&mut self) {
        self.next = Some(Instant::now() + LOOK);
    }

    /// The thread has said something, or nobody waits for it any more.
    pub(super) fn end(&mut self) {
        self.next = None;
    }

    /// When to look.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// Whether to look now; the next look follows by itself.
    pub(super) fn due(&mut self, now: Instant) -> bool {
        let due = self.next.is_some_and(|next| next <= now);
        if due {
            self.next = Some(now + LOOK);
        }
        due
    }
}
