//! The program's cipher and OpenSSL's are the same one.

use auricle_core::protocol::xiaozhi::datagram::{Opener, PACKET_LIMIT, Sealer};
use auricle_core::time::Tick;

use crate::xiaozhi::datagram::Header;

/// Bytes of no particular kind.
fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Of each length that ends in another place of a block, and the longest.
fn lengths() -> impl Iterator<Item = usize> {
    (1..=66).chain([400, PACKET_LIMIT])
}

#[test]
fn openssl_opens_what_the_program_seals() {
    let key: [u8; 16] = bytes(16, 1).try_into().unwrap();
    let template = Header { length: 0, connection: 0xdead_beef, timestamp: 0, sequence: 0 };
    let mut sealer = Sealer::new(&key, &template.bytes());
    let mut datagram = Vec::new();
    for (sequence, length) in (1..).zip(lengths()) {
        let packet = bytes(length, u64::from(sequence));
        sealer.seal(Tick::ZERO, &packet, &mut datagram);
        let header = Header::read(&datagram).unwrap();
        assert_eq!((header.connection, header.sequence), (0xdead_beef, sequence));
        assert_eq!(header.open(&key, &datagram), packet, "{length} bytes");
    }
}

#[test]
fn the_program_opens_what_openssl_seals() {
    let key: [u8; 16] = bytes(16, 2).try_into().unwrap();
    let (mut opener, mut opened) = (Opener::new(&key), Vec::new());
    // Near the end of 32 bits the counter runs over into the timestamp.
    for (sequence, length) in (u32::MAX - 67..=u32::MAX).zip(lengths()) {
        let packet = bytes(length, u64::from(sequence));
        let header = Header { length: 0, connection: 7, timestamp: sequence.rotate_left(5), sequence };
        let datagram = header.seal(&key, &packet);
        assert_eq!(opener.open(&datagram, &mut opened).map(|label| label.sequence), Ok(sequence));
        assert_eq!(opened, packet, "{length} bytes");
    }
}
