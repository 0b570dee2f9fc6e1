//! Voice activity: for each frame of 16 ms, how much it sounds like speech and how far it rises above the room.
//!
//! Two detectors work together. `webrtc-vad` is cheap and misses little, but takes steady noise for speech: it is the
//! gate. `earshot`, a small neural network, can tell speech from noise: it gives the score, and sleeps while the gate
//! is closed. When the gate opens, the score of the last moments is made up for, so that sleeping costs no onset.
//!
//! What it can't do: held notes and chords look like vowels to it, so music may open a turn.

use std::fmt;

use webrtc_vad::{SampleRate, VadMode};

use crate::audio::Position;
use crate::hearing::floor::Floor;
use crate::hearing::pitch::Pitch;

/// Length of a frame in samples: 16 ms.
pub const FRAME: usize = 256;
/// Length of a block that the gate looks at: 20 ms.
const GATE_BLOCK: usize = 320;
/// So many frames are made up for when the gate opens: 208 ms.
pub(super) const LOOK_BACK: usize = 13;
/// The score stays awake for so many frames after the gate closed: 0.5 s.
const STAY_AWAKE: u32 = 31;
/// A frame this many dB above the noise floor opens the gate too: the detector is deaf to very soft voices.
const LOUD: f32 = 10.0;
/// Sound is lifted for the score until the noise floor is at this level in dBFS …
const GAIN_TARGET: f32 = -55.0;
/// … within these limits in dB …
const GAIN: (f32, f32) = (0.0, 18.0);
/// … by so many dB for each frame.
const GAIN_STEP: f32 = 0.25;
/// Feedback of the high-pass in front of the level meter, about 150 Hz: no direct current, little hum.
const HIGH_PASS: f32 = 0.943;

/// What is known about one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Frame {
    /// How much it sounds like speech, 0 to 1. Zero while the gate is closed.
    pub score: f32,
    /// How periodic it is, 0 to 1: vowels are, noise is not. Zero while the gate is closed.
    pub voiced: f32,
    /// How loud it is, in dBFS, without direct current and hum.
    pub level: f32,
    /// How far its level is above the noise floor, in dB.
    pub above: f32,
}

/// The frames of the last seconds, numbered from 0 since the microphone was opened.
#[derive(Debug)]
pub struct Frames {
    ring: Box<[Frame]>,
    first: Position,
    count: u64,
}

impl Frames {
    /// Room for `capacity` frames, at least [`LOOK_BACK`], the first of which begins at `first`.
    #[must_use]
    pub fn new(capacity: usize, first: Position) -> Self {
        Self { ring: vec![Frame::default(); capacity.max(LOOK_BACK + 1)].into_boxed_slice(), first, count: 0 }
    }

    /// The number of frames so far, forgotten ones included; also the number of the next.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The oldest frame that is still there.
    #[must_use]
    pub fn oldest(&self) -> u64 {
        self.count.saturating_sub(self.ring.len() as u64)
    }

    /// Frame `number`; `None` if it is forgotten or yet to come.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<Frame> {
        (number >= self.oldest() && number < self.count).then(|| self.ring[self.index(number)])
    }

    /// The place of the first sample of frame `number`.
    #[must_use]
    pub fn start_of(&self, number: u64) -> Position {
        Position(self.first.0.saturating_add(number.saturating_mul(FRAME as u64)))
    }

    /// The first frame that lies entirely at or behind `position`.
    #[must_use]
    pub fn at_or_after(&self, position: Position) -> u64 {
        (position - self.first).div_ceil(FRAME as u64)
    }

    /// Appends a frame.
    pub fn push(&mut self, frame: Frame) {
        let index = self.index(self.count);
        self.ring[index] = frame;
        self.count += 1;
    }

    fn set_score(&mut self, number: u64, (score, voiced): (f32, f32)) {
        let index = self.index(number);
        self.ring[index].score = score;
        self.ring[index].voiced = voiced;
    }

    fn index(&self, number: u64) -> usize {
        (number % self.ring.len() as u64) as usize
    }
}

/// Both detectors and the noise floor, over a stream of samples.
pub struct Vad {
    gate: Gate,
    score: Score,
    floor: Floor,
    meter: Meter,
    lift: Lift,
    frame: Partial<FRAME>,
    frames: Frames,
    open: bool,
}

impl Vad {
    /// Begins with the sample at `first` and remembers `capacity` frames.
    #[must_use]
    pub fn new(capacity: usize, first: Position) -> Self {
        Self {
            gate: Gate::new(),
            score: Score::new(),
            floor: Floor::default(),
            meter: Meter::default(),
            lift: Lift::default(),
            frame: Partial::new(),
            frames: Frames::new(capacity, first),
            open: false,
        }
    }

    /// Starts anew with the sample at `first`: another microphone, or the same after a pause.
    pub fn restart(&mut self, first: Position) {
        let capacity = self.frames.ring.len();
        *self = Self::new(capacity, first);
    }

    /// The frames so far.
    #[must_use]
    pub const fn frames(&self) -> &Frames {
        &self.frames
    }

    /// The noise floor after the last frame, in dBFS.
    #[must_use]
    pub fn floor(&self) -> f32 {
        self.floor.level()
    }

    /// Whether the gate was open in the last frame.
    #[must_use]
    pub const fn gate_open(&self) -> bool {
        self.open
    }

    /// The number of samples that complete the current frame, 1 to [`FRAME`].
    #[must_use]
    pub const fn missing(&self) -> usize {
        self.frame.missing()
    }

