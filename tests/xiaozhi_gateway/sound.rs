//! Datagrams.

use std::net::{Ipv4Addr, UdpSocket};

use serde_json::{Value, json};

use crate::client::{Client, Session, hello, unhex};
use crate::speech::{find, resample, tone};
use crate::xiaozhi::chat::Turn;
use crate::xiaozhi::datagram::Header;
use crate::xiaozhi::record::Event;
use crate::xiaozhi::voice::{Decoded, SAYS, packets};
use crate::xiaozhi::{Order, Rules, Xiaozhi};

/// 12 packets.
fn sound() -> Vec<i16> {
    tone(SAYS, 440.0, 8_000.0, 0.72)
}

fn answer() -> Turn {
    Turn { sentences: vec![("A tone.".into(), sound())], ..Turn::default() }
}

fn connected() -> (Xiaozhi, Client) {
    let server = Xiaozhi::start(Rules::default());
    let mut client = Client::login(&server);
    client.next();
    (server, client)
}

/// Waits until the answer is over; datagrams that went out, and packets that went nowhere.
fn said(server: &Xiaozhi) -> (usize, usize) {
    server.wait("the end of the answer", |entries| {
        let stop = |event: &Event| matches!(event, Event::Told(message) if message["state"] == "stop");
        let count = |wanted: fn(&Event) -> bool| entries.iter().filter(|entry| wanted(&entry.event)).count();
        entries.iter().any(|entry| stop(&entry.event)).then(|| {
            (count(|event| matches!(event, Event::Played { .. })), count(|event| matches!(event, Event::Nowhere)))
        })
    })
}

#[test]
fn the_cipher_gives_the_known_datagrams() {
    let check = |key: &str, nonce: &str, (timestamp, sequence): (u32, u32), packet: &[u8], datagram: &str| {
        let connection = u32::from_be_bytes(unhex(&json!(nonce))[4..8].try_into().unwrap());
        let sealed = Header { length: 0, connection, timestamp, sequence }.seal(&unhex(&json!(key)), packet);
        assert_eq!(sealed.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), datagram);
        let header = Header::read(&sealed).unwrap();
        assert_eq!(header.open(&unhex(&json!(key)), &sealed), packet);
    };
    let (key, nonce) = ("000102030405060708090a0b0c0d0e0f", "01000000a1b2c3d40000000000000000");
    check(key, nonce, (1_234, 1), &[0xf8, 0xff, 0xfe], "01000003a1b2c3d4000004d200000001ebc916");
    check(key, nonce, (0, 2), &[], "01000000a1b2c3d40000000000000002");
    let long: Vec<u8> = (0..0x28).collect();
    let (key, nonce) = ("b6e228c4e0f5d0b93e6fac787786d303", "010000008e863dda0000000000000000");
    let sealed = "010000288e863dda1234567800000100\
                  dc42cbb3adce90fa841d30eaa5893b73ad7c5381e076eacf9874696ea8ddb3b3d91c880854ea3d90";
    check(key, nonce, (0x1234_5678, 256), &long, sealed);
    // The counter runs over all 128 bits.
    let (key, nonce) = ("00112233445566778899aabbccddeeff", "01000000deadbeef0000000000000000");
    let sealed = "01000021deadbeef00000007ffffffff\
                  47f325c1f0c381451c8a361e47e4ab04ba2c20232693ec700dc0fcfe1f8920a5a1";
    check(key, nonce, (7, u32::MAX), &long[..0x21], sealed);
}

#[test]
fn what_is_sent_comes_out_and_what_is_said_comes_in() {
    let (server, mut client) = connected();
    let mut session = client.hello();
    let sent = packets(&sound());
    sent.iter().for_each(|packet| session.send(packet));
    let taken = server.wait("all packets", |entries| {
        let taken: Vec<Vec<u8>> = entries
            .iter()
            .filter_map(|entry| match &entry.event {
                Event::Sound { packet, .. } => Some(packet.clone()),
                _ => None,
            })
            .collect();
        (taken.len() == sent.len()).then_some(taken)
    });
    assert_eq!(taken, sent);
    let found = find(&resample(&sound(), SAYS, 16_000)[1_000..10_000], &server.heard());
    assert!(found.score > 0.95, "{found:?}");

    server.order(Order::Say(answer()));
    let mut decoded = Decoded::new();
    for wanted in 1..=12 {
        let (header, packet) = session.receive();
        assert_eq!(header.sequence, wanted);
        assert_eq!(header.connection, u32::from_be_bytes(session.nonce[4..8].try_into().unwrap()));
        assert_eq!(decoded.next(&packet).unwrap().len(), 960, "60 ms");
    }
}

