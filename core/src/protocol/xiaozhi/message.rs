//! The messages over MQTT, both ways: JSON objects with a `type`.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use super::emotion::Emotion;
use super::preset::Preset;
use crate::channel::Session;

/// Who ends an utterance, as the server is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// The server.
    #[default]
    Auto,
    /// The person: [`listen_stop`].
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

/// Opens a session. `aec`: the server is to cancel the echo.
#[must_use]
pub fn hello(_frame: Duration, _aec: bool) -> Vec<u8> {
    todo!()
}

/// The microphone is open.
#[must_use]
pub fn listen_start(_session_id: &str, _mode: Mode) -> Vec<u8> {
    todo!()
}

/// The person has let go.
#[must_use]
pub fn listen_stop(_session_id: &str) -> Vec<u8> {
    todo!()
}

/// A wake word was heard, or somebody has written `text`.
#[must_use]
pub fn listen_detect(_session_id: &str, _text: &str) -> Vec<u8> {
    todo!()
}

/// The answer is to stop. `wake`: a wake word cut it off.
#[must_use]
pub fn abort(_session_id: &str, _wake: bool) -> Vec<u8> {
    todo!()
}

/// The session is over.
#[must_use]
pub fn goodbye(_session_id: &str) -> Vec<u8> {
    todo!()
}

/// No sound arrives: the gateway ends the session as after a goodbye.
#[must_use]
pub fn udp_timeout(_session_id: &str) -> Vec<u8> {
    todo!()
}

/// `payload`, which must be JSON, of the device's MCP server.
#[must_use]
pub fn mcp(_session_id: &str, _payload: &str) -> Vec<u8> {
    todo!()
}

/// What a server sends. Texts are limited and without control characters.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// The session is open.
    Hello(Hello),
    /// A hello that can't be used.
    BadHello {
        /// Whose session it would have been; empty if it has no id.
        session_id: String,
        /// Why.
        why: HelloError,
    },
    /// A session is over.
    Goodbye {
        /// Which.
        session_id: Option<String>,
        /// Why, in the server's words.
        reason: Option<String>,
    },
    /// What the server understood.
    Stt(String),
    /// The answer's sound begins.
    TtsStart,
    /// A sentence of the answer begins.
    TtsSentence(String),
    /// The server has sent the whole answer.
    TtsStop,
    /// How the answer is meant.
    Llm(Emotion),
    /// JSON for the device's MCP server, see [`super::mcp`].
    Mcp(String),
    /// An order to the device, such as `reboot`.
    System(String),
    /// To be shown, with a sound.
    Alert {
        /// What it is about.
        status: String,
        /// The text.
        message: String,
        /// Its mood.
        emotion: Emotion,
    },
    /// A hello or a session failed.
    Error(String),
    /// The microphone may rest until the answer is over.
    RecordStop,
    /// Something that this device has no use for, in a few words, for the log.
    Ignored(String),
}

/// Reads a message from a server. Never fails: what is wrong is [`Incoming::Ignored`].
#[must_use]
pub fn read(_payload: &[u8]) -> Incoming {
    todo!()
}

/// A session that a server opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Hello {
    /// The session's id; empty if there is none.
    pub session_id: String,
    /// The host name or address to send sound to.
    pub server: String,
    /// The port there, never 0.
    pub port: u16,
    /// The key of AES-128.
    pub key: Zeroizing<[u8; 16]>,
    /// The template of each datagram's header.
    pub nonce: [u8; 16],
    /// The sample rate that the server speaks of, in Hz; not reliable, the packets say it.
    pub rate: u32,
    /// The length of the frames that the server speaks of; not reliable, the packets say it.
    pub frame: Duration,
}

impl Hello {
    /// The channel that it needs, with frames of this length and what `preset` wants.
    #[must_use]
    pub fn session(&self, frame: Duration, preset: &Preset) -> Session {
        Session {
            server: self.server.clone(),
            port: self.port,
            key: self.key.clone(),
            nonce: self.nonce,
            frame,
            raw: preset.raw,
            greeting: preset.greeting(&self.session_id),
        }
    }
}

impl fmt::Debug for Hello {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { session_id, server, port, rate, frame, .. } = self;
        write!(f, "Hello({session_id:?}, {server}:{port}, {rate} Hz, {} ms)", frame.as_millis())
    }
}

/// Why a hello can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelloError {
    /// Without `udp`.
    #[error("the server's hello has no object `udp`, so it offers no channel for sound; look at the server's settings")]
    NoChannel,
}
