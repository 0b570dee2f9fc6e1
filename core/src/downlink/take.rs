//! What comes: in its place, or counted.

use super::queue::{Packet, ahead};
use super::{BOUND, Downlink, HELD, Phase, Pulled, micros};
use crate::time::Tick;

/// How far behind a packet can be late; as many as `heard` has bits. One that is further behind is of another count.
const REMEMBERED: i32 = 64;

/// So many packets in a row from far behind: the server has begun to count anew. Fewer are strays.
const RECOUNTED: u32 = 8;

/// The most that late packets make hope for others.
const HOPE: u32 = 6;

impl Downlink {
    pub(super) fn take(&mut self, now: Tick, sequence: u32, bytes: &[u8]) {
        self.counters.received += 1;
        let Some(span) = self.source.span(bytes, self.rate) else {
            self.counters.damaged += 1;
            return;
        };
        if !self.is_expected(sequence) {
            return;
        }
        self.span = span;
        self.last_came = now;
        self.delay.arrived(now, sequence, micros(self.span_of(span)));
        if self.is_past(sequence) {
            return;
        }
        let playing = matches!(self.phase, Phase::Filling | Phase::Playing);
        if playing && self.queue.samples() + span > self.samples(BOUND) {
            self.counters.overflowed += 1;
            return;
        }
        self.measure(now, sequence);
        if !self.queue.insert(Packet { sequence, span, arrived: now, bytes: bytes.to_vec() }) {
            self.counters.duplicate += 1;
        }
        if !playing {
            self.drop_held(now);
        }
    }

    /// Whether it belongs to the count that is going on. When it has begun anew all that is there is of the old one.
    fn is_expected(&mut self, sequence: u32) -> bool {
        let behind = self.next.is_some_and(|next| ahead(sequence, next) < -REMEMBERED);
        if !behind {
            self.strange = 0;
            return true;
        }
        self.strange += 1;
        let idle = self.phase != Phase::Playing && self.queue.is_empty();
        if !idle && self.strange < RECOUNTED {
            self.counters.late += 1;
            return false;
        }
        (self.strange, self.heard) = (0, 0);
        self.queue.clear();
        self.ready.clear();
        self.delay.forget();
        self.source.miss();
        // Whoever plays goes on with this packet.
        self.next = (self.phase == Phase::Playing).then_some(sequence);
        true
    }

    /// Whether its place is behind; then it is counted.
    fn is_past(&mut self, sequence: u32) -> bool {
        let Some(behind) = self.next.map(|next| -ahead(sequence, next)) else { return false };
        let was_there = match usize::try_from(-behind) {
            // Its place may have been filled already, before its turn.
            Ok(ahead) => match self.ready.get(ahead) {
                Some(ready) => ready.pulled == Pulled::Sound,
                None => return false,
            },
            Err(_) => self.heard >> (behind - 1) & 1 == 1,
        };
        if was_there {
            self.counters.duplicate += 1;
        } else {
            self.counters.late += 1;
            self.hope = (self.hope + 2).min(HOPE);
        }
        true
    }

    /// How early it came for its place.
    fn measure(&mut self, now: Tick, sequence: u32) {
        let (Phase::Playing, Some(due), Some(next)) = (self.phase, self.due, self.next) else { return };
        let waiting: usize = self.ready.iter().map(|piece| piece.sound.len()).sum();
        let places = i64::from(ahead(sequence, next)) - self.ready.len() as i64;
        let places = places * micros(self.span_of(self.span)) + micros(self.span_of(waiting));
        let early = due.as_micros().cast_signed() + places - now.as_micros().cast_signed();
        self.pauses.came(early, self.delay.target());
    }

    /// Of what is held, the oldest goes.
    pub(super) fn drop_held(&mut self, now: Tick) {
        let room = self.samples(HELD);
        while let Some(first) = self.queue.first() {
            if self.queue.samples() <= room && now.since(first.arrived) <= HELD {
                break;
            }
            self.next = Some(first.sequence.wrapping_add(1));
            self.heard <<= 1;
            let _ = self.queue.pop();
            self.counters.overflowed += 1;
        }
    }
}
