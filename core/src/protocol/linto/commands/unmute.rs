//! `unmute`: the admin page opens the microphone again. Its payload says nothing.

use super::{Reply, Served};
use crate::wish::{Outcome, Wish};

/// The fourth level of the topic.
pub const LEAF: &str = "unmute";

/// The leaf of the answer.
pub const ANSWER: &str = "unmuteack";

/// Whatever it carries.
#[must_use]
pub fn serve(_payload: &[u8]) -> Served {
    Served::Wish(Wish::Unmute)
}

/// Acknowledged only when it took effect; a refusal is silent on the wire.
#[must_use]
pub fn reply(outcome: &Outcome) -> Option<Reply> {
    (*outcome == Outcome::Done).then(|| Reply::empty(ANSWER))
}
