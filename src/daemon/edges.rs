//! Changes of a pin on their way to the control thread: outside its inbox, where a full one would lose them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use auricle_core::button::Edge;

use crate::device::pins::{PinError, PinNotice};

/// Changes that may wait. More than that in one stall is no person.
const MOST: usize = 64;

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Changes, the oldest first.
    pub(super) edges: Vec<(Instant, Edge)>,
    /// Changes that are lost. Those that wait mean nothing then.
    pub(super) missed: u64,
    /// The pin can't be watched any longer.
    pub(super) broken: Option<PinError>,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.edges.is_empty() && self.missed == 0 && self.broken.is_none()
    }
}

/// A queue that tells what it could not keep.
#[derive(Debug, Default)]
pub(super) struct Edges(Mutex<Waiting>);

impl Edges {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here panics, so nothing is ever half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a notice. Whether it is the first one, for which somebody must be woken.
    pub(super) fn push(&self, notice: PinNotice) -> bool {
        let mut waiting = self.waiting();
        let first = waiting.is_empty();
        match notice {
            PinNotice::Edge { at, edge } if waiting.edges.len() < MOST => waiting.edges.push((at, edge)),
            PinNotice::Edge { .. } => waiting.missed += 1,
            PinNotice::Missed(count) => waiting.missed = waiting.missed.saturating_add(count),
            PinNotice::Lost(error) => waiting.broken = Some(error),
        }
        first
    }

    /// Whether something waits.
    pub(super) fn any(&self) -> bool {
        !self.waiting().is_empty()
    }

    /// Everything that waits.
    pub(super) fn take(&self) -> Waiting {
        std::mem::take(&mut *self.waiting())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_counted_and_wakes_nobody_again() {
        let (edges, at) = (Edges::default(), Instant::now());
        assert!(!edges.any());
        let woken: usize =
            (0..MOST + 3).map(|_| usize::from(edges.push(PinNotice::Edge { at, edge: Edge::Pressed }))).sum();
        assert!(!edges.push(PinNotice::Missed(2)) && edges.any());
        let waiting = edges.take();
        assert_eq!((woken, waiting.edges.len(), waiting.missed), (1, MOST, 5));
        assert!(edges.push(PinNotice::Lost(PinError::NoPins)), "after all was taken, the next one wakes");
        assert_eq!(edges.take().broken, Some(PinError::NoPins));
    }
}