    /// Listens to `sound`. Every completed frame is in [`Vad::frames`] when it returns.
    pub fn push(&mut self, mut sound: &[i16]) {
        while !sound.is_empty() {
            let (now, later) = sound.split_at(sound.len().min(self.missing()));
            sound = later;
            self.gate.push(now);
            self.frame.push(now);
            if let Some(frame) = self.frame.take() {
                self.complete(&frame);
            }
        }
    }

    fn complete(&mut self, samples: &[i16; FRAME]) {
        let level = self.floor.push(self.meter.power(samples));
        let above = level - self.floor.level();
        self.open = self.gate.take() || above >= LOUD;
        self.frames.push(Frame { level, above, ..Frame::default() });
        self.lift.toward(GAIN_TARGET - self.floor.level());
        self.score.push(&self.lift.apply(samples), self.open, &mut self.frames);
    }
}

impl fmt::Debug for Vad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vad").field("frames", &self.frames.count).field("floor", &self.floor.level()).finish()
    }
}

/// Collects samples until there are `N`.
struct Partial<const N: usize> {
    samples: [i16; N],
    len: usize,
}

impl<const N: usize> Partial<N> {
    const fn new() -> Self {
        Self { samples: [0; N], len: 0 }
    }

    const fn missing(&self) -> usize {
        N - self.len
    }

    /// Takes at most [`Partial::missing`] samples of `sound` and returns how many.
    fn push(&mut self, sound: &[i16]) -> usize {
        let taken = sound.len().min(self.missing());
        self.samples[self.len..self.len + taken].copy_from_slice(&sound[..taken]);
        self.len += taken;
        taken
    }

    /// The samples if they are complete; then collects anew.
    fn take(&mut self) -> Option<[i16; N]> {
        (self.len == N).then(|| {
            self.len = 0;
            self.samples
        })
    }
}

/// `webrtc-vad` over blocks of its own length.
struct Gate {
    detector: webrtc_vad::Vad,
    block: Partial<GATE_BLOCK>,
    /// What the last complete block was.
    open: bool,
    /// Whether a block since the last [`Gate::take`] was speech.
    seen: bool,
}

impl Gate {
    fn new() -> Self {
        let detector = webrtc_vad::Vad::new_with_rate_and_mode(SampleRate::Rate16kHz, VadMode::Aggressive);
        Self { detector, block: Partial::new(), open: false, seen: false }
    }

    fn push(&mut self, mut sound: &[i16]) {
        while !sound.is_empty() {
            sound = &sound[self.block.push(sound)..];
            if let Some(block) = self.block.take() {
                // An error can't happen: the length is one of the three that it takes.
                self.open = self.detector.is_voice_segment(&block).unwrap_or(true);
                self.seen |= self.open;
            }
        }
    }

    fn take(&mut self) -> bool {
        std::mem::take(&mut self.seen) || self.open
    }
}

/// `earshot`, asleep while the gate is closed.
struct Score {
    detector: Box<earshot::Detector>,
    pitch: Pitch,
    /// The last frames that it did not hear.
    unheard: [[i16; FRAME]; LOOK_BACK],
    /// How many it did not hear.
    missed: u64,
    /// For how many frames it stays awake.
    awake: u32,
}

impl Score {
    fn new() -> Self {
        Self {
            detector: earshot::Detector::default_boxed(),
            pitch: Pitch::default(),
            unheard: [[0; FRAME]; LOOK_BACK],
            missed: 0,
            awake: 0,
        }
    }

    /// Scores the last of `frames`, whose samples are given, and makes up for what it slept through if the gate opened.
    fn push(&mut self, samples: &[i16; FRAME], gate: bool, frames: &mut Frames) {
        self.awake = if gate { STAY_AWAKE } else { self.awake.saturating_sub(1) };
        if self.awake == 0 {
            self.unheard[(self.missed % LOOK_BACK as u64) as usize] = *samples;
            self.missed += 1;
            return;
        }
        let last = frames.count() - 1;
        self.catch_up(last, frames);
        frames.set_score(last, (self.detector.predict_i16(samples), self.pitch.push(samples)));
    }

    fn catch_up(&mut self, next: u64, frames: &mut Frames) {
        let known = self.missed.min(LOOK_BACK as u64);
        if self.missed > known {
            self.detector.reset();
        }
        for back in (1..=known).rev() {
            let samples = &self.unheard[((self.missed - back) % LOOK_BACK as u64) as usize];
            frames.set_score(next - back, (self.detector.predict_i16(samples), self.pitch.push(samples)));
        }
        self.missed = 0;
    }
}

/// Lifts soft sound for the score, which is surest at the level of a close microphone.
#[derive(Default)]
struct Lift {
    /// In dB.
    gain: f32,
}

impl Lift {
    /// Moves to `gain` dB, by at most [`GAIN_STEP`] each frame.
    fn toward(&mut self, gain: f32) {
        let wish = gain.clamp(GAIN.0, GAIN.1);
        self.gain += (wish - self.gain).clamp(-GAIN_STEP, GAIN_STEP);
    }

    fn apply(&self, samples: &[i16; FRAME]) -> [i16; FRAME] {
        let factor = 10_f32.powf(self.gain / 20.0);
        // The conversion saturates: loud sound is clipped.
        samples.map(|sample| (f32::from(sample) * factor) as i16)
    }
}

/// Mean power of a frame behind a high-pass.
#[derive(Default)]
struct Meter {
    before: f32,
    out: f32,
}

impl Meter {
    /// 1.0 is full scale.
    fn power(&mut self, samples: &[i16; FRAME]) -> f32 {
        let mut sum = 0.0;
        for &sample in samples {
            let sample = f32::from(sample) / 32_768.0;
            self.out = HIGH_PASS * (self.out + sample - self.before);
            self.before = sample;
            sum += self.out * self.out;
        }
        sum / FRAME as f32
    }
}
