//! What goes out: each place in its turn, filled with what there is.

use std::time::Duration;

use super::queue::ahead;
use super::{DRAINED, Downlink, Phase, Pulled, micros};
use crate::time::Tick;

/// How much is put in between at a time.
const STEP: Duration = Duration::from_millis(20);

/// How long the sound is carried on while nothing is there.
const CARRIED: Duration = Duration::from_millis(120);

/// How much is put in between at one gap to make the delay longer.
const STRETCHED: Duration = Duration::from_millis(60);

/// A gap that is longer is not filled: the server counts differently, or the link was down.
const JUMP: Duration = Duration::from_secs(1);

/// At the start of an answer so many places before the first packet are lost ones; more were never meant for us.
const MISSED: i32 = 5;

impl Downlink {
    /// Whether enough is there to begin.
    pub(super) fn is_filled(&self, now: Tick) -> bool {
        let Some(first) = self.queue.first() else { return false };
        let target = self.delay.target();
        let waiting = micros(self.span_of(self.queue.samples() - first.span));
        let waited = self.delay.of(first.sequence, now).is_none_or(|delay| delay >= target);
        self.drained.is_some() || waiting >= target || waited
    }

    pub(super) fn begin(&mut self, _now: Tick) {
        self.phase = Phase::Playing;
        let Some(first) = self.queue.first() else { return };
        let missed = self.next.map_or(0, |next| ahead(first.sequence, next));
        if (1..=MISSED).contains(&missed) {
            self.counters.lost += u64::from(missed.unsigned_abs());
        }
        self.heard = self.heard.checked_shl(missed.unsigned_abs()).unwrap_or(0);
        self.next = Some(first.sequence);
    }

    /// Nothing is there: more will come, or all has been given.
    pub(super) fn nothing(&mut self, now: Tick) -> Pulled {
        let Some(drained) = self.drained.filter(|_| self.queue.is_empty()) else { return Pulled::Wait };
        if now.since(drained.max(self.last_came)) < DRAINED {
            return Pulled::Wait;
        }
        self.hold();
        self.phase = Phase::Ended;
        Pulled::Ended
    }

    pub(super) fn give(&mut self, now: Tick, out: &mut Vec<i16>) -> Pulled {
        loop {
            if let Some(piece) = self.following.take() {
                self.piece = piece;
                self.join.came(&mut self.piece);
                return self.pass(now, out, true, Pulled::Sound);
            }
            let (Some(next), Some(first)) = (self.next, self.queue.first()) else { return self.run_dry(now, out) };
            let gap = ahead(first.sequence, next);
            if gap <= 0 && self.has_waited_for_nothing(now) {
                return Pulled::Wait;
            }
            self.end_dry(now, gap);
            let given = if gap <= 0 { self.play(now, out) } else { self.fill(gap, now, out) };
            if let Some(pulled) = given {
                return pulled;
            }
        }
    }

    /// After a silence, whether it is better to wait until enough is there again.
    fn has_waited_for_nothing(&self, now: Tick) -> bool {
        self.dry.is_some() && self.due.is_some_and(|due| now > due) && !self.is_filled(now)
    }

    /// Something is there again. What was waited through counts for what is missing.
    fn end_dry(&mut self, now: Tick, gap: i32) {
        let Some(since) = self.dry.take() else { return };
        self.counters.stalls += 1;
        let waited = self.due.unwrap_or(now).max(now).since(since);
        self.credit = if gap > 0 { self.samples(waited) } else { 0 };
    }

    /// The packet whose turn it is.
    fn play(&mut self, now: Tick, out: &mut Vec<i16>) -> Option<Pulled> {
        let packet = self.queue.pop()?;
        self.made_up = 0;
        self.piece.clear();
        self.piece.resize(packet.span, 0);
        if !self.source.decode(&packet.bytes, &mut self.piece) {
            self.counters.damaged += 1;
            return Some(self.conceal(packet.span, now, out));
        }
        let quiet = self.pauses.is_quiet(&self.piece);
        if quiet && self.pauses.leave_out(micros(self.span_of(packet.span))) {
            self.advance(true);
            return None;
        }
        if quiet && self.lacks(now) {
            self.following = Some(std::mem::take(&mut self.piece));
            return Some(self.put_in(now, out));
        }
        self.join.came(&mut self.piece);
        Some(self.pass(now, out, true, Pulled::Sound))
    }

    /// Whether the delay is shorter than the link needs.
    fn lacks(&self, now: Tick) -> bool {
        let at = self.due.unwrap_or(now).max(now);
        let delay = self.next.and_then(|next| self.delay.of(next, at));
        delay.is_some_and(|delay| delay + micros(STEP) <= self.delay.target())
    }

