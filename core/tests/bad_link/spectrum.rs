//! How unlike two sounds are to an ear that takes no notice of phases.

use std::sync::{Arc, LazyLock};

use realfft::{RealFftPlanner, RealToComplex};

/// Of a window, in samples: 20 ms.
const LENGTH: usize = super::answer::RATE / 50;

/// Edges of the bands, from 100 Hz to 8 kHz, in steps of 50 Hz.
const EDGES: [usize; 17] = [2, 4, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 63, 80, 100, 130, 160];

/// What is below this in a band is silence: less than a bit of a sine.
const SILENCE: f64 = 1e4;

static FFT: LazyLock<Arc<dyn RealToComplex<f64>>> = LazyLock::new(|| RealFftPlanner::new().plan_fft_forward(LENGTH));

/// Root of the mean square over the bands, in dB.
pub fn distance(wanted: &[i16], got: &[i16]) -> f64 {
    let bands = bands(wanted).into_iter().zip(bands(got));
    (bands.map(|(wanted, got)| (wanted - got).powi(2)).sum::<f64>() / (EDGES.len() - 1) as f64).sqrt()
}

/// The levels of the bands of a window, in dB.
fn bands(sound: &[i16]) -> Vec<f64> {
    let window = |at: usize| 0.5 - 0.5 * (std::f64::consts::TAU * (at as f64 + 0.5) / LENGTH as f64).cos();
    let mut input: Vec<f64> = sound.iter().enumerate().map(|(at, &s)| f64::from(s) * window(at)).collect();
    input.resize(LENGTH, 0.0);
    let mut output = FFT.make_output_vec();
    FFT.process(&mut input, &mut output).unwrap();
    let power = |edges: &[usize]| output[edges[0]..edges[1]].iter().map(|bin| bin.norm_sqr()).sum::<f64>();
    EDGES.windows(2).map(|edges| 10.0 * (power(edges) / (edges[1] - edges[0]) as f64 + SILENCE).log10()).collect()
}
