//! The delay that a link needs, from how late its packets come.
//!
//! Timestamps of a server are no clock of the sound, so the only measure is when a packet came beside where its sound
//! belongs. The packet that came earliest by that measure sets the scale. A sender that hurries at the start of an answer
//! only moves that scale, it makes nobody late.

use crate::time::Tick;

use super::queue::ahead;

/// The least and the greatest delay, and the one that a link starts with, in µs.
const LEAST: i64 = 60_000;
const GREATEST: i64 = 300_000;
const FIRST: i64 = 120_000;

/// Who is later than this has not been held up on the way: the server had nothing to send, or the link was down.
const PAUSE: i64 = 400_000;

/// A gap of up to so many packets should be closed by the time that it is heard: only who knows what follows can mend it.
const BRIDGED: i64 = 2;

/// Who is further behind the foremost packet than this is not reordered.
const STRAY: i64 = 64;

/// How much the delay shrinks with each packet that comes in time, in µs: 8 ms a second with packets of 60 ms.
const DOWN: i64 = 500;

/// How much the scale gives way with each packet, in µs, so that it follows a way that has become longer.
const GIVE: i64 = 100;

/// The delay of a link.
#[derive(Debug)]
pub(super) struct Delay {
    target: i64,
    /// What had to pass between a packet's arrival and its use in the caller, in µs.
    lead: i64,
    scale: Option<Scale>,
    /// The foremost packet so far.
    newest: Option<u32>,
}

/// Where the sound of a packet belongs, if all came as the earliest did.
#[derive(Clone, Copy, Debug)]
struct Scale {
    sequence: u32,
    /// When that packet came, or would have, in µs.
    at: i64,
    /// Length of a packet in µs.
    packet: i64,
}

impl Scale {
    fn due(&self, sequence: u32) -> i64 {
        self.at + i64::from(ahead(sequence, self.sequence)) * self.packet
    }
}

impl Delay {
    pub const fn new(lead: i64) -> Self {
        Self { target: FIRST, lead, scale: None, newest: None }
    }

    /// In µs.
    pub const fn target(&self) -> i64 {
        self.target
    }

    /// Another answer begins: when it is sent has nothing to do with the one before.
    pub const fn forget(&mut self) {
        (self.scale, self.newest) = (None, None);
    }

    /// A packet of `packet` µs has come, in time or late.
    pub fn arrived(&mut self, now: Tick, sequence: u32, packet: i64) {
        let now = now.as_micros().cast_signed();
        let fresh = Scale { sequence, at: now, packet };
        let missing = self.newest.map_or(0, |newest| i64::from(ahead(sequence, newest)) - 1);
        // A stray from far ahead is not the foremost for long.
        self.newest = if (-STRAY..0).contains(&missing) { self.newest } else { Some(sequence) };
        let Some(scale) = self.scale.filter(|scale| scale.packet == packet) else {
            self.scale = Some(fresh);
            return;
        };
        let lateness = now - scale.due(sequence);
        if !(0..=PAUSE).contains(&lateness) {
            self.scale = Some(fresh);
            return;
        }
        self.scale = Some(Scale { sequence, at: scale.due(sequence) + GIVE.min(lateness), packet });
        let needed = lateness + self.lead + missing.clamp(0, BRIDGED) * packet;
        let wanted = if needed > self.target { (self.target + needed) / 2 + 1_000 } else { self.target - DOWN };
        self.target = wanted.clamp(LEAST, GREATEST);
    }

    /// How much later than on the scale the packet is used if that is at `at`, in µs.
    pub fn of(&self, sequence: u32, at: Tick) -> Option<i64> {
        self.scale.map(|scale| at.as_micros().cast_signed() - scale.due(sequence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: i64 = 60_000;

    /// The target after packets that come this many ms after their time.
    fn after(lateness: impl Iterator<Item = u64>) -> i64 {
        let mut delay = Delay::new(40_000);
        for (number, late) in lateness.enumerate() {
            delay.arrived(Tick::from_millis(number as u64 * 60 + late), number as u32, PACKET);
        }
        delay.target() / 1_000
    }

    #[test]
    fn it_is_up_quickly_and_down_slowly() {
        let calm = after((0..400).map(|_| 0));
        assert_eq!(calm, 60);
        let shaken = after((0..408).map(|n| if n < 400 { 0 } else { n % 2 * 200 }));
        assert!((190..=260).contains(&shaken), "{shaken}");
        let a_second_later = after((0..424).map(|n| if (400..408).contains(&n) { n % 2 * 200 } else { 0 }));
        assert!(a_second_later > 180, "{a_second_later}");
    }

    #[test]
    fn it_stays_within_its_limits() {
        assert_eq!(after((0..200).map(|n| n % 2 * 390)), 300);
    }

    #[test]
    fn a_sender_that_hurries_at_the_start_makes_nobody_late() {
        let mut delay = Delay::new(40_000);
        for number in 0..100_u32 {
            delay.arrived(Tick::from_millis(u64::from(number.saturating_sub(5)) * 60), number, PACKET);
        }
        assert!(delay.target() < FIRST);
    }

    #[test]
    fn a_pause_of_the_sender_changes_nothing() {
        let calm = after((0..20).map(|_| 0));
        assert!(after((0..20).map(|n| if n < 10 { 0 } else { 1_500 })) <= calm + 1);
    }
}
