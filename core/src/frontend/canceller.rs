//! The echo canceller: WebRTC's AEC3 in blocks of 4 ms, and how it begins and ends without a seam.
//!
//! Its result for a block comes out one block later. While it rests, samples pass at once and bit for bit; while it
//! works, one block and what does not fill the next are held back, and come out at the end. So a sample never changes
//! its place.

use sonora_aec3::block::Block;
use sonora_aec3::block_processor::BlockProcessor;
use sonora_aec3::config::EchoCanceller3Config;

use super::BLOCK;
use crate::audio::TAPE_RATE;

/// Blocks that the reference is early: 64 ms. By so much the told times may be too early, too.
pub(super) const LEAD: usize = 16;
/// Where the canceller looks for the echo before it has found the delay: 8 ms before the right place.
const FIRST_DELAY: usize = LEAD - 2;
/// The delay that it tells is so many samples before the echo.
const HEADROOM: usize = 32;
/// How fast it fades in and out, in samples: 16 ms.
const FADE: f32 = 256.0;
/// How much of the level a block changes: about 1 s.
const LEVEL: f64 = 1.0 / 250.0;
/// How much of the powers a block changes by which is judged whether there is an echo: about 0.1 s to believe it, 2 s not to
/// believe it any more.
const QUICK: f32 = 1.0 / 25.0;
const SLOW: f32 = 1.0 / 500.0;
/// There is an echo once the filter alone takes away so much, as a ratio of powers: 4 dB; there is none any more below 1 dB.
const PROVEN: f32 = 2.5;
const DOUBTED: f32 = 1.25;
/// A reference below this mean power says nothing about the canceller: −60 dBFS.
const FAINT: f32 = 1_000.0;

/// The echo is gone once it became softer by so many dB, or once what is left has a mean power below −50 dBFS.
const SOFTER: f32 = 10.0;
const SOFT: f64 = 10_700.0;
/// Before so many blocks of reference nothing is known: 0.5 s. And what was seen counts so many blocks longer, 3 s: a
/// person who speaks makes the echo look as if it was not taken away.
const FIRST_LOOK: u32 = 125;
const BELIEVED_FOR: u32 = 750;

/// How good the filter may be believed to be, low and high frequencies, as a ratio of powers. For calls it is 4 and 1.5;
/// a reference that stays in step by a fraction of a sample deserves more.
const BELIEVED: (f32, f32) = (16.0, 4.0);
/// From which ratio of echo to speech on a frequency is softened, and from which on it is taken away, low and high. For
/// calls it is a third of this: people mind a rest of echo more than what listens here, which minds damaged speech.
const SOFTENED: [(f32, f32); 2] = [(1.0, 1.33), (0.3, 0.42)];

/// Takes the reference out of the microphone's sound.
#[derive(Debug)]
pub(super) struct Canceller {
    processor: BlockProcessor,
    render: Block,
    capture: Block,
    linear: Block,
    /// The block before, as it was caught, and without what the filter alone makes of the reference.
    before: [i16; BLOCK],
    filtered: [f32; BLOCK],
    proof: Proof,
    /// How much more than the filter is trusted, 0 to 1.
    trust: f32,
    /// How much of the result is the canceller's, 0 to 1.
    share: f32,
    /// Mean powers, as caught and as given.
    caught: f64,
    given: f64,
    /// Blocks of reference so far, and since the echo was gone last.
    looks: u32,
    stale: u32,
}

/// Whether anything comes back at all. As long as that is not known, the canceller takes the person's voice for an echo
/// and lowers it, and with headphones it never is.
#[derive(Debug, Default)]
struct Proof {
    quick: [f32; 2],
    slow: [f32; 2],
    there: bool,
}

impl Proof {
    /// Takes the mean powers of a block, as caught and behind the filter.
    fn push(&mut self, powers: [f32; 2]) {
        for (means, share) in [(&mut self.quick, QUICK), (&mut self.slow, SLOW)] {
            for (mean, power) in means.iter_mut().zip(powers) {
                *mean += (power - *mean) * share;
            }
        }
        if self.quick[0] > self.quick[1] * PROVEN {
            if !self.there {
                self.slow = self.quick;
            }
            self.there = true;
        } else if self.slow[0] < self.slow[1] * DOUBTED {
            self.there = false;
        }
    }
}

