//! What happens to each of the 40 channels alone: noise reduction, gain control, logarithm. Integers throughout.

use super::tables::{self, Piece};

/// The tables that all channels share.
#[derive(Clone, Debug)]
pub struct Curves {
    gain: [Piece; 33],
    log: [u16; 129],
}

/// The feature and the new noise estimate of a channel.
pub struct Channel {
    pub feature: u16,
    pub noise: u32,
}

impl Curves {
    pub fn new() -> Self {
        Self { gain: tables::gain(), log: tables::log() }
    }

    /// `odd`: the noise estimate of every second channel moves faster.
    pub fn feature(&self, amplitude: u32, noise: u32, odd: bool) -> Channel {
        let (noise, rest) = reduce(amplitude, noise, odd);
        // Never below zero: the pieces of the curve end at 0.
        let gain = self.gain(noise).max(0) as u64;
        let level = ((u64::from(rest) * gain) >> 6) as u32;
        let level = if level < 8_192 { (level * level) >> 20 } else { (level >> 6) - 64 };
        Channel { feature: self.log(level << 3), noise }
    }

    /// The more noise, the less gain.
    pub fn gain(&self, noise: u32) -> i32 {
        let bits = bits(noise);
        let piece = &self.gain[bits as usize];
        if bits < 2 {
            return piece.start;
        }
        // Ten bits of place within the piece.
        let within = if bits < 11 { noise << (11 - bits) } else { noise >> (bits - 11) };
        let within = (within & 1_023) as i32;
        let slope = ((piece.bend * within) >> 5) + 32 * piece.slope;
        ((slope * within + 16_384) >> 15) + piece.start
    }

    /// 64 times the natural logarithm.
    fn log(&self, level: u32) -> u16 {
        if level <= 1 {
            return 0;
        }
        let octave = bits(level) - 1;
        let above = level - (1 << octave);
        let fraction = if octave < 16 { above << (16 - octave) } else { above >> (octave - 16) };
        let step = (fraction >> 9) as usize;
        let (here, next) = (i64::from(self.log[step]), i64::from(self.log[step + 1]));
        // Divided by 65536 and not by 512, so that next to nothing is left: the models have learned with that.
        let between = ((next - here) * i64::from(fraction & 511)) >> 16;
        let log2 = (i64::from(octave) << 16) + i64::from(fraction) + here + between;
        let natural = (45_426 * log2 + 32_768) >> 16;
        (((natural << 6) + 32_768) >> 16).min(65_535) as u16
    }
}

/// The noise estimate moves towards the amplitude; what lies above it is left, at least a twentieth.
fn reduce(amplitude: u32, noise: u32, odd: bool) -> (u32, u32) {
    // 0.06, 0.025 and 0.05 with 14 bits of fraction; the estimate has 10.
    let speed: u64 = if odd { 983 } else { 409 };
    let up = u64::from(amplitude << 10);
    let noise = ((up * speed + u64::from(noise) * (16_384 - speed)) >> 14) as u32;
    let above = (up - up.min(u64::from(noise))) >> 10;
    (noise, above.max((u64::from(amplitude) * 819) >> 14) as u32)
}

/// The position of the highest bit that is set, from 1; 0 for 0.
const fn bits(x: u32) -> u32 {
    u32::BITS - x.leading_zeros()
}
