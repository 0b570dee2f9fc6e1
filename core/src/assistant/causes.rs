//! The set of what is wrong now, for the whole device and for each server.

use std::collections::BTreeMap;

use super::cause::Cause;
use super::event::ServerId;

/// Known causes, at most one of each code and place.
#[derive(Debug, Default)]
pub struct Causes {
    known: BTreeMap<(Option<ServerId>, &'static str), Cause>,
}

impl Causes {
    /// Takes a cause in. True if it is news: unknown so far, or with other details.
    pub fn raise(&mut self, server: Option<ServerId>, cause: Cause) -> bool {
        let key = (server, cause.code());
        if self.known.get(&key) == Some(&cause) {
            return false;
        }
        self.known.insert(key, cause);
        true
    }

    /// Takes a cause out.
    pub fn clear(&mut self, server: Option<ServerId>, code: &str) -> Option<Cause> {
        let key = *self.known.keys().find(|(s, c)| *s == server && *c == code)?;
        self.known.remove(&key)
    }

    /// Everything that is wrong, the device first.
    pub fn iter(&self) -> impl Iterator<Item = (Option<ServerId>, &Cause)> {
        self.known.iter().map(|((server, _), cause)| (*server, cause))
    }

    /// Whether all is well.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}
