//! How far a session is.

use crate::time::Tick;

/// One wish to open a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Attempt {
    /// Whether it ended right away once.
    pub(super) again: bool,
    /// Whether other topics were subscribed for it.
    pub(super) fallback: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Closed,
    /// The connection to the broker is on its way.
    Linking { attempt: Attempt, until: Tick },
    /// A goodbye was sent, its echo is waited for. Whether a session is wanted after it.
    Parting { next: Option<Attempt>, until: Tick },
    /// A pause before it is tried again.
    Resting { attempt: Attempt, until: Tick },
    /// A hello was sent. Whether a goodbye came instead of an answer.
    Greeting { attempt: Attempt, dismissed: bool, until: Tick },
    /// The channel is on its way.
    Opening { attempt: Attempt, until: Tick },
    /// It stands; since when, for an end right after it.
    Open { attempt: Attempt, since: Tick },
}

impl State {
    pub(super) const fn due(&self) -> Option<Tick> {
        match self {
            Self::Closed | Self::Open { .. } => None,
            Self::Linking { until, .. }
            | Self::Parting { until, .. }
            | Self::Resting { until, .. }
            | Self::Greeting { until, .. }
            | Self::Opening { until, .. } => Some(*until),
        }
    }
}
