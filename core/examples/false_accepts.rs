//! How often each wake word is heard where nobody says it. Prints a table in Markdown:
//! `cargo run --release -p auricle-core --example false_accepts -- NAME=FILE.wav…`.
//!
//! Each word listens alone to the whole recording, and the engine itself is asked: in the daemon the turn that a hit opens
//! would hide the hits behind it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../tests/hearing_material/mod.rs"]
mod hearing_material;
#[path = "../tests/wake_material/mod.rs"]
mod wake_material;

use std::fs;
use std::process::exit;

use auricle_core::audio::Position;
use auricle_core::audio::wav::Reader;
use auricle_core::wake::Words;
use wake_material::{NAMES, word};

const RATE: f64 = 16_000.0;

fn main() {
    let recordings: Vec<String> = std::env::args().skip(1).collect();
    if recordings.is_empty() {
        eprintln!("false_accepts: which recordings? Give NAME=FILE.wav, 16 kHz mono, once or several times");
        exit(2);
    }
    println!("| material | hours | {} |", NAMES.join(" | "));
    println!("|---|---:|{}", "---:|".repeat(NAMES.len()));
    for recording in recordings {
        let Some((name, file)) = recording.split_once('=') else {
            eprintln!("false_accepts: `{recording}` is not NAME=FILE.wav");
            exit(2);
        };
        match read(file) {
            Ok(sound) => row(name, &sound),
            Err(error) => {
                eprintln!("false_accepts: {file}: {error}");
                exit(1);
            }
        }
    }
}

fn read(file: &str) -> Result<Vec<i16>, String> {
    let bytes = fs::read(file).map_err(|error| error.to_string())?;
    let mut sound = Vec::with_capacity(bytes.len() / 2);
    let mut reader = Reader::default();
    for piece in bytes.chunks(1 << 16) {
        reader.push(piece, &mut sound).map_err(|error| error.to_string())?;
    }
    reader.end().map_err(|error| error.to_string())?;
    Ok(sound)
}

fn row(name: &str, sound: &[i16]) {
    let hours = sound.len() as f64 / RATE / 3_600.0;
    let cells = NAMES.map(|name| {
        let mut words = Words::new(vec![word(name)], Position(0));
        let mut hits = 0_u32;
        // As the daemon does it: in periods of 20 ms.
        sound.chunks(320).for_each(|period| words.push(period, |_| hits += 1));
        format!("{hits} ({:.2})", f64::from(hits) / hours)
    });
    println!("| {name} | {hours:.2} | {} |", cells.join(" | "));
}
