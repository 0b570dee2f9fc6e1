//! The generated sounds.

/// A sound of the device's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Chime {
    /// The microphone is open for you.
    Listening,
    /// Heard; the request is on its way.
    Done,
    /// Nothing was sent.
    Cancelled,
    /// Something went wrong.
    Error,
}
