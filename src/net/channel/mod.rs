//! A channel of encrypted sound: one UDP socket for each session of a server that speaks xiaozhi.
//!
//! [`dial()`] gives its two ends. The [`Outbound`] one seals and sends a packet in the moment in which it is handed over;
//! nothing is queued, since sound that comes late is worth nothing. The [`Inbound`] one opens what comes. The socket is
//! connected, so that the kernel lets only the server's datagrams in, and each session has a port of its own, so that
//! what belongs to the last one ends nowhere.
//!
//! | limit | value | beyond it |
//! |---|---|---|
//! | name of the server | 3 s | the channel fails |
//! | datagrams that the system can't take now | none is kept | dropped, counted as `unsent` |
//! | length of what is in a datagram | 1500 bytes | refused, counted |
//! | datagrams at one look | 32 | the others wait in the kernel's buffer |

mod counters;
mod dial;
mod inbound;
mod latency;
mod outbound;

pub use counters::ChannelCounters;
pub use dial::{ChannelError, dial};
pub use inbound::Inbound;
pub use latency::Latency;
pub use outbound::Outbound;
