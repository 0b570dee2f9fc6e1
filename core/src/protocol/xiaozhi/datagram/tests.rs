#![allow(clippy::unwrap_used)]

use aes::cipher::KeyInit;
use proptest::prelude::*;

use super::*;
use crate::time::Tick;

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn block(hex: &str) -> [u8; 16] {
    bytes(hex).try_into().unwrap()
}

fn seal(sealer: &mut Sealer, millis: u64, packet: &[u8]) -> Vec<u8> {
    let mut out = vec![9; 3];
    sealer.seal(Tick::from_millis(millis), packet, &mut out);
    out
}

fn open(opener: &mut Opener, datagram: &[u8]) -> Result<(u32, Vec<u8>), Refusal> {
    let mut packet = vec![9; 3];
    let opened = opener.open(datagram, &mut packet);
    assert!(opened.is_ok() || packet.is_empty(), "what was refused left something behind");
    opened.map(|label| (label.sequence, packet))
}

fn field(datagram: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(datagram[at..at + 4].try_into().unwrap())
}

const KEY: &str = "000102030405060708090a0b0c0d0e0f";
const NONCE: &str = "01000000a1b2c3d40000000000000000";

/// A datagram with this sequence number under [`KEY`].
fn numbered(sequence: u32) -> Vec<u8> {
    let mut header = block(NONCE);
    header[3] = 2;
    header[12..].copy_from_slice(&sequence.to_be_bytes());
    let mut packet = sequence.to_be_bytes()[2..].to_vec();
    apply(&Aes128::new(&block(KEY).into()), &header, &mut packet);
    [&header[..], &packet].concat()
}

#[test]
fn vector_1_one_block_up() {
    // The template's own timestamp stays, which lets the vector be reached from outside.
    let mut sealer = Sealer::new(&block(KEY), &block("01000000a1b2c3d4000004d200000000"));
    let datagram = bytes("01000003a1b2c3d4000004d200000001ebc916");
    assert_eq!(seal(&mut sealer, 0, &[0xf8, 0xff, 0xfe]), datagram);
    assert_eq!(open(&mut Opener::new(&block(KEY)), &datagram), Ok((1, vec![0xf8, 0xff, 0xfe])));
}

#[test]
fn vector_2_three_blocks_down() {
    let mut opener = Opener::new(&block("b6e228c4e0f5d0b93e6fac787786d303"));
    let datagram = bytes(
        "010000288e863dda1234567800000100dc42cbb3adce90fa841d30eaa5893b73ad7c5381e076eacf9874696ea8ddb3b3d91c880854ea3d90",
    );
    assert_eq!(open(&mut opener, &datagram), Ok((256, (0..=0x27).collect())));
}

#[test]
fn vector_3_the_counter_carries_out_of_the_sequence_number() {
    let mut opener = Opener::new(&block("00112233445566778899aabbccddeeff"));
    let datagram =
        bytes("01000021deadbeef00000007ffffffff47f325c1f0c381451c8a361e47e4ab04ba2c20232693ec700dc0fcfe1f8920a5a1");
    assert_eq!(open(&mut opener, &datagram), Ok((u32::MAX, (0..=0x20).collect())));
}

#[test]
fn vector_4_an_empty_packet_is_only_a_header() {
    // Timestamp 0 can't be reached from outside: ours begin at 1.
    let mut sealer = Sealer::new(&block(KEY), &block(NONCE));
    assert_eq!(seal(&mut sealer, 0, &[]), bytes("01000000a1b2c3d40000000100000001"));
    let datagram = bytes("01000000a1b2c3d40000000000000002");
    assert_eq!(open(&mut Opener::new(&block(KEY)), &datagram), Err(Refusal::Empty));
}

#[test]
fn vector_5_equal_timestamps_would_encrypt_two_blocks_alike_and_ours_differ() {
    let shared = bytes("f780f73928f54c9a2171d3fed34efdc4");
    let cipher = Aes128::new(&block(KEY).into());
    let still = |sequence: u8| {
        let mut packet = [0; 32];
        apply(&cipher, &block(&format!("01000020a1b2c3d400000000000000{sequence:02x}")), &mut packet);
        packet
    };
    assert_eq!((&still(1)[16..], &still(2)[..16]), (&shared[..], &shared[..]));

    let mut sealer = Sealer::new(&block(KEY), &block(NONCE));
    let [first, second] = [0, 0].map(|now| seal(&mut sealer, now, &[0; 32]));
    assert_ne!(first[HEADER + 16..], second[HEADER..HEADER + 16]);
}

