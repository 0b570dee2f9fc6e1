//! Packets that are kept apart, so that no two of them are encrypted alike.

use std::collections::VecDeque;

use opus::packet;

use super::{Label, PACKET_LIMIT};

/// Bytes that one step of the counter encrypts.
const BLOCK: usize = 16;

/// No packet reaches further than this, in sequence numbers.
const REACH: usize = PACKET_LIMIT.div_ceil(BLOCK);

/// The last packets of a session, and the way not to meet them.
///
/// Two packets meet if their headers differ in nothing but the sequence number, and that by less than the blocks in
/// each: then the last blocks of one are encrypted as the first of the other, and whoever has both knows the difference
/// of what was said. Where the timestamps are not ours to choose, the lengths still are: a packet of Opus may carry
/// padding.
#[derive(Debug, Default)]
pub(super) struct Apart {
    sent: VecDeque<Label>,
}

impl Apart {
    /// Makes the packet behind `start` in `datagram` longer, if need be, until it meets none of those before it, nor
    /// `other`, which came down; what is no Opus stays as it is. Gives its length.
    pub(super) fn keep(&mut self, label: Label, other: Option<Label>, start: usize, datagram: &mut Vec<u8>) -> u16 {
        let length = self.free(label, other).filter(|length| pad(start, usize::from(*length), datagram));
        let length = length.unwrap_or(label.length);
        if self.sent.len() == REACH {
            self.sent.pop_front();
        }
        self.sent.push_back(Label { length, ..label });
        length
    }

    /// The shortest length at which it meets nobody.
    fn free(&self, label: Label, other: Option<Label>) -> Option<u16> {
        let meets = |length: u16| {
            let own = Label { length, ..label };
            self.sent.iter().copied().chain(other).any(|before| meet(before, own))
        };
        (label.length..=u16::try_from(PACKET_LIMIT).unwrap_or(u16::MAX)).find(|length| !meets(*length))
    }
}

/// Whether blocks of both are encrypted alike.
fn meet(one: Label, other: Label) -> bool {
    let apart = other.sequence.wrapping_sub(one.sequence).cast_signed().unsigned_abs();
    let blocks = usize::from(one.length).div_ceil(BLOCK);
    (one.timestamp, one.length) == (other.timestamp, other.length) && (apart as usize) < blocks
}

/// Lengthens the packet behind `start` to `length` bytes. False if it is none, and then nothing is changed.
fn pad(start: usize, length: usize, datagram: &mut Vec<u8>) -> bool {
    let before = datagram.len() - start;
    if before == length {
        return true;
    }
    let mut padded = datagram[start..].to_vec();
    padded.resize(length, 0);
    if packet::pad(&mut padded, before).is_err() {
        return false;
    }
    datagram.truncate(start);
    datagram.append(&mut padded);
    true
}