    /// The next place has no packet, but one behind it has: `gap` places are missing.
    fn fill(&mut self, gap: i32, now: Tick, out: &mut Vec<i16>) -> Option<Pulled> {
        let span = self.span;
        if gap.unsigned_abs() as usize > self.samples(JUMP) / span.max(1) {
            self.jump();
            return (self.credit == 0).then(|| self.conceal(span, now, out));
        }
        if self.credit >= span {
            self.credit -= span;
            self.counters.lost += 1;
            let told = self.made_up.min(span);
            self.made_up -= told;
            self.tell_decoder(span - told);
            self.advance(false);
            return None;
        }
        let length = self.whole(span - self.credit);
        (self.credit, self.made_up) = (0, 0);
        if gap == 1 && self.repair(span) {
            self.piece.drain(..span - length);
            self.join.came(&mut self.piece);
            self.count_concealed();
            self.counters.repaired += 1;
            return Some(self.pass(now, out, false, Pulled::Concealed));
        }
        if self.hope > 0 && self.lacks(now) && self.join.carried() < self.samples(STRETCHED) {
            return Some(self.put_in(now, out));
        }
        Some(self.bridge(gap, length, now, out))
    }

    /// Up to the next length that a decoder makes up: steps of 2.5 ms.
    const fn whole(&self, samples: usize) -> usize {
        samples.next_multiple_of(self.rate as usize / 400)
    }

    /// Goes on with the first packet that is there, whatever lies between.
    fn jump(&mut self) {
        if let Some(first) = self.queue.first() {
            // The place before it is the one that is filled.
            self.next = Some(first.sequence.wrapping_sub(1));
            self.heard = 0;
        }
    }

    /// Fills the place from what the following packet carries.
    fn repair(&mut self, span: usize) -> bool {
        let Some(first) = self.queue.first().filter(|first| self.source.carries_the_one_before(&first.bytes)) else {
            return false;
        };
        self.piece.clear();
        self.piece.resize(span, 0);
        self.source.repair(&first.bytes, &mut self.piece)
    }

    /// A place without a packet, towards one that has.
    fn bridge(&mut self, gap: i32, length: usize, now: Tick, out: &mut Vec<i16>) -> Pulled {
        self.make_up(length);
        let next = if gap == 1 { self.look_ahead() } else { None };
        match &next {
            Some(next) => self.join.lead_to(&mut self.piece, next),
            None => self.join.fade(&mut self.piece),
        }
        self.following = next;
        self.count_concealed();
        self.pass(now, out, false, Pulled::Concealed)
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
    fn conceal(&mut self, length: usize, now: Tick, out: &mut Vec<i16>) -> Pulled {
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
    fn make_up(&mut self, length: usize) {
        let carries_on = self.join.carries_on();
        let told = self.tell_decoder(length);
        if carries_on || !told {
            self.join.carry_on(&mut self.piece);
        }
    }

    /// The decoder has to know that a packet is missing, also where its own way out is not heard.
    fn tell_decoder(&mut self, length: usize) -> bool {
        self.piece.clear();
        self.piece.resize(length, 0);
        length > 0 && self.source.conceal(&mut self.piece)
    }

    /// Nothing is there at all.
    fn run_dry(&mut self, now: Tick, out: &mut Vec<i16>) -> Pulled {
        if self.drained.is_some() {
            return self.nothing(now);
        }
        let due = self.due.unwrap_or(now);
        let since = *self.dry.get_or_insert(due.max(now));
        if due.since(since) >= CARRIED || now > due {
            return Pulled::Wait;
        }
        let step = self.samples(STEP);
        self.make_up(step);
        self.made_up += step;
        self.send_between(now, out)
    }

    /// A little sound that fills no place: time passes, and nothing is lost.
    fn put_in(&mut self, now: Tick, out: &mut Vec<i16>) -> Pulled {
        self.piece.clear();
        self.piece.resize(self.samples(STEP), 0);
        self.join.carry_on(&mut self.piece);
        self.send_between(now, out)
    }

    fn send_between(&mut self, now: Tick, out: &mut Vec<i16>) -> Pulled {
        self.join.fade(&mut self.piece);
        self.place = None;
        self.send(now, out);
        Pulled::Concealed
    }

    /// Gives the piece as the next place.
    fn pass(&mut self, now: Tick, out: &mut Vec<i16>, heard: bool, pulled: Pulled) -> Pulled {
        self.place = self.next;
        self.advance(heard);
        self.send(now, out);
        pulled
    }

    fn advance(&mut self, heard: bool) {
        self.next = self.next.map(|next| next.wrapping_add(1));
        self.heard = self.heard << 1 | u64::from(heard);
    }

    fn send(&mut self, now: Tick, out: &mut Vec<i16>) {
        out.extend_from_slice(&self.piece);
        self.due = Some(self.due.map_or(now, |due| due.max(now)) + self.span_of(self.piece.len()));
    }
}
