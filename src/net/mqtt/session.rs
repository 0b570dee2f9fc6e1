//! What is under way on one connection: packet ids, acknowledgements, deadlines. Pure: no socket, no clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use auricle_core::link::{LinkEvent, Message, Publication, Qos};
use rumqttc::mqttbytes::QoS;
use rumqttc::mqttbytes::v4::{
    Packet, PubAck, PubComp, PubRec, PubRel, Publish, SubAck, Subscribe, SubscribeFilter, SubscribeReasonCode,
};
use thiserror::Error;

use super::admission::Ticket;
use super::counters::{LinkCounters, count};
use super::inbound::{Frame, Oversize};
use super::outbox::Outbox;
use super::wire_qos;

/// QoS 2 messages that the broker may have under way towards us. Mosquitto's default is 20.
const UNRELEASED_MAX: usize = 1_024;

/// QoS 2 messages that we have under way at most. Mosquitto 2 throws out a client that has more than 20.
const QOS2_MAX: usize = 16;

/// What the broker must not do.
#[derive(Debug, Error)]
pub(super) enum Violation {
    /// A packet that only clients send.
    #[error("the broker sent a packet that only clients send")]
    Direction,
    /// Not as many return codes as filters.
    #[error("SUBACK with {codes} return codes for {filters} filters")]
    SubAck {
        /// Return codes in it.
        codes: usize,
        /// Filters that were asked.
        filters: usize,
    },
    /// QoS 2 messages that it never releases.
    #[error("more than {UNRELEASED_MAX} messages with QoS 2 that the broker does not release")]
    Unreleased,
    /// What the codec says of our answer.
    #[error("{0}")]
    Codec(#[from] rumqttc::mqttbytes::Error),
}

/// What we wait for.
#[derive(Debug)]
enum Wait {
    /// SUBACK for these filters.
    SubAck(Vec<String>),
    /// PUBACK.
    PubAck,
    /// PUBREC: the broker has the message and holds it back.
    PubRec,
    /// PUBCOMP: the message is released.
    PubComp,
}

#[derive(Debug)]
struct Flight {
    wait: Wait,
    /// The topic, or the first filter.
    name: String,
    expires: Instant,
    _ticket: Arc<Ticket>,
}

/// The state of one connection, from CONNACK on.
#[derive(Debug)]
pub(super) struct Session {
    flights: BTreeMap<u16, Flight>,
    last_id: u16,
    /// Ids of QoS 2 messages that were handed on and not yet released: a second one is a duplicate.
    unreleased: BTreeSet<u16>,
    counters: Arc<LinkCounters>,
}

impl Session {
    pub(super) fn new(counters: Arc<LinkCounters>) -> Self {
        Self { flights: BTreeMap::new(), last_id: 0, unreleased: BTreeSet::new(), counters }
    }

    /// Asks for filters; until `expires` for the answer.
    pub(super) fn subscribe(
        &mut self,
        filters: Vec<(String, Qos)>,
        expires: Instant,
        ticket: Ticket,
        out: &mut Outbox,
    ) -> Result<(), Violation> {
        let wanted = filters.iter().map(|(path, qos)| SubscribeFilter::new(path.clone(), wire_qos(*qos)));
        let mut packet = Subscribe::new_many(wanted);
        let filters: Vec<_> = filters.into_iter().map(|(path, _)| path).collect();
        let name = filters.first().cloned().unwrap_or_default();
        packet.pkid = self.fly(Wait::SubAck(filters), name, expires, Arc::new(ticket));
        Ok(out.packet(&Packet::Subscribe(packet))?)
    }

    /// Sends a publication; until `expires` for its acknowledgement, if it has one.
    pub(super) fn publish(&mut self, publication: Publication, expires: Instant, ticket: Ticket, out: &mut Outbox) {
        count(&self.counters.published);
        let ticket = Arc::new(ticket);
        let wait = match publication.qos {
            Qos::Zero => return out.publish(publication, 0, &ticket),
            Qos::One => Wait::PubAck,
            Qos::Two => Wait::PubRec,
        };
        let id = self.fly(wait, publication.topic.clone(), expires, ticket.clone());
        out.publish(publication, id, &ticket);
    }

    /// Takes what came in, answers it, and tells what it means.
    pub(super) fn handle(&mut self, frame: Frame, out: &mut Outbox) -> Result<Option<LinkEvent>, Violation> {
        match frame {
            Frame::Oversize(message) => self.oversize(message, out),
            Frame::Packet(Packet::Publish(publish)) => self.message(publish, out),
            Frame::Packet(Packet::SubAck(ack)) => self.subscribed(&ack),
            Frame::Packet(Packet::PubAck(PubAck { pkid })) => {
                self.land(pkid, |wait| matches!(wait, Wait::PubAck));
                Ok(None)
            }
            Frame::Packet(Packet::PubRec(PubRec { pkid })) => self.release(pkid, out),
            Frame::Packet(Packet::PubComp(PubComp { pkid })) => {
                self.land(pkid, |wait| matches!(wait, Wait::PubComp));
                Ok(None)
            }
            Frame::Packet(Packet::PubRel(PubRel { pkid })) => {
                self.unreleased.remove(&pkid);
                out.packet(&Packet::PubComp(PubComp::new(pkid)))?;
                Ok(None)
            }
            Frame::Packet(Packet::PingResp | Packet::UnsubAck(_)) => Ok(None),
            Frame::Packet(_) => Err(Violation::Direction),
        }
    }

