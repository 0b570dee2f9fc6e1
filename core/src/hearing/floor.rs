//! The level of the room: how loud it is when nobody speaks.

/// Levels below this count as digital silence: a muted input, a gap in a recording. They say nothing about the room.
const DIGITAL_SILENCE: f32 = -88.0;
/// The floor is never assumed to be lower than this.
const LOWEST: f32 = -72.0;
/// Until the room was heard for this many frames, the floor is not assumed to be higher than [`UNKNOWN`].
const KNOWN_AFTER: u32 = 62;
/// The highest floor in dBFS that is assumed before the room is known: somebody may speak from the first sample on.
const UNKNOWN: f32 = -60.0;
/// Minimum statistics look at this many blocks …
const BLOCKS: usize = 8;
/// … of this many frames each: together 3.2 s, longer than most people speak without a gap between two words.
const BLOCK: u32 = 25;
/// How much of the previous power stays in the smoothed one.
const SMOOTHING: f32 = 0.6;

/// Estimates the noise floor from frame powers by minimum statistics. All levels are in dBFS of a full-scale square.
#[derive(Debug)]
pub struct Floor {
    smoothed: Option<f32>,
    blocks: [f32; BLOCKS],
    block: usize,
    in_block: u32,
    heard: u32,
}

impl Default for Floor {
    fn default() -> Self {
        Self { smoothed: None, blocks: [f32::INFINITY; BLOCKS], block: 0, in_block: 0, heard: 0 }
    }
}

impl Floor {
    /// Takes in the mean power of a frame (1.0 is full scale) and returns its level in dBFS.
    pub fn push(&mut self, power: f32) -> f32 {
        let level = decibel(power);
        if level > DIGITAL_SILENCE {
            self.learn(power);
        }
        level
    }

    /// The floor in dBFS.
    #[must_use]
    pub fn level(&self) -> f32 {
        let lowest = self.blocks.iter().copied().fold(f32::INFINITY, f32::min);
        let highest = if self.heard < KNOWN_AFTER { UNKNOWN } else { 0.0 };
        decibel(lowest).clamp(LOWEST, highest)
    }

    fn learn(&mut self, power: f32) {
        let before = self.smoothed.unwrap_or(power);
        let smoothed = SMOOTHING * before + (1.0 - SMOOTHING) * power;
        self.smoothed = Some(smoothed);
        self.heard = self.heard.saturating_add(1);
        self.blocks[self.block] = self.blocks[self.block].min(smoothed);
        self.in_block += 1;
        if self.in_block == BLOCK {
            self.in_block = 0;
            self.block = (self.block + 1) % BLOCKS;
            self.blocks[self.block] = f32::INFINITY;
        }
    }
}

/// Power to decibel; silence is far below everything, but finite.
fn decibel(power: f32) -> f32 {
    10.0 * power.max(1e-12).log10()
}
