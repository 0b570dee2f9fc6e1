//! Wake words are computed bit for bit as by the Python package `pymicro-wakeword`: features and probabilities of every
//! model, over people, machines, noise and the words themselves. Where the package wraps what is too loud around to the
//! lowest input, it gets the loudest that fits instead. Needs PyPI once: scripts/wake-parity.sh.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod hearing_material;
mod wake_material;

use auricle_core::wake::features::{Features, Frame};
use auricle_core::wake::model::Stream;
use hearing_material::{NOISES, RATE, clip, espeak, noise, people, recording};
use wake_material::{Clip, NAMES, Peer, hits, model, peer, positives, word};

fn features(mut sound: &[i16]) -> Vec<Frame> {
    let mut front = Features::new();
    std::iter::from_fn(|| front.next(&mut sound)).collect()
}

/// Compares everything, and says where the first difference is.
fn is_equal(what: &str, clip: &Clip, peer: &Peer) {
    let ours = features(&clip.sound);
    assert_eq!(ours.len(), peer.features.len(), "{what}: frames");
    for (n, (ours, theirs)) in ours.iter().zip(&peer.features).enumerate() {
        assert_eq!(ours, theirs, "{what}: features of frame {n}");
    }
    for (name, theirs) in clip.models.iter().zip(&peer.outputs) {
        let mut stream = Stream::new(model(name));
        let outputs: Vec<u8> = ours.iter().filter_map(|frame| stream.push(frame)).collect();
        assert_eq!(outputs.len(), ours.len() / 3, "{what}: outputs of {name}");
        let first = outputs.iter().zip(theirs).position(|(ours, theirs)| ours != theirs);
        assert_eq!(outputs.len(), theirs.len(), "{what}: outputs of {name}");
        assert_eq!(first, None, "{what}: output of {name}, {:?}", first.map(|n| (outputs[n], theirs[n])));
    }
}

/// Recordings of people: the prompts of a telephone exchange, a few minutes at a time, and the names of loudspeakers.
fn spoken_by_people() -> Vec<i16> {
    let (prompts, places): (Vec<_>, Vec<_>) =
        people().into_iter().partition(|path| path.extension().unwrap() == "g722");
    // Files of this format can simply be put one behind the other.
    let folder = std::env::temp_dir().join(format!("auricle-people-{}.g722", std::process::id()));
    let bytes: Vec<u8> = prompts.iter().flat_map(|path| std::fs::read(path).unwrap()).take(11 * 60 * 8_000).collect();
    std::fs::write(&folder, bytes).unwrap();
    let mut sound = recording(&folder).sound;
    std::fs::remove_file(&folder).unwrap();
    sound.extend(places.iter().flat_map(|path| recording(path).sound));
    assert!(sound.len() > 10 * 60 * RATE, "{} s of people", sound.len() / RATE);
    sound
}

fn spoken_by_machines() -> Vec<i16> {
    let sentences = [
        ("en-us", "okay, now boo, hey, Michael, and a lecture on Java is what you asked for"),
        ("de+f2", "schalte bitte das Licht in der Küche aus und sag mir, wie spät es ist"),
        ("fr-fr", "quelle heure est-il, et quel temps fait-il demain à Genève"),
        ("es+m3", "apaga la luz del salón y sube el volumen de la música"),
        ("it", "accendi la luce in cucina e cerca una canzone"),
    ];
    sentences.iter().flat_map(|(voice, text)| espeak(voice, text).sound).collect()
}

/// Each kind of noise from silence to beyond full scale, and what is at the edge.
fn noises() -> Vec<i16> {
    let level = |n: usize| 10_f32.powf((n as f32 / 8_000.0 - 10.0) / 2.0) * 32_768.0;
    let loud = |kind: &str| {
        let noise = noise(kind, 7, 10 * RATE);
        noise.iter().enumerate().map(|(n, sample)| sample * level(n)).collect::<Vec<f32>>()
    };
    let mut all: Vec<i16> = NOISES.iter().flat_map(|kind| clip(&loud(kind))).collect();
    for half in [7, 20, 111] {
        all.extend((0..RATE).map(|n| if n / half % 2 == 0 { i16::MAX } else { i16::MIN }));
    }
    all.extend([i16::MIN; 8_000]);
    all.extend([0; 8_000]);
    all
}

/// A square wave right after the start is so loud that the input ends below it.
fn too_loud() -> Vec<i16> {
    (0..2 * RATE).map(|n| if n / 20 % 2 == 0 { i16::MAX } else { i16::MIN }).collect()
}

#[test]
fn features_and_probabilities_are_the_packages() {
    let words = NAMES.iter().flat_map(|name| positives(name).iter().step_by(12));
    let words: Vec<i16> = words.flat_map(|clip| clip.sound.clone()).collect();
    let people = spoken_by_people();
    let (first, second) = people.split_at(people.len() / 2);
    let sounds = [
        ("people, first half", first.to_vec()),
        ("too loud at once", too_loud()),
        ("noises", noises()),
        ("people, second half", second.to_vec()),
        ("machines", spoken_by_machines()),
        ("the words themselves", words),
    ];
    let clips: Vec<Clip> =
        sounds.iter().map(|(_, sound)| Clip { models: NAMES.into(), sound: sound.clone() }).collect();
    let peers = peer(&clips);
    for (((what, _), clip), peer) in sounds.iter().zip(&clips).zip(&peers) {
        is_equal(what, clip, peer);
    }
    assert!(peers[1].loud > 0, "nothing was too loud for the package");
    let seconds = clips.iter().map(|clip| clip.sound.len()).sum::<usize>() / RATE;
    println!("{seconds} s of sound, {} features beyond the input", peers.iter().map(|peer| peer.loud).sum::<usize>());
}

#[test]
fn synthetic_voices_are_heard_as_often_as_by_the_package() {
    for name in NAMES {
        let clips = positives(name);
        let (peers, word) = (peer(clips), word(name));
        let theirs = peers.iter().filter(|peer| peer.heard[0]).count();
        let mut ours = 0;
        for (n, (clip, peer)) in clips.iter().zip(&peers).enumerate() {
            is_equal(&format!("{name}, voice {n}"), clip, peer);
            ours += usize::from(!hits(&word, &clip.sound).is_empty());
        }
        println!("{name}: {ours} of {}, the package {theirs}", clips.len());
        assert!(
            clips.len() >= 200 && theirs >= clips.len() / 4,
            "{name}: the package heard {theirs} of {}",
            clips.len()
        );
        assert!(ours.abs_diff(theirs) <= 1, "{name}: {ours} of {}, the package {theirs}", clips.len());
    }
}

#[test]
fn words_with_which_a_recording_begins_are_heard_as_often_as_by_the_package() {
    for name in NAMES {
        let without_the_second = |clip: &Clip| Clip { sound: clip.sound[RATE..].to_vec(), ..clip.clone() };
        let clips: Vec<Clip> = positives(name).iter().map(without_the_second).collect();
        let word = word(name);
        let ours: Vec<bool> = clips.iter().map(|clip| !hits(&word, &clip.sound).is_empty()).collect();
        let theirs: Vec<bool> = peer(&clips).iter().map(|peer| peer.heard[0]).collect();
        println!("{name}, at once: {} of {}", ours.iter().filter(|heard| **heard).count(), ours.len());
        assert_eq!(ours, theirs, "{name}");
    }
}
