//! What goes up.

use std::fmt;

use aes::Aes128;
use aes::cipher::KeyInit;

use super::{HEADER, PACKET_LIMIT, apply};
use crate::time::Tick;

/// Seals the packets of one session.
///
/// Block *k* of packet *n* and the first block of packet *n + k* would be encrypted alike if their headers had the same
/// length and timestamp, so no two packets have the same timestamp, unless the server filled that field itself.
pub struct Sealer {
    cipher: Aes128,
    template: [u8; HEADER],
    /// The sequence number of the next packet.
    next: u32,
    clock: Clock,
}

/// What is written as the timestamp.
enum Clock {
    /// What the template says. xiaozhi: some servers find their session by these bytes too.
    Template,
    /// Milliseconds since the first packet, from 1.
    Running {
        /// When the first packet was sealed.
        start: Option<Tick>,
        /// The last one that was written, not yet cut to 32 bits.
        last: u64,
    },
}

impl Sealer {
    /// For one session, with its key and the template of its headers.
    #[must_use]
    pub fn new(key: &[u8; 16], nonce: &[u8; 16]) -> Self {
        let clock = match nonce[8..12] {
            [0, 0, 0, 0] => Clock::Running { start: None, last: 0 },
            _ => Clock::Template,
        };
        Self { cipher: Aes128::new(key.into()), template: *nonce, next: 1, clock }
    }

    /// Writes the next datagram into `out`, which is emptied first. `now` may have any start: the channel's time runs
    /// from the first call. An empty packet makes a datagram that is only a header. A packet of more than
    /// [`PACKET_LIMIT`] bytes leaves `out` empty and uses up no sequence number.
    pub fn seal(&mut self, now: Tick, packet: &[u8], out: &mut Vec<u8>) {
        out.clear();
        let length = match u16::try_from(packet.len()) {
            Ok(length) if packet.len() <= PACKET_LIMIT => length,
            _ => return,
        };
        let mut header = self.template;
        header[2..4].copy_from_slice(&length.to_be_bytes());
        if let Some(stamp) = self.clock.stamp(now) {
            header[8..12].copy_from_slice(&stamp.to_be_bytes());
        }
        header[12..].copy_from_slice(&self.next.to_be_bytes());
        self.next = self.next.wrapping_add(1);
        out.extend_from_slice(&header);
        out.extend_from_slice(packet);
        apply(&self.cipher, &header, &mut out[HEADER..]);
    }
}

impl Clock {
    /// The next timestamp; `None`: the template's stays.
    fn stamp(&mut self, now: Tick) -> Option<u32> {
        let Self::Running { start, last } = self else { return None };
        let elapsed = now.since(*start.get_or_insert(now)).as_millis();
        *last = u64::try_from(elapsed).unwrap_or(u64::MAX - 1).saturating_add(1).max(last.saturating_add(1));
        // Modulo 2^32, as the field is.
        Some(*last as u32)
    }
}

impl fmt::Debug for Sealer {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer(next is {})", self.next)
    }
}
