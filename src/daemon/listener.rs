//! Somebody who looks at what the microphone delivers: the meter of `auricle doctor`, and its measurement of the echo. What they get
//! stays within the daemon; only numbers leave it.

use auricle_core::audio::Position;
use tokio::sync::mpsc::{self, Sender};

/// So many may look at once.
pub(super) const LISTENERS: usize = 4;

/// What somebody gets who looks; or why not.
pub type Listening = Result<mpsc::Receiver<Piece>, Refusal>;

/// Why nothing can be measured now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// For programs; a stable word.
    pub code: &'static str,
    /// For people, with what to do.
    pub why: String,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }

    /// Something else is going on; later it will do.
    pub(crate) fn busy(why: impl Into<String>) -> Self {
        Self::new("busy", why)
    }
}

/// Pieces that may wait for one; who leaves more is taken for gone. At the shortest pace it is more than a second.
pub(crate) const PIECES: usize = 256;

/// A stretch of what the microphone delivers, before the front end takes the device's own voice out of it.
#[derive(Debug)]
pub struct Piece {
    /// The place of its first sample on the tape.
    pub at: Position,
    /// At 16 kHz.
    pub samples: Vec<i16>,
}

/// Who gets what the microphone delivers.
pub(super) struct Listener {
    out: Sender<Piece>,
}

impl Listener {
    pub(super) const fn new(out: Sender<Piece>) -> Self {
        Self { out }
    }

    /// Whether nobody takes anything any more.
    pub(super) fn is_gone(&self) -> bool {
        self.out.is_closed()
    }

    /// Hands out what is new. False if nobody takes it.
    pub(super) fn serve(&self, at: Position, sound: &[i16]) -> bool {
        sound.is_empty() || self.out.try_send(Piece { at, samples: sound.to_vec() }).is_ok()
    }
}
