//! What a picture of one utterance shows: level, noise floor, scores, and what was decided.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use crate::audio::Position;
use crate::hearing::ear::Ear;
use crate::hearing::replay::{Heard, What};
use crate::hearing::vad::{FRAME, Frame, LOOK_BACK};

/// A frame is shown in so many strokes of the waveform.
pub const STROKES: usize = 4;
/// Samples of one stroke: 4 ms.
pub const STROKE: usize = FRAME / STROKES;
/// A recording up to this length is shown as a whole.
pub const SHORT: Duration = Duration::from_secs(20);
/// What is shown before and after the utterance.
const AROUND: Duration = Duration::from_secs(1);
/// So many frames are kept: 82 s, more than the longest utterance and what is around it.
const CAPACITY: usize = 5_120;
/// So many wake words are shown.
pub const MOST_WORDS: usize = 4;
/// So many decisions are kept; more have no place in a picture.
const MOST_NOTES: usize = 256;

/// What is known about 16 ms of sound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Row {
    /// The lowest and the highest sample of each stroke.
    pub wave: [(i16, i16); STROKES],
    /// What voice activity made of it.
    pub frame: Frame,
    /// The noise floor in dBFS.
    pub floor: f32,
    /// Whether the gate was open.
    pub open: bool,
    /// How probable each of the first wake words was.
    pub words: [f32; MOST_WORDS],
}

impl Row {
    /// The level in dBFS.
    #[must_use]
    pub fn level(&self) -> f32 {
        self.frame.above + self.floor
    }
}

/// Follows an ear and keeps what belongs to one utterance.
#[derive(Debug)]
pub struct Trace {
    rows: VecDeque<Row>,
    /// The number of rows so far, forgotten ones included.
    count: u64,
    notes: VecDeque<Heard>,
    /// Utterances that end before this place are not the one.
    not_before: Position,
    begun: Option<Position>,
    ended: Option<Position>,
    complete: bool,
    part: Row,
    filled: usize,
}

impl Trace {
    /// Keeps the first utterance that ends at `not_before` or later.
    #[must_use]
    pub fn new(not_before: Position) -> Self {
        Self {
            rows: VecDeque::new(),
            count: 0,
            notes: VecDeque::new(),
            not_before,
            begun: None,
            ended: None,
            complete: false,
            part: Row::default(),
            filled: 0,
        }
    }

    /// The rows that are kept, and the place of the first.
    #[must_use]
    pub fn rows(&self) -> (Position, &VecDeque<Row>) {
        (place(self.count - self.rows.len() as u64), &self.rows)
    }

    /// What was decided, oldest first.
    pub fn notes(&self) -> impl Iterator<Item = &Heard> {
        self.notes.iter()
    }

    /// What is to be shown: all of a short recording, else the utterance and what is around it, or the last seconds.
    #[must_use]
    pub fn window(&self) -> Range<Position> {
        let (first, end) = (self.rows().0, place(self.count));
        let whole = self.not_before == Position(0) && end <= Position(0) + SHORT;
        match self.begun {
            Some(begun) if !whole => {
                let until = self.ended.map_or(end, |ended| (ended + AROUND).min(end));
                begun.back(AROUND).max(first)..until
            }
            _ => end.back(SHORT).max(first)..end,
        }
    }

    /// Takes note of sound that the ear has just heard: not more than up to its next stop.
    pub(super) fn follow(&mut self, sound: &[i16], ear: &Ear) {
        if self.complete {
            return;
        }
        for &sample in sound {
            let stroke = &mut self.part.wave[self.filled / STROKE % STROKES];
            let fresh = self.filled.is_multiple_of(STROKE);
            *stroke = if fresh { (sample, sample) } else { (stroke.0.min(sample), stroke.1.max(sample)) };
            self.filled += 1;
        }
        if ear.vad().frames().count() > self.count {
            self.complete_row(ear);
        }
    }

    /// Takes note of a decision.
    pub(super) fn note(&mut self, heard: &Heard) {
        if self.complete {
            return;
        }
        self.notes.push_back(heard.clone());
        match heard.what {
            What::Wake { .. } | What::SpeechStart => {
                if self.ended.is_none() {
                    self.begun.get_or_insert(heard.at);
                }
            }
            What::SpeechEnd { .. } | What::Cap | What::NoSpeech => {
                if heard.at < self.not_before {
                    self.begun = None;
                } else if self.begun.is_some() {
                    self.ended.get_or_insert(heard.at);
                }
            }
        }
    }

    fn complete_row(&mut self, ear: &Ear) {
        let vad = ear.vad();
        self.part.floor = vad.floor();
        self.part.open = vad.gate_open();
        self.part.words = std::array::from_fn(|word| ear.words().score(word));
        self.rows.push_back(std::mem::take(&mut self.part));
        self.filled = 0;
        self.count += 1;
        // The scores of the last moments may still have been made up for.
        for (number, row) in (0..self.count).rev().zip(self.rows.iter_mut().rev()).take(LOOK_BACK + 1) {
            row.frame = vad.frames().get(number).unwrap_or(row.frame);
        }
        self.forget();
        let end = place(self.count);
        self.complete = end > Position(0) + SHORT && self.ended.is_some_and(|ended| end >= ended + AROUND);
    }

    fn forget(&mut self) {
        if self.rows.len() > CAPACITY {
            self.rows.pop_front();
        }
        let (first, _) = self.rows();
        while self.notes.len() > MOST_NOTES || self.notes.front().is_some_and(|note| note.at < first) {
            self.notes.pop_front();
        }
    }
}

const fn place(row: u64) -> Position {
    Position(row * FRAME as u64)
}
