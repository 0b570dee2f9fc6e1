//! A server's hello: the session that it opens.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

use super::SESSION_ID_LIMIT;
use crate::channel::Session;
use crate::protocol::xiaozhi::fields::{Fields, quoted};
use crate::protocol::xiaozhi::preset::Preset;

/// The longest name of a host, in bytes.
const HOST_LIMIT: usize = 253;

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
    /// The sample rate that the server speaks of, 8 to 48 kHz. xiaozhi: servers are wrong about it; the packets say it.
    pub rate: u32,
    /// The length of the frames that the server speaks of, up to 120 ms; as unreliable.
    pub frame: Duration,
}

/// Why a hello can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelloError {
    /// Without an object `udp`.
    #[error("the server's hello has no object `udp`, so there is no way for sound; switch the server's UDP on")]
    NoChannel,
    /// Without a usable host.
    #[error("the server's hello has no usable `udp.server`; set its public address in the server's settings")]
    Server,
    /// Without a usable port.
    #[error("the server's hello has no `udp.port` from 1 to 65535 but {0}; set it in the server's settings")]
    Port(String),
    /// A key that is none.
    #[error("the server's hello has no `udp.key` of 32 hexadecimal digits; it speaks another protocol, or is broken")]
    Key,
    /// A nonce that is none.
    #[error("the server's hello has no `udp.nonce` of 32 hexadecimal digits; it speaks another protocol, or is broken")]
    Nonce,
}

impl Hello {
    /// Reads it. xiaozhi: some servers name another transport than `udp`, but none without meaning it sends such an
    /// object.
    pub(super) fn read(message: &Fields) -> Result<Self, HelloError> {
        let udp = message.object("udp").ok_or(HelloError::NoChannel)?;
        let server = udp.exact("server", HOST_LIMIT).filter(|server| !server.contains(char::is_whitespace));
        let port = udp.get::<u16>("port").filter(|port| *port != 0);
        let audio = message.object("audio_params").unwrap_or_default();
        Ok(Self {
            session_id: session_id(message).unwrap_or_default(),
            server: server.ok_or(HelloError::Server)?,
            port: port.ok_or_else(|| HelloError::Port(found(&udp, "port")))?,
            key: block(&udp, "key").ok_or(HelloError::Key)?,
            nonce: *block(&udp, "nonce").ok_or(HelloError::Nonce)?,
            rate: audio.get("sample_rate").filter(|rate| (8_000..=48_000).contains(rate)).unwrap_or(24_000),
            frame: Duration::from_millis(
                audio.get("frame_duration").filter(|frame| (1..=120).contains(frame)).unwrap_or(60),
            ),
        })
    }

    /// The channel that it needs, with frames of this length and what `preset` wants. `server_cancels`: as in [`Session`].
    #[must_use]
    pub fn session(&self, frame: Duration, server_cancels: bool, preset: &Preset) -> Session {
        Session {
            server: self.server.clone(),
            port: self.port,
            key: self.key.clone(),
            nonce: self.nonce,
            frame,
            server_cancels,
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

/// The session's id, if there is one that can be sent back as it is.
pub(super) fn session_id(message: &Fields) -> Option<String> {
    message.exact("session_id", SESSION_ID_LIMIT)
}

/// What stands under a key, for an error.
fn found(fields: &Fields, key: &str) -> String {
    fields.raw(key).map_or_else(|| "nothing".into(), |raw| quoted(raw.get()))
}

/// 32 hexadecimal digits.
fn block(fields: &Fields, key: &str) -> Option<Zeroizing<[u8; 16]>> {
    let text = Zeroizing::new(fields.get::<String>(key)?);
    let digits = text.as_bytes();
    if digits.len() != 32 {
        return None;
    }
    let mut block = Zeroizing::new([0; 16]);
    for (byte, pair) in block.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
        *byte = (high? << 4 | low?) as u8;
    }
    Some(block)
}
