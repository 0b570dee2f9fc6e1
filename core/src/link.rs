//! A connection to an MQTT broker, as data: what a protocol asks of it and what comes back.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

/// Delivery guarantee of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Qos {
    /// At most once.
    Zero,
    /// At least once.
    One,
    /// Exactly once.
    Two,
}

/// A message to send.
#[derive(Clone, PartialEq, Eq)]
pub struct Publication {
    /// The full topic.
    pub topic: String,
    /// The bytes.
    pub payload: Vec<u8>,
    /// Delivery guarantee.
    pub qos: Qos,
    /// Whether the broker keeps it for later subscribers.
    pub retain: bool,
}

impl fmt::Debug for Publication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{} {:?} ", self.topic, if self.retain { " (retain)" } else { "" }, self.qos)?;
        if self.payload.len() > 2_000 {
            return write!(f, "{} bytes", self.payload.len());
        }
        f.write_str(&String::from_utf8_lossy(&self.payload))
    }
}

/// A message that came in.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The full topic.
    pub topic: String,
    /// The bytes.
    pub payload: Vec<u8>,
    /// Whether the broker had kept it: it was not sent just now.
    pub retained: bool,
}

impl fmt::Debug for Message {
    /// Without the bytes, in which there may be a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = if self.retained { " (retained)" } else { "" };
        write!(f, "{}{kept} {} bytes", self.topic, self.payload.len())
    }
}

/// What a broker connection needs of its protocol: everything that differs between protocols, in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Seconds between pings; a half-open connection is noticed within twice that.
    pub keep_alive: Duration,
    /// What the broker says for us when we vanish.
    pub will: Option<Publication>,
    /// What we say ourselves before a clean exit.
    pub farewell: Vec<Publication>,
    /// The client id, or its first part.
    pub client_id: String,
    /// Whether a random suffix may (and therefore does) make the client id unique, so that no twin can throw us out.
    pub suffix: bool,
    /// The largest message that is taken in, in bytes; larger ones are skipped, named and counted.
    pub incoming_limit: usize,
    /// A connection that the broker closes sooner than this after it had accepted us counts as short-lived.
    pub short_life: Duration,
    /// So many short-lived connections in a row mean that the broker throws us out.
    pub short_lives: u32,
    /// A connection that is closed sooner than this after it was accepted, and before any message, was refused: this
    /// broker does not say so in other words. `None`: it does.
    pub refusal: Option<Duration>,
    /// Whether a packet asks for one filter only.
    pub single_filter: bool,
    /// The largest message that may be sent, in bytes; a larger one is refused and counted.
    pub outgoing_limit: Option<usize>,
}

/// Where a broker is and how to log in, when the protocol learns that from its server.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// TLS from the first byte.
    pub tls: bool,
    /// A name or an address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The login name.
    pub username: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// What the protocol needs.
    pub policy: Policy,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        write!(f, "{scheme}://{}:{} as {}", self.host, self.port, self.policy.client_id)
    }
}

/// Why a connection ended or did not come about. The texts name the value and are ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// No connection: name not found, refused, timed out, TLS failed.
    Unreachable(String),
    /// The broker answered and said no: password, not authorised, client id.
    Refused(String),
    /// It was there and went away.
    Lost(String),
    /// The broker closes each connection shortly after it accepted it.
    ThrownOut(String),
}

/// What comes from a broker connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// The broker accepted us. Nothing is subscribed yet.
    Connected,
    /// SUBACK for everything that was asked; these filters were refused.
    Subscribed {
        /// Filters with return code 0x80.
        refused: Vec<String>,
    },
    /// A message.
    Message(Message),
    /// A message over the limit was skipped.
    Oversize {
        /// Its topic.
        topic: String,
        /// Its size in bytes.
        size: usize,
    },
    /// The connection ended, or an attempt failed.
    Disconnected(Loss),
}

/// What a protocol asks of its broker connection. Refused silently while disconnected: nothing is ever queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkAsk {
    /// Subscribe these filters; answered by [`LinkEvent::Subscribed`].
    Subscribe(Vec<(String, Qos)>),
    /// Send.
    Publish(Publication),
    /// Connect at once rather than at the next attempt, if it is not connected.
    Hurry,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_a_message_is_not_printed() {
        let payload = br#"{"type":"hello","udp":{"key":"00112233"}}"#.to_vec();
        let message = Message { topic: "devices/p2p/x".into(), payload, retained: true };
        assert_eq!(format!("{:?}", LinkEvent::Message(message)), "Message(devices/p2p/x (retained) 41 bytes)");
    }
}
