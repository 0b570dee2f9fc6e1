//! Somebody who looks at what is heard: the meter of `auricle doctor`, and its measurement of the echo. What they get
//! stays within the daemon; only numbers leave it.

use auricle_core::audio::Position;
use auricle_core::audio::tape::{Read, Reader, Tape};
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

/// A stretch of the tape.
#[derive(Debug)]
pub struct Piece {
    /// The place of its first sample.
    pub at: Position,
    /// At 16 kHz.
    pub samples: Vec<i16>,
}

/// A place on the tape, and who gets what comes behind it.
pub(super) struct Listener {
    reader: Reader,
    out: Sender<Piece>,
}

impl Listener {
    pub(super) const fn new(from: Position, out: Sender<Piece>) -> Self {
        Self { reader: Reader::at(from), out }
    }

    /// Whether nobody takes anything any more.
    pub(super) fn is_gone(&self) -> bool {
        self.out.is_closed()
    }

    /// Hands out what is new. False if nobody takes it.
    pub(super) fn serve(&mut self, tape: &Tape) -> bool {
        let mut at = self.reader.position();
        loop {
            match self.reader.read(tape, usize::MAX) {
                Read::Samples(sound) => {
                    let piece = Piece { at, samples: sound.to_vec() };
                    if self.out.try_send(piece).is_err() {
                        return false;
                    }
                }
                Read::Lost(_) => {}
                Read::End => return true,
            }
            at = self.reader.position();
        }
    }
}
