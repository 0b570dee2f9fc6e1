//! Notices that the broker throws us out again and again, which is what a second client with our id looks like: brokers
//! of MQTT 3.1.1 close without a word.

use std::time::Duration;

/// What to make of the end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing special.
    Ordinary,
    /// Thrown out again and again: try another id, to tell a twin from other reasons.
    ChangeId,
    /// Thrown out again and again, and another id cannot help or did not.
    ThrownOut,
}

/// Counts connections that the broker closed shortly after it had accepted them.
#[derive(Debug)]
pub(super) struct Takeover {
    short_life: Duration,
    allowed: u32,
    may_change_id: bool,
    in_a_row: u32,
    changed_id: bool,
}

impl Takeover {
    pub(super) fn new(short_life: Duration, short_lives: u32, may_change_id: bool) -> Self {
        Self { short_life, allowed: short_lives.max(1), may_change_id, in_a_row: 0, changed_id: false }
    }

    /// Whether the id in use was chosen after the first one had been thrown out.
    pub(super) const fn changed_id(&self) -> bool {
        self.changed_id
    }

    /// A connection that the broker had accepted is over.
    pub(super) fn ended(&mut self, by_broker: bool, lived: Duration) -> Verdict {
        if lived >= self.short_life {
            self.in_a_row = 0;
        } else if by_broker {
            self.in_a_row = self.in_a_row.saturating_add(1);
        }
        if self.in_a_row < self.allowed {
            return Verdict::Ordinary;
        }
        if self.may_change_id && !self.changed_id {
            self.changed_id = true;
            self.in_a_row = 0;
            return Verdict::ChangeId;
        }
        Verdict::ThrownOut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_secs(3);
    const LONG: Duration = Duration::from_secs(10);

    fn lives(takeover: &mut Takeover, lived: Duration, times: usize) -> Vec<Verdict> {
        (0..times).map(|_| takeover.ended(true, lived)).collect()
    }

    #[test]
    fn three_short_lives_change_the_id_once_and_then_tell() {
        use Verdict::{ChangeId, Ordinary, ThrownOut};
        let mut takeover = Takeover::new(LONG, 3, true);
        assert_eq!(
            lives(&mut takeover, SHORT, 7),
            [Ordinary, Ordinary, ChangeId, Ordinary, Ordinary, ThrownOut, ThrownOut]
        );
    }

    #[test]
    fn a_fixed_id_is_told_at_once() {
        let mut takeover = Takeover::new(LONG, 3, false);
        assert_eq!(lives(&mut takeover, SHORT, 3).last(), Some(&Verdict::ThrownOut));
    }

    #[test]
    fn a_long_life_in_between_or_an_end_of_our_own_making_does_not_count() {
        let mut takeover = Takeover::new(LONG, 3, false);
        lives(&mut takeover, SHORT, 2);
        assert_eq!(takeover.ended(true, LONG), Verdict::Ordinary);
        lives(&mut takeover, SHORT, 2);
        assert_eq!(takeover.ended(false, SHORT), Verdict::Ordinary);
        assert_eq!(takeover.ended(true, SHORT), Verdict::ThrownOut);
    }
}
