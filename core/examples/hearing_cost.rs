//! What hearing costs, and how well it hears: `cargo run --release -p auricle-core --example hearing_cost`.
//!
//! Costs are microseconds of one core for each second of sound. The voices are those that the thresholds were not
//! chosen on; all times are in milliseconds. `at`: the told beginning of speech behind the true one. `told`: the moment
//! of telling behind it. `end`: the decision behind the true end and the hangover; below zero where a soft end is lost
//! in noise.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../tests/hearing_material/mod.rs"]
mod hearing_material;

use std::time::{Duration, Instant};

use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::{EarCommand, EarEvent, Encoding, Limits, ListenId, Start, UplinkId};
use hearing_material::{NOISES, Part, RATE, Scene, Voice, clip, noise, scene, voices};

const LIMITS: Limits = Limits {
    hangover: Duration::from_millis(500),
    no_speech: Duration::from_secs(60),
    max_utterance: Duration::from_secs(60),
    answer: false,
};

fn main() {
    let voices = voices(Part::Check, 1);
    costs(&voices);
    println!("\n{} voices, hangover 500 ms", voices.len());
    println!("{:34} missed  early  cut |   at p50   p95 | told p50   p95 |  end p50   p95", "speech and noise");
    for (level, kind, noise_level) in [
        (-20.0, "none", -100.0),
        (-20.0, "pink", -60.0),
        (-50.0, "none", -100.0),
        (-50.0, "pink", -75.0),
        (-26.0, "pink", -46.0),
        (-26.0, "pink", -36.0),
        (-26.0, "pink", -31.0),
        (-26.0, "pink", -26.0),
        (-26.0, "white", -46.0),
        (-26.0, "white", -36.0),
        (-26.0, "white", -31.0),
        (-26.0, "white", -26.0),
        (-26.0, "hum", -36.0),
        (-26.0, "fan", -36.0),
    ] {
        let scenes = voices.iter().map(|voice| scene(voice, level, kind, noise_level, 2 * RATE, 3 * RATE));
        quality(&format!("{level} dBFS, {kind} {noise_level} dBFS"), scenes);
    }
    println!("\nopenings of the voice trigger in 5 minutes of noise at -14, -20, -35, -50 dBFS");
    for kind in NOISES {
        println!("{kind:8} {:?}", [-14.0, -20.0, -35.0, -50.0].map(|level| openings(kind, level)));
    }
}

fn loud(kind: &str, level: f32, seconds: usize) -> Vec<i16> {
    let gain = 32_768.0 * 10_f32.powf(level / 20.0);
    clip(&noise(kind, 90, seconds * RATE).iter().map(|s| s * gain).collect::<Vec<f32>>())
}

fn costs(voices: &[Voice]) {
    println!("us for each second of sound, periods of 20 ms (listening) and 60 ms (idle)");
    let silence = vec![0; 60 * RATE];
    let speech: Vec<i16> = voices.iter().flat_map(|voice| voice.sound.clone()).take(60 * RATE).collect();
    let arm = [EarCommand::ArmVoice(true)];
    println!("{:34} {:6.0}", "armed, digital silence", cost(&arm, &silence, 960));
    println!("{:34} {:6.0}", "armed, quiet room (pink -60 dBFS)", cost(&arm, &loud("pink", -60.0, 60), 960));
    println!("{:34} {:6.0}", "armed, loud noise (pink -20 dBFS)", cost(&arm, &loud("pink", -20.0, 60), 960));
    println!("{:34} {:6.0}", "neither armed nor listening, speech", cost(&[], &speech, 960));
    let listen =
        EarCommand::Listen { listen: ListenId(1), from: Start::Now, limits: Some(LIMITS), guard: Duration::ZERO };
    println!("{:34} {:6.0}", "listening, speech", cost(std::slice::from_ref(&listen), &speech, 320));
    let encoding = Encoding::LintoFile { conversation: serde_json::json!({}) };
    let uplink = EarCommand::StartUplink { uplink: UplinkId(1), from: Start::Now, encoding };
    println!("{:34} {:6.0}", "listening and encoding, speech", cost(&[listen, uplink], &speech, 320));
}

fn cost(commands: &[EarCommand], sound: &[i16], period: usize) -> f64 {
    let once = || {
        let mut ear = Ear::new();
        commands.iter().for_each(|command| ear.handle(command.clone()));
        let start = Instant::now();
        for period in sound.chunks(period) {
            ear.push(period);
            while let Some(event) = ear.poll() {
                std::hint::black_box(event);
            }
        }
        start.elapsed().as_secs_f64() * 1e6 / (sound.len() as f64 / RATE as f64)
    };
    (0..3).map(|_| once()).fold(f64::INFINITY, f64::min)
}

fn quality(name: &str, scenes: impl Iterator<Item = Scene>) {
    let (mut missed, mut early, mut cut) = (0, 0, 0);
    let (mut at, mut told, mut end) = (Vec::new(), Vec::new(), Vec::new());
    for scene in scenes {
        let Some((start, start_told, ended)) = heard(&scene.sound) else {
            missed += 1;
            continue;
        };
        let later = |a: u64, b: usize| (a as f64 - b as f64) / 16.0;
        if start_told < scene.onset as u64 {
            early += 1;
            continue;
        }
        at.push(later(start, scene.onset));
        told.push(later(start_told, scene.onset));
        let Some(ended) = ended else { continue };
        let delay = later(ended, scene.end + RATE / 2);
        cut += usize::from(delay < -400.0);
        end.push(delay);
    }
    let columns: Vec<String> = [&mut at, &mut told, &mut end].map(|column| percentiles(column)).into();
    println!("{name:34} {missed:6} {early:6} {cut:4} | {}", columns.join(" | "));
}

/// The told beginning, when it was told, and the decision on the end.
fn heard(sound: &[i16]) -> Option<(u64, u64, Option<u64>)> {
    let mut ear = Ear::new();
    let from = Start::Now;
    ear.handle(EarCommand::Listen { listen: ListenId(1), from, limits: Some(LIMITS), guard: Duration::ZERO });
    let mut found = None;
    for period in sound.chunks(320) {
        ear.push(period);
        while let Some(event) = ear.poll() {
            match (event, &mut found) {
                (EarEvent::SpeechStart { at, .. }, _) => found = Some((at.0, ear.position().0, None)),
                (EarEvent::Ended { at, .. }, Some((_, _, ended))) => *ended = Some(at.0),
                _ => {}
            }
        }
    }
    found
}

fn percentiles(values: &mut [f64]) -> String {
    values.sort_by(f64::total_cmp);
    let at = |p: f64| values.get(((values.len().max(1) - 1) as f64 * p).round() as usize).copied().unwrap_or(f64::NAN);
    format!("{:8.0} {:5.0}", at(0.5), at(0.95))
}

fn openings(kind: &str, level: f32) -> usize {
    let mut ear = Ear::new();
    let mut count = 0;
    ear.handle(EarCommand::ArmVoice(true));
    for period in loud(kind, level, 300).chunks(960) {
        ear.push(period);
        while ear.poll().is_some() {
            count += 1;
            ear.handle(EarCommand::ArmVoice(true));
        }
    }
    count
}
