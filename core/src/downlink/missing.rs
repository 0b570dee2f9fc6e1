//! What takes the place of a missing packet.

use super::{Downlink, Pulled, Ready};
use crate::time::Tick;

impl Downlink {
    /// Up to the next length that a decoder makes up: steps of 2.5 ms.
    pub(super) const fn whole(&self, samples: usize) -> usize {
        samples.next_multiple_of(self.rate as usize / 400)
    }

    /// Goes on with the first packet that is there, whatever lies between.
    pub(super) fn jump(&mut self) {
        if let Some(first) = self.queue.first() {
            // The place before it is the one that is filled.
            self.next = Some(first.sequence.wrapping_sub(1));
            self.heard = 0;
        }
    }

    /// Fills a gap of `places`, of the first one only the last `length` samples, as well as is known from what follows.
    pub(super) fn bridge(&mut self, places: usize, length: usize) {
        let span = self.span;
        let (mut gap, mut repaired) = (Vec::with_capacity(places * span), 0);
        for place in 1..=places {
            let length = if place == 1 { length } else { span };
            if place == places && self.repair(span) {
                repaired = length;
                self.counters.repaired += 1;
                self.piece.drain(..span - length);
            } else {
                self.make_up(length);
            }
            gap.extend_from_slice(&self.piece);
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
        let Some(first) = self.queue.first().filter(|first| self.source.carries_the_one_before(&first.bytes)) else {
            return false;
        };
        self.piece.clear();
        self.piece.resize(span, 0);
        self.source.repair(&first.bytes, &mut self.piece)
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
        self.make_up(length);
        self.join.fade(&mut self.piece);
        self.count_concealed();
        self.pass(now, out, false, Pulled::Concealed)
    }

    const fn count_concealed(&mut self) {
        self.counters.lost += 1;
        self.counters.concealed += 1;
        self.hope = self.hope.saturating_sub(1);
    }

    /// Makes up a piece for a missing packet.
    pub(super) fn make_up(&mut self, length: usize) {
        let carries_on = self.join.carried() > 0;
        let told = self.tell_decoder(length);
        if carries_on || !told {
            self.join.carry_on(&mut self.piece);
        }
    }

    /// The decoder has to know that a packet is missing, also where its own way out is not heard.
    pub(super) fn tell_decoder(&mut self, length: usize) -> bool {
        self.piece.clear();
        self.piece.resize(length, 0);
        length > 0 && self.source.conceal(&mut self.piece)
    }
}
