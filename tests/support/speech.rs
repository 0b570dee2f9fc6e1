//! Spoken test material, and how to find it again.

use std::path::Path;
use std::process::Command;

use auricle_core::audio::convert::ToDevice;

/// Says `text` with an espeak-ng voice (`en`, `fr`, `de` …): mono samples at `rate`.
#[must_use]
pub fn say(text: &str, voice: &str, rate: u32) -> Vec<i16> {
    let output = Command::new("espeak-ng")
        .args(["-v", voice, "--stdout", text])
        .output()
        .expect("espeak-ng can't be started; `apt install espeak-ng`");
    assert!(output.status.success(), "espeak-ng: {}", output.status);
    let (own, samples) = parse_wav(&output.stdout);
    resample(&samples, own, rate)
}

/// To another rate.
#[must_use]
pub fn resample(samples: &[i16], from: u32, to: u32) -> Vec<i16> {
    let (mut convert, mut out) = (ToDevice::new(from, to).expect("sensible rates"), Vec::new());
    convert.push(samples, &mut out);
    convert.finish(&mut out);
    out
}

/// With 200 ms of silence before it, as people begin: PulseAudio swallows the first few ms of a new stream.
#[must_use]
pub fn after_silence(samples: &[i16], rate: u32) -> Vec<i16> {
    let mut all = vec![0; rate as usize / 5];
    all.extend_from_slice(samples);
    all
}

/// A sine with this amplitude.
#[must_use]
pub fn tone(rate: u32, hertz: f64, amplitude: f64, seconds: f64) -> Vec<i16> {
    let sample = |n: usize| amplitude * (std::f64::consts::TAU * hertz * n as f64 / f64::from(rate)).sin();
    (0..(f64::from(rate) * seconds) as usize).map(|n| sample(n).round() as i16).collect()
}

/// Writes a mono 16 bit WAV file.
pub fn write_wav(path: &Path, rate: u32, samples: &[i16]) {
    let size = u32::try_from(samples.len() * 2).expect("short enough");
    let mut bytes = Vec::with_capacity(samples.len() * 2 + 44);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(size + 36).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend_from_slice(&rate.to_le_bytes());
    bytes.extend_from_slice(&(rate * 2).to_le_bytes());
    bytes.extend_from_slice(b"\x02\0\x10\0data");
    bytes.extend_from_slice(&size.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    std::fs::write(path, bytes).expect("a WAV file");
}

/// Reads a mono 16 bit WAV file: rate and samples.
#[must_use]
pub fn read_wav(path: &Path) -> (u32, Vec<i16>) {
    parse_wav(&std::fs::read(path).expect("a WAV file"))
}

/// Mono 16 bit only. A program that writes to a pipe can't know the sizes and writes impossible ones: they end with
/// the bytes.
#[must_use]
pub fn parse_wav(bytes: &[u8]) -> (u32, Vec<i16>) {
    assert!(bytes.len() > 12 && &bytes[..4] == b"RIFF" && &bytes[8..12] == b"WAVE", "a WAV file");
    let (mut rate, mut place) = (0, 12);
    while place + 8 <= bytes.len() {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let size = (word(place + 4) as usize).min(bytes.len() - place - 8);
        let body = &bytes[place + 8..place + 8 + size];
        match &bytes[place..place + 4] {
            b"fmt " => {
                assert_eq!((body[2], body[14]), (1, 16), "mono, 16 bit");
                rate = word(place + 12);
            }
            b"data" => {
                return (rate, body.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect());
            }
            _ => {}
        }
        place += 8 + size + size % 2;
    }
    panic!("a WAV file without data");
}

/// Where a sound was found in another one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// Its first sample; negative if its start is missing.
    pub at: isize,
    /// Normalised correlation, 1 is the same, at any loudness.
    pub score: f64,
}

/// How coarse the first search is, in samples.
const COARSE: usize = 8;

/// Looks for `needle` in `hay`, which may also begin or end in the middle of it: first coarsely, then to the sample.
#[must_use]
pub fn find(needle: &[i16], hay: &[i16]) -> Found {
    let (small_needle, small_hay) = (shrink(needle), shrink(hay));
    let half = (small_needle.len() / 2) as isize;
    let coarse = best(&small_needle, &small_hay, -half..(small_hay.len() as isize - half).max(-half + 1));
    let middle = coarse.at * COARSE as isize;
    let wide: (Vec<f64>, Vec<f64>) = (floats(needle), floats(hay));
    best(&wide.0, &wide.1, middle - 2 * COARSE as isize..middle + 2 * COARSE as isize + 1)
}

fn best(needle: &[f64], hay: &[f64], places: std::ops::Range<isize>) -> Found {
    let needle_energy: f64 = needle.iter().map(|v| v * v).sum();
    let score = |at: isize| {
        let (skip, from) = ((-at).max(0) as usize, at.max(0) as usize);
        let pairs = needle.iter().skip(skip).zip(hay.iter().skip(from));
        let (product, energy) = pairs.fold((0.0, 0.0), |(p, e), (n, h)| (p + n * h, e + h * h));
        // What is missing at either end counts as silence.
        product / (needle_energy * energy).sqrt().max(1.0)
    };
    let found = places.map(|at| Found { at, score: score(at) });
    found.max_by(|a, b| a.score.total_cmp(&b.score)).unwrap_or(Found { at: 0, score: 0.0 })
}

fn shrink(samples: &[i16]) -> Vec<f64> {
    samples.chunks(COARSE).map(|chunk| chunk.iter().map(|&s| f64::from(s)).sum::<f64>() / COARSE as f64).collect()
}

fn floats(samples: &[i16]) -> Vec<f64> {
    samples.iter().copied().map(f64::from).collect()
}

/// The loudness of `hertz` in `samples`: the amplitude of the sine.
#[must_use]
pub fn amplitude(samples: &[i16], rate: u32, hertz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, &sample) in samples.iter().enumerate() {
        let phase = std::f64::consts::TAU * hertz * n as f64 / f64::from(rate);
        re += f64::from(sample) * phase.cos();
        im += f64::from(sample) * phase.sin();
    }
    2.0 * f64::hypot(re, im) / samples.len().max(1) as f64
}
