//! One connection without a socket.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::net::mqtt::admission::Admission;
use crate::net::mqtt::inbound::Inbound;
use std::time::Duration;

struct Bench {
    session: Session,
    out: Outbox,
    admission: Arc<Admission>,
    start: Instant,
}

impl Bench {
    fn new() -> Self {
        let session = Session::new(Arc::default(), false);
        Self { session, out: Outbox::default(), admission: Arc::default(), start: Instant::now() }
    }

    fn publish(&mut self, qos: Qos, seconds: u64) {
        let ticket = Ticket::take(&self.admission, 1).unwrap();
        let publication = Publication { topic: "t".into(), payload: b"x".to_vec(), qos, retain: false };
        self.session.publish(publication, self.start + Duration::from_secs(seconds), ticket, &mut self.out);
    }

    fn subscribe(&mut self, filters: &[&str]) {
        let ticket = Ticket::take(&self.admission, 1).unwrap();
        let filters = filters.iter().map(|filter| ((*filter).to_owned(), Qos::One)).collect();
        self.session.subscribe(filters, self.start, ticket, &mut self.out).unwrap();
    }

    fn hear(&mut self, packet: Packet) -> Result<Option<LinkEvent>, Violation> {
        self.session.handle(Frame::Packet(packet), &mut self.out)
    }

    /// What was said to the broker since the last look.
    fn said(&mut self) -> Vec<Packet> {
        let mut inbound = Inbound::new(1_000);
        while !self.out.is_empty() {
            let slices = self.out.slices();
            inbound.push(&slices[0]);
            let written = slices[0].len();
            self.out.wrote(written);
        }
        std::iter::from_fn(|| inbound.next_frame().unwrap())
            .map(|frame| match frame {
                Frame::Packet(packet) => packet,
                Frame::Oversize(message) => panic!("{message:?}"),
            })
            .collect()
    }
}

fn incoming(qos: QoS, pkid: u16) -> Packet {
    let mut publish = Publish::new("in", qos, "x");
    publish.pkid = pkid;
    Packet::Publish(publish)
}

#[test]
fn each_message_is_acknowledged_by_its_qos() {
    let mut bench = Bench::new();
    for packet in [incoming(QoS::AtMostOnce, 0), incoming(QoS::AtLeastOnce, 5), incoming(QoS::ExactlyOnce, 6)] {
        assert!(matches!(bench.hear(packet), Ok(Some(LinkEvent::Message(_)))));
    }
    assert_eq!(bench.said(), [Packet::PubAck(PubAck::new(5)), Packet::PubRec(PubRec::new(6))]);
}

#[test]
fn a_qos_2_message_comes_once_until_it_is_released() {
    let mut bench = Bench::new();
    assert!(bench.hear(incoming(QoS::ExactlyOnce, 6)).unwrap().is_some());
    assert!(bench.hear(incoming(QoS::ExactlyOnce, 6)).unwrap().is_none(), "the duplicate");
    bench.hear(Packet::PubRel(PubRel::new(6))).unwrap();
    assert!(bench.hear(incoming(QoS::ExactlyOnce, 6)).unwrap().is_some(), "the id is used anew");
    assert_eq!(bench.said()[2], Packet::PubComp(PubComp::new(6)));
}

#[test]
fn a_broker_that_releases_nothing_is_left() {
    let mut bench = Bench::new();
    let result = (1..=2_000).try_for_each(|id| bench.hear(incoming(QoS::ExactlyOnce, id)).map(drop));
    assert!(matches!(result, Err(Violation::Unreleased)));
}

#[test]
fn refused_filters_are_named() {
    let mut bench = Bench::new();
    bench.subscribe(&["a/#", "b/#"]);
    let codes = vec![SubscribeReasonCode::Success(QoS::AtLeastOnce), SubscribeReasonCode::Failure];
    let event = bench.hear(Packet::SubAck(SubAck::new(1, codes))).unwrap();
    assert_eq!(event, Some(LinkEvent::Subscribed { refused: vec!["b/#".into()] }));
    assert!(bench.session.is_idle());
}

