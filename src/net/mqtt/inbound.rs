//! Cuts the byte stream from a broker into packets, with a bound on memory that no broker can move.
//!
//! Pure: bytes in, frames out. How the bytes were split on their way makes no difference.

use bytes::{Buf, BytesMut};
use rumqttc::mqttbytes::v4::Packet;
use thiserror::Error;

/// Packets other than PUBLISH are a handful of bytes; the largest, SUBACK, has one byte per filter.
const CONTROL_MAX: usize = 4 << 10;

/// A buffer that a large message has blown up beyond this is given back when it is empty.
const KEEP: usize = 64 << 10;

/// What came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A whole packet.
    Packet(Packet),
    /// A message over the limit came by and is gone.
    Oversize(Oversize),
}

/// What is left of a message over the limit: enough to name and to acknowledge it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oversize {
    /// The topic.
    pub topic: String,
    /// Size of the payload in bytes.
    pub size: usize,
    /// The delivery guarantee as on the wire, 0–2.
    pub qos: u8,
    /// The packet id; 0 with QoS 0.
    pub pkid: u16,
}

/// The stream is not MQTT. Where the next packet would begin is unknown: the connection is of no more use.
#[derive(Debug, Error)]
pub enum Malformed {
    /// A length field that goes on for more than four bytes.
    #[error("a packet length of more than four bytes")]
    Length,
    /// A packet of a length that its type cannot have.
    #[error("a packet of type {kind} with {size} bytes")]
    Control {
        /// The packet type, 0–15.
        kind: u8,
        /// Its length field.
        size: usize,
    },
    /// A message that ends within its own topic or packet id.
    #[error("a message that is shorter than its topic")]
    Short,
    /// QoS 3.
    #[error("a message with QoS 3")]
    Qos,
    /// A topic that is not text.
    #[error("a topic that is not UTF-8")]
    Topic,
    /// What the codec says of it.
    #[error("{0}")]
    Packet(#[from] rumqttc::mqttbytes::Error),
}

/// The fixed header of a packet.
#[derive(Clone, Copy)]
struct Header {
    first: u8,
    /// Its own size in bytes, 2–5.
    size: usize,
    /// What follows it, in bytes.
    rest: usize,
}

impl Header {
    /// Whether a packet other than PUBLISH has a length that it can have.
    fn check_control(self) -> Result<(), Malformed> {
        let kind = self.first >> 4;
        let possible = match kind {
            // CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, UNSUBACK: two flags or a packet id.
            2 | 4..=7 | 11 => self.rest == 2,
            // PINGREQ, PINGRESP, DISCONNECT.
            12..=14 => self.rest == 0,
            _ => self.rest <= CONTROL_MAX,
        };
        if possible { Ok(()) } else { Err(Malformed::Control { kind, size: self.rest }) }
    }
}

/// A message that is being skipped.
#[derive(Debug)]
struct Skip {
    left: usize,
    message: Oversize,
}

/// Bytes that have come in and are not yet a frame.
///
/// Holds at most one packet within the limit plus what was pushed behind it; take frames until there is none before
/// you push again.
#[derive(Debug)]
pub struct Inbound {
    buffer: BytesMut,
    limit: usize,
    skip: Option<Skip>,
}

impl Inbound {
    /// Takes messages with up to `limit` bytes of payload; larger ones are skipped.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { buffer: BytesMut::new(), limit, skip: None }
    }

    /// Adds bytes from the broker.
    pub fn push(&mut self, mut bytes: &[u8]) {
        // What is to be skipped need not be stored first.
        if let Some(skip) = &mut self.skip {
            let gone = skip.left.min(bytes.len());
            skip.left -= gone;
            bytes = bytes.get(gone..).unwrap_or_default();
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next frame, or `None` until more bytes have come.
    ///
    /// # Errors
    /// [`Malformed`] if this is not MQTT; close the connection.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, Malformed> {
        if self.skip.is_none() {
            let Some(header) = self.header()? else {
                self.give_back();
                return Ok(None);
            };
            if header.first >> 4 == 3 {
                self.begin_skip(header)?;
            } else {
                header.check_control()?;
            }
            if self.skip.is_none() {
                return self.whole_packet(header);
            }
        }
        Ok(self.finish_skip())
    }

    fn whole_packet(&mut self, header: Header) -> Result<Option<Frame>, Malformed> {
        if self.buffer.len() < header.size + header.rest {
            return Ok(None);
        }
        let packet = Packet::read(&mut self.buffer, header.rest)?;
        Ok(Some(Frame::Packet(packet)))
    }

    fn header(&self) -> Result<Option<Header>, Malformed> {
        let Some((&first, length)) = self.buffer.split_first() else {
            return Ok(None);
        };
        let mut rest = 0;
        for (index, &byte) in length.iter().take(4).enumerate() {
            rest |= usize::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return Ok(Some(Header { first, size: index + 2, rest }));
            }
        }
        if length.len() < 4 { Ok(None) } else { Err(Malformed::Length) }
    }

