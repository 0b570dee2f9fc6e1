//! The tables of the front end, computed once. The trainer computed them in `f32`; where that gives another integer
//! than `f64` does, the entry is set by hand, since the models have only ever heard the former.

use std::f64::consts::PI;

use super::{BINS, CHANNELS, FIRST_BIN, WINDOW};

/// A raised cosine, 12 bits of fraction.
pub fn window() -> [i16; WINDOW] {
    let mut table: [i16; WINDOW] = std::array::from_fn(|i| {
        let angle = 2.0 * PI * (i as f64 + 0.5) / WINDOW as f64;
        (4096.0 * (0.5 - 0.5 * angle.cos()) + 0.5).floor() as i16
    });
    table[17] = 54;
    table
}

/// A point of the unit circle, 15 bits of fraction.
pub fn turn(angle: f64) -> (i16, i16) {
    let part = |x: f64| (0.5 + 32_767.0 * x).floor() as i16;
    (part(angle.cos()), part(angle.sin()))
}

/// How much of a bin of the spectrum counts for the channel before it (falling flank) and for its own (rising flank).
#[derive(Clone, Copy, Debug, Default)]
pub struct Flanks {
    pub falling: u32,
    pub rising: u32,
}

/// The triangles of the mel scale: the flanks of each used bin, and where the bins of each flank end.
pub fn mel() -> ([Flanks; BINS], [usize; CHANNELS + 1]) {
    let mel = |hertz: f64| 1127.0 * (hertz / 700.0).ln_1p();
    let (low, high) = (mel(125.0), mel(7_500.0));
    let edge = |band: usize| low + band as f64 * (high - low) / (CHANNELS + 1) as f64;
    let (mut flanks, mut ends) = ([Flanks::default(); BINS], [BINS; CHANNELS + 1]);
    let mut band = 0;
    for (at, flank) in flanks.iter_mut().enumerate() {
        let here = mel(31.25 * (at + FIRST_BIN) as f64);
        while band < CHANNELS && here > edge(band + 1) {
            ends[band] = at;
            band += 1;
        }
        let x = (edge(band + 1) - here) / (edge(band + 1) - edge(band));
        let part = |x: f64| (4096.0 * x + 0.5).floor() as u32;
        *flank = Flanks { falling: part(x), rising: part(1.0 - x) };
    }
    flanks[149 - FIRST_BIN] = Flanks { falling: 2_471, rising: 1_625 };
    flanks[221 - FIRST_BIN] = Flanks { falling: 1_401, rising: 2_695 };
    (flanks, ends)
}

/// One piece of a curve: value at its beginning, slope and bend.
#[derive(Clone, Copy, Debug, Default)]
pub struct Piece {
    pub start: i32,
    pub slope: i32,
    pub bend: i32,
}

/// The gain over the noise estimate: 0 and 1, then a piece for each power of two.
pub fn gain() -> [Piece; 33] {
    let value = |x: f64| (2_097_152.0 * (x / 128.0 + 80.0).powf(-0.95) + 0.5).trunc().min(32_767.0) as i32;
    std::array::from_fn(|bits| {
        if bits < 2 {
            return Piece { start: value(bits as f64), slope: 0, bend: 0 };
        }
        let begin = 2_f64.powi(bits as i32 - 1);
        let end = (2.0 * begin).min(f64::from(u32::MAX));
        let [start, middle, end] = [begin, 1.5 * begin, end].map(value);
        let slope = 4 * (middle - start) - (end - start);
        Piece { start, slope, bend: end - start - slope }
    })
}

/// How far the logarithm to base 2 lies above its chords, over 128 steps of one octave; 16 bits of fraction.
pub fn log() -> [u16; 129] {
    std::array::from_fn(|i| {
        let x = i as f64 / 128.0;
        (65_536.0 * ((1.0 + x).log2() - x) + 0.5).floor() as u16
    })
}
