//! Packets in the order of their sequence, which counts modulo 2^32.

use std::collections::VecDeque;

use crate::time::Tick;

/// A packet that waits for its turn.
#[derive(Debug)]
pub(super) struct Packet {
    pub sequence: u32,
    /// Samples that it becomes.
    pub span: usize,
    pub arrived: Tick,
    pub bytes: Vec<u8>,
}

/// What waits, each sequence once.
#[derive(Debug, Default)]
pub(super) struct Queue {
    packets: VecDeque<Packet>,
    samples: usize,
}

/// How far `sequence` lies ahead of `other`; negative if behind it.
pub(super) const fn ahead(sequence: u32, other: u32) -> i32 {
    sequence.wrapping_sub(other).cast_signed()
}

impl Queue {
    /// Puts a packet in its place; `false` if it is there already.
    pub fn insert(&mut self, packet: Packet) -> bool {
        // Nearly always it is the newest.
        let at = self.packets.iter().rposition(|other| ahead(packet.sequence, other.sequence) >= 0);
        if at.is_some_and(|at| self.packets[at].sequence == packet.sequence) {
            return false;
        }
        self.samples += packet.span;
        self.packets.insert(at.map_or(0, |at| at + 1), packet);
        true
    }

    pub fn first(&self) -> Option<&Packet> {
        self.packets.front()
    }

    pub fn last(&self) -> Option<&Packet> {
        self.packets.back()
    }

    pub fn pop(&mut self) -> Option<Packet> {
        let packet = self.packets.pop_front()?;
        self.samples -= packet.span;
        Some(packet)
    }

    /// How much sound waits.
    pub const fn samples(&self) -> usize {
        self.samples
    }

    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    pub fn clear(&mut self) {
        self.packets.clear();
        self.samples = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u32) -> Packet {
        Packet { sequence, span: 960, arrived: Tick::ZERO, bytes: Vec::new() }
    }

    #[test]
    fn the_order_is_that_of_the_sequence_also_where_it_begins_anew() {
        let mut queue = Queue::default();
        for sequence in [u32::MAX, 1, u32::MAX - 1, 0, 2] {
            assert!(queue.insert(packet(sequence)));
        }
        assert!(!queue.insert(packet(0)));
        assert_eq!(queue.samples(), 5 * 960);
        let order: Vec<u32> = std::iter::from_fn(|| queue.pop()).map(|packet| packet.sequence).collect();
        assert_eq!(order, [u32::MAX - 1, u32::MAX, 0, 1, 2]);
        assert_eq!(queue.samples(), 0);
    }
}
