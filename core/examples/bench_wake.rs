//! Wake words beside the Python package: what a second of sound costs, and how many voices are heard. Prints a section of
//! Markdown: `cargo run --release -p auricle-core --example bench_wake -- PYTHON`.
//!
//! PYTHON is the path that `scripts/peers.sh wake` prints; without one it is asked for. Fails where a word with everything
//! that it needs costs more than a third of the package's, or is heard in more or fewer voices than by the package, ± 1.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../tests/hearing_material/mod.rs"]
mod hearing_material;
#[path = "../tests/wake_material/mod.rs"]
mod wake_material;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use auricle_core::audio::Position;
use auricle_core::wake::features::{Features, Frame};
use auricle_core::wake::model::Stream;
use auricle_core::wake::{Word, Words};
use hearing_material::{RATE, people, recording};
use wake_material::{Clip, NAMES, hits, model, peer, positives, word};

const RUNS: usize = 50;
const SECONDS: usize = 20;
/// What a word may cost of the package's time.
const MOST: f64 = 1.0 / 3.0;

fn main() {
    let python = std::env::args().nth(1).map_or_else(wake_material::python, PathBuf::from);
    let spoken = people().into_iter().flat_map(|path| recording(&path).sound).take(SECONDS * RATE);
    let clip = Clip { models: NAMES.into(), sound: spoken.collect() };
    assert_eq!(clip.sound.len(), SECONDS * RATE, "too few recordings of people");
    println!("### Wake words beside `pymicro-wakeword`\n");
    costs(&clip, &theirs(&python, &clip));
    voices();
}

/// Microseconds for each second of sound, of each run.
fn per_second(mut run: impl FnMut()) -> Vec<f64> {
    let once = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64() * 1e6 / SECONDS as f64
    };
    (0..RUNS).map(once).collect()
}

/// The same from the script.
fn theirs(python: &Path, clip: &Clip) -> serde_json::Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../benches/peers/wake.py");
    let mut command = Command::new(python);
    command.args([script, "cost", &RUNS.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the Python with the package");
    child.stdin.take().unwrap().write_all(&wake_material::clip_bytes(clip)).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "benches/peers/wake.py failed, see above");
    serde_json::from_slice(&out.stdout).expect("an answer of the script")
}

fn costs(clip: &Clip, theirs: &serde_json::Value) {
    println!("Microseconds of one core for each second of sound ({SECONDS} s of people, {RUNS} runs, p50 and p95).\n");
    println!("| | Auricle p50 | p95 | pymicro-wakeword p50 | p95 | ratio |");
    println!("|---|---|---|---|---|---|");
    let frames = features(&clip.sound);
    let front = per_second(|| drop(std::hint::black_box(features(&clip.sound))));
    let package = |name: &str| -> Vec<f64> {
        let runs = theirs[name].as_array().unwrap();
        runs.iter().map(|run| run.as_f64().unwrap() / SECONDS as f64).collect()
    };
    row("features alone", front, package("features"));
    for name in NAMES {
        let mut stream = Stream::new(model(name));
        let run = || frames.iter().for_each(|frame| _ = std::hint::black_box(stream.push(frame)));
        row(&format!("`{name}` without features"), per_second(run), package(name));
    }
    for name in NAMES {
        let sums = package("features").into_iter().zip(package(name)).map(|(features, word)| features + word);
        let ratio = row(&format!("`{name}`, everything"), words(&[word(name)], &clip.sound), sums.collect());
        assert!(ratio <= MOST, "{name} costs {ratio} of the package, and may cost {MOST}");
    }
    let mut all = package("features");
    for name in NAMES {
        all.iter_mut().zip(package(name)).for_each(|(sum, word)| *sum += word);
    }
    row("all four at once", words(&NAMES.map(word), &clip.sound), all);
    println!();
}

fn features(mut sound: &[i16]) -> Vec<Frame> {
    let mut front = Features::new();
    std::iter::from_fn(|| front.next(&mut sound)).collect()
}

/// As the daemon does it: in periods of 20 ms.
fn words(listened: &[Word], sound: &[i16]) -> Vec<f64> {
    let mut words = Words::new(listened.to_vec(), Position(0));
    per_second(|| sound.chunks(320).for_each(|period| words.push(period, |hit| _ = std::hint::black_box(hit))))
}

/// Prints a row and returns the ratio of the medians.
fn row(name: &str, ours: Vec<f64>, theirs: Vec<f64>) -> f64 {
    let [ours, theirs] = [ours, theirs].map(|mut times| {
        times.sort_by(f64::total_cmp);
        [times[times.len() / 2], times[times.len() * 95 / 100]]
    });
    let ratio = ours[0] / theirs[0];
    println!("| {name} | {:.0} | {:.0} | {:.0} | {:.0} | {ratio:.3} |", ours[0], ours[1], theirs[0], theirs[1]);
    ratio
}

fn voices() {
    println!(
        "How many synthetic voices are heard (espeak-ng: voices × rates × pitches, alone and in pink noise of -15 dB).\n"
    );
    println!("| word | voices | Auricle | pymicro-wakeword |");
    println!("|---|---|---|---|");
    for name in NAMES {
        let (clips, word) = (positives(name), word(name));
        let ours = clips.iter().filter(|clip| !hits(&word, &clip.sound).is_empty()).count();
        let theirs = peer(clips).iter().filter(|peer| peer.heard[0]).count();
        assert!(ours.abs_diff(theirs) <= 1, "{name}: {ours} voices, by the package {theirs}");
        println!("| `{name}` | {} | {ours} | {theirs} |", clips.len());
    }
}
