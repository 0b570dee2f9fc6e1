//! Noise in the colour of what was heard: what is left of a voice when nothing is known about it any more.

use super::predict::burg;

/// Weights of the colour.
const ORDER: usize = 20;

/// Where chance begins. It needs no surprise, only no pattern.
const SEED: u32 = 0x2545_F491;

/// Noise that goes on as long as it is asked for.
#[derive(Debug)]
pub(super) struct Breath {
    weights: Vec<f32>,
    /// What came out last, the newest at the end.
    state: Vec<f32>,
    /// Brings what comes out to level 1.
    gain: f32,
    /// Level of the sound that gave the colour.
    level: f32,
    dice: u32,
}

impl Breath {
    /// In the colour of `sound`, as loud as `edge` of it, its end or its beginning.
    pub fn like(sound: &[f32], edge: &[f32]) -> Self {
        let weights = burg(sound, ORDER.min(sound.len() / 3));
        let mut breath = Self { state: vec![0.0; weights.len()], weights, gain: 1.0, level: level(edge), dice: SEED };
        let mut trial = vec![0.0; sound.len().max(1)];
        breath.fill(&mut trial);
        breath.gain = 1.0 / level(&trial).max(1e-6);
        breath
    }

    /// Level of the sound that it is like.
    pub const fn level(&self) -> f32 {
        self.level
    }

    /// Fills `out` with noise of level 1.
    pub fn fill(&mut self, out: &mut [f32]) {
        for sample in out {
            let known: f32 = self.weights.iter().zip(self.state.iter().rev()).map(|(weight, past)| weight * past).sum();
            let next = known + self.chance();
            let shift = self.state.len().min(1);
            self.state.rotate_left(shift);
            if let Some(newest) = self.state.last_mut() {
                *newest = next;
            }
            *sample = next * self.gain;
        }
    }

    /// -1 to 1, even.
    fn chance(&mut self) -> f32 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 17;
        self.dice ^= self.dice << 5;
        self.dice as f32 / 2_147_483_648.0 - 1.0
    }
}

/// Root of the mean square.
pub(super) fn level(sound: &[f32]) -> f32 {
    (sound.iter().map(|s| s * s).sum::<f32>() / sound.len().max(1) as f32).sqrt()
}
