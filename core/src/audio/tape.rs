//! The tape: the last seconds of sound, addressed by absolute position.
//!
//! One writer, any number of readers. A reader is nothing but a position; it never holds the writer up. One that
//! falls behind the oldest sample is told how much it missed and goes on with what is still there.

use std::time::Duration;

use crate::audio::{Position, samples};

/// A ring of 16 kHz mono samples. Allocates once, when it is made.
#[derive(Debug)]
pub struct Tape {
    ring: Box<[i16]>,
    /// The oldest sample that is still there.
    oldest: u64,
    /// The place of the next sample.
    end: u64,
}

impl Tape {
    /// An empty tape that holds the last `length` of sound, at least one sample.
    #[must_use]
    pub fn new(length: Duration) -> Self {
        let capacity = usize::try_from(samples(length)).unwrap_or(usize::MAX).max(1);
        Self { ring: vec![0; capacity].into_boxed_slice(), oldest: 0, end: 0 }
    }

    /// The number of samples that it holds at most.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.ring.len()
    }

    /// The oldest sample that is still there; equals [`Tape::end`] if there is none.
    #[must_use]
    pub const fn oldest(&self) -> Position {
        Position(self.oldest)
    }

    /// The place of the sample that comes next.
    #[must_use]
    pub const fn end(&self) -> Position {
        Position(self.end)
    }

    /// Appends `sound` and forgets as much of the oldest as is needed.
    pub fn write(&mut self, sound: &[i16]) {
        let capacity = self.ring.len();
        let skipped = sound.len().saturating_sub(capacity);
        let kept = sound.get(skipped..).unwrap_or_default();
        let at = self.index(self.end + skipped as u64);
        let (first, second) = kept.split_at(kept.len().min(capacity - at));
        self.ring[at..at + first.len()].copy_from_slice(first);
        self.ring[..second.len()].copy_from_slice(second);
        self.end += sound.len() as u64;
        self.oldest = self.oldest.max(self.end.saturating_sub(capacity as u64));
    }

    /// Forgets everything, also in memory. Positions go on.
    pub fn clear(&mut self) {
        self.ring.fill(0);
        self.oldest = self.end;
    }

    /// The samples from `from` up to `limit` of them, as far as they lie in one piece in memory. Empty outside the tape.
    fn piece(&self, from: u64, limit: usize) -> &[i16] {
        if from < self.oldest || from >= self.end {
            return &[];
        }
        let at = self.index(from);
        let left = usize::try_from(self.end - from).unwrap_or(usize::MAX);
        &self.ring[at..at + left.min(limit).min(self.ring.len() - at)]
    }

    /// Where in the ring a position lies.
    fn index(&self, position: u64) -> usize {
        // The remainder is smaller than a `usize`, so nothing is cut off.
        (position % self.ring.len() as u64) as usize
    }
}

/// What a reader got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read<'tape> {
    /// The next samples, at least one. There may be more: the ring has a seam.
    Samples(&'tape [i16]),
    /// So many samples were overwritten before they were read; the next read goes on behind them.
    Lost(u64),
    /// Nothing yet.
    End,
}

/// A place on the tape that moves on as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader(Position);

impl Reader {
    /// A reader whose next sample is the one at `position`, which may lie ahead.
    #[must_use]
    pub const fn at(position: Position) -> Self {
        Self(position)
    }

