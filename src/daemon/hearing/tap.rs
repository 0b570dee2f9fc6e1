//! A recording's place on the tape.

use auricle_core::audio::Position;
use auricle_core::audio::tape::{Read, Reader, Tape};

/// Copies the tape into a ring, from its place on.
pub(super) struct Tap {
    reader: Reader,
    ring: rtrb::Producer<i16>,
}

impl Tap {
    pub(super) const fn new(from: Position, ring: rtrb::Producer<i16>) -> Self {
        Self { reader: Reader::at(from), ring }
    }

    /// Copies what is new. Returns the samples for which there was no room, or that the tape had forgotten.
    pub(super) fn copy(&mut self, tape: &Tape) -> u64 {
        let mut lost = 0;
        loop {
            match self.reader.read(tape, usize::MAX) {
                Read::Samples(sound) => {
                    let fits = sound.len().min(self.ring.slots());
                    let _ = self.ring.push_entire_slice(&sound[..fits]);
                    lost += (sound.len() - fits) as u64;
                }
                Read::Lost(samples) => lost += samples,
                Read::End => return lost,
            }
        }
    }
}
