//! xiaozhi: the request for the configuration, messages over MQTT, sealed sound over UDP, tools over MCP.
//!
//! Everything in here is a function from bytes to data or back. Who acts on it, and when, is the dialogue's business.

pub mod access;
pub mod aloud;
pub mod datagram;
pub mod emotion;
mod fields;
pub mod mcp;
pub mod message;
pub mod preset;

/// The largest message that may be published, in bytes. xiaozhi: the gateway closes the connection over an MQTT packet
/// of more than 8192 bytes.
pub const MESSAGE_LIMIT: usize = 8_000;
