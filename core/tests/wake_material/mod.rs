//! Wake words: the models, people and machines that say their words, and what the Python package makes of them.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

use auricle_core::audio::Position;
use auricle_core::wake::features::Frame;
use auricle_core::wake::{Manifest, Model, Word, Words};

use crate::hearing_material::{clip, noise, speech_level};

pub const NAMES: [&str; 4] = ["okay_nabu", "alexa", "hey_jarvis", "hey_mycroft"];

/// A file of the checkout.
pub fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(file(path)).unwrap_or_else(|error| panic!("{path}: {error}; `make models` puts it there"))
}

pub fn model(name: &str) -> Arc<Model> {
    Arc::new(Model::read(&read(&format!("models/{name}.tflite"))).unwrap())
}

pub fn manifest(name: &str) -> Manifest {
    Manifest::read(&read(&format!("models/{name}.json"))).unwrap()
}

/// The word as its makers meant it.
pub fn word(name: &str) -> Word {
    let Manifest { cutoff, window, .. } = manifest(name);
    Word { name: name.into(), model: model(name), cutoff, window, sensitivity: 0.5 }
}

/// Where the hits in a recording are.
pub fn hits(word: &Word, sound: &[i16]) -> Vec<u64> {
    let (mut words, mut found) = (Words::new(vec![word.clone()], Position(0)), Vec::new());
    words.push(sound, |hit| found.push(hit.at.0));
    found
}

/// A clip, and the models that listen to it.
#[derive(Clone)]
pub struct Clip {
    pub models: Vec<&'static str>,
    pub sound: Vec<i16>,
}

/// What the Python package makes of a clip.
pub struct Peer {
    pub features: Vec<Frame>,
    /// How many features are so loud that the package would wrap them around; it got them clamped.
    pub loud: usize,
    /// The probabilities of each model of the clip.
    pub outputs: Vec<Vec<u8>>,
    /// Whether it says that the word was heard, for each model.
    pub heard: Vec<bool>,
}

/// The Python with the package, made once.
pub fn python() -> PathBuf {
    let made = Command::new(file("scripts/peers.sh")).arg("wake").stderr(Stdio::inherit()).output().expect("peers.sh");
    assert!(made.status.success(), "scripts/peers.sh failed, see above");
    PathBuf::from(String::from_utf8(made.stdout).unwrap().trim())
}

/// Asks the package about all clips, in two processes at once.
pub fn peer(clips: &[Clip]) -> Vec<Peer> {
    let python = python();
    let halves = clips.split_at(clips.len() / 2);
    std::thread::scope(|scope| {
        let halves = [halves.0, halves.1].map(|half| scope.spawn(|| ask(&python, half)));
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    })
}

fn ask(python: &Path, clips: &[Clip]) -> Vec<Peer> {
    let mut command = Command::new(python);
    command.arg(file("benches/peers/wake.py")).arg("numbers").env("PYTHONUNBUFFERED", "1");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python");
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let peers = std::thread::scope(|scope| {
        // The input ends when this is done; a Python that died closes it earlier, and the answers end too.
        scope.spawn(move || clips.iter().try_for_each(|clip| stdin.write_all(&clip_bytes(clip))));
        clips.iter().map(|_| answer(&mut stdout)).collect()
    });
    assert!(child.wait().unwrap().success(), "the Python package failed");
    peers
}

/// A clip as the script takes it.
pub fn clip_bytes(clip: &Clip) -> Vec<u8> {
    let head = serde_json::json!({ "models": clip.models, "samples": clip.sound.len() });
    let samples = clip.sound.iter().flat_map(|sample| sample.to_le_bytes());
    format!("{head}\n").into_bytes().into_iter().chain(samples).collect()
}

fn answer(from: &mut impl BufRead) -> Peer {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    let head: serde_json::Value = serde_json::from_str(&line).expect("an answer of the script");
    let count = |value: &serde_json::Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let mut bytes = |count: usize| {
        let mut bytes = vec![0; count];
        from.read_exact(&mut bytes).unwrap();
        bytes
    };
    let features = bytes(count(&head["frames"]) * 80);
    let frame = |bytes: &[u8; 80]| std::array::from_fn(|i| u16::from_le_bytes([bytes[2 * i], bytes[2 * i + 1]]));
    Peer {
        features: features.as_chunks().0.iter().map(frame).collect(),
        loud: count(&head["loud"]),
        outputs: head["outputs"].as_array().unwrap().iter().map(|output| bytes(count(output))).collect(),
        heard: head["heard"].as_array().unwrap().iter().map(|heard| heard.as_bool().unwrap()).collect(),
    }
}

