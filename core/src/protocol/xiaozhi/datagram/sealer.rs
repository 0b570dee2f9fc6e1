//! What goes up.

use std::fmt;

use aes::Aes128;
use aes::cipher::KeyInit;

use super::apart::Apart;
use super::{HEADER, Label, PACKET_LIMIT, apply};
use crate::time::Tick;

/// Seals the packets of one session.
///
/// Block *k* of packet *n* and the first block of packet *n + k* would be encrypted alike if their headers had the same
/// length and timestamp, so no two packets have the same timestamp. Where that is not ours to choose, since the server
/// filled the field itself or wants to be told there what is played, such packets get different lengths instead.
pub struct Sealer {
    cipher: Aes128,
    template: [u8; HEADER],
    /// The sequence number of the next packet.
    next: u32,
    clock: Clock,
    /// Where timestamps may stand still.
    apart: Option<Apart>,
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
    /// That of the packet that is played meanwhile; 0: none is.
    Played,
}

impl Sealer {
    /// For one session, with its key and the template of its headers.
    #[must_use]
    pub fn new(key: &[u8; 16], nonce: &[u8; 16]) -> Self {
        Self::with(key, nonce, Clock::Running { start: None, last: 0 })
    }

    /// The same for a server that cancels the echo, and wants to know from the timestamps what was played while the sound
    /// was caught. What a server filled in itself still stays.
    #[must_use]
    pub fn telling_what_is_played(key: &[u8; 16], nonce: &[u8; 16]) -> Self {
        Self::with(key, nonce, Clock::Played)
    }

    fn with(key: &[u8; 16], nonce: &[u8; 16], clock: Clock) -> Self {
        let clock = if nonce[8..12] == [0; 4] { clock } else { Clock::Template };
        let apart = (!matches!(clock, Clock::Running { .. })).then(Apart::default);
        Self { cipher: Aes128::new(key.into()), template: *nonce, next: 1, clock, apart }
    }

    /// As [`Sealer::seal_while`], while nothing is played.
    pub fn seal(&mut self, now: Tick, packet: &[u8], out: &mut Vec<u8>) {
        self.seal_while(None, now, packet, out);
    }

    /// Writes the next datagram into `out`, which is emptied first. `now` may have any start: the channel's time runs
    /// from the first call. An empty packet makes a datagram that is only a header. A packet of more than
    /// [`PACKET_LIMIT`] bytes leaves `out` empty and uses up no sequence number.
    ///
    /// `played`: the packet that the loudspeaker played when the end of this one was caught.
    pub fn seal_while(&mut self, played: Option<Label>, now: Tick, packet: &[u8], out: &mut Vec<u8>) {
        out.clear();
        let length = match u16::try_from(packet.len()) {
            Ok(length) if packet.len() <= PACKET_LIMIT => length,
            _ => return,
        };
        let mut header = self.template;
        out.extend_from_slice(&header);
        out.extend_from_slice(packet);
        let timestamp = self.clock.stamp(now, played).unwrap_or(self.timestamp());
        let mut label = Label { sequence: self.next, timestamp, length };
        self.next = self.next.wrapping_add(1);
        if let Some(apart) = &mut self.apart {
            label.length = apart.keep(label, played, HEADER, out);
        }
        header[2..4].copy_from_slice(&label.length.to_be_bytes());
        header[8..12].copy_from_slice(&label.timestamp.to_be_bytes());
        header[12..].copy_from_slice(&label.sequence.to_be_bytes());
        out[..HEADER].copy_from_slice(&header);
        apply(&self.cipher, &header, &mut out[HEADER..]);
    }

    /// That of the template.
    fn timestamp(&self) -> u32 {
        let [.., a, b, c, d, _, _, _, _] = self.template;
        u32::from_be_bytes([a, b, c, d])
    }
}

impl Clock {
    /// The next timestamp; `None`: the template's stays.
    fn stamp(&mut self, now: Tick, played: Option<Label>) -> Option<u32> {
        let (start, last) = match self {
            Self::Template => return None,
            Self::Played => return Some(played.map_or(0, |played| played.timestamp)),
            Self::Running { start, last } => (start, last),
        };
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
