//! Silero's detector in a process of its own, with LinTO's rule behind it.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::labelled::detectors::by_lintos_rule;
use crate::labelled::judge::Decision;

/// What it looks at at once, in samples.
const WINDOW: usize = 512;
/// From this probability on it is speech: what the package recommends.
const SPEECH: f32 = 0.5;

/// The process. It ends with its input.
pub struct Silero {
    child: Child,
}

impl Silero {
    /// Starts it with the Python that has the package.
    pub fn new(python: &Path) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../benches/peers/silero.py");
        let mut command = Command::new(python);
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        Self { child: command.spawn().expect("the Python with the package") }
    }

    /// What it decides about a track.
    pub fn hear(&mut self, sound: &[i16]) -> Vec<Decision> {
        let mut question = (sound.len() as u32).to_le_bytes().to_vec();
        question.extend(sound.iter().flat_map(|sample| sample.to_le_bytes()));
        let stdin = self.child.stdin.as_mut().unwrap();
        // It reads everything before it answers.
        stdin.write_all(&question).expect("benches/peers/silero.py takes sound");
        stdin.flush().unwrap();
        let mut scores = vec![0; sound.len() / WINDOW * 4];
        self.child.stdout.as_mut().unwrap().read_exact(&mut scores).expect("an answer of benches/peers/silero.py");
        let speaks = scores.chunks_exact(4).map(|score| f32::from_le_bytes(score.try_into().unwrap()) >= SPEECH);
        by_lintos_rule(speaks, WINDOW)
    }
}

impl Drop for Silero {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
