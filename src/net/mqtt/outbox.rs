//! Bytes on their way to the broker, in order. Large payloads are written from where they are, not copied.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::Arc;

use auricle_core::link::{Publication, Qos};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use rumqttc::mqttbytes;
use rumqttc::mqttbytes::v4::Packet;

use super::admission::Ticket;

/// Payloads up to this are copied behind their header: one segment on the wire instead of two.
const COPY_MAX: usize = 4 << 10;

/// While more than this waits in small packets, nothing is added: the broker does not read.
const SMALL_MAX: usize = 64 << 10;

/// Buffers handed to the kernel at once.
const SLICES: usize = 8;

#[derive(Debug)]
struct Chunk {
    bytes: Bytes,
    /// Room that is given back once these bytes are written.
    _ticket: Option<Arc<Ticket>>,
}

/// The bytes that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    chunks: VecDeque<Chunk>,
    /// Small packets behind the last chunk.
    tail: BytesMut,
}

impl Outbox {
    /// Adds a packet that is not a publication.
    ///
    /// # Errors
    /// What the codec says of it.
    pub(super) fn packet(&mut self, packet: &Packet) -> Result<(), mqttbytes::Error> {
        packet.write(&mut self.tail, usize::MAX).map(drop)
    }

    /// Adds bytes that are a packet already.
    pub(super) fn encoded(&mut self, bytes: Bytes) {
        self.settle_tail();
        self.chunks.push_back(Chunk { bytes, _ticket: None });
    }

    /// Adds a publication under packet id `pkid` (unused with QoS 0). Topic and size were checked when it was accepted.
    pub(super) fn publish(&mut self, publication: Publication, pkid: u16, ticket: &Arc<Ticket>) {
        let Publication { topic, payload, qos, retain } = publication;
        let acknowledged = qos != Qos::Zero;
        let rest = 2 + topic.len() + if acknowledged { 2 } else { 0 } + payload.len();
        self.tail.put_u8(0x30 | (qos as u8) << 1 | u8::from(retain));
        put_length(&mut self.tail, rest);
        self.tail.put_u16(u16::try_from(topic.len()).unwrap_or(u16::MAX));
        self.tail.put_slice(topic.as_bytes());
        if acknowledged {
            self.tail.put_u16(pkid);
        }
        if payload.len() <= COPY_MAX {
            self.tail.put_slice(&payload);
            return;
        }
        self.settle_tail();
        self.chunks.push_back(Chunk { bytes: payload.into(), _ticket: Some(ticket.clone()) });
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.tail.is_empty()
    }

    /// Whether more may be added.
    pub(super) fn has_room(&self) -> bool {
        self.tail.len() < SMALL_MAX
    }

    /// The next bytes to write; slices that are not needed are empty.
    pub(super) fn slices(&mut self) -> [IoSlice<'_>; SLICES] {
        if self.chunks.is_empty() {
            self.settle_tail();
        }
        std::array::from_fn(|index| IoSlice::new(self.chunks.get(index).map_or(&[], |chunk| &chunk.bytes)))
    }

    /// So many of the next bytes are written.
    pub(super) fn wrote(&mut self, mut bytes: usize) {
        while let Some(chunk) = self.chunks.front_mut() {
            if bytes < chunk.bytes.len() {
                chunk.bytes.advance(bytes);
                return;
            }
            bytes -= chunk.bytes.len();
            self.chunks.pop_front();
        }
    }

    fn settle_tail(&mut self) {
        if !self.tail.is_empty() {
            self.chunks.push_back(Chunk { bytes: self.tail.split().freeze(), _ticket: None });
        }
    }
}

fn put_length(buffer: &mut BytesMut, mut length: usize) {
    loop {
        let low = (length & 0x7f) as u8;
        length >>= 7;
        if length == 0 {
            return buffer.put_u8(low);
        }
        buffer.put_u8(low | 0x80);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::super::admission::Admission;
    use super::*;
    use proptest::prelude::*;
    use rumqttc::mqttbytes::v4::Publish;

    fn ticket() -> Arc<Ticket> {
        Arc::new(Ticket::take(&Arc::new(Admission::default()), 1).unwrap())
    }

    /// Everything, written in pieces of `piece` bytes.
    fn drain(outbox: &mut Outbox, piece: usize) -> Vec<u8> {
        let mut written = Vec::new();
        while !outbox.is_empty() {
            let bytes: Vec<u8> = outbox.slices().iter().flat_map(|slice| slice.iter().copied()).take(piece).collect();
            outbox.wrote(bytes.len());
            written.extend(bytes);
        }
        written
    }

    fn publication(qos: Qos, retain: bool, size: usize) -> Publication {
        Publication { topic: "blk/fromlinto/kitchen/status".into(), payload: vec![b'x'; size], qos, retain }
    }

    proptest! {
        #[test]
        fn a_publication_is_written_as_the_codec_would(
            qos in prop::sample::select(vec![Qos::Zero, Qos::One, Qos::Two]),
            retain: bool,
            size in prop::sample::select(vec![0, 1, 90, 127, 128, 4_096, 4_097, 16_384, 2_100_000]),
            piece in 1_000usize..100_000,
        ) {
            let mut outbox = Outbox::default();
            outbox.packet(&Packet::PingReq).unwrap();
            outbox.publish(publication(qos, retain, size), 7, &ticket());
            outbox.packet(&Packet::PingReq).unwrap();
            let mut publish = Publish::new("blk/fromlinto/kitchen/status", super::super::wire_qos(qos), vec![b'x'; size]);
            publish.retain = retain;
            publish.pkid = if qos == Qos::Zero { 0 } else { 7 };
            let mut expected = BytesMut::new();
            for packet in [Packet::PingReq, Packet::Publish(publish), Packet::PingReq] {
                packet.write(&mut expected, usize::MAX).unwrap();
            }
            prop_assert!(drain(&mut outbox, piece) == expected);
        }
    }

    #[test]
    fn a_large_payload_is_not_copied() {
        let publication = publication(Qos::One, false, 430_000);
        let payload = publication.payload.as_ptr();
        let mut outbox = Outbox::default();
        outbox.publish(publication, 1, &ticket());
        let slices = outbox.slices();
        assert_eq!((slices[1].as_ptr(), slices[1].len()), (payload, 430_000));
    }

    #[test]
    fn a_large_payload_keeps_its_room_until_it_is_written() {
        let mut outbox = Outbox::default();
        let ticket = ticket();
        outbox.publish(publication(Qos::Zero, false, 10_000), 0, &ticket);
        assert_eq!(Arc::strong_count(&ticket), 2);
        drain(&mut outbox, 100_000);
        assert_eq!(Arc::strong_count(&ticket), 1);
    }
}