    /// Whether the broker would stand one more publication.
    pub(super) fn has_room(&self) -> bool {
        let exact = self.flights.values().filter(|flight| matches!(flight.wait, Wait::PubRec | Wait::PubComp));
        exact.count() < QOS2_MAX
    }

    /// Whether everything is acknowledged.
    pub(super) fn is_idle(&self) -> bool {
        self.flights.is_empty()
    }

    /// The next moment at which something expires.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.flights.values().map(|flight| flight.expires).min()
    }

    /// What should have been acknowledged by now, in words.
    pub(super) fn expired(&self, now: Instant) -> Option<String> {
        let flight = self.flights.values().find(|flight| flight.expires <= now)?;
        let packet = match flight.wait {
            Wait::SubAck(_) => "SUBACK",
            Wait::PubAck => "PUBACK",
            Wait::PubRec => "PUBREC",
            Wait::PubComp => "PUBCOMP",
        };
        Some(format!("no {packet} for `{}` in time", flight.name))
    }

    fn fly(&mut self, wait: Wait, name: String, expires: Instant, ticket: Arc<Ticket>) -> u16 {
        // At most 64 ids are taken, see `admission`: a free one is near.
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if !self.flights.contains_key(&self.last_id) {
                break;
            }
        }
        self.flights.insert(self.last_id, Flight { wait, name, expires, _ticket: ticket });
        self.last_id
    }

    /// Ends a flight. An acknowledgement that nobody waits for is harmless and ignored.
    fn land(&mut self, id: u16, awaited: impl Fn(&Wait) -> bool) -> Option<Flight> {
        self.flights.get(&id).filter(|flight| awaited(&flight.wait))?;
        self.flights.remove(&id)
    }

    fn release(&mut self, id: u16, out: &mut Outbox) -> Result<Option<LinkEvent>, Violation> {
        if let Some(flight) = self.flights.get_mut(&id).filter(|flight| matches!(flight.wait, Wait::PubRec)) {
            flight.wait = Wait::PubComp;
            out.packet(&Packet::PubRel(PubRel::new(id)))?;
        }
        Ok(None)
    }

    fn subscribed(&mut self, ack: &SubAck) -> Result<Option<LinkEvent>, Violation> {
        let Some(Flight { wait: Wait::SubAck(filters), .. }) =
            self.land(ack.pkid, |wait| matches!(wait, Wait::SubAck(_)))
        else {
            return Ok(None);
        };
        if filters.len() != ack.return_codes.len() {
            return Err(Violation::SubAck { codes: ack.return_codes.len(), filters: filters.len() });
        }
        let refused = filters
            .into_iter()
            .zip(&ack.return_codes)
            .filter(|(_, code)| matches!(code, SubscribeReasonCode::Failure))
            .map(|(filter, _)| filter)
            .collect();
        Ok(Some(LinkEvent::Subscribed { refused }))
    }

    fn message(&mut self, publish: Publish, out: &mut Outbox) -> Result<Option<LinkEvent>, Violation> {
        let is_new = self.acknowledge(publish.qos as u8, publish.pkid, out)?;
        let Publish { topic, payload, retain, .. } = publish;
        Ok(is_new.then(|| LinkEvent::Message(Message { topic, payload: payload.into(), retained: retain })))
    }

    fn oversize(&mut self, message: Oversize, out: &mut Outbox) -> Result<Option<LinkEvent>, Violation> {
        count(&self.counters.oversize);
        let is_new = self.acknowledge(message.qos, message.pkid, out)?;
        Ok(is_new.then_some(LinkEvent::Oversize { topic: message.topic, size: message.size }))
    }

    /// Acknowledges a message; whether it is the first of its id.
    fn acknowledge(&mut self, qos: u8, id: u16, out: &mut Outbox) -> Result<bool, Violation> {
        if qos == QoS::AtMostOnce as u8 {
            return Ok(true);
        }
        if qos == QoS::AtLeastOnce as u8 {
            out.packet(&Packet::PubAck(PubAck::new(id)))?;
            return Ok(true);
        }
        let is_new = self.unreleased.insert(id);
        if self.unreleased.len() > UNRELEASED_MAX {
            return Err(Violation::Unreleased);
        }
        if !is_new {
            count(&self.counters.duplicates);
        }
        out.packet(&Packet::PubRec(PubRec::new(id)))?;
        Ok(is_new)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::super::admission::Admission;
    use super::super::inbound::Inbound;
    use super::*;
    use std::time::Duration;

    struct Bench {
        session: Session,
        out: Outbox,
        admission: Arc<Admission>,
        start: Instant,
    }

    impl Bench {
        fn new() -> Self {
            let session = Session::new(Arc::default());
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
}