#[test]
fn filters_that_go_out_one_by_one_are_answered_as_one() {
    let mut bench = Bench::new();
    bench.session.single_filter = true;
    bench.subscribe(&["a/#", "b/#", "c/#"]);
    bench.subscribe(&["d"]);
    let asked = bench.said().into_iter().map(|packet| match packet {
        Packet::Subscribe(subscribe) => (subscribe.pkid, subscribe.filters.len(), subscribe.filters[0].path.clone()),
        other => panic!("{other:?}"),
    });
    let asked: Vec<_> = asked.collect();
    assert_eq!(asked, [(1, 1, "a/#".into()), (2, 1, "b/#".into()), (3, 1, "c/#".into()), (4, 1, "d".into())]);
    let good = || vec![SubscribeReasonCode::Success(QoS::AtMostOnce)];
    assert_eq!(bench.hear(Packet::SubAck(SubAck::new(3, good()))).unwrap(), None);
    let event = bench.hear(Packet::SubAck(SubAck::new(4, good()))).unwrap();
    assert_eq!(event, Some(LinkEvent::Subscribed { refused: Vec::new() }), "another request");
    let refused = vec![SubscribeReasonCode::Failure];
    assert_eq!(bench.hear(Packet::SubAck(SubAck::new(1, refused))).unwrap(), None);
    let event = bench.hear(Packet::SubAck(SubAck::new(2, good()))).unwrap();
    assert_eq!(event, Some(LinkEvent::Subscribed { refused: vec!["a/#".into()] }));
    assert!(bench.session.is_idle());
}

#[test]
fn a_suback_of_another_length_is_a_violation() {
    let mut bench = Bench::new();
    bench.subscribe(&["a/#", "b/#"]);
    let ack = SubAck::new(1, vec![SubscribeReasonCode::Failure]);
    assert!(matches!(bench.hear(Packet::SubAck(ack)), Err(Violation::SubAck { codes: 1, filters: 2 })));
}

#[test]
fn what_is_not_acknowledged_in_time_is_named() {
    let mut bench = Bench::new();
    bench.publish(Qos::One, 12);
    let deadline = bench.session.deadline().unwrap();
    assert_eq!(deadline, bench.start + Duration::from_secs(12));
    assert_eq!(bench.session.expired(deadline - Duration::from_millis(1)), None);
    assert_eq!(bench.session.expired(deadline).unwrap(), "no PUBACK for `t` in time");
    bench.hear(Packet::PubAck(PubAck::new(1))).unwrap();
    assert_eq!(bench.session.deadline(), None);
}

#[test]
fn our_qos_2_message_is_released_once_the_broker_has_it() {
    let mut bench = Bench::new();
    bench.publish(Qos::Two, 12);
    bench.said();
    bench.hear(Packet::PubRec(PubRec::new(1))).unwrap();
    assert_eq!(bench.said(), [Packet::PubRel(PubRel::new(1))]);
    assert!(!bench.session.is_idle());
    bench.hear(Packet::PubComp(PubComp::new(1))).unwrap();
    assert!(bench.session.is_idle());
}

#[test]
fn acknowledgements_that_nobody_asked_for_change_nothing() {
    let mut bench = Bench::new();
    bench.publish(Qos::One, 12);
    bench.said();
    for packet in [
        Packet::PubAck(PubAck::new(9)),
        Packet::PubRec(PubRec::new(1)),
        Packet::PubComp(PubComp::new(1)),
        Packet::SubAck(SubAck::new(1, vec![SubscribeReasonCode::Failure])),
    ] {
        assert!(bench.hear(packet).unwrap().is_none());
    }
    assert!(!bench.session.is_idle());
    assert!(bench.said().is_empty());
}

#[test]
fn packet_ids_wrap_around_those_that_are_taken() {
    let mut bench = Bench::new();
    bench.publish(Qos::One, 12);
    bench.session.last_id = u16::MAX;
    bench.publish(Qos::One, 12);
    assert_eq!(bench.session.flights.keys().copied().collect::<Vec<_>>(), [1, 2]);
}