#[test]
fn sequence_numbers_begin_at_1_and_timestamps_follow_the_clock() {
    let mut sealer = Sealer::new(&block(KEY), &block(NONCE));
    let sent = [5_000, 5_060, 5_060, 5_061, 5_120, 4_000].map(|now| seal(&mut sealer, now, b"x"));
    assert_eq!(sent.each_ref().map(|datagram| field(datagram, 12)), [1, 2, 3, 4, 5, 6]);
    assert_eq!(sent.each_ref().map(|datagram| field(datagram, 8)), [1, 61, 62, 63, 121, 122]);
    assert!(sent.iter().all(|datagram| datagram[..8] == bytes("01000001a1b2c3d4")));
}

#[test]
fn timestamps_go_round_after_2_to_the_32_milliseconds() {
    let mut sealer = Sealer::new(&block(KEY), &block(NONCE));
    let sent = [0, 0xffff_fffe, 0xffff_ffff, 0x1_0000_0005].map(|now| seal(&mut sealer, now, b"x"));
    assert_eq!(sent.map(|datagram| field(&datagram, 8)), [1, 0xffff_ffff, 0, 6]);
}

#[test]
fn a_timestamp_that_the_server_filled_in_stays() {
    let mut sealer = Sealer::new(&block(KEY), &block("01000000a1b2c3d4000000ff00000009"));
    let sent = [0, 60, 120].map(|now| seal(&mut sealer, now, b"x"));
    assert_eq!(sent.map(|datagram| (field(&datagram, 8), field(&datagram, 12))), [(255, 1), (255, 2), (255, 3)]);
}

/// A packet of SILK of one frame, this long; equal lengths are equal packets.
fn opus_packet(length: usize) -> Vec<u8> {
    [&[0x18][..], &vec![0x55; length - 1]].concat()
}

fn seal_while(sealer: &mut Sealer, played: Option<Label>, packet: &[u8]) -> Vec<u8> {
    let mut out = vec![9; 3];
    sealer.seal_while(played, Tick::ZERO, packet, &mut out);
    out
}

/// What a datagram's header says.
fn label(datagram: &[u8]) -> Label {
    let length = u16::try_from(datagram.len() - HEADER).unwrap();
    assert_eq!(field(datagram, 0) & 0xffff, u32::from(length));
    Label { sequence: field(datagram, 12), timestamp: field(datagram, 8), length }
}

/// The first counter blocks of a datagram, one for each 16 bytes of its packet.
fn counters(datagram: &[u8]) -> Vec<u128> {
    let first = u128::from_be_bytes(datagram[..HEADER].try_into().unwrap());
    (0..(datagram.len() - HEADER).div_ceil(16) as u128).map(|block| first + block).collect()
}

/// Whether any part of the stream of key is used twice.
fn meet(datagrams: &[Vec<u8>]) -> bool {
    let mut all: Vec<u128> = datagrams.iter().flat_map(|datagram| counters(datagram)).collect();
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    all.len() < count
}

#[test]
fn a_server_that_cancels_the_echo_is_told_what_is_played() {
    let played = |timestamp| Some(Label { sequence: 40, timestamp, length: 90 });
    let mut sealer = Sealer::telling_what_is_played(&block(KEY), &block(NONCE));
    let sent = [None, played(77), played(77), None, played(0xffff_ffff)]
        .map(|played| field(&seal_while(&mut sealer, played, &opus_packet(100)), 8));
    assert_eq!(sent, [0, 77, 77, 0, 0xffff_ffff]);
    // What the server filled in itself comes first.
    let mut sealer = Sealer::telling_what_is_played(&block(KEY), &block("01000000a1b2c3d4000000ff00000000"));
    assert_eq!(field(&seal_while(&mut sealer, played(77), b"x"), 8), 255);
}

#[test]
fn packets_with_one_timestamp_get_lengths_of_their_own_and_sound_the_same() {
    let (mut sealer, mut opener) =
        (Sealer::telling_what_is_played(&block(KEY), &block(NONCE)), Opener::new(&block(KEY)));
    let packet = opus_packet(100);
    let sent: Vec<Vec<u8>> = (0..40).map(|_| seal_while(&mut sealer, None, &packet)).collect();
    assert!(!meet(&sent));
    // Seven blocks each: the seventh packet may be as long as the first again.
    let lengths: Vec<u16> = sent.iter().map(|datagram| label(datagram).length).collect();
    assert_eq!(lengths[..9], [100, 101, 102, 103, 104, 105, 106, 100, 101]);
    for datagram in &sent {
        let (_, opened) = open(&mut opener, datagram).unwrap();
        assert_eq!(opus::packet::parse(&opened).unwrap().frames, [&packet[1..]]);
        let samples = |packet: &[u8]| opus::packet::get_nb_samples(packet, 16_000).unwrap();
        assert_eq!(samples(&opened), samples(&packet));
    }
    // A frame of silence in a block of its own meets nobody.
    let still = [0, 0].map(|_| label(&seal_while(&mut sealer, None, &[0x18])).length);
    assert_eq!(still, [1, 1]);
}

