//! The control socket: how `auricle status`, `say`, `listen` … reach the running daemon. HTTP on a Unix socket.

pub mod client;
mod dictation;
mod meter;
mod routes;
pub mod server;
mod wake;

use serde_json::Value;
use tokio::sync::oneshot;

use crate::daemon::Sounded;
use crate::daemon::listener::Listening;

/// What somebody wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Speak this, outside any turn.
    Say(String),
    /// Open a turn.
    Listen,
    /// Stop whatever runs.
    Cancel,
    /// Close the microphone.
    Mute,
    /// Open it again.
    Unmute,
    /// Set the loudspeaker's volume, 0 to 100 percent; `None`: only ask for it. Answered with `volume`.
    Volume(Option<u8>),
    /// Ask a server in writing. Answered with the `id` that the answer's event will have.
    Ask {
        /// What.
        text: String,
        /// Whether it is for the server's chatbot alone.
        chatbot: bool,
    },
    /// Let a server write down what is said from now on. Answered as soon as it has begun, or can't.
    Dictate,
    /// The dictation is over; its last text may still come. Nothing happens where none runs.
    DictateStop,
    /// Record a meeting of this name. Answered with its `file`.
    MeetingStart(String),
    /// End the recording.
    MeetingStop,
    /// Close the reverse SSH tunnel.
    SshStop,
    /// Take in the model of a wake word. Answered with its `file`.
    WakeAdd {
        /// Its name.
        name: String,
        /// The bytes of `NAME.tflite`.
        model: Vec<u8>,
        /// The bytes of `NAME.json`.
        description: Vec<u8>,
    },
    /// Show that the program is about to be replaced.
    Updating,
}

/// What came of an action: an object with what there is to say about it, or null; or why it can't be done.
pub type Answer = Result<Value, String>;

/// A request on its way to the control thread.
#[derive(Debug)]
pub enum Request {
    /// The state of everything.
    Status(oneshot::Sender<Value>),
    /// The models of wake words.
    Wake(oneshot::Sender<Value>),
    /// Do something. The answer may take a few seconds; [`server::ANSWER`] is the limit.
    Act(Action, oneshot::Sender<Answer>),
    /// Listen to what the microphone hears, for a measurement.
    Listen(oneshot::Sender<Listening>),
    /// Play the sound by which the echo is measured. Answered when it has ended.
    Sound(oneshot::Sender<Sounded>),
}
