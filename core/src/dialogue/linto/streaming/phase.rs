//! Where a stream stands, and until when.

use crate::hearing::Start;
use crate::time::Tick;

/// Whose stream it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Dictation,
    Meeting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Idle,
    /// The start is sent.
    Starting {
        owner: Owner,
        from: Start,
        cleared: u8,
        until: Tick,
    },
    /// An old stream is being stopped.
    Clearing {
        owner: Owner,
        from: Start,
        cleared: u8,
        until: Tick,
    },
    /// It is started and not ready yet.
    Holding {
        owner: Owner,
        from: Start,
        until: Tick,
    },
    Running {
        owner: Owner,
        since: Tick,
    },
    /// The last chunk is on its way.
    Flushing {
        owner: Owner,
        until: Tick,
    },
    /// The final text is awaited.
    Ending {
        owner: Owner,
        until: Tick,
    },
    /// A recording waits for the next try.
    Pausing {
        until: Tick,
    },
}

impl Phase {
    /// When the phase is over at the latest; one that waits for people has no such time.
    pub(super) const fn deadline(&self) -> Option<Tick> {
        match self {
            Self::Idle | Self::Running { .. } => None,
            Self::Starting { until, .. }
            | Self::Clearing { until, .. }
            | Self::Holding { until, .. }
            | Self::Flushing { until, .. }
            | Self::Ending { until, .. }
            | Self::Pausing { until } => Some(*until),
        }
    }

    /// Whose stream it is, if there is one.
    pub(super) const fn owner(&self) -> Option<Owner> {
        match self {
            Self::Idle | Self::Pausing { .. } => None,
            Self::Starting { owner, .. }
            | Self::Clearing { owner, .. }
            | Self::Holding { owner, .. }
            | Self::Running { owner, .. }
            | Self::Flushing { owner, .. }
            | Self::Ending { owner, .. } => Some(*owner),
        }
    }
}
