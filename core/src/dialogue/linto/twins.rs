//! Other devices that use our serial number, as far as their statuses show them.

use std::time::Duration;

use crate::time::Tick;

/// A twin that says nothing for so long is taken for gone.
const GONE_AFTER: Duration = Duration::from_secs(600);

/// So many twins are told apart.
const KNOWN: usize = 8;

/// The twins that were seen.
#[derive(Debug, Default)]
pub(super) struct Twins {
    /// Their marks; clients that don't mark themselves share the empty one.
    known: Vec<String>,
    last_seen: Option<Tick>,
}

impl Twins {
    /// A twin said that it is online. Whether it is a new one, which then is to learn of us.
    pub(super) fn online(&mut self, now: Tick, instance: Option<String>) -> bool {
        self.last_seen = Some(now);
        let instance = instance.unwrap_or_default();
        if self.known.len() == KNOWN || self.known.contains(&instance) {
            return false;
        }
        self.known.push(instance);
        true
    }

    /// Somebody with our serial number went offline: if that was not the twin, it will say so.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// When the last twin is taken for gone.
    pub(super) fn deadline(&self) -> Option<Tick> {
        self.last_seen.map(|seen| seen + GONE_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_twin_is_new_once() {
        let mut twins = Twins::default();
        assert!(twins.online(Tick::ZERO, Some("a".into())));
        assert!(!twins.online(Tick::ZERO, Some("a".into())));
        assert!(twins.online(Tick::ZERO, None));
        assert!(!twins.online(Tick::ZERO, None));
    }

    #[test]
    fn only_so_many_are_remembered() {
        let mut twins = Twins::default();
        let new = (0..1_000).filter(|n| twins.online(Tick::ZERO, Some(n.to_string()))).count();
        assert_eq!((new, twins.known.len()), (KNOWN, KNOWN));
    }
}
