//! How far a turn is.

use std::time::Duration;

use crate::audio::Position;
use crate::dialogue::{PlayId, Trigger};
use crate::hearing::Start;
use crate::time::Tick;

/// What a turn is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Somebody speaks. `to`: where the person let go, once he has.
    Speech { trigger: Trigger, from: Start, to: Option<Position> },
    /// Somebody has written.
    Text(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Phase {
    /// No turn. An open session is ended then.
    Idle { until: Option<Tick> },
    /// The session is on its way, which has deadlines of its own.
    Connecting,
    /// The session is there, and the loudspeaker has still something to say.
    Pausing { until: Tick },
    /// The microphone is open. Whether the server has understood something.
    Listening { understood: bool, until: Tick },
    /// The person has let go; what is missing is on its way.
    Releasing { until: Tick },
    /// The server thinks.
    Waiting { until: Tick },
    /// The server speaks. `play`: as long as the loudspeaker has not given it up. `pauses`: it did because nothing came.
    Speaking { play: Option<PlayId>, pauses: bool, until: Tick },
    /// The server has sent everything, the loudspeaker still speaks. `more`: whether another answer has come meanwhile.
    Draining { play: PlayId, more: More, until: Tick },
}

/// An answer behind one that is still heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum More {
    #[default]
    Nothing,
    /// It has begun.
    Begun,
    /// It is complete.
    Complete,
}

impl Phase {
    pub(super) const fn due(&self) -> Option<Tick> {
        match self {
            Self::Connecting => None,
            Self::Idle { until } => *until,
            Self::Pausing { until }
            | Self::Listening { until, .. }
            | Self::Releasing { until }
            | Self::Waiting { until }
            | Self::Speaking { until, .. }
            | Self::Draining { until, .. } => Some(*until),
        }
    }

    /// What the loudspeaker has of this turn.
    pub(super) const fn play(&self) -> Option<PlayId> {
        match self {
            Self::Speaking { play, .. } => *play,
            Self::Draining { play, .. } => Some(*play),
            _ => None,
        }
    }
}

/// An open session that nobody uses is ended after this: a server that ends it says farewell aloud, to nobody.
pub(super) const LINGER: Duration = Duration::from_secs(60);
/// The loudspeaker has so long for what it still says before the microphone opens.
pub(super) const PAUSE: Duration = Duration::from_secs(15);
/// The endpointer must have let go so long after its limits, and the server must have understood something.
pub(super) const MARGIN: Duration = Duration::from_secs(10);
/// Hearing has so long for the last frames after the person has let go.
pub(super) const FLUSH: Duration = Duration::from_secs(1);
/// And so long for all that lies on the tape, if the server was not there before.
pub(super) const CATCH_UP: Duration = Duration::from_secs(4);
/// A held microphone is let go after this.
pub(super) const HELD: Duration = Duration::from_secs(60);
/// The longest conversation without a pause.
pub(super) const LONGEST: Duration = Duration::from_secs(3_600);
/// A server that speaks says something new at least this often: a piece of music is one sentence.
pub(super) const SPEECH: Duration = Duration::from_secs(600);
/// xiaozhi: a server in whose answer nothing comes may wait for a tool or a model; after 120 s it counts as dead. The
/// channel gives the loudspeaker back after the first 25 s of these.
pub(super) const SILENCE: Duration = Duration::from_secs(95);
/// What the loudspeaker has is heard by then, also if something else was before it in the queue.
pub(super) const DRAIN: Duration = Duration::from_secs(45);
