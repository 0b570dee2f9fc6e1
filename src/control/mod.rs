//! The control socket: how `auricle status`, `say`, `listen` … reach the running daemon. HTTP on a Unix socket.

pub mod client;
pub mod server;

use serde_json::Value;
use tokio::sync::oneshot;

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
}

/// A request on its way to the control thread.
#[derive(Debug)]
pub enum Request {
    /// The state of everything.
    Status(oneshot::Sender<Value>),
    /// Do something; the answer says why it can't be done.
    Act(Action, oneshot::Sender<Result<(), String>>),
}
