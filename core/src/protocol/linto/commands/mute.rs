//! `mute`: the admin page closes the microphone. Its payload says nothing.

use super::{Reply, Served};
use crate::wish::{Outcome, Wish};

/// The fourth level of the topic.
pub const LEAF: &str = "mute";

/// The leaf of the answer.
pub const ANSWER: &str = "muteack";

/// Whatever it carries.
#[must_use]
pub fn serve(_payload: &[u8]) -> Served {
    Served::Wish(Wish::Mute)
}

/// Acknowledged only when nothing holds the microphone any more.
#[must_use]
pub fn reply(outcome: &Outcome) -> Option<Reply> {
    (*outcome == Outcome::Done).then(|| Reply::empty(ANSWER))
}
