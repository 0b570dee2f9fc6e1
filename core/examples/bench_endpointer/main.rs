//! The end of speech beside `webrtc-vad` and Silero, on people who speak with pauses of known length in known noise.
//! Prints a section of Markdown: `cargo run --release -p auricle-core --example bench_endpointer -- PYTHON`.
//!
//! PYTHON is the path that `scripts/peers.sh silero` prints; without one Silero is left out. With `tune` instead of it,
//! the voices that the rules are chosen on are heard, by Auricle alone.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../tests/hearing_material/mod.rs"]
mod hearing_material;
#[path = "../../tests/labelled/mod.rs"]
mod labelled;
mod silero;
mod tables;

use std::path::Path;
use std::thread;

use hearing_material::RATE;
use labelled::judge::{Decision, Figures};
use labelled::mix::mix;
use labelled::scenes::{self, Scene};
use labelled::{JUDGED_ON, Phrase, Speech, TUNED_ON, detectors, phrases, synthetic_crowd};
use silero::Silero;

/// Phrases of each person.
const PHRASES: usize = 40;

/// Somebody who speaks, and the other people around.
struct Talk {
    speech: Speech,
    crowd: Vec<Phrase>,
    seed: u64,
}

/// One who decides about a track.
type Detector<'a> = Box<dyn FnMut(&[i16]) -> Vec<Decision> + 'a>;

fn main() {
    let argument = std::env::args().nth(1);
    let tune = argument.as_deref() == Some("tune");
    let python = argument.as_deref().filter(|_| !tune).map(Path::new);
    let talks = if tune { tuning() } else { judging() };
    let scenes: Vec<Scene> = scenes::noises().into_iter().chain(scenes::quiet()).collect();
    let heard = hear(&talks, &scenes, python, tune);
    let seconds: usize = talks.iter().map(|talk| talk.speech.sound.len() / RATE).sum();
    tables::print(&scenes, &heard, seconds * scenes.len());
}

/// Everybody speaks several times, each time other phrases before other noise.
fn tuning() -> Vec<Talk> {
    let talks = TUNED_ON.iter().zip([(4, 29), (3, 39)]).flat_map(|(speaker, (talks, noise))| {
        let all = phrases(speaker, talks * PHRASES);
        let talk = move |(number, some): (u64, &[Phrase])| {
            let speech = Speech::new(some, number + 5);
            Talk { speech, crowd: synthetic_crowd(), seed: number + noise }
        };
        (0..).zip(all.chunks(PHRASES)).map(talk).collect::<Vec<_>>()
    });
    talks.collect()
}

/// Each speaks in turn, and the others are the crowd.
fn judging() -> Vec<Talk> {
    let everybody: Vec<Vec<Phrase>> = JUDGED_ON.iter().map(|speaker| phrases(speaker, PHRASES)).collect();
    let talk = |number: usize| {
        let others = everybody.iter().enumerate().filter(|(other, _)| *other != number);
        let crowd = others.flat_map(|(_, phrases)| phrases.clone()).collect();
        let seed = number as u64;
        Talk { speech: Speech::new(&everybody[number], seed + 5), crowd, seed: seed + 9 }
    };
    (0..everybody.len()).map(talk).collect()
}

/// The figures of each detector for each scene, all people together. The people are heard at the same time.
fn hear(talks: &[Talk], scenes: &[Scene], python: Option<&Path>, alone: bool) -> Vec<Vec<Figures>> {
    let listen = |talk: &Talk| {
        let mut detectors = detectors(python, alone);
        let judged = scenes.iter().map(|scene| judge(talk, scene, &mut detectors));
        judged.collect::<Vec<_>>()
    };
    let each = thread::scope(|scope| {
        let threads: Vec<_> = talks.iter().map(|talk| scope.spawn(|| listen(talk))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let mut all = each.into_iter();
    let mut sum = all.next().unwrap_or_default();
    for other in all {
        let pairs = sum.iter_mut().flatten().zip(other.iter().flatten());
        pairs.for_each(|(into, other)| into.add(other));
    }
    sum
}

fn detectors<'a>(python: Option<&Path>, alone: bool) -> Vec<Detector<'a>> {
    let mut all: Vec<Detector<'a>> = vec![Box::new(detectors::auricle)];
    if !alone {
        all.push(Box::new(detectors::webrtc));
    }
    if let Some(python) = python {
        let mut silero = Silero::new(python);
        all.push(Box::new(move |sound| silero.hear(sound)));
    }
    all
}

fn judge(talk: &Talk, scene: &Scene, detectors: &mut [Detector<'_>]) -> Vec<Figures> {
    let track = mix(&talk.speech, scene.sounds, &talk.crowd, talk.seed);
    detectors.iter_mut().map(|detector| Figures::of(&track.phrases, &detector(&track.sound))).collect()
}
