//! What is under way on one connection: packet ids, acknowledgements, deadlines. Pure: no socket, no clock.

mod requests;
#[cfg(test)]
mod tests;

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
use requests::{Request, Requests};

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
    /// SUBACK for these filters, all or a part of what this request asked for.
    SubAck(Vec<String>, Request),
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
    requests: Requests,
    /// Whether a packet asks for one filter only.
    single_filter: bool,
    last_id: u16,
    /// Ids of QoS 2 messages that were handed on and not yet released: a second one is a duplicate.
    unreleased: BTreeSet<u16>,
    counters: Arc<LinkCounters>,
}

impl Session {
    pub(super) fn new(counters: Arc<LinkCounters>, single_filter: bool) -> Self {
        let (flights, requests) = (BTreeMap::new(), Requests::default());
        Self { flights, requests, single_filter, last_id: 0, unreleased: BTreeSet::new(), counters }
    }

    /// Asks for filters, in one packet or in one for each; until `expires` for all answers, which are told as one.
    pub(super) fn subscribe(
        &mut self,
        filters: Vec<(String, Qos)>,
        expires: Instant,
        ticket: Ticket,
        out: &mut Outbox,
    ) -> Result<(), Violation> {
        let ticket = Arc::new(ticket);
        let most = if self.single_filter { 1 } else { filters.len().max(1) };
        let request = self.requests.begin(filters.len().div_ceil(most));
        for part in filters.chunks(most) {
            let wanted = part.iter().map(|(path, qos)| SubscribeFilter::new(path.clone(), wire_qos(*qos)));
            let mut packet = Subscribe::new_many(wanted);
            let paths: Vec<_> = part.iter().map(|(path, _)| path.clone()).collect();
            let name = paths.first().cloned().unwrap_or_default();
            packet.pkid = self.fly(Wait::SubAck(paths, request), name, expires, ticket.clone());
            out.packet(&Packet::Subscribe(packet))?;
        }
        Ok(())
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
            Wait::SubAck(..) => "SUBACK",
            Wait::PubAck => "PUBACK",
            Wait::PubRec => "PUBREC",
            Wait::PubComp => "PUBCOMP",
        };
        Some(format!("no {packet} for `{}` in time", flight.name))
    }

    fn fly(&mut self, wait: Wait, name: String, expires: Instant, ticket: Arc<Ticket>) -> u16 {
        // At most 64 asks of 64 filters are under way, see `admission`: a free id is near.
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
        let Some(Flight { wait: Wait::SubAck(filters, request), .. }) =
            self.land(ack.pkid, |wait| matches!(wait, Wait::SubAck(..)))
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
            .map(|(filter, _)| filter);
        Ok(self.requests.answered(request, refused).map(|refused| LinkEvent::Subscribed { refused }))
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