    /// Starts to skip the message at the front if its payload is over the limit and its topic is complete.
    fn begin_skip(&mut self, header: Header) -> Result<(), Malformed> {
        let qos = header.first >> 1 & 3;
        if qos == 3 {
            return Err(Malformed::Qos);
        }
        let body = self.buffer.get(header.size..).unwrap_or_default();
        let Some(&[high, low]) = body.first_chunk() else {
            // A body of one byte never gets its second: the codec names that once the byte is there.
            return if header.rest < 2 { Err(Malformed::Short) } else { Ok(()) };
        };
        let topic_end = 2 + usize::from(u16::from_be_bytes([high, low]));
        let head = topic_end + if qos == 0 { 0 } else { 2 };
        let size = header.rest.checked_sub(head).ok_or(Malformed::Short)?;
        let Some(bytes) = body.get(..head).filter(|_| size > self.limit) else {
            return Ok(());
        };
        let topic = std::str::from_utf8(&bytes[2..topic_end]).map_err(|_| Malformed::Topic)?.to_owned();
        let pkid = bytes[topic_end..].first_chunk().map_or(0, |id| u16::from_be_bytes(*id));
        if qos > 0 && pkid == 0 {
            return Err(Malformed::Packet(rumqttc::mqttbytes::Error::PacketIdZero));
        }
        self.buffer.advance(header.size + head);
        self.skip = Some(Skip { left: size, message: Oversize { topic, size, qos, pkid } });
        Ok(())
    }

    fn finish_skip(&mut self) -> Option<Frame> {
        let skip = self.skip.as_mut()?;
        let gone = skip.left.min(self.buffer.len());
        skip.left -= gone;
        self.buffer.advance(gone);
        if skip.left > 0 {
            return None;
        }
        self.skip.take().map(|skip| Frame::Oversize(skip.message))
    }