#[test]
fn without_a_datagram_from_the_device_nothing_comes() {
    let (server, mut client) = connected();
    let session = client.hello();
    server.order(Order::Say(answer()));
    assert_eq!(said(&server), (0, 12));
    assert!(!session.is_there());
}

#[test]
fn a_header_alone_opens_the_way() {
    let (server, mut client) = connected();
    let mut session = client.hello();
    session.send(&[]);
    server.wait_event("the datagram", |event| matches!(event, Event::Sound { .. }).then_some(()));
    server.order(Order::Say(answer()));
    assert_eq!(said(&server), (12, 0));
    assert_eq!(session.receive().0.sequence, 1);
}

#[test]
fn the_same_number_is_taken_again_and_a_smaller_one_is_not() {
    let (server, mut client) = connected();
    let session = client.hello();
    [5, 5, 4, 6].iter().for_each(|&sequence| session.send_as(sequence, &[0xf8]));
    let taken = server.wait("the last one", |entries| {
        let sequence = |event: &Event| match event {
            Event::Sound { sequence, .. } => Some(*sequence),
            _ => None,
        };
        let taken: Vec<u32> = entries.iter().filter_map(|entry| sequence(&entry.event)).collect();
        taken.contains(&6).then_some(taken)
    });
    assert_eq!(taken, [5, 5, 6]);
}

#[test]
fn what_is_no_datagram_of_the_gateway_is_dropped() {
    let (server, mut client) = connected();
    let mut session = client.hello();
    let raw = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    raw.connect((Ipv4Addr::LOCALHOST, server.udp_port())).unwrap();
    let connection = u32::from_be_bytes(session.nonce[4..8].try_into().unwrap());
    let good = Header { length: 0, connection, timestamp: 1, sequence: 1 }.seal(&session.key, &[0xf8, 0xff]);
    let mut typed = good.clone();
    typed[0] = 2;
    let mut foreign = good.clone();
    foreign[4] ^= 1;
    for bad in [&good[..15], &good[..17], &typed[..], &foreign[..]] {
        raw.send(bad).unwrap();
    }
    // What stands behind is not looked at.
    raw.send(&[&good[..], &[0; 5]].concat()).unwrap();
    session.send_as(9, &[0xf8]);
    session.send_as(10, &[0xf8]);
    let taken = server.wait("the good ones", |entries| {
        let taken: Vec<(u32, usize)> = entries
            .iter()
            .filter_map(|entry| match &entry.event {
                Event::Sound { sequence, packet, .. } => Some((*sequence, packet.len())),
                _ => None,
            })
            .collect();
        taken.iter().any(|(sequence, _)| *sequence == 10).then_some(taken)
    });
    assert_eq!(taken, [(1, 2), (9, 1), (10, 1)]);
    session.send(&[]);
}

#[test]
fn after_a_second_hello_the_old_address_holds_until_a_datagram_comes() {
    let (server, mut client) = connected();
    let mut old = client.hello();
    old.send(&[]);
    server.wait_event("the datagram", |event| matches!(event, Event::Sound { .. }).then_some(()));
    client.say(&hello(json!({})));
    let reply: Value = client.wait("hello");
    let mut new = Session::new(&reply, UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    server.order(Order::Say(answer()));
    assert_eq!(said(&server), (12, 0));
    assert!(old.is_there() && !new.is_there());
    new.send(&[]);
    server.wait("its datagram", |entries| {
        let sounds = entries.iter().filter(|entry| matches!(entry.event, Event::Sound { .. }));
        (sounds.count() == 2).then_some(())
    });
    server.order(Order::Say(answer()));
    assert_eq!(new.receive().0.sequence, 13, "it counts on within a session");
}
