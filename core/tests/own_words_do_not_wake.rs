//! A wake word that the device says itself, through its own loudspeaker, does not wake it; a person's does.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod echo_room;
mod hearing_material;

use std::path::Path;
use std::sync::Arc;

use auricle_core::audio::Position;
use auricle_core::frontend::Profile;
use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::{EarCommand, EarEvent};
use auricle_core::wake::{Manifest, Model, Word, Words};
use echo_room::{Heard, RATE, Room, at_level};
use hearing_material::espeak;

/// Voices whose word the model hears.
const VOICES: [&str; 6] = ["en-us", "en-us+m3", "en-us+f2", "en-gb", "en-gb+m5", "en-us+f4"];

/// One of the models that `make models` brings, as a word.
fn word(name: &str) -> Word {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    let read = |end: &str| {
        let path = folder.join(format!("{name}.{end}"));
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run `make models`", path.display()))
    };
    let manifest = Manifest::read(&read("json")).unwrap();
    let model = Arc::new(Model::read(&read("tflite")).unwrap());
    Word { name: name.into(), model, cutoff: manifest.cutoff, window: manifest.window, sensitivity: 0.5 }
}

fn words() -> Words {
    Words::new(vec![word("okay_nabu"), word("alexa")], Position(0))
}

/// An armed ear in this room: the places of the words that count, and how many were its own.
fn wakes(heard: &Heard, told: bool) -> (Vec<f64>, u64) {
    let mut ear = Ear::new();
    ear.set_words(words());
    ear.handle(EarCommand::ArmWake(true));
    let mut wakes = Vec::new();
    for (sound, reference) in heard.out.chunks(RATE / 100).zip(heard.reference.chunks(RATE / 100)) {
        if told {
            ear.played(reference);
        }
        ear.push(sound);
        while let Some(event) = ear.poll() {
            if let EarEvent::Wake { at, .. } = event {
                wakes.push(at.0 as f64 / RATE as f64);
            }
        }
    }
    (wakes, ear.own_words())
}

fn hits(sound: &[i16], sensitivity: f32) -> Vec<f64> {
    let mut words = words();
    words.set_sensitivity(0, sensitivity);
    let mut hits = Vec::new();
    words.push(sound, |hit| hits.push(hit.at.0 as f64 / RATE as f64));
    hits
}

#[test]
fn sketch() {
    for voice in VOICES {
        let said = at_level(&espeak(voice, "If you need me, just say: okay nabu. I am here.").sound, -20.0);
        for (delay, loss) in [(0.01, 6.0), (0.1, 0.0), (0.3, 12.0)] {
            let room = Room {
                played: vec![(2.0, said.clone())],
                seconds: 7.0,
                delays: vec![(0.0, delay)],
                loss,
                ..Room::default()
            };
            for profile in [Profile::Off, Profile::Light] {
                let heard = room.hear(profile);
                eprintln!(
                    "{voice} {delay} {loss} {profile:?}: mic {:?} ref {:?} {:?}; {:?} {:?}",
                    hits(&heard.out, 0.5),
                    hits(&heard.reference, 0.5),
                    hits(&heard.reference, 1.0),
                    wakes(&heard, false),
                    wakes(&heard, true),
                );
            }
        }
    }
}
