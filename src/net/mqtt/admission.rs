//! What may be under way at once: refused at the door, so that an accepted ask never waits for room.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Asks that are under way at most.
pub(super) const ASKS_MAX: usize = 64;

/// Bytes that are under way at most: 18 requests of 10 s of speech.
const BYTES_MAX: usize = 8 << 20;

/// Whether there is a connection, and how much of its room is taken.
#[derive(Debug, Default)]
pub(super) struct Admission {
    /// Which connection is open, counted from 1; 0 while there is none.
    epoch: AtomicU64,
    asks: AtomicUsize,
    bytes: AtomicUsize,
}

impl Admission {
    /// The connection that is open, if any.
    pub(super) fn epoch(&self) -> Option<u64> {
        match self.epoch.load(Ordering::Acquire) {
            0 => None,
            epoch => Some(epoch),
        }
    }

    /// Opens the door for connection number `epoch`.
    pub(super) fn open(&self, epoch: u64) {
        self.epoch.store(epoch, Ordering::Release);
    }

    /// Closes the door.
    pub(super) fn close(&self) {
        self.epoch.store(0, Ordering::Release);
    }
}

/// The room that one ask takes until it is done; given back on drop.
#[derive(Debug)]
pub(super) struct Ticket {
    admission: Arc<Admission>,
    bytes: usize,
}

impl Ticket {
    /// Room for `bytes`, or `None`.
    pub(super) fn take(admission: &Arc<Admission>, bytes: usize) -> Option<Self> {
        // Taken first and looked at then: whoever finds it full gives back by dropping.
        let asks = admission.asks.fetch_add(1, Ordering::AcqRel);
        let before = admission.bytes.fetch_add(bytes, Ordering::AcqRel);
        let ticket = Self { admission: admission.clone(), bytes };
        (asks < ASKS_MAX && before.saturating_add(bytes) <= BYTES_MAX).then_some(ticket)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.admission.asks.fetch_sub(1, Ordering::AcqRel);
        self.admission.bytes.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn the_sixty_fifth_ask_is_refused_until_one_is_done() {
        let admission = Arc::new(Admission::default());
        let mut tickets: Vec<_> = (0..ASKS_MAX).map(|_| Ticket::take(&admission, 1).unwrap()).collect();
        assert!(Ticket::take(&admission, 1).is_none());
        tickets.pop();
        assert!(Ticket::take(&admission, 1).is_some());
    }

    #[test]
    fn a_refused_ask_takes_no_room() {
        let admission = Arc::new(Admission::default());
        assert!(Ticket::take(&admission, BYTES_MAX + 1).is_none());
        assert!(Ticket::take(&admission, BYTES_MAX).is_some());
    }
}
