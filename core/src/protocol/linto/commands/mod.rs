//! Commands from the server: one file each, and one line in [`ALL`].
//!
//! A command is a function from its payload to what it means ([`Served`]), and one from what came of it to the answer
//! that goes back ([`Reply`]). LinTO sends none of them retained.

use crate::wish::{Outcome, Wish};

pub mod endvolume;
pub mod managemeeting;
pub mod mute;
mod ping;
mod say;
pub mod shellexec;
pub mod startreversessh;
pub mod tts_lang;
pub mod unmute;
pub mod volume;

/// An answer on the scope on which the command came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The fourth level of the topic.
    pub leaf: &'static str,
    /// The bytes, a JSON object.
    pub payload: Vec<u8>,
}

impl Reply {
    /// An acknowledgement that says nothing but its topic. LinTO: control messages without an object are dropped.
    fn empty(leaf: &'static str) -> Self {
        Self { leaf, payload: b"{}".to_vec() }
    }

    fn object(leaf: &'static str, object: &serde_json::Value) -> Self {
        Self { leaf, payload: object.to_string().into_bytes() }
    }
}

/// What a command means.
#[derive(Clone, Debug, PartialEq)]
pub enum Served {
    /// Answer at once.
    Reply(Reply),
    /// Say this as an announcement.
    Say(String),
    /// Do this; the answer follows from what comes of it.
    Wish(Wish),
    /// Nothing can be done with it; why.
    Bad(String),
    /// Known, but this device has no use for it; why.
    Nothing(&'static str),
}

impl From<Result<Wish, String>> for Served {
    fn from(parsed: Result<Wish, String>) -> Self {
        parsed.map_or_else(Self::Bad, Self::Wish)
    }
}

/// A leaf on which servers send something.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// The fourth level of the topic.
    pub leaf: &'static str,
    /// Payload to meaning.
    pub serve: fn(&[u8]) -> Served,
    /// What came of it to the answer.
    pub reply: fn(&Outcome) -> Option<Reply>,
    /// The leaf of the answer, if there is one.
    pub answer: Option<&'static str>,
    /// Whether each use leaves a line in the audit log: it is remote power over the device.
    pub audited: bool,
}

impl Command {
    const fn new(leaf: &'static str, serve: fn(&[u8]) -> Served) -> Self {
        Self { leaf, serve, reply: |_| None, answer: None, audited: false }
    }

    const fn answered(self, answer: &'static str, reply: fn(&Outcome) -> Option<Reply>) -> Self {
        Self { answer: Some(answer), reply, ..self }
    }

    const fn audited(self) -> Self {
        Self { audited: true, ..self }
    }
}

/// Every command that a LinTO server or an operator is known to send.
pub const ALL: &[Command] = &[
    // The admin page.
    Command::new(ping::LEAF, ping::serve).answered(ping::ANSWER, |_| None),
    Command::new(say::LEAF, say::serve),
    Command::new(volume::LEAF, volume::serve),
    Command::new(endvolume::LEAF, endvolume::serve).answered("status", |_| None),
    Command::new(mute::LEAF, mute::serve).answered(mute::ANSWER, mute::reply),
    Command::new(unmute::LEAF, unmute::serve).answered(unmute::ANSWER, unmute::reply).audited(),
    // The application's flow.
    Command::new(tts_lang::LEAF, tts_lang::serve),
    Command::new("statusack", |_| Served::Nothing("a status needs no acknowledgement")),
    // An operator by hand, or an old admin page.
    Command::new(managemeeting::LEAF, managemeeting::serve).audited(),
    Command::new(shellexec::LEAF, shellexec::serve).answered(shellexec::LEAF, shellexec::reply).audited(),
    Command::new(startreversessh::LEAF, startreversessh::serve)
        .answered(startreversessh::LEAF, startreversessh::reply)
        .audited(),
    Command::new("demo_mode", |_| Served::Nothing("this device has no screen for the demo's film")),
];

/// Leaves on which servers send what belongs to the conversation.
pub const CONVERSATION: [&str; 4] = ["nlp", "chatbot", "customAction", "streaming"];

/// The command on this leaf, if one is known.
#[must_use]
pub fn find(leaf: &str) -> Option<&'static Command> {
    ALL.iter().find(|command| command.leaf == leaf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_leaf_is_listed_once() {
        let mut leaves: Vec<&str> = ALL.iter().map(|command| command.leaf).chain(CONVERSATION).collect();
        leaves.sort_unstable();
        let listed = leaves.len();
        leaves.dedup();
        assert_eq!(leaves.len(), listed);
    }

    #[test]
    fn an_unknown_command_is_not_found() {
        assert!(find("selfdestruct").is_none() && find("").is_none());
    }

    #[test]
    fn remote_power_is_audited() {
        let audited: Vec<&str> = ALL.iter().filter(|command| command.audited).map(|command| command.leaf).collect();
        assert_eq!(audited, ["unmute", "managemeeting", "shellexec", "startreversessh"]);
    }

    #[test]
    fn every_answer_is_a_json_object() {
        let outcomes = [Outcome::Done, Outcome::Refused("no".into()), Outcome::Failed("no".into())];
        for command in ALL {
            for reply in outcomes.iter().filter_map(command.reply) {
                let object: Result<serde_json::Map<String, serde_json::Value>, _> =
                    serde_json::from_slice(&reply.payload);
                assert!(object.is_ok() && Some(reply.leaf) == command.answer, "{reply:?}");
            }
        }
    }
}
