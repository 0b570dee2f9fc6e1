//! Sounds compared by their loudness: two codecs and a bad network leave little of the wave itself.

use std::time::Duration;

/// Each value covers so much.
const WINDOW: Duration = Duration::from_millis(20);

/// From one value to the next.
const STEP: Duration = Duration::from_millis(5);

/// Where a sound was found in another one.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Where it begins.
    pub at: Duration,
    /// How alike the two are: 1 is the same at any loudness, 0 is nothing in common.
    pub score: f64,
}

/// The loudness, step by step: root mean square of each window.
pub fn of(sound: &[i16], rate: u32) -> Vec<f64> {
    let samples = |time: Duration| (f64::from(rate) * time.as_secs_f64()) as usize;
    let (window, step) = (samples(WINDOW), samples(STEP));
    let loudness = |from: usize| {
        let energy: f64 = sound[from..from + window].iter().map(|&sample| f64::from(sample).powi(2)).sum();
        (energy / window as f64).sqrt()
    };
    (0..=sound.len().saturating_sub(window)).step_by(step).take_while(|_| sound.len() >= window).map(loudness).collect()
}

/// Looks for one envelope in another.
pub fn find(pattern: &[f64], hay: &[f64]) -> Found {
    let last = hay.len().saturating_sub(pattern.len());
    let places = (0..=last).map(|at| (at, alike(pattern, &hay[at..])));
    let (at, score) = places.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default();
    Found { at: STEP * at as u32, score }
}

/// Pearson's correlation of a pattern and the beginning of something.
fn alike(pattern: &[f64], sound: &[f64]) -> f64 {
    if sound.len() < pattern.len() {
        return 0.0;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let (a, b) = (mean(pattern), mean(&sound[..pattern.len()]));
    let sums = pattern.iter().zip(sound).fold((0.0, 0.0, 0.0), |(ab, aa, bb), (p, s)| {
        let (p, s) = (p - a, s - b);
        (ab + p * s, aa + p * p, bb + s * s)
    });
    sums.0 / (sums.1 * sums.2).sqrt().max(1.0)
}

/// How much of a sound is left, piece by piece: a network that is bad moves them a little.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    /// The mean likeness of its seconds.
    pub score: f64,
    /// The share of its speech that is missing: more than 20 dB softer than it was.
    pub missing: f64,
}

/// Each second is looked for around its place, this far.
const AROUND: usize = 60;

/// Compares a pattern with a sound in which it begins at a place.
pub fn left(pattern: &[f64], sound: &[f64], at: Duration) -> Left {
    let second = (1_000 / STEP.as_millis()) as usize;
    let begin = (at.as_millis() / STEP.as_millis()) as usize;
    let scale = |values: &[f64]| values.iter().sum::<f64>().max(1.0);
    let loudest = pattern.iter().copied().fold(0.0, f64::max);
    let whole = &sound[begin.min(sound.len())..(begin + pattern.len()).min(sound.len())];
    let louder = scale(pattern) / scale(whole);
    let (mut scores, mut speech, mut missing) = (Vec::new(), 0_usize, 0_usize);
    for (number, piece) in pattern.chunks_exact(second).enumerate() {
        let from = (begin + number * second).saturating_sub(AROUND).min(sound.len());
        let around = &sound[from..(from + second + 2 * AROUND).min(sound.len())];
        let found = find(piece, around);
        scores.push(found.score);
        let place = (found.at.as_millis() / STEP.as_millis()) as usize;
        let audible = piece.iter().zip(&around[place..]).filter(|(wanted, _)| **wanted > loudest / 10.0);
        for (wanted, got) in audible {
            speech += 1;
            missing += usize::from(got * louder < wanted / 10.0);
        }
    }
    let share = |part: usize, all: usize| part as f64 / all.max(1) as f64;
    Left { score: scores.iter().sum::<f64>() / scores.len().max(1) as f64, missing: share(missing, speech) }
}

#[test]
fn what_is_missing_is_found() {
    let speech = crate::speech::say("The weather will be sunny in the morning, with some clouds.", "en-us", 16_000);
    let behind = |sound: &[i16]| [&[0; 24_000], sound, &[0; 8_000]].concat();
    let compare = |sound: &[i16]| {
        let (said, heard) = (of(&speech, 16_000), of(&behind(sound), 16_000));
        let found = find(&said, &heard);
        (found, left(&said, &heard, found.at))
    };
    let (found, whole) = compare(&speech);
    assert!(found.score > 0.99 && whole.score > 0.99 && whole.missing < 0.01, "{found:?}, {whole:?}");
    assert!(found.at.abs_diff(Duration::from_millis(1_500)) < WINDOW, "{found:?}");
    // Every tenth frame of 60 ms is silent.
    let holes = |(number, frame): (usize, &[i16])| if number % 10 == 5 { vec![0; frame.len()] } else { frame.to_vec() };
    let holed: Vec<i16> = speech.chunks(960).enumerate().flat_map(holes).collect();
    let (_, left) = compare(&holed);
    assert!((0.03..0.2).contains(&left.missing), "{left:?}");
    let other = crate::speech::say("A long story about a fox and a dog in a small house.", "en-us", 16_000);
    let (found, left) = compare(&other);
    assert!(found.score < 0.6 && left.score < 0.6, "{found:?}, {left:?}");
}
