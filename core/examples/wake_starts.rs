//! What the first moments after a start are worth to wake words: false hits where nobody says them, and words that begin
//! with the recording. `cargo run --release -p auricle-core --example wake_starts -- RECORDING.wav…` (16 kHz mono).
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../tests/hearing_material/mod.rs"]
mod hearing_material;
#[path = "../tests/wake_material/mod.rs"]
mod wake_material;

use auricle_core::wake::features::Features;
use auricle_core::wake::model::Stream;
use wake_material::{NAMES, positives, word};

/// The frames in which the mean is above the cut-off, counted from the first sample.
fn above(name: &str, mut sound: &[i16]) -> Vec<usize> {
    let word = word(name);
    let (mut features, mut stream) = (Features::new(), Stream::new(word.model.clone()));
    let (mut last, mut frames, mut found) = (Vec::new(), 0, Vec::new());
    while let Some(frame) = features.next(&mut sound) {
        frames += 1;
        let Some(probability) = stream.push(&frame) else { continue };
        last.push(u32::from(probability));
        let Some(window) = last.len().checked_sub(word.window).map(|from| &last[from..]) else { continue };
        if window.iter().sum::<u32>() as f32 / (256 * word.window) as f32 > word.cutoff {
            found.push(frames);
        }
    }
    found
}

/// Places at which listening is begun.
const STARTS: usize = 10_000;
/// Who has listened already has done so for 5 s.
const PAST: usize = 5 * 16_000;
/// So much is listened to.
const LOOK: usize = 2 * 16_000;

fn main() {
    println!("False hits of {STARTS} starts within 2 s, and at the same places after 5 s of listening.\n");
    println!("| recording | word | within 2 s | of these within 0.75 s | after 5 s |\n|---|---|---:|---:|---:|");
    std::env::args().skip(1).for_each(|path| starts(&path));
    voices();
}

fn starts(path: &str) {
    let bytes = std::fs::read(path).unwrap();
    let data = bytes.windows(4).position(|id| id == b"data").unwrap() + 8;
    let sound: Vec<i16> = bytes[data..].as_chunks().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
    let mut dice = 7_u64;
    let mut place = || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        PAST + (dice >> 33) as usize % (sound.len() - PAST - LOOK)
    };
    let places: Vec<usize> = (0..STARTS).map(|_| place()).collect();
    for name in NAMES {
        let (mut cold, mut early, mut warm) = (0, 0, 0);
        for &at in &places {
            let found = above(name, &sound[at..at + LOOK]);
            cold += usize::from(!found.is_empty());
            early += usize::from(found.first().is_some_and(|frame| *frame <= 74));
            let longer = above(name, &sound[at - PAST..at + LOOK]);
            warm += usize::from(longer.iter().any(|frame| *frame > PAST / 160));
        }
        println!("| {path} | {name} | {cold} | {early} | {warm} |");
    }
}

fn voices() {
    println!("\nSynthetic voices that are heard: with 1 s before the word, without anything, behind 0.8 s of zeros.\n");
    println!("| word | voices | after 1 s | at once | after zeros |\n|---|---:|---:|---:|---:|");
    for name in NAMES {
        let clips = positives(name);
        let of = |count: &dyn Fn(&[i16]) -> bool| clips.iter().filter(|clip| count(&clip.sound)).count();
        let after = of(&|sound| !above(name, sound).is_empty());
        let first = of(&|sound| !above(name, &sound[16_000..]).is_empty());
        let zeros = of(&|sound| !above(name, &[&[0; 12_800], &sound[16_000..]].concat()).is_empty());
        println!("| {name} | {} | {after} | {first} | {zeros} |", clips.len());
    }
}
