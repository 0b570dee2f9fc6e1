//! What comes down.

use std::fmt;

use aes::Aes128;
use aes::cipher::KeyInit;

use super::window::{Place, Window};
use super::{HEADER, Label, PACKET_LIMIT, apply};

/// xiaozhi: the first byte of a datagram with sound.
const SOUND: u8 = 1;

/// So many packets in a row that were here before or are too old, and a turn that began meanwhile, mean that the server
/// counts from the start again.
const ASTRAY: u32 = 50;

/// Opens the datagrams of one session. A packet may come up to 63 packets late; none passes twice.
pub struct Opener {
    cipher: Aes128,
    window: Window,
    refused: Refused,
    /// Replayed or old ones since the last that was taken.
    astray: u32,
    /// Whether a turn began since the last that was taken.
    turn_began: bool,
}

impl Opener {
    /// For one session.
    #[must_use]
    pub fn new(key: &[u8; 16]) -> Self {
        Self {
            cipher: Aes128::new(key.into()),
            window: Window::default(),
            refused: Refused::default(),
            astray: 0,
            turn_began: false,
        }
    }

    /// Writes the packet into `packet`, which is emptied first, and gives what its header says.
    ///
    /// # Errors
    /// Why it is not taken, also counted; `packet` is empty then.
    pub fn open(&mut self, datagram: &[u8], packet: &mut Vec<u8>) -> Result<Label, Refusal> {
        packet.clear();
        self.take(datagram, packet).inspect_err(|refusal| self.refused.count(*refusal))
    }

    /// The server begins to speak: if it counts from the start again, 50 refusals in a row are enough to follow it.
    pub const fn turn_began(&mut self) {
        self.turn_began = true;
    }

    /// What was refused so far.
    #[must_use]
    pub const fn refused(&self) -> Refused {
        self.refused
    }

    fn take(&mut self, datagram: &[u8], packet: &mut Vec<u8>) -> Result<Label, Refusal> {
        let (header, sealed) = datagram.split_first_chunk::<HEADER>().ok_or(Refusal::Short)?;
        let [kind, _, high, low, ..] = *header;
        let said = u16::from_be_bytes([high, low]);
        let length = usize::from(said);
        match () {
            () if kind != SOUND => return Err(Refusal::Type),
            () if length != sealed.len() => return Err(Refusal::Length),
            () if length == 0 => return Err(Refusal::Empty),
            () if length > PACKET_LIMIT => return Err(Refusal::Large),
            () => {}
        }
        let [.., s, t, u, v, a, b, c, d] = *header;
        let (timestamp, sequence) = (u32::from_be_bytes([s, t, u, v]), u32::from_be_bytes([a, b, c, d]));
        self.place(sequence)?;
        packet.extend_from_slice(sealed);
        apply(&self.cipher, header, packet);
        Ok(Label { sequence, timestamp, length: said })
    }

    fn place(&mut self, sequence: u32) -> Result<(), Refusal> {
        let refusal = match self.window.take(sequence) {
            Place::New => None,
            Place::Seen => Some(Refusal::Replayed),
            Place::Behind => Some(Refusal::Old),
        };
        if let Some(refusal) = refusal {
            self.astray += 1;
            if self.astray < ASTRAY || !self.turn_began {
                return Err(refusal);
            }
            self.window = Window::starting(sequence);
        }
        self.astray = 0;
        self.turn_began = false;
        Ok(())
    }
}

impl fmt::Debug for Opener {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opener({:?}, {:?})", self.window, self.refused)
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

    const fn count(&mut self, refusal: Refusal) {
        *match refusal {
            Refusal::Short => &mut self.short,
            Refusal::Type => &mut self.kind,
            Refusal::Length => &mut self.length,
            Refusal::Empty => &mut self.empty,
            Refusal::Large => &mut self.large,
            Refusal::Replayed => &mut self.replayed,
            Refusal::Old => &mut self.old,
        } += 1;
    }
}
