//! The one table from what the device does to what is seen.

use super::Colour;
use super::motion::Motion::{self, Breathe, Double, DoubleGap, Fast, Gap, Off, Rotate, Slow, Steady, Triple};
use crate::assistant::shown::{Mood, Scene, State};

/// What the lights tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Ready.
    Idle,
    /// On the way to the server.
    Connecting,
    /// The microphone is open for somebody.
    Listening,
    /// The server thinks.
    Waiting,
    /// The loudspeaker speaks.
    Speaking,
    /// The microphone is closed on request.
    Muted,
    /// Nothing but a recording runs.
    Recording,
    /// Something is wrong.
    Degraded,
    /// The device is being updated and must not lose its power.
    Updating,
}

/// A line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Of what.
    pub activity: Activity,
    /// Where there are colours.
    pub colour: Colour,
    /// One LED of one colour.
    pub lamp: Motion,
    /// One LED of three colours.
    pub rgb: Motion,
    /// A strip.
    pub strip: Motion,
}

const fn row(activity: Activity, colour: [u8; 3], lamp: Motion, rgb: Motion, strip: Motion) -> Row {
    Row { activity, colour: Colour::new(colour[0], colour[1], colour[2]), lamp, rgb, strip }
}

/// Every picture there is, in the order of [`Activity`]. Where there are colours, what is wanted for
/// hours stands still; what is wrong blinks, so that it is seen.
pub const TABLE: [Row; 9] = [
    row(Activity::Idle, [0, 0, 0], Off, Off, Off),
    row(Activity::Connecting, [255, 255, 255], Fast, Slow, Breathe),
    row(Activity::Listening, [0, 0, 255], Steady, Steady, Steady),
    row(Activity::Waiting, [0, 255, 255], Fast, Fast, Rotate),
    row(Activity::Speaking, [0, 255, 0], Gap, Gap, Breathe),
    row(Activity::Muted, [255, 0, 0], Slow, Steady, Steady),
    row(Activity::Recording, [255, 0, 255], DoubleGap, Steady, Steady),
    row(Activity::Degraded, [255, 160, 0], Double, Double, Double),
    row(Activity::Updating, [255, 255, 255], Triple, Triple, Rotate),
];

/// The green of speech on a strip, by how the answer is meant: never so far from green that it could be taken for
/// another line of the table.
pub const fn speech(mood: Mood) -> Colour {
    match mood {
        Mood::Even => Colour::new(0, 255, 0),
        Mood::Bright => Colour::new(130, 255, 0),
        Mood::Warm => Colour::new(120, 255, 90),
        Mood::Low => Colour::new(0, 90, 40),
        Mood::Stirred => Colour::new(0, 255, 140),
    }
}

impl Activity {
    /// What to tell of, of all that happens at once.
    #[must_use]
    pub const fn of(scene: Scene) -> Self {
        match scene.state {
            State::Connecting => Self::Connecting,
            State::Listening => Self::Listening,
            State::Waiting => Self::Waiting,
            State::Speaking => Self::Speaking,
            State::Muted => Self::Muted,
            State::Idle | State::Degraded if scene.updating && !scene.recording && !scene.muted => Self::Updating,
            State::Degraded => Self::Degraded,
            State::Idle if scene.recording => Self::Recording,
            State::Idle if scene.connecting => Self::Connecting,
            State::Idle => Self::Idle,
        }
    }

    /// Its line of the table.
    #[must_use]
    pub const fn row(self) -> Row {
        TABLE[self as usize]
    }

    /// How the documents call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Listening => "listening",
            Self::Waiting => "waiting",
            Self::Speaking => "speaking",
            Self::Muted => "muted",
            Self::Recording => "recording",
            Self::Degraded => "degraded",
            Self::Updating => "updating",
        }
    }
}
