//! The generated sounds.

use std::f32::consts::{PI, TAU};

/// A sound of the device's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Chime {
    /// The microphone is open for you.
    Listening,
    /// Heard; the request is on its way.
    Done,
    /// Nothing was sent.
    Cancelled,
    /// Something went wrong.
    Error,
    /// A recording begins.
    Recording,
    /// It is over.
    Recorded,
    /// A sweep by which the way from the loudspeaker to the microphone is measured.
    Probe,
}

/// The loudest sample: -12 dBFS, pleasant beside speech.
const PEAK: f32 = 8_230.0;
/// How much of a note is its octave, which makes small loudspeakers audible.
const OCTAVE: f32 = 0.25;

/// One note. Times in milliseconds, pitch in Hz, gliding from the first to the second.
struct Note {
    start: f32,
    length: f32,
    pitch: (f32, f32),
    attack: f32,
    release: f32,
}

impl Note {
    const fn new(start: f32, length: f32, pitch: (f32, f32)) -> Self {
        Self { start, length, pitch, attack: 8.0, release: length * 0.6 }
    }

    /// The sample `at` milliseconds after the start of the sound, -1 to 1.
    fn sample(&self, at: f32) -> f32 {
        let at = at - self.start;
        if at <= 0.0 || at >= self.length {
            return 0.0;
        }
        let (low, high) = self.pitch;
        let cycles = (low * at + (high - low) * at * at / (2.0 * self.length)) / 1_000.0;
        let tone = ((TAU * cycles).sin() + OCTAVE * (2.0 * TAU * cycles).sin()) / (1.0 + OCTAVE);
        tone * ramp(at / self.attack) * ramp((self.length - at) / self.release)
    }
}

impl Chime {
    /// The sound as mono samples at `rate` Hz. 90 to 250 ms long; begins and ends softly.
    #[must_use]
    pub fn render(self, rate: u32) -> Vec<i16> {
        let notes = self.notes();
        let length = notes.iter().map(|note| note.start + note.length).fold(0.0, f32::max);
        let count = (length * rate as f32 / 1_000.0) as usize;
        let sum = |at: f32| notes.iter().map(|note| note.sample(at)).sum::<f32>();
        (0..count).map(|i| (PEAK * sum(i as f32 * 1_000.0 / rate as f32)).round() as i16).collect()
    }

    fn notes(self) -> Vec<Note> {
        match self {
            // Two notes up: an open question.
            Self::Listening => vec![Note::new(0.0, 110.0, (587.0, 587.0)), Note::new(90.0, 130.0, (880.0, 880.0))],
            // One short drop of sound.
            Self::Done => vec![Note::new(0.0, 110.0, (1_175.0, 1_175.0))],
            // A fall.
            Self::Cancelled => vec![Note::new(0.0, 220.0, (740.0, 392.0))],
            // Two low, equal notes.
            Self::Error => vec![Note::new(0.0, 110.0, (262.0, 247.0)), Note::new(130.0, 120.0, (262.0, 247.0))],
            // A knock twice, and once: neither a question nor a failure.
            Self::Recording => vec![Note::new(0.0, 70.0, (660.0, 660.0)), Note::new(140.0, 70.0, (660.0, 660.0))],
            Self::Recorded => vec![Note::new(0.0, 100.0, (660.0, 660.0))],
            // Many pitches, so that it is like nothing but itself, also when shifted.
            Self::Probe => vec![Note::new(0.0, 250.0, (400.0, 3_200.0))],
        }
    }
}

/// A raised cosine from 0 to 1.
fn ramp(x: f32) -> f32 {
    0.5 - 0.5 * (PI * x.clamp(0.0, 1.0)).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Chime; 6] =
        [Chime::Listening, Chime::Done, Chime::Cancelled, Chime::Error, Chime::Recording, Chime::Recorded];
    const RATES: [u32; 4] = [8_000, 16_000, 44_100, 48_000];

    /// Zero crossings per second in a part of the sound: twice its pitch.
    fn pitch(sound: &[i16], rate: u32) -> f32 {
        let crossings = sound.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
        crossings as f32 * rate as f32 / sound.len() as f32
    }

    #[test]
    fn each_is_short_and_as_loud_as_intended() {
        for (chime, rate) in ALL.into_iter().flat_map(|chime| RATES.map(|rate| (chime, rate))) {
            let sound = chime.render(rate);
            let millis = sound.len() as u32 * 1_000 / rate;
            assert!((80..=250).contains(&millis), "{chime:?} {millis} ms");
            let peak = sound.iter().map(|s| f32::from(*s).abs()).fold(0.0, f32::max);
            let level = 20.0 * (peak / 32_768.0).log10();
            assert!((-15.0..=-11.0).contains(&level), "{chime:?} at {rate} Hz peaks at {level} dBFS");
        }
    }

    #[test]
    fn none_clicks() {
        for chime in ALL {
            let sound = chime.render(48_000);
            // A tone of 1175 Hz with its octave moves by at most 2πf·1.2 of its peak from sample to sample.
            let steepest = sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).max();
            assert!(steepest < Some(2_000), "{chime:?} {steepest:?}");
            let edge = |s: &[i16]| s.iter().map(|s| s.abs()).max();
            assert!(edge(&sound[..24]) < Some(200) && edge(&sound[sound.len() - 48..]) < Some(200), "{chime:?}");
        }
    }

    #[test]
    fn they_differ_by_ear() {
        let halves = |chime: Chime| {
            let sound = chime.render(16_000);
            let (first, second) = sound.split_at(sound.len() / 2);
            (pitch(first, 16_000), pitch(second, 16_000))
        };
        let (first, second) = halves(Chime::Listening);
        assert!(second > first * 1.2, "rises: {first} {second}");
        let (first, second) = halves(Chime::Cancelled);
        assert!(second < first * 0.8, "falls: {first} {second}");
        let (first, second) = halves(Chime::Done);
        assert!((first / second - 1.0).abs() < 0.1 && first > 900.0, "stays high: {first} {second}");
        let (first, second) = halves(Chime::Error);
        assert!((first / second - 1.0).abs() < 0.2 && first < 350.0, "stays low: {first} {second}");
    }
}