/// What espeak-ng is asked to say, and the voices that come close to how people say it. For the third word it takes sounds
/// instead of letters, and even then few of its voices come close.
fn speakers(name: &str) -> (&'static str, [&'static str; 9]) {
    const MOST: [&str; 9] =
        ["en-us", "en-gb", "en-gb-scotland", "en-us+f2", "en-us+m3", "en-us+f4", "en-gb+m7", "en-gb+f5", "en-029"];
    const SOME: [&str; 9] = [
        "en-us+f1",
        "en-us+f2",
        "en-us+f3",
        "en-us+f4",
        "en-us+steph",
        "en-us+linda",
        "en-us+belinda",
        "en-us+Annie",
        "en-gb+f4",
    ];
    match name {
        "okay_nabu" => ("okay nabu", MOST),
        "alexa" => ("alexa", MOST),
        "hey_jarvis" => ("[[h'eI dZ'A:rv@s]]", SOME),
        "hey_mycroft" => ("hey mycroft", MOST),
        other => panic!("nobody says {other}"),
    }
}

const RATES: [&str; 4] = ["130", "150", "170", "190"];
const PITCHES: [&str; 3] = ["35", "50", "65"];
const NOISES: [&str; 2] = ["none", "pink"];

/// The word in synthetic voices at several rates and pitches, 216 times, alone and in noise of 15 dB less, each with a
/// second before it, so that whoever listens has settled. They are made once.
pub fn positives(name: &'static str) -> &'static [Clip] {
    static MADE: [OnceLock<Vec<Clip>>; NAMES.len()] = [const { OnceLock::new() }; NAMES.len()];
    let at = NAMES.iter().position(|known| *known == name).unwrap();
    MADE[at].get_or_init(|| {
        let spoken = spoken(name);
        let clips = spoken.iter().enumerate();
        let clips = clips.flat_map(|(n, spoken)| NOISES.map(|kind| within(spoken, kind, n as u64)));
        clips.map(|sound| Clip { models: vec![name], sound }).collect()
    })
}

/// What each voice says at each rate and pitch, three of them at once.
fn spoken(name: &str) -> Vec<Vec<i16>> {
    let (text, voices) = speakers(name);
    let with = |voice| RATES.iter().flat_map(move |rate| PITCHES.iter().map(move |pitch| (voice, *rate, *pitch)));
    let variants: Vec<_> = voices.iter().flat_map(|voice| with(*voice)).collect();
    std::thread::scope(|scope| {
        let parts = variants.chunks(variants.len().div_ceil(3));
        let say = |part| scope.spawn(move || <[_]>::iter(part).map(|variant| say(*variant, text)).collect::<Vec<_>>());
        let parts: Vec<_> = parts.map(say).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

/// The word as one of the voices says it that are heard, with a second of silence before it.
pub fn positive(name: &str) -> Vec<i16> {
    let (text, voices) = speakers(name);
    let voice = if name == "hey_jarvis" { (voices[4], "170", "50") } else { (voices[2], "150", "50") };
    within(&say(voice, text), "none", 0)
}

/// What espeak-ng says, 16 kHz: between the samples of its 22.05 kHz along a straight line.
fn say((voice, rate, pitch): (&str, &str, &str), text: &str) -> Vec<i16> {
    let spoken = Command::new("espeak-ng").args(["-v", voice, "-s", rate, "-p", pitch, "--stdout", text]).output();
    let spoken = spoken.expect("espeak-ng");
    assert!(spoken.status.success(), "espeak-ng -v {voice}: {}", String::from_utf8_lossy(&spoken.stderr));
    let samples: Vec<i32> =
        spoken.stdout[44..].as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair).into()).collect();
    let at = |n: usize| {
        let (whole, part) = (n * 441 / 320, (n * 441 % 320) as i32);
        (samples[whole] * (320 - part) + samples[whole + 1] * part).div_euclid(320) as i16
    };
    (0..(samples.len() - 1) * 320 / 441).map(at).collect()
}

/// Speech at -26 dBFS with noise around and below it.
fn within(spoken: &[i16], kind: &str, seed: u64) -> Vec<i16> {
    let gain = 10_f32.powf((-26.0 - speech_level(spoken)) / 20.0);
    let length = 16_000 + spoken.len() + 8_000;
    let mut sound = if kind == "none" { vec![0.0; length] } else { noise(kind, seed, length) };
    let loud = 32_768.0 * 10_f32.powf(-41.0 / 20.0);
    sound.iter_mut().for_each(|sample| *sample *= loud);
    sound[16_000..].iter_mut().zip(spoken).for_each(|(sample, voice)| *sample += f32::from(*voice) * gain);
    clip(&sound)
}
