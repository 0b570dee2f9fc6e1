//! Commands from the server: one file each, and one line in [`ALL`].
//!
//! A command is a function from its payload to an [`Outcome`]; what the outcome does to the device is decided
//! elsewhere. LinTO sends none of them retained.

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

/// What comes of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answer on the scope on which the command came.
    Reply {
        /// The fourth level of the topic.
        leaf: &'static str,
        /// The bytes.
        payload: Vec<u8>,
    },
    /// Say this as an announcement.
    Say(String),
    /// The command is understood, but there is nothing to do; why.
    Nothing(&'static str),
    /// Known, but not served by this version.
    NotServed,
}

/// A leaf on which servers send something.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// The fourth level of the topic.
    pub leaf: &'static str,
    /// Payload to outcome; `None`: not served by this version.
    pub serve: Option<fn(&[u8]) -> Outcome>,
}

const fn served(leaf: &'static str, serve: fn(&[u8]) -> Outcome) -> Command {
    Command { leaf, serve: Some(serve) }
}

const fn known(leaf: &'static str) -> Command {
    Command { leaf, serve: None }
}

/// Everything that a LinTO server or an operator is known to send, apart from answers (`nlp`).
pub const ALL: &[Command] = &[
    served(ping::LEAF, ping::serve),
    served(say::LEAF, say::serve),
    // The admin page.
    known("volume"),
    known("endvolume"),
    known("mute"),
    known("unmute"),
    // The application's flow.
    known("tts_lang"),
    known("chatbot"),
    known("customAction"),
    known("streaming"),
    known("statusack"),
    // An operator by hand, or an old admin page.
    known("startreversessh"),
    known("shellexec"),
    known("managemeeting"),
    known("demo_mode"),
];

/// What comes of `payload` on `leaf`; `None` if no such command is known.
#[must_use]
pub fn apply(leaf: &str, payload: &[u8]) -> Option<Outcome> {
    let command = ALL.iter().find(|command| command.leaf == leaf)?;
    Some(command.serve.map_or(Outcome::NotServed, |serve| serve(payload)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_leaf_is_listed_once() {
        let mut leaves: Vec<&str> = ALL.iter().map(|command| command.leaf).collect();
        leaves.sort_unstable();
        let listed = leaves.len();
        leaves.dedup();
        assert_eq!(leaves.len(), listed);
    }

    #[test]
    fn a_known_command_that_is_not_served_is_told_from_an_unknown_one() {
        assert_eq!(apply("volume", br#"{"value":"55"}"#), Some(Outcome::NotServed));
        assert_eq!(apply("selfdestruct", b"{}"), None);
        assert_eq!(apply("", b"{}"), None);
    }
}