fn settings() -> EchoCanceller3Config {
    let mut config = EchoCanceller3Config::default();
    config.delay.default_delay = FIRST_DELAY;
    (config.erle.max_l, config.erle.max_h) = BELIEVED;
    let tuning = &mut config.suppressor.normal_tuning;
    for (mask, (from, to)) in [&mut tuning.mask_lf, &mut tuning.mask_hf].into_iter().zip(SOFTENED) {
        (mask.enr_transparent, mask.enr_suppress) = (from, to);
    }
    config.validate();
    config
}

impl Canceller {
    pub(super) fn new() -> Self {
        Self {
            processor: BlockProcessor::new(&settings(), TAPE_RATE as usize, 1, 1),
            render: Block::new(1, 1),
            capture: Block::new(1, 1),
            linear: Block::new(1, 1),
            before: [0; BLOCK],
            filtered: [0.0; BLOCK],
            proof: Proof::default(),
            trust: 0.0,
            share: 0.0,
            caught: 0.0,
            given: 0.0,
            looks: 0,
            stale: BELIEVED_FOR,
        }
    }

    /// Nothing of it is to be heard; it begins with a fade again.
    pub(super) const fn rest(&mut self) {
        self.share = 0.0;
    }

    /// Whether nothing of it is to be heard.
    pub(super) fn faded(&self) -> bool {
        self.share == 0.0
    }

    /// Works on a block and returns the one before. `on`: whether it shall be heard.
    pub(super) fn process(&mut self, sound: &[i16; BLOCK], reference: &[f32; BLOCK], on: bool) -> [i16; BLOCK] {
        self.render.view_mut(0, 0).copy_from_slice(reference);
        let mut saturated = false;
        for (capture, &sample) in self.capture.view_mut(0, 0).iter_mut().zip(sound) {
            *capture = f32::from(sample);
            saturated |= sample.unsigned_abs() >= 32_700;
        }
        self.processor.buffer_render(&self.render);
        self.processor.process_capture(false, saturated, Some(&mut self.linear), &mut self.capture);
        let out = self.fade(on);
        self.filtered.copy_from_slice(self.linear.view(0, 0));
        if reference.iter().map(|sample| sample * sample).sum::<f32>() > FAINT * BLOCK as f32 {
            self.measure(&out);
            let caught = sound.iter().map(|&sample| f32::from(sample).powi(2)).sum::<f32>();
            let left = self.filtered.iter().map(|sample| sample * sample).sum::<f32>();
            self.proof.push([caught / BLOCK as f32, left / BLOCK as f32]);
        }
        self.before = *sound;
        out
    }

    /// The block that is still held back.
    pub(super) const fn held(&self) -> &[i16; BLOCK] {
        &self.before
    }

    fn fade(&mut self, on: bool) -> [i16; BLOCK] {
        let step = |on| if on { 1.0 / FADE } else { -1.0 / FADE };
        let (on, trusted) = (step(on), step(self.proof.there));
        let mut out = self.before;
        for ((out, &filtered), &cancelled) in out.iter_mut().zip(&self.filtered).zip(self.capture.view(0, 0)) {
            self.share = (self.share + on).clamp(0.0, 1.0);
            self.trust = (self.trust + trusted).clamp(0.0, 1.0);
            if self.share > 0.0 {
                let (raw, best) = (f32::from(*out), filtered + (cancelled - filtered) * self.trust);
                *out = (raw + (best - raw) * self.share).round() as i16;
            }
        }
        out
    }

    fn measure(&mut self, out: &[i16; BLOCK]) {
        let power = |block: &[i16; BLOCK]| block.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>();
        self.caught += (power(&self.before) - self.caught) * LEVEL;
        self.given += (power(out) - self.given) * LEVEL;
        self.looks = self.looks.saturating_add(1);
        let gone = self.enhancement() >= SOFTER || self.given < SOFT * BLOCK as f64;
        self.stale = if gone && self.looks >= FIRST_LOOK { 0 } else { self.stale.saturating_add(1) };
    }

    /// Whether next to nothing of the echo is left, as far as that was to be seen in the last 3 s of reference.
    pub(super) const fn converged(&self) -> bool {
        self.stale < BELIEVED_FOR
    }

    /// How much softer the sound has become, in dB, over about the last second of reference. Speech in the room makes it
    /// small: it is not taken away.
    pub(super) fn enhancement(&self) -> f32 {
        (10.0 * ((self.caught + 1.0) / (self.given + 1.0)).log10()) as f32
    }

    /// The delay of the echo behind the reference as it was given, in samples.
    pub(super) fn delay(&self) -> usize {
        usize::try_from(self.processor.get_metrics().delay_ms).unwrap_or(0) * (TAPE_RATE as usize / 1_000) + HEADROOM
    }
}