#[test]
fn the_same_with_a_timestamp_of_the_servers() {
    let mut sealer = Sealer::new(&block(KEY), &block("01000000a1b2c3d4000000ff00000000"));
    let sent: Vec<Vec<u8>> = (0..40).map(|n| seal(&mut sealer, n, &opus_packet(160))).collect();
    assert!(!meet(&sent));
    assert!(sent.iter().all(|datagram| field(datagram, 8) == 255));
}

#[test]
fn a_packet_does_not_meet_the_one_from_the_server_whose_timestamp_it_has() {
    let mut sealer = Sealer::telling_what_is_played(&block(KEY), &block(NONCE));
    for (sequence, length) in [(4, 101), (1, 101), (40, 100)] {
        let mut sealer = Sealer::telling_what_is_played(&block(KEY), &block(NONCE));
        let played = Some(Label { sequence, timestamp: 7, length: 100 });
        assert_eq!(label(&seal_while(&mut sealer, played, &opus_packet(100))).length, length, "{sequence}");
    }
    // What is no Opus can't be made longer.
    let text = [0xff; 40];
    assert_eq!([0, 0].map(|_| label(&seal_while(&mut sealer, None, &text)).length), [40, 40]);
}

#[test]
fn a_packet_that_fits_in_no_datagram_is_not_sealed_and_not_counted() {
    let mut sealer = Sealer::new(&block(KEY), &block(NONCE));
    assert!(seal(&mut sealer, 0, &[0; PACKET_LIMIT + 1]).is_empty());
    assert!(seal(&mut sealer, 0, &[0; 70_000]).is_empty());
    assert_eq!(field(&seal(&mut sealer, 0, &[0; PACKET_LIMIT]), 12), 1);
}

#[test]
fn what_is_not_a_datagram_with_sound_is_refused_and_counted_by_reason() {
    let good = numbered(1);
    let changed = |at: usize, to: u8| {
        let mut datagram = good.clone();
        datagram[at] = to;
        datagram
    };
    let large: Vec<u8> = [&[1, 0, 0x05, 0xdd][..], &[0; 12 + PACKET_LIMIT + 1]].concat();
    let mut opener = Opener::new(&block(KEY));
    for (datagram, refusal) in [
        (vec![], Refusal::Short),
        (good[..15].to_vec(), Refusal::Short),
        (changed(0, 2), Refusal::Type),
        (changed(0, 0), Refusal::Type),
        (changed(3, 3), Refusal::Length),
        (changed(3, 0), Refusal::Length),
        ([&good[..], b"x"].concat(), Refusal::Length),
        (numbered(1)[..17].to_vec(), Refusal::Length),
        (large, Refusal::Large),
    ] {
        assert_eq!(open(&mut opener, &datagram), Err(refusal), "{datagram:02x?}");
    }
    // Flags, connection and timestamp are the server's business.
    assert_eq!(open(&mut opener, &changed(1, 0xff)).map(|(sequence, _)| sequence), Ok(1));
    assert_eq!(open(&mut opener, &good), Err(Refusal::Replayed));
    assert_eq!(open(&mut opener, &numbered(1_000)), Ok((1_000, vec![0x03, 0xe8])));
    assert_eq!(open(&mut opener, &numbered(2)), Err(Refusal::Old));
    let refused = Refused { short: 2, kind: 2, length: 4, empty: 0, large: 1, replayed: 1, old: 1 };
    assert_eq!(opener.refused(), refused);
    assert_eq!(refused.total(), 11);
}

#[test]
fn a_refused_datagram_does_not_use_up_its_number() {
    let mut opener = Opener::new(&block(KEY));
    let mut broken = numbered(7);
    broken[0] = 9;
    assert_eq!(open(&mut opener, &broken), Err(Refusal::Type));
    assert_eq!(open(&mut opener, &numbered(7)), Ok((7, vec![0, 7])));
}

#[test]
fn reordered_packets_pass_once_each() {
    let mut opener = Opener::new(&block(KEY));
    for sequence in [3, 1, 0, 2, 6, 4, 5] {
        assert_eq!(open(&mut opener, &numbered(sequence)), Ok((sequence, vec![0, sequence as u8])));
    }
    for sequence in 0..=6 {
        assert_eq!(open(&mut opener, &numbered(sequence)), Err(Refusal::Replayed));
    }
}

/// An opener that has taken number 1000.
fn far_on() -> Opener {
    let mut opener = Opener::new(&block(KEY));
    open(&mut opener, &numbered(1_000)).unwrap();
    opener
}

