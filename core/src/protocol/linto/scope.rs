//! Scopes and topics: `SCOPE/fromlinto/SERIAL/…` goes to the server, `SCOPE/tolinto/SERIAL/…` comes from it.
//!
//! LinTO: the admin page talks on one scope, the application that answers requests listens on another one. A device
//! serves both. On old servers they are the same.

use md5::{Digest, Md5};
use thiserror::Error;

use crate::link::Qos;

/// The scope on which an application of current servers listens: `app` and the MD5 of its name in hexadecimal.
#[must_use]
pub fn of_application(name: &str) -> String {
    use std::fmt::Write as _;
    let mut scope = String::from("app");
    for byte in Md5::digest(name.as_bytes()) {
        // Writing to a String can't fail.
        let _ = write!(scope, "{byte:02x}");
    }
    scope
}

/// Why a scope can't be the first level of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScopeError {
    /// Nothing.
    #[error("the scope is empty; LinTO's default is `blk`")]
    Empty,
    /// More than 128 bytes.
    #[error("the scope has {length} bytes, 128 are the most; use the application's id, `app` and 32 digits")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// A character with a meaning of its own in topics.
    #[error("the scope `{scope}` contains {character:?}, which has another meaning in topics; use one word like `blk`")]
    Character {
        /// As given.
        scope: String,
        /// The first one that is refused.
        character: char,
    },
}

/// Whether `scope` can be the first level of a topic.
///
/// # Errors
/// The rule that it breaks, with a remedy.
pub fn check(scope: &str) -> Result<(), ScopeError> {
    if scope.is_empty() {
        return Err(ScopeError::Empty);
    }
    if scope.len() > 128 {
        return Err(ScopeError::TooLong { length: scope.len() });
    }
    // A leading `$` hides a topic from everybody who subscribes `#`, LinTO's own services among them.
    let refused = |(at, c): &(usize, char)| matches!(c, '/' | '+' | '#') || c.is_control() || (*at == 0 && *c == '$');
    match scope.char_indices().find(refused) {
        Some((_, character)) => Err(ScopeError::Character { scope: scope.into(), character }),
        None => Ok(()),
    }
}

/// Which of the two scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Where the admin page talks. With one scope for both purposes it is this one.
    Admin,
    /// Where the application answers requests.
    Request,
}

/// A topic that is ours, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inbound<'a> {
    /// From the server to this device.
    ToUs {
        /// On which scope.
        scope: Scope,
        /// The fourth level: what it is about.
        leaf: &'a str,
        /// What follows it, without the slash; often empty.
        rest: &'a str,
    },
    /// What somebody says about a device with our serial number, ourselves included, on the admin scope.
    StatusOfUs,
}

/// The topics of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topics {
    admin: String,
    request: String,
    serial: String,
}

impl Topics {
    /// The topics of the device `serial`. All three must have been checked.
    #[must_use]
    pub fn new(admin_scope: &str, request_scope: &str, serial: &str) -> Self {
        Self { admin: admin_scope.into(), request: request_scope.into(), serial: serial.into() }
    }

