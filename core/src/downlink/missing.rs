//! What takes the place of a missing packet.

use super::{Downlink, Pulled, Ready};
use crate::time::Tick;

impl Downlink {
    /// Goes on with the first packet that is there, whatever lies between.
    pub(super) fn jump(&mut self) {
        if let Some(first) = self.queue.first() {
            // The place before it is the one that is filled.
            self.next = Some(first.sequence.wrapping_sub(1));
            self.heard = 0;
            self.source.miss();
        }
    }

    /// Fills a gap of `places`, of the first one only the last `length` samples, as well as is known from what follows.
    pub(super) fn bridge(&mut self, places: usize, length: usize) {
        let span = self.span;
        let mut gap = vec![0; length + (places - 1) * span];
        if places > 1 {
            self.source.miss();
        }
        let repaired = if self.repair(span) { span.min(gap.len()) } else { 0 };
        gap.splice(gap.len() - repaired.., self.piece.drain(span - repaired..));
        for _ in 0..places {
            self.count_concealed();
        }
        let next = self.look_ahead();
        match &next {
            Some(next) => self.join.bridge(&mut gap, repaired, next),
            None => self.join.fade(&mut gap),
        }
        let (first, others) = gap.split_at(length);
        for sound in std::iter::once(first).chain(others.chunks(span)) {
            self.ready.push_back(Ready { sound: sound.to_vec(), pulled: Pulled::Concealed });
        }
        self.ready.extend(next.map(|sound| Ready { sound, pulled: Pulled::Sound }));
    }

    /// Fills the piece with what the following packet carries of the one before it.
    fn repair(&mut self, span: usize) -> bool {
        self.piece.clear();
        self.piece.resize(span, 0);
        let first = self.queue.first().filter(|first| self.source.carries_the_one_before(&first.bytes));
        let repaired = first.is_some_and(|first| self.source.repair(&first.bytes, &mut self.piece));
        if repaired {
            self.counters.repaired += 1;
        } else {
            self.source.miss();
        }
        repaired
    }

    /// Decodes the packet behind the gap before its turn.
    fn look_ahead(&mut self) -> Option<Vec<i16>> {
        let packet = self.queue.pop()?;
        let mut sound = vec![0; packet.span];
        if self.source.decode(&packet.bytes, &mut sound) {
            return Some(sound);
        }
        self.counters.damaged += 1;
        None
    }

    /// A place without a packet.
    pub(super) fn conceal(&mut self, length: usize, now: Tick, out: &mut Vec<i16>) -> Pulled {
        self.source.miss();
        self.make_up(length);
        self.count_concealed();
        self.pass(now, out, false, Pulled::Concealed)
    }

    /// Fills the piece with what is heard while nothing is known.
    pub(super) fn make_up(&mut self, length: usize) {
        self.piece.clear();
        self.piece.resize(length, 0);
        self.join.fade(&mut self.piece);
    }

    const fn count_concealed(&mut self) {
        self.counters.lost += 1;
        self.counters.concealed += 1;
        self.hope = self.hope.saturating_sub(1);
    }
}
