//! Recordings to hear, and the command that hears them.

use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, OnceLock};

use auricle_core::wake::{Manifest, Model, Word};
use serde_json::Value;
use tempfile::TempDir;

use super::speech;

/// Samples per second of the material.
pub const RATE: u32 = 16_000;

/// Two short utterances with pauses around them, 16 kHz mono.
pub fn two_utterances() -> &'static [i16] {
    static SOUND: OnceLock<Vec<i16>> = OnceLock::new();
    SOUND.get_or_init(|| {
        let mut sound = silence(1.0);
        sound.extend(speech::say("What time is it?", "en", RATE));
        sound.extend(silence(1.5));
        sound.extend(speech::say("Thank you very much.", "en", RATE));
        sound.extend(silence(1.5));
        sound
    })
}

/// A quiet room.
pub fn silence(seconds: f32) -> Vec<i16> {
    let mut seed = 1_u32;
    let sample = |_| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 29) as i16 - 4
    };
    (0..(seconds * RATE as f32) as u32).map(sample).collect()
}

/// Arguments without wake words: their models need not be there.
pub const NO_WORDS: [&str; 2] = ["--set", "listen.triggers=[]"];

/// Runs `auricle replay` with nothing in its environment but where the models are.
pub fn replay(arguments: &[&str]) -> Output {
    command(arguments).stdin(Stdio::null()).output().unwrap()
}

/// The command, to be started.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auricle"));
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/models");
    command.env_clear().env("AURICLE_MODEL_DIR", models).arg("replay").args(arguments);
    command
}

/// Runs `auricle replay -` over these bytes, and returns the lines of JSON.
pub fn heard(wav: &[u8], arguments: &[&str]) -> String {
    let output = piped(wav, &[&["-", "--json"], &NO_WORDS[..], arguments].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs `auricle replay` with these bytes on its standard input.
pub fn piped(wav: &[u8], arguments: &[&str]) -> Output {
    let mut child = command(arguments);
    let child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let wav = wav.to_vec();
    // It may refuse before it has read all.
    let writer = std::thread::spawn(move || drop(input.write_all(&wav)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// Standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Time and name of each event.
pub fn events(lines: &str) -> Vec<(f64, String)> {
    let event = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        (event["t"].as_f64().unwrap(), event["event"].as_str().unwrap().to_owned())
    };
    lines.lines().map(event).collect()
}

/// A WAV file with this format chunk.
pub fn wav(format: &[u8], claimed: u32, data: &[u8]) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVE".to_vec();
    file.extend(chunk(b"fmt ", format));
    file.extend_from_slice(b"data");
    file.extend_from_slice(&claimed.to_le_bytes());
    file.extend_from_slice(data);
    file
}

/// A chunk with its filling.
pub fn chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut chunk = [&id[..], &(body.len() as u32).to_le_bytes(), body].concat();
    chunk.resize(chunk.len() + body.len() % 2, 0);
    chunk
}

/// A format chunk.
pub fn format(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let block = channels * (bits / 8);
    let halves = [tag, channels].map(u16::to_le_bytes).concat();
    let words = [rate, rate * u32::from(block)].map(u32::to_le_bytes).concat();
    [halves, words, [block, bits].map(u16::to_le_bytes).concat()].concat()
}

/// 16 kHz mono, 16 bit.
pub fn plain(sound: &[i16]) -> Vec<u8> {
    let data: Vec<u8> = sound.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    wav(&format(1, 1, RATE, 16), data.len() as u32, &data)
}

/// Puts bytes into a file that is gone with the folder.
pub fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// A path as an argument.
pub fn argument(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Without the silence around it.
pub fn audible(sound: &[i16]) -> &[i16] {
    let loud = |sample: &i16| sample.unsigned_abs() > 300;
    &sound[sound.iter().position(loud).unwrap()..=sound.iter().rposition(loud).unwrap()]
}

/// A wake word with the model of the checkout.
pub fn word(name: &str) -> Word {
    let read = |end: &str| {
        let path = format!("{}/models/{name}.{end}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}; run `make models`"))
    };
    let Manifest { cutoff, window, .. } = Manifest::read(&read("json")).unwrap();
    let model = Arc::new(Model::read(&read("tflite")).unwrap());
    Word { name: name.into(), model, cutoff, window, sensitivity: 0.5 }
}

/// Gives its bytes in pieces of these sizes.
pub struct Dribble<'s> {
    bytes: Cursor<Vec<u8>>,
    sizes: std::iter::Cycle<std::slice::Iter<'s, usize>>,
}

impl<'s> Dribble<'s> {
    pub fn new(bytes: Vec<u8>, sizes: &'s [usize]) -> Self {
        Self { bytes: Cursor::new(bytes), sizes: sizes.iter().cycle() }
    }
}

impl Read for Dribble<'_> {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let size = self.sizes.next().map_or(1, |size| *size).clamp(1, room.len());
        self.bytes.read(&mut room[..size])
    }
}