#[test]
fn a_server_that_counts_anew_is_followed_after_50_packets_of_a_new_turn() {
    let mut opener = far_on();
    opener.turn_began();
    for sequence in 1..50 {
        assert_eq!(open(&mut opener, &numbered(sequence)), Err(Refusal::Old), "{sequence}");
    }
    for sequence in 50..200 {
        assert_eq!(open(&mut opener, &numbered(sequence)), Ok((sequence, vec![0, sequence as u8])));
    }
    assert_eq!(open(&mut opener, &numbered(50)), Err(Refusal::Old));
}

#[test]
fn the_turn_may_also_begin_after_the_first_of_them() {
    let mut opener = far_on();
    for sequence in 1..=60 {
        assert!(open(&mut opener, &numbered(sequence)).is_err());
    }
    opener.turn_began();
    assert!(open(&mut opener, &numbered(61)).is_ok());
}

#[test]
fn without_a_new_turn_or_with_good_packets_between_old_ones_stay_old() {
    let mut opener = far_on();
    for sequence in 1..=200 {
        assert_eq!(open(&mut opener, &numbered(sequence)), Err(Refusal::Old));
    }
    let mut opener = far_on();
    opener.turn_began();
    for sequence in 1..=200 {
        assert_eq!(open(&mut opener, &numbered(sequence)), Err(Refusal::Old));
        if sequence % 40 == 0 {
            assert!(open(&mut opener, &numbered(1_000 + sequence)).is_ok());
        }
    }
}

#[test]
fn a_good_packet_ends_what_was_astray_before_it_and_its_turn() {
    let mut opener = far_on();
    opener.turn_began();
    assert!(open(&mut opener, &numbered(1_001)).is_ok());
    for sequence in 1..=60 {
        assert_eq!(open(&mut opener, &numbered(sequence)), Err(Refusal::Old), "its turn counted on");
    }
    assert!(open(&mut opener, &numbered(1_002)).is_ok());
    opener.turn_began();
    for sequence in 1..50 {
        assert_eq!(open(&mut opener, &numbered(sequence)), Err(Refusal::Old), "what was astray counted on");
    }
}

#[test]
fn nothing_printed_shows_the_key() {
    let shown = format!("{:?} {:?}", Sealer::new(&[0xab; 16], &block(NONCE)), Opener::new(&[0xab; 16]));
    assert!(!shown.contains("171") && !shown.to_lowercase().contains("ab"), "{shown}");
}

proptest! {
    #[test]
    fn any_packet_comes_out_as_it_went_in(key: [u8; 16], mut nonce: [u8; 16], packets in prop::collection::vec(
        prop::collection::vec(any::<u8>(), 1..=PACKET_LIMIT), 1..5), now: u64) {
        nonce[0] = 1;
        let (mut sealer, mut opener) = (Sealer::new(&key, &nonce), Opener::new(&key));
        for (sequence, packet) in (1..).zip(packets) {
            let datagram = seal(&mut sealer, now, &packet);
            prop_assert_eq!(&datagram[4..8], &nonce[4..8]);
            let opened = open(&mut opener, &datagram);
            // By chance it may look like Opus and have been made longer.
            if datagram.len() == HEADER + packet.len() {
                prop_assert_eq!(opened, Ok((sequence, packet)));
            }
        }
    }

    #[test]
    fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        exercise(&bytes);
    }

    /// Nor with a clock that is the server's.
    #[test]
    fn no_part_of_the_stream_of_key_is_used_twice(packets in prop::collection::vec((1usize..400, 0u32..3, 0u32..200), 2..200)) {
        let mut sealer = Sealer::telling_what_is_played(&[1; 16], &block(NONCE));
        let sent: Vec<Vec<u8>> = packets.iter().map(|&(length, timestamp, sequence)| {
            let played = Label { sequence, timestamp, length: 60 };
            seal_while(&mut sealer, (timestamp > 0).then_some(played), &opus_packet(length))
        }).collect();
        prop_assert!(!meet(&sent));
        prop_assert!(sent.iter().zip(&packets).all(|(sent, packet)| sent.len() - HEADER - packet.0 <= 95));
    }

    /// No two headers that we write begin the same stream of key within a packet's length.
    #[test]
    fn timestamps_never_stand_still(times in prop::collection::vec(0u64..10_000, 2..50)) {
        let mut sealer = Sealer::new(&[1; 16], &block(NONCE));
        let stamps: Vec<u32> = times.iter().map(|&now| field(&seal(&mut sealer, now, b"x"), 8)).collect();
        prop_assert!(stamps.windows(2).all(|two| two[0] < two[1]), "{:?}", stamps);
    }
}
