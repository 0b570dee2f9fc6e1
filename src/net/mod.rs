//! The network, behind plain data: what a protocol asks for goes in, what happened comes out.
//!
//! [`mqtt`] keeps one connection to one MQTT broker. It knows nothing of any protocol that is spoken over it: topics,
//! will, packet limit and farewell come in as an [`auricle_core::link::Policy`]. [`http`] makes one request at a time.
//! [`channel`] carries encrypted sound beside it.

pub mod channel;
mod dial;
pub mod http;
pub mod mqtt;
