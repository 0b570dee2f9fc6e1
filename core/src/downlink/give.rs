//! What goes out: each place in its turn, filled with what there is.

use std::time::Duration;

use super::queue::ahead;
use super::{DRAINED, Downlink, Phase, Pulled, Ready, micros};
use crate::time::Tick;

/// How much is put in between at a time.
const STEP: Duration = Duration::from_millis(20);

/// How long the sound is carried on while nothing is there.
const CARRIED: Duration = Duration::from_millis(320);

/// How much is put in between at one gap to make the delay longer.
const STRETCHED: Duration = Duration::from_millis(60);

/// A gap that is longer is not filled: the server counts differently, or the link was down.
const JUMP: Duration = Duration::from_secs(1);

/// A gap of up to so many places is filled in one go when it is known what follows.
const WHOLE: i32 = 4;

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

    pub(super) fn begin(&mut self) {
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
            if let Some(ready) = self.ready.pop_front() {
                return self.give_ready(ready, now, out);
            }
            let (Some(next), Some(first)) = (self.next, self.queue.first()) else { return self.run_dry(now, out) };
            let gap = ahead(first.sequence, next);
            if gap <= 0 && self.still_gathers(now) {
                return Pulled::Wait;
            }
            self.end_dry(now, gap);
            let given = if gap <= 0 { self.play(now, out) } else { self.fill(gap, now, out) };
            if let Some(pulled) = given {
                return pulled;
            }
        }
    }

    fn give_ready(&mut self, ready: Ready, now: Tick, out: &mut Vec<i16>) -> Pulled {
        self.piece = ready.sound;
        if ready.pulled == Pulled::Sound {
            self.join.came(&mut self.piece);
        }
        self.pass(now, out, ready.pulled == Pulled::Sound, ready.pulled)
    }

    /// After a silence, whether it is better to wait until enough is there again.
    fn still_gathers(&self, now: Tick) -> bool {
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
            let sound = std::mem::take(&mut self.piece);
            self.ready.push_back(Ready { sound, pulled: Pulled::Sound });
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
            self.source.miss();
            self.advance(false);
            return None;
        }
        if self.hope > 0 && self.lacks(now) && self.join.missing() < self.samples(STRETCHED) {
            return Some(self.put_in(now, out));
        }
        let length = span - std::mem::take(&mut self.credit);
        if gap <= WHOLE && (gap == 1 || self.hope == 0) {
            self.bridge(gap.unsigned_abs() as usize, length);
            return None;
        }
        Some(self.conceal(length, now, out))
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
        self.put_in(now, out)
    }

    /// A little sound that fills no place: time passes, and nothing is lost.
    fn put_in(&mut self, now: Tick, out: &mut Vec<i16>) -> Pulled {
        self.make_up(self.samples(STEP));
        self.place = None;
        self.send(now, out);
        Pulled::Concealed
    }

    /// Gives the piece as the next place.
    pub(super) fn pass(&mut self, now: Tick, out: &mut Vec<i16>, heard: bool, pulled: Pulled) -> Pulled {
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
