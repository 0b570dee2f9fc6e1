//! A model: a `.tflite` file of the kind that microWakeWord makes, with 8-bit weights and states of its own.
//!
//! The file is read with every offset checked, its graph is checked once, and what comes out are steps over one piece of
//! memory. Running them can neither fail nor allocate, and takes a bounded time, whatever the file was.

mod compile;
mod flatbuffer;
mod graph;
mod ops;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

use thiserror::Error;

use compile::Plan;
use ops::Bench;

use super::features::{CHANNELS, Frame};

/// The largest file that is read; the known models have up to 81 KB.
pub const LARGEST: usize = 1024 * 1024;

/// Why a model can't be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ModelError {
    /// Not a model at all.
    #[error(
        "this is no TensorFlow Lite model (it does not say `TFL3`); a wake word needs the .tflite file of microWakeWord"
    )]
    Foreign,
    /// Longer than any wake word.
    #[error("the model has {bytes} bytes and may have {LARGEST} at most; models of microWakeWord are far smaller")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// A part of the file points outside the file, or nowhere.
    #[error("the {part} of the model is damaged or cut off; fetch the file again")]
    Damaged {
        /// Which part.
        part: &'static str,
    },
    /// More of something than any wake word has.
    #[error("the model has {count} {what} and may have {most} at most; it is no wake word of microWakeWord")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// It takes something other than frames of features.
    #[error("the input of the model {problem}; only streaming models of microWakeWord, version 2, can be used")]
    Input {
        /// The end of the sentence.
        problem: &'static str,
    },
    /// It gives something other than a probability.
    #[error("the output of the model {problem}; only streaming models of microWakeWord, version 2, can be used")]
    Output {
        /// The end of the sentence.
        problem: &'static str,
    },
    /// It needs arithmetic that is not there.
    #[error(
        "the model uses operator {code}, which is not known here; only streaming 8-bit models of microWakeWord, version 2, \
         can be used"
    )]
    Operator {
        /// The number in TensorFlow Lite.
        code: i32,
    },
    /// An operator is used in an unknown way.
    #[error(
        "step {number} of the model, {name}, {problem}; only streaming models of microWakeWord, version 2, can be used"
    )]
    Step {
        /// Which operator, from 0.
        number: usize,
        /// Its name in TensorFlow Lite.
        name: &'static str,
        /// The end of the sentence.
        problem: &'static str,
    },
}

/// A model, read and checked. Any number of [`Stream`]s share it.
#[derive(Debug)]
pub struct Model {
    plan: Plan,
    /// The input for each feature; whatever is higher gets the last.
    levels: Box<[i8]>,
}

impl Model {
    /// Reads a `.tflite` file.
    ///
    /// # Errors
    /// It is damaged, or not of the kind that is known here.
    pub fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        if bytes.len() > LARGEST {
            return Err(ModelError::TooLarge { bytes: bytes.len() });
        }
        if bytes.get(4..8) != Some(b"TFL3") {
            return Err(ModelError::Foreign);
        }
        let plan = compile::compile(&graph::read(bytes)?)?;
        let levels = levels(plan.input_scale, plan.input_zero);
        Ok(Self { plan, levels })
    }

    /// How many frames it takes at once: 3 for the known ones, so that it says something every 30 ms.
    #[must_use]
    pub const fn frames(&self) -> usize {
        self.plan.input.rows
    }
}

/// The inputs for the features from 0 on, until the highest input there is. What is louder than that stays there; the
/// Python package lets it wrap around to the lowest.
fn levels(scale: f32, zero: i8) -> Box<[i8]> {
    // A feature is worth 10/256.
    let level = |feature: u16| f64::from(feature) * 0.039_062_5 / f64::from(scale) + f64::from(zero);
    let mut levels = Vec::new();
    for feature in 0..=u16::MAX {
        let level = level(feature).round_ties_even();
        levels.push(level.clamp(-128.0, 127.0) as i8);
        if level >= 127.0 {
            break;
        }
    }
    levels.into_boxed_slice()
}

/// A model at work on one stream of sound: its states, and the frames that wait for the next run.
#[derive(Clone, Debug)]
pub struct Stream {
    model: Arc<Model>,
    memory: Box<[i8]>,
    bench: Bench,
    /// Frames that are in the input already.
    frames: usize,
}

impl Stream {
    /// With the states that the model begins with.
    #[must_use]
    pub fn new(model: Arc<Model>) -> Self {
        let (memory, bench) = (model.plan.memory.clone(), model.plan.bench.clone());
        Self { model, memory, bench, frames: 0 }
    }

    /// Begins anew.
    pub fn restart(&mut self) {
        self.memory.copy_from_slice(&self.model.plan.memory);
        self.frames = 0;
    }

    /// Takes the next frame. When it has enough of them, the model says how probable it is that its word ends here, in
    /// steps of 1/256.
    pub fn push(&mut self, frame: &Frame) -> Option<u8> {
        let levels = &self.model.levels;
        let input = self.model.plan.input.at + self.frames * CHANNELS;
        for (place, feature) in self.memory[input..][..CHANNELS].iter_mut().zip(frame) {
            *place = levels[usize::from(*feature).min(levels.len() - 1)];
        }
        self.frames += 1;
        if self.frames < self.model.frames() {
            return None;
        }
        self.frames = 0;
        Some(self.run())
    }

    /// How many frames are missing until the model says something, at least 1.
    #[must_use]
    pub fn missing(&self) -> usize {
        self.model.frames() - self.frames
    }

    fn run(&mut self) -> u8 {
        for step in &self.model.plan.steps {
            step.run(&mut self.memory, &mut self.bench);
        }
        (i16::from(self.memory[self.model.plan.output]) + 128) as u8
    }
}

/// Reads `bytes` as a model, for the fuzzer and its kept seeds, and if they are one, runs it over some noise.
///
/// Checks what must hold for any input and panics if it doesn't.
#[doc(hidden)]
pub fn exercise(bytes: &[u8]) {
    let model = match Model::read(bytes) {
        Ok(model) => Arc::new(model),
        Err(error) => return assert!(!error.to_string().is_empty(), "a refusal without a word"),
    };
    let (mut first, mut second) = (Stream::new(model.clone()), Stream::new(model));
    let mut dice = 1_u32;
    let mut frame = || {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let up_to = dice >> 22;
        std::array::from_fn(|channel| (up_to as u16).wrapping_mul(channel as u16 * 37) % 700)
    };
    let frames: [Frame; 64] = std::array::from_fn(|_| frame());
    let once: Vec<Option<u8>> = frames.iter().map(|frame| first.push(frame)).collect();
    first.restart();
    let again: Vec<Option<u8>> = frames.iter().map(|frame| first.push(frame)).collect();
    let other: Vec<Option<u8>> = frames.iter().map(|frame| second.push(frame)).collect();
    assert_eq!(once, again, "a restart left something behind");
    assert_eq!(once, other, "two streams of one model differ");
}