    /// The scopes, each once: one or two.
    #[must_use]
    pub fn scopes(&self) -> &'static [Scope] {
        if self.admin == self.request { &[Scope::Admin] } else { &[Scope::Admin, Scope::Request] }
    }

    /// What to subscribe. LinTO publishes answers with QoS 2; a subscription with less would lose or double them.
    #[must_use]
    pub fn filters(&self) -> Vec<(String, Qos)> {
        let commands = self.scopes().iter().map(|scope| (self.commands(*scope), Qos::Two));
        // The own status, to see whether the account may use these topics at all, and whether there is a twin.
        commands.chain([(self.egress(Scope::Admin, "status"), Qos::Two)]).collect()
    }

    /// The filter for everything that the server sends to this device on `scope`.
    #[must_use]
    pub fn commands(&self, scope: Scope) -> String {
        format!("{}/tolinto/{}/#", self.name(scope), self.serial)
    }

    /// The topic on which this device says `leaf`.
    #[must_use]
    pub fn egress(&self, scope: Scope, leaf: &str) -> String {
        format!("{}/fromlinto/{}/{leaf}", self.name(scope), self.serial)
    }

    /// The topic on which the server says `leaf`.
    #[must_use]
    pub fn ingress(&self, scope: Scope, leaf: &str) -> String {
        format!("{}/tolinto/{}/{leaf}", self.name(scope), self.serial)
    }

    /// The scope of the requests, which is the admin scope if there is only one.
    #[must_use]
    pub fn request_scope(&self) -> Scope {
        if self.admin == self.request { Scope::Admin } else { Scope::Request }
    }

    /// The topic of the spoken request `id`.
    #[must_use]
    pub fn request(&self, id: &str) -> String {
        self.egress(Scope::Request, &format!("nlp/file/{id}"))
    }

    /// What `topic` means to this device; `None` if it is not ours.
    #[must_use]
    pub fn parse<'a>(&self, topic: &'a str) -> Option<Inbound<'a>> {
        let (scope, rest) = topic.split_once('/')?;
        let (direction, rest) = rest.split_once('/')?;
        let (serial, rest) = rest.split_once('/')?;
        if serial != self.serial {
            return None;
        }
        match direction {
            "tolinto" => {
                let scope = self.scopes().iter().copied().find(|known| self.name(*known) == scope)?;
                let (leaf, rest) = rest.split_once('/').unwrap_or((rest, ""));
                Some(Inbound::ToUs { scope, leaf, rest })
            }
            "fromlinto" if scope == self.admin && rest == "status" => Some(Inbound::StatusOfUs),
            _ => None,
        }
    }

    fn name(&self, scope: Scope) -> &str {
        match scope {
            Scope::Admin => &self.admin,
            Scope::Request => &self.request,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_of_an_application_is_the_one_that_the_server_computes() {
        assert_eq!(of_application("My device app"), "appe641f28d162046568b294b07efc152f3");
    }

    #[test]
    fn both_scopes_and_the_own_status_are_subscribed() {
        let filters = Topics::new("blk", "app1", "raspberry1").filters();
        let two = |filter: &str| (filter.to_owned(), Qos::Two);
        assert_eq!(
            filters,
            [two("blk/tolinto/raspberry1/#"), two("app1/tolinto/raspberry1/#"), two("blk/fromlinto/raspberry1/status")]
        );
    }

    #[test]
    fn one_scope_for_both_purposes_is_subscribed_once() {
        let topics = Topics::new("blk", "blk", "raspberry1");
        assert_eq!(topics.filters().len(), 2);
        assert_eq!(
            topics.parse("blk/tolinto/raspberry1/ping"),
            Some(Inbound::ToUs { scope: Scope::Admin, leaf: "ping", rest: "" })
        );
        assert_eq!(topics.request("1f"), "blk/fromlinto/raspberry1/nlp/file/1f");
    }

    #[test]
    fn a_topic_is_taken_apart_by_scope_leaf_and_rest() {
        let topics = Topics::new("blk", "app1", "my pi");
        let to_us = |scope, leaf, rest| Some(Inbound::ToUs { scope, leaf, rest });
        assert_eq!(topics.parse("blk/tolinto/my pi/say"), to_us(Scope::Admin, "say", ""));
        assert_eq!(topics.parse("app1/tolinto/my pi/nlp/file/1f"), to_us(Scope::Request, "nlp", "file/1f"));
        assert_eq!(topics.parse("blk/fromlinto/my pi/status"), Some(Inbound::StatusOfUs));
    }

    #[test]
    fn what_is_not_ours_is_not_parsed() {
        let topics = Topics::new("blk", "app1", "raspberry1");
        for topic in [
            "",
            "/",
            "blk/tolinto/raspberry1",
            "x/tolinto/raspberry1/say",
            "blk/tolinto/other/say",
            "app1/fromlinto/raspberry1/status",
            "blk/fromlinto/raspberry1/status/x",
            "blk/toLinto/raspberry1/say",
        ] {
            assert_eq!(topics.parse(topic), None, "{topic}");
        }
    }

    #[test]
    fn a_scope_is_one_level_that_everybody_can_see() {
        assert_eq!(check("blk"), Ok(()));
        assert_eq!(check(&of_application("Küche")), Ok(()));
        assert_eq!(check(""), Err(ScopeError::Empty));
        for scope in ["a/b", "+", "a#", "$SYS", "a\nb"] {
            assert!(matches!(check(scope), Err(ScopeError::Character { .. })), "{scope:?}");
        }
    }
}
