//! A broker that is none: the gateway of a device family that knows a few packets and hangs up over all others.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use auricle::net::mqtt::{Backoff, LinkSettings};
use auricle_core::link::{LinkAsk, LinkEvent, Loss, Qos};

use crate::broker::SOON;
use crate::device::{self, Device, fast, publication, settings};
use crate::twins::client_id;

const SUBSCRIBE: u8 = 0x82;
const PUBLISH: u8 = 0x30;
const PING: u8 = 0xc0;

struct Gateway(TcpListener);

impl Gateway {
    fn start() -> (Self, LinkSettings) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut settings = settings(listener.local_addr().unwrap().port());
        settings.policy.will = None;
        settings.policy.farewell.clear();
        settings.policy.suffix = false;
        settings.policy.refusal = Some(SOON);
        settings.policy.single_filter = true;
        settings.policy.outgoing_limit = Some(8_000);
        (Self(listener), settings)
    }

    /// The next connection, whose login it accepts.
    fn accept(&self) -> TcpStream {
        let (mut peer, _) = self.0.accept().unwrap();
        assert_eq!(client_id(&mut peer), "device");
        peer.write_all(&[0x20, 2, 0, 0]).unwrap();
        peer.set_read_timeout(Some(SOON)).unwrap();
        peer
    }
}

/// The next packet that is not a ping: its first byte and what follows the length.
fn packet(peer: &mut TcpStream) -> (u8, Vec<u8>) {
    loop {
        let mut head = [0; 2];
        peer.read_exact(&mut head).unwrap();
        let mut length = usize::from(head[1] & 0x7f);
        if head[1] & 0x80 != 0 {
            let mut more = [0];
            peer.read_exact(&mut more).unwrap();
            length |= usize::from(more[0]) << 7;
        }
        let mut body = vec![0; length];
        peer.read_exact(&mut body).unwrap();
        if head[0] != PING {
            return (head[0], body);
        }
        peer.write_all(&[0xd0, 0]).unwrap();
    }
}

#[test]
fn who_is_accepted_and_thrown_out_at_once_has_wrong_credentials() {
    let (gateway, mut settings) = Gateway::start();
    settings.backoff = fast().between(SOON * 10, SOON * 10);
    let device = Device::start(settings);
    // More often than short lives in a row are allowed: a wrong password is not taken for a twin.
    for _ in 0..4 {
        drop(gateway.accept());
        let loss = device.wait_loss(SOON);
        assert!(
            matches!(&loss, Loss::Refused(reason)
            if reason.contains("wrong credentials") && reason.contains("not registered") && reason.contains("`device`")),
            "{loss:?}"
        );
    }
}

#[test]
fn a_refusal_of_that_kind_is_retried_as_slowly_as_any() {
    let (gateway, mut settings) = Gateway::start();
    let fast = settings.clone();
    settings.backoff = device::fast().refused_between(SOON * 10, SOON * 10);
    let slow = Device::start(settings);
    drop(gateway.accept());
    assert!(matches!(slow.wait_loss(SOON), Loss::Refused(_)));
    let fast = Device::start(fast);
    for _ in 0..5 {
        drop(gateway.accept());
        fast.wait_loss(SOON);
    }
    assert_eq!(slow.link().counters().attempts.load(Ordering::Relaxed), 1);
}

#[test]
fn who_got_a_message_or_stayed_for_a_while_was_not_refused() {
    let (gateway, mut settings) = Gateway::start();
    let device = Device::start(settings.clone());
    let mut peer = gateway.accept();
    peer.write_all(&[PUBLISH, 5, 0, 1, b'a', b'{', b'}']).unwrap();
    device.wait_message();
    drop(peer);
    assert!(matches!(device.wait_loss(SOON), Loss::Lost(_)));
    drop((device, gateway));
    let (gateway, fresh) = Gateway::start();
    settings.address = fresh.address;
    settings.policy.refusal = Some(Duration::from_millis(50));
    let device = Device::start(settings);
    let mut peer = gateway.accept();
    // A ping comes after a second.
    let mut ping = [0; 2];
    peer.read_exact(&mut ping).unwrap();
    drop(peer);
    assert!(matches!(device.wait_loss(SOON), Loss::Lost(_)));
}

#[test]
fn each_filter_goes_alone_and_all_are_answered_as_one() {
    let (gateway, settings) = Gateway::start();
    let device = Device::start(settings);
    let mut peer = gateway.accept();
    device.wait_connected();
    let filters = ["devices/p2p/aa", "extra", "refused"];
    let asked = filters.iter().map(|filter| ((*filter).to_owned(), Qos::Zero)).collect();
    assert!(device.link().ask(LinkAsk::Subscribe(asked)));
    for filter in filters {
        let (kind, body) = packet(&mut peer);
        assert_eq!(kind, SUBSCRIBE);
        let (id, rest) = body.split_at(2);
        assert_eq!(rest, [&[0, filter.len() as u8], filter.as_bytes(), &[0]].concat(), "one filter, QoS 0");
        let code = if filter == "refused" { 0x80 } else { 0 };
        peer.write_all(&[0x90, 3, id[0], id[1], code]).unwrap();
    }
    let refused = device.wait(SOON, |event| match event {
        LinkEvent::Subscribed { refused } => Some(refused.clone()),
        _ => None,
    });
    assert_eq!(refused, ["refused"]);
}

#[test]
fn what_the_broker_would_not_take_is_refused_and_counted() {
    let (gateway, settings) = Gateway::start();
    let device = Device::start(settings);
    let mut peer = gateway.accept();
    device.wait_connected();
    let message = |size| LinkAsk::Publish(publication("device-server", vec![b'x'; size], Qos::Zero, false));
    assert!(!device.link().ask(message(8_001)));
    assert!(device.link().ask(message(8_000)));
    let (kind, body) = packet(&mut peer);
    assert_eq!((kind, body.len()), (PUBLISH, 2 + "device-server".len() + 8_000), "QoS 0: no packet id");
    assert_eq!(device.link().counters().too_large.load(Ordering::Relaxed), 1);
    let late = publication("device-server", "x", Qos::Zero, false);
    assert!(device.link().publish_by(late, Instant::now() + SOON));
    assert_eq!(packet(&mut peer).0, PUBLISH, "a message with an end is not raised to QoS 1 either");
}

#[test]
fn somebody_in_a_hurry_cuts_the_pause_short_but_not_more_than_once_a_second() {
    let (gateway, mut settings) = Gateway::start();
    settings.backoff = Backoff::default().between(SOON * 10, SOON * 10).refused_between(SOON * 10, SOON * 10);
    let device = Device::start(settings);
    drop(gateway.accept());
    device.wait_loss(SOON);
    let start = Instant::now();
    for _ in 0..3 {
        assert!(device.link().ask(LinkAsk::Hurry));
        drop(gateway.accept());
        device.wait_loss(SOON);
    }
    assert!(start.elapsed() >= Duration::from_millis(1_900), "three attempts in {:?}", start.elapsed());
    assert_eq!(device.link().counters().attempts.load(Ordering::Relaxed), 4);
}
