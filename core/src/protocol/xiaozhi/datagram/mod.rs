//! Sound in datagrams: a header of 16 bytes in the clear, and one packet of sound under AES-128 in counter mode.
//!
//! xiaozhi: the header, big-endian, is the type 1, a byte of flags, the length of the packet (2 bytes), the connection's
//! id (4 bytes, which is all that a server finds its session by), a timestamp and a sequence number (4 bytes each). The
//! whole header is the first counter block, and the counter is one number of 128 bits. Nothing authenticates a
//! datagram, so what comes is looked at strictly.

mod apart;
mod opener;
mod sealer;
mod window;

use aes::Aes128;
use aes::cipher::{InnerIvInit, StreamCipherCore};
use ctr::CtrCore;
use ctr::flavors::Ctr128BE;

pub use self::opener::{Opener, Refusal, Refused};
pub use self::sealer::Sealer;

/// The header's length in bytes.
pub const HEADER: usize = 16;

/// The longest packet of sound in a datagram, in bytes.
pub const PACKET_LIMIT: usize = 1_500;

/// What the header of a datagram says about its packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Label {
    /// Its number in the session.
    pub sequence: u32,
    /// Whatever the sender means by it.
    pub timestamp: u32,
    /// The packet's length in bytes.
    pub length: u16,
}

/// Encrypts or decrypts in place: both are the same.
fn apply(cipher: &Aes128, header: &[u8; HEADER], packet: &mut [u8]) {
    let stream = CtrCore::<&Aes128, Ctr128BE>::inner_iv_init(cipher, header.into());
    // It fails only after 2^128 blocks.
    let _ = stream.try_apply_keystream_partial(packet.into());
}

/// Reads bytes as an uplink and as a downlink, for the fuzzer and its kept seeds.
#[doc(hidden)]
pub fn exercise(bytes: &[u8]) {
    let mut opener = Opener::new(&[7; 16]);
    let mut packet = vec![1, 2, 3];
    for datagram in bytes.chunks(HEADER + 4).chain([bytes]) {
        let before = opener.refused().total();
        match opener.open(datagram, &mut packet) {
            Ok(_) => {
                assert!((1..=PACKET_LIMIT).contains(&packet.len()), "a packet of {} bytes", packet.len());
                assert_eq!(packet.len() + HEADER, datagram.len(), "bytes were lost");
                assert_eq!(opener.open(datagram, &mut packet), Err(Refusal::Replayed), "it passed twice");
                assert_eq!(opener.refused().total(), before + 1, "a replay was not counted");
            }
            Err(_) => assert!(packet.is_empty() && opener.refused().total() == before + 1, "a refusal without count"),
        }
        opener.turn_began();
    }
    round_trip(bytes);
    round_trip_apart(bytes);
}

/// The same packet again and again under one timestamp: it may become longer, but stays what it is.
fn round_trip_apart(bytes: &[u8]) {
    let template = [1, 0, 0, 0, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0];
    let (mut sealer, mut opener) = (Sealer::telling_what_is_played(&[7; 16], &template), Opener::new(&[7; 16]));
    let (mut datagram, mut packet) = (Vec::new(), Vec::new());
    let samples = |packet: &[u8]| opus::packet::get_nb_samples(packet, 16_000).ok();
    for sent in bytes.chunks(PACKET_LIMIT).cycle().take(6) {
        let played = Label { sequence: 2, timestamp: 9, length: datagram.len() as u16 };
        sealer.seal_while(Some(played), crate::time::Tick::ZERO, sent, &mut datagram);
        assert!(datagram.len() <= HEADER + PACKET_LIMIT, "a datagram of {} bytes", datagram.len());
        let opened = opener.open(&datagram, &mut packet).map(|label| label.timestamp);
        assert_eq!(opened, Ok(9), "an own datagram was refused");
        assert!(packet.len() >= sent.len() && samples(&packet) == samples(sent), "another sound");
    }
}

/// What is sealed is what is opened.
fn round_trip(bytes: &[u8]) {
    let (mut sealer, mut opener) = (Sealer::new(&[7; 16], &[1; 16]), Opener::new(&[7; 16]));
    let (mut datagram, mut packet) = (Vec::new(), Vec::new());
    for (sequence, sent) in (1..).zip(bytes.chunks(PACKET_LIMIT)) {
        sealer.seal(crate::time::Tick::ZERO, sent, &mut datagram);
        let opened = opener.open(&datagram, &mut packet).map(|label| label.sequence);
        assert_eq!(opened, Ok(sequence), "an own datagram was refused");
        assert_eq!(packet, sent, "what was opened is not what was sealed");
    }
}

#[cfg(test)]
mod tests;
