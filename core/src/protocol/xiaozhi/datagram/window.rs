//! Which sequence numbers were here before.

/// How far behind the newest a packet may come, in packets.
pub(super) const WIDTH: u32 = 64;

/// The newest sequence number and which of the 63 before it were here. Numbers go round after 2^32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    newest: Option<u32>,
    /// Bit *n* stands for the number *n* before the newest.
    seen: u64,
}

/// What a sequence number is to a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It was not here yet.
    New,
    /// It was.
    Seen,
    /// Too far behind to know.
    Behind,
}

impl Window {
    /// The window right after its first number, whatever that is.
    pub(super) const fn starting(sequence: u32) -> Self {
        Self { newest: Some(sequence), seen: 1 }
    }

    /// Takes a number, unless it was here or is too far behind.
    pub(super) fn take(&mut self, sequence: u32) -> Place {
        let Some(newest) = self.newest else {
            *self = Self::starting(sequence);
            return Place::New;
        };
        let ahead = sequence.wrapping_sub(newest);
        // Half of all numbers lie ahead.
        if ahead != 0 && ahead < 1 << 31 {
            self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
            self.newest = Some(sequence);
            return Place::New;
        }
        let behind = newest.wrapping_sub(sequence);
        if behind >= WIDTH {
            return Place::Behind;
        }
        let bit = 1 << behind;
        if self.seen & bit != 0 {
            return Place::Seen;
        }
        self.seen |= bit;
        Place::New
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_number_may_be_anything() {
        for first in [0, 1, 77, u32::MAX] {
            assert_eq!(Window::default().take(first), Place::New);
        }
    }

    #[test]
    fn a_number_may_come_63_late_and_not_64() {
        let mut window = Window::starting(100);
        assert_eq!(window.take(37), Place::New);
        assert_eq!(window.take(37), Place::Seen);
        assert_eq!(window.take(36), Place::Behind);
    }

    #[test]
    fn numbers_go_on_from_zero_after_the_largest() {
        let mut window = Window::starting(u32::MAX - 1);
        let taken = [0, u32::MAX, 1, 0, u32::MAX, 2].map(|sequence| window.take(sequence));
        assert_eq!(taken, [Place::New, Place::New, Place::New, Place::Seen, Place::Seen, Place::New]);
    }

    #[test]
    fn half_of_all_numbers_lie_ahead() {
        assert_eq!(Window::starting(5).take(5 + (u32::MAX >> 1)), Place::New);
        assert_eq!(Window::starting(5).take(6 + (u32::MAX >> 1)), Place::Behind);
    }

    #[test]
    fn a_jump_forgets_what_lies_more_than_the_window_behind() {
        let mut window = Window::starting(1);
        assert_eq!(window.take(1_000), Place::New);
        assert_eq!((window.take(1), window.take(999)), (Place::Behind, Place::New));
    }

    proptest! {
        /// The same as a set that remembers everything.
        #[test]
        fn each_number_is_new_once(start: u32, steps in prop::collection::vec(-80i64..90, 1..300)) {
            let (mut window, mut all) = (Window::default(), BTreeSet::new());
            let (mut newest, mut at) = (0i64, 0i64);
            for step in steps {
                at = newest + if all.is_empty() { 0 } else { step };
                let expected = match () {
                    () if !all.is_empty() && at <= newest - i64::from(WIDTH) => Place::Behind,
                    () if !all.insert(at) => Place::Seen,
                    () => Place::New,
                };
                prop_assert_eq!(window.take(start.wrapping_add(at as u32)), expected);
                newest = newest.max(at);
            }
            prop_assert!(at <= newest);
        }
    }
}
