//! What servers, operators and people want of the device beside the conversation, and what comes of it.
//!
//! Whoever wishes gets exactly one [`Outcome`], when the wish has taken effect or will not.

use std::fmt;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// Names a wish. Unique within one dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WishId(pub u64);

/// Something for the device to do or to become.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// This loudspeaker volume.
    Volume {
        /// 0–100.
        percent: u8,
        /// Also after a restart, and told to servers.
        keep: bool,
    },
    /// Close the microphone.
    Mute,
    /// Open it again.
    Unmute,
    /// Speak this language from now on, a tag such as `fr-FR`.
    Language(String),
    /// Record to a file.
    MeetingStart {
        /// As given by whoever wants it; the file's name is made of it.
        name: String,
    },
    /// End the recording.
    MeetingStop,
    /// Run a command line.
    Shell(String),
    /// Let an operator in by a reverse SSH tunnel.
    Tunnel(Tunnel),
    /// End the tunnel.
    TunnelStop,
    /// Run the owner's program for this.
    Hook(Hook),
    /// Run the owner's program that servers know as a tool of this name, from `[[tools]]`. The answer's payload has what
    /// it printed as `text`.
    Tool {
        /// Its name.
        name: String,
        /// Names and checked values of its arguments; what was left out is not there.
        arguments: Map<String, Value>,
    },
    /// Restart the service. Whoever wishes it has looked whether that is allowed.
    Restart,
}

/// Where a reverse SSH tunnel goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Tunnel {
    /// `host`, `host:port` or `[address]:port`.
    pub host: String,
    /// The account there.
    pub user: String,
    /// The port that the server there opens; 0: it chooses one.
    pub remote_port: u16,
    /// The port on this device to which it leads.
    pub local_port: u16,
    /// A private key as PEM text, or the path of one.
    pub key: Zeroizing<String>,
}

impl fmt::Debug for Tunnel {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, user, remote_port, local_port, key: _ } = self;
        write!(f, "Tunnel({user}@{host}, {remote_port} there to {local_port} here, with a key)")
    }
}

/// A program of the owner's that is run when a server wants something that only he can define.
#[derive(Clone, Debug, PartialEq)]
pub struct Hook {
    /// Which of them.
    pub kind: HookKind,
    /// What the server sent, for its standard input.
    pub input: Value,
    /// What else is known, as names and values of variables.
    pub context: Vec<(&'static str, String)>,
}

/// The hooks that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookKind {
    /// The device is to do something: `custom_action`.
    CustomAction,
    /// Something is to be shown: `display`.
    Display,
}

impl HookKind {
    /// Its setting in `[hooks]`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CustomAction => "custom_action",
            Self::Display => "display",
        }
    }
}

/// What came of a wish.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It took effect.
    Done,
    /// It took effect, and there is something to say about it.
    Answer {
        /// For whoever wished, a JSON object.
        payload: Value,
        /// For the log, one line.
        result: String,
    },
    /// It may not be, or can't be now; why, with a remedy.
    Refused(String),
    /// It was tried.
    Failed(String),
    /// A newer wish of the same kind came before its turn.
    Superseded,
}

impl Outcome {
    /// One line for the log and for `events`.
    #[must_use]
    pub fn result(&self) -> String {
        match self {
            Self::Done => "done".into(),
            Self::Answer { result, .. } => result.clone(),
            Self::Refused(why) => format!("refused: {why}"),
            Self::Failed(why) => format!("failed: {why}"),
            Self::Superseded => "superseded".into(),
        }
    }
}