    fn give_back(&mut self) {
        if self.buffer.is_empty() && self.buffer.capacity() > KEEP {
            self.buffer = BytesMut::new();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rumqttc::mqttbytes::QoS;
    use rumqttc::mqttbytes::v4::{PubAck, Publish, SubAck, SubscribeReasonCode};

    const LIMIT: usize = 1_000;

    fn publish(topic: &str, qos: QoS, pkid: u16, payload: Vec<u8>) -> Packet {
        let mut publish = Publish::new(topic, qos, payload);
        publish.pkid = pkid;
        Packet::Publish(publish)
    }

    fn bytes(packets: &[Packet]) -> Vec<u8> {
        let mut stream = BytesMut::new();
        for packet in packets {
            packet.write(&mut stream, usize::MAX).unwrap();
        }
        stream.to_vec()
    }

    fn take_all(inbound: &mut Inbound, frames: &mut Vec<Frame>) -> Result<(), Malformed> {
        while let Some(frame) = inbound.next_frame()? {
            frames.push(frame);
        }
        Ok(())
    }

    /// The frames of `stream`, cut into pieces of the given sizes over and over.
    fn frames(stream: &[u8], pieces: &[usize]) -> Result<Vec<Frame>, Malformed> {
        let mut inbound = Inbound::new(LIMIT);
        let mut frames = Vec::new();
        let mut rest = stream;
        for &piece in pieces.iter().cycle() {
            let (now, later) = rest.split_at(piece.clamp(1, rest.len().max(1)).min(rest.len()));
            inbound.push(now);
            take_all(&mut inbound, &mut frames)?;
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        Ok(frames)
    }

    fn mixed() -> Vec<Packet> {
        vec![
            Packet::SubAck(SubAck::new(1, vec![SubscribeReasonCode::Success(QoS::AtLeastOnce)])),
            publish("a/small", QoS::AtMostOnce, 0, b"{}".to_vec()),
            publish("a/at/the/limit", QoS::AtLeastOnce, 7, vec![1; LIMIT]),
            publish("a/over", QoS::ExactlyOnce, 8, vec![2; LIMIT + 1]),
            Packet::PingResp,
            publish("a/far/over", QoS::AtMostOnce, 0, vec![3; 70_000]),
            Packet::PubAck(PubAck::new(9)),
        ]
    }

    fn as_they_should_come(packets: Vec<Packet>) -> Vec<Frame> {
        packets
            .into_iter()
            .map(|packet| match packet {
                Packet::Publish(publish) if publish.payload.len() > LIMIT => Frame::Oversize(Oversize {
                    topic: publish.topic,
                    size: publish.payload.len(),
                    qos: publish.qos as u8,
                    pkid: publish.pkid,
                }),
                packet => Frame::Packet(packet),
            })
            .collect()
    }

    #[test]
    fn an_oversize_message_is_named_and_the_next_packet_is_whole() {
        assert_eq!(frames(&bytes(&mixed()), &[usize::MAX]).unwrap(), as_they_should_come(mixed()));
    }

    #[test]
    fn skipping_holds_no_more_than_one_piece() {
        let stream = bytes(&[publish("big", QoS::AtMostOnce, 0, vec![0; 10_000_000])]);
        let mut inbound = Inbound::new(LIMIT);
        let mut most = 0;
        for piece in stream.chunks(16 << 10) {
            inbound.push(piece);
            most = most.max(inbound.buffer.len());
            let _ = inbound.next_frame().unwrap();
        }
        assert!(most <= 16 << 10, "{most} bytes held");
        assert!(inbound.skip.is_none());
    }

    #[test]
    fn memory_of_a_large_message_is_given_back() {
        let mut inbound = Inbound::new(4 << 20);
        inbound.push(&bytes(&[publish("big", QoS::AtMostOnce, 0, vec![0; 2_000_000])]));
        assert!(inbound.next_frame().unwrap().is_some());
        assert!(inbound.next_frame().unwrap().is_none());
        assert!(inbound.buffer.capacity() <= KEEP);
    }

    #[test]
    fn what_is_not_mqtt_is_told_before_it_is_stored() {
        let cases: [(&[u8], &str); 8] = [
            (b"HTTP/1.1 400 Bad Request", "type 4"),
            (&[0xd0, 1], "type 13"),
            (&[0x30, 0xff, 0xff, 0xff, 0xff], "length"),
            (&[0x90, 0xff, 0xff, 0xff, 0x7f], "type 9"),
            (&[0x36, 4, 0, 1, b'a', 0], "QoS 3"),
            (&[0x30, 3, 0, 9, b'a'], "shorter"),
            (&[0x30, 1], "shorter"),
            (&[0x32, 5, 0, 1, b'a', 0, 0], "id"),
        ];
        for (stream, word) in cases {
            let error = frames(stream, &[usize::MAX]).unwrap_err().to_string();
            assert!(error.to_lowercase().contains(&word.to_lowercase()), "{stream:?}: {error}");
        }
        let mut oversize = bytes(&[publish("aa", QoS::AtMostOnce, 0, vec![0; LIMIT + 1])]);
        oversize[5] = 0xff;
        assert!(matches!(frames(&oversize, &[1]), Err(Malformed::Topic)));
    }

    proptest! {
        #[test]
        fn the_same_frames_come_whatever_the_split(pieces in prop::collection::vec(1usize..3_000, 1..20)) {
            prop_assert_eq!(frames(&bytes(&mixed()), &pieces).unwrap(), as_they_should_come(mixed()));
        }

        #[test]
        fn random_bytes_never_panic(
            stream in prop::collection::vec(any::<u8>(), 0..4_000),
            pieces in prop::collection::vec(1usize..600, 1..8),
        ) {
            let _ = frames(&stream, &pieces);
        }

        #[test]
        fn damaged_packets_never_panic(
            flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
            pieces in prop::collection::vec(1usize..3_000, 1..8),
        ) {
            let mut stream = bytes(&mixed());
            for (at, value) in flips {
                let at = at.index(stream.len());
                stream[at] = value;
            }
            let _ = frames(&stream, &pieces);
        }
    }
}
