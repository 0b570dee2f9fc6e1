//! The messages over MQTT, both ways: JSON objects with a `type`.

mod hello;
mod read;
mod write;

pub use self::hello::{Hello, HelloError};
pub use self::read::{Incoming, exercise, read};
pub(super) use self::write::mcp;
pub use self::write::{TYPED_LIMIT, abort, goodbye, hello, listen_detect, listen_start, listen_stop};

/// The longest text of a server that is kept, in characters.
pub const TEXT_LIMIT: usize = 4_000;

/// The longest session id that is kept, in bytes.
pub const SESSION_ID_LIMIT: usize = 128;

/// Who ends an utterance, as the server is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The server.
    #[default]
    Auto,
    /// The person, with [`listen_stop`].
    Manual,
    /// The server, and the microphone stays open while it speaks.
    Realtime,
}

impl Mode {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Manual => "manual",
            Self::Realtime => "realtime",
        }
    }
}
