//! What a person sees: one word, a pure function of everything.

/// What the light, `status` and `events` show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Ready.
    Idle,
    /// A turn is on its way to the server.
    Connecting,
    /// The microphone is open for somebody.
    Listening,
    /// The server thinks.
    Waiting,
    /// The loudspeaker speaks.
    Speaking,
    /// The microphone is closed on request.
    Muted,
    /// Something is wrong.
    Degraded,
}

impl State {
    /// The name that scripts see.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Listening => "listening",
            Self::Waiting => "waiting",
            Self::Speaking => "speaking",
            Self::Muted => "muted",
            Self::Degraded => "degraded",
        }
    }
}

/// How an answer is meant, as far as a light can show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// Like any other.
    #[default]
    Even,
    /// Happy, funny, proud.
    Bright,
    /// Loving, kind.
    Warm,
    /// Sad, tired.
    Low,
    /// Surprised, shocked, angry.
    Stirred,
}

/// Everything that the light shows at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scene {
    /// What the device does.
    pub state: State,
    /// Whether the microphone is closed on request, also while a text is spoken.
    pub muted: bool,
    /// Whether it records.
    pub recording: bool,
    /// Whether a server is not connected, and it is not yet known why.
    pub connecting: bool,
    /// Whether its program is being replaced, so that it must not lose its power.
    pub updating: bool,
    /// How the answer is meant that is heard.
    pub mood: Mood,
}

impl Scene {
    /// Nothing happens and all is well.
    pub const IDLE: Self = Self {
        state: State::Idle,
        muted: false,
        recording: false,
        connecting: false,
        updating: false,
        mood: Mood::Even,
    };
}