    /// The place of the sample that is read next.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.0
    }

    /// Reads up to `limit` samples. [`Read::End`] if there are none, or if `limit` is 0.
    pub fn read<'tape>(&mut self, tape: &'tape Tape, limit: usize) -> Read<'tape> {
        let lost = tape.oldest() - self.0;
        if lost > 0 {
            self.0 = tape.oldest();
            return Read::Lost(lost);
        }
        let piece = tape.piece(self.0.0, limit);
        if piece.is_empty() {
            return Read::End;
        }
        self.0.0 += piece.len() as u64;
        Read::Samples(piece)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use proptest::prelude::*;

    use super::*;

    /// A tape of `capacity` samples.
    fn tape(capacity: u64) -> Tape {
        let tape = Tape::new(Duration::from_micros((capacity * 125).div_ceil(2)));
        assert_eq!(tape.capacity() as u64, capacity);
        tape
    }

    fn read_all(reader: &mut Reader, tape: &Tape) -> (Vec<i16>, u64) {
        let (mut sound, mut lost) = (Vec::new(), 0);
        loop {
            match reader.read(tape, 7) {
                Read::Samples(piece) => sound.extend_from_slice(piece),
                Read::Lost(n) => lost += n,
                Read::End => return (sound, lost),
            }
        }
    }

    #[test]
    fn a_slow_reader_is_told_what_it_missed() {
        let mut tape = tape(10);
        let mut reader = Reader::at(Position(0));
        tape.write(&[1; 4]);
        tape.write(&[2; 10]);
        assert_eq!(reader.read(&tape, 100), Read::Lost(4));
        assert_eq!(read_all(&mut reader, &tape), (vec![2; 10], 0));
    }

    #[test]
    fn a_reader_ahead_of_the_tape_waits_for_its_sample() {
        let mut tape = tape(10);
        let mut reader = Reader::at(Position(3));
        tape.write(&[1, 2, 3]);
        assert_eq!(reader.read(&tape, 100), Read::End);
        tape.write(&[4]);
        assert_eq!(reader.read(&tape, 100), Read::Samples(&[4]));
    }

    #[test]
    fn clearing_forgets_the_sound_and_keeps_the_count() {
        let mut tape = tape(10);
        tape.write(&[5; 8]);
        tape.clear();
        assert_eq!((tape.oldest(), tape.end()), (Position(8), Position(8)));
        assert!(tape.ring.iter().all(|&sample| sample == 0));
        let mut reader = Reader::at(Position(2));
        assert_eq!(reader.read(&tape, 100), Read::Lost(6));
        assert_eq!(reader.read(&tape, 100), Read::End);
    }

    #[derive(Clone, Debug)]
    enum Op {
        Write(usize),
        Read { reader: usize, limit: usize },
        Clear,
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => (0_usize..60).prop_map(Op::Write),
            4 => (0_usize..3, 0_usize..40).prop_map(|(reader, limit)| Op::Read { reader, limit }),
            1 => Just(Op::Clear),
        ]
    }

    proptest! {
        /// The model is a vector that never forgets, and the place of the oldest sample.
        #[test]
        fn it_behaves_like_a_vector_that_forgets(capacity in 1_u64..40, ops in prop::collection::vec(op(), 1..80)) {
            let mut tape = tape(capacity);
            let mut model: Vec<i16> = Vec::new();
            let mut oldest = 0_usize;
            let mut readers = [Reader::at(Position(0)), Reader::at(Position(5)), Reader::at(Position(50))];
            for op in ops {
                match op {
                    Op::Write(n) => {
                        let sound: Vec<i16> = (0..n).map(|i| ((model.len() + i) * 7) as i16).collect();
                        tape.write(&sound);
                        model.extend(&sound);
                        oldest = oldest.max(model.len().saturating_sub(capacity as usize));
                    }
                    Op::Clear => {
                        tape.clear();
                        oldest = model.len();
                    }
                    Op::Read { reader, limit } => {
                        let reader = &mut readers[reader];
                        let at = reader.position().0 as usize;
                        match reader.read(&tape, limit) {
                            Read::Lost(n) => prop_assert_eq!(at + n as usize, oldest),
                            Read::End => prop_assert!(at >= oldest && (limit == 0 || at >= model.len())),
                            Read::Samples(piece) => {
                                prop_assert!(at >= oldest && !piece.is_empty() && piece.len() <= limit);
                                prop_assert_eq!(piece, &model[at..at + piece.len()]);
                            }
                        }
                    }
                }
                prop_assert_eq!(tape.end().0 as usize, model.len());
                prop_assert_eq!(tape.oldest().0 as usize, oldest);
            }
        }
    }
}
