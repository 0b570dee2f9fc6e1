//! What the device says itself, in the languages that it speaks.

/// A sentence of the device's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sentence {
    /// The server did not answer in time.
    NoAnswer,
    /// There is no connection to the server.
    Offline,
    /// The connection was lost while somebody spoke; nothing was sent.
    NotSent,
    /// No server is configured.
    NotSetUp,
    /// The microphone is muted.
    Muted,
    /// The microphone is gone.
    MicGone,
    /// The server answered with something that can't be understood.
    BrokenAnswer,
    /// The server refuses this device.
    Refused,
    /// Another device uses the same serial number.
    TwinDevice,
}
