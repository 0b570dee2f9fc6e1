//! Sound in datagrams: a header of 16 bytes in the clear, and one packet of sound under AES-128 in counter mode.

use crate::time::Tick;

/// The header's length in bytes.
pub const HEADER: usize = 16;

/// The longest packet of sound in a datagram, in bytes.
pub const PACKET_LIMIT: usize = 1_500;

/// Seals what goes up.
pub struct Sealer;

impl Sealer {
    /// For one session, with its key and the template of its headers.
    #[must_use]
    pub fn new(_key: &[u8; 16], _nonce: &[u8; 16]) -> Self {
        Self
    }

    /// Writes the next datagram into `out`, which is emptied first. `now` may have any start; the first call's is the
    /// channel's. A packet of more than [`PACKET_LIMIT`] bytes leaves `out` empty and uses up no sequence number.
    pub fn seal(&mut self, _now: Tick, _packet: &[u8], _out: &mut Vec<u8>) {
        todo!()
    }
}

/// Why a datagram is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// Less than a header.
    #[error("it is shorter than a header")]
    Short,
    /// The first byte is not that of sound.
    #[error("it is not of the type of sound")]
    Type,
    /// The header's length is not that of what follows.
    #[error("its length is not what its header says")]
    Length,
    /// There is no sound in it.
    #[error("there is no sound in it")]
    Empty,
    /// More than [`PACKET_LIMIT`].
    #[error("it is longer than any packet of sound")]
    Large,
    /// It was taken before.
    #[error("it was here before")]
    Replayed,
    /// Its number is too far behind to know whether it was taken before.
    #[error("it is too old")]
    Old,
}

/// How many datagrams were refused, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the refusals are")]
pub struct Refused {
    pub short: u64,
    pub kind: u64,
    pub length: u64,
    pub empty: u64,
    pub large: u64,
    pub replayed: u64,
    pub old: u64,
}

impl Refused {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.short + self.kind + self.length + self.empty + self.large + self.replayed + self.old
    }
}

/// Opens what comes down.
pub struct Opener;

impl Opener {
    /// For one session.
    #[must_use]
    pub fn new(_key: &[u8; 16]) -> Self {
        Self
    }

    /// Writes the packet into `packet`, which is emptied first, and gives its sequence number. Packets may come in any
    /// order within 64; each passes once.
    ///
    /// # Errors
    /// Why it is not taken; `packet` is empty then.
    pub fn open(&mut self, _datagram: &[u8], _packet: &mut Vec<u8>) -> Result<u32, Refusal> {
        todo!()
    }

    /// The server begins to speak: if it counts from the start again, 50 refusals in a row are now enough to follow it.
    pub fn turn_began(&mut self) {}

    /// What was refused so far.
    #[must_use]
    pub fn refused(&self) -> Refused {
        Refused::default()
    }
}
