//! Voicing: whether a frame repeats itself with the period of a voice. Noise does not, however loud it swells.

use crate::hearing::vad::FRAME;

/// Samples are thinned out by this factor, to 4 kHz: the pitch of voices is all that is looked for.
const THIN: usize = 4;
/// The window in thinned samples: 40 ms, three periods of a deep voice.
const WINDOW: usize = 160;
/// The shortest and the longest period in thinned samples: 400 Hz and 67 Hz.
const PERIODS: std::ops::RangeInclusive<usize> = 10..=60;

/// Measures the periodicity of a stream of frames.
#[derive(Debug)]
pub struct Pitch {
    before: f32,
    /// The last thinned samples, the newest at the end.
    window: [f32; WINDOW],
}

impl Default for Pitch {
    fn default() -> Self {
        Self { before: 0.0, window: [0.0; WINDOW] }
    }
}

impl Pitch {
    /// Takes in a frame and returns how periodic the last 40 ms were, 0 to 1.
    pub fn push(&mut self, samples: &[i16; FRAME]) -> f32 {
        self.window.rotate_left(FRAME / THIN);
        let room = &mut self.window[WINDOW - FRAME / THIN..];
        for (thin, group) in room.iter_mut().zip(samples.chunks_exact(THIN)) {
            let mean = group.iter().map(|&s| f32::from(s)).sum::<f32>() / THIN as f32;
            *thin = mean - 0.95 * self.before;
            self.before = mean;
        }
        self.periodicity()
    }

    /// The highest normalised correlation of the window with itself, one period later.
    fn periodicity(&self) -> f32 {
        PERIODS.map(|period| correlation(&self.window[period..], &self.window[..WINDOW - period])).fold(0.0, f32::max)
    }
}

fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let (mut both, mut first, mut second) = (0.0, 1.0, 1.0);
    for (x, y) in a.iter().zip(b) {
        both += x * y;
        first += x * x;
        second += y * y;
    }
    both / (first * second).sqrt()
}
