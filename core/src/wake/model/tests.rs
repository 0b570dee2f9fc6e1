#![allow(clippy::unwrap_used)]
use super::ops::Step;
use super::*;
use crate::wake::features::tests::{dice, sha256};

pub const NAMES: [&str; 4] = ["okay_nabu", "alexa", "hey_jarvis", "hey_mycroft"];

pub fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/../models/{name}.tflite", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}; `make models` puts it there"))
}

/// What the steps make of noise before it becomes a probability, which would hide most of it.
fn evidence(name: &str) -> Vec<i8> {
    let mut stream = Stream::new(Arc::new(Model::read(&file(name)).unwrap()));
    let noise: Vec<i8> = dice(2_024).take(60 * 120).map(|x| ((x >> 24 >> 1) as i16 - 128) as i8).collect();
    let hash = sha256(noise.iter().map(|x| x.cast_unsigned()));
    assert_eq!(hash, "22bf95bdcc763727b3136442ec2b616521ab0b3a0f2ae8fc59abe1eb5fa20eac");
    let model = stream.model.clone();
    let logistic = model.plan.steps.iter().find_map(|step| match step {
        Step::Logistic(logistic) => Some(logistic.from.at),
        _ => None,
    });
    let run = |input: &[i8]| {
        stream.memory[model.plan.input.at..][..120].copy_from_slice(input);
        stream.run();
        stream.memory[logistic.unwrap()]
    };
    noise.chunks(120).map(run).collect()
}

#[test]
fn noise_gives_the_known_evidence() {
    for (name, known) in EVIDENCE {
        assert_eq!(evidence(name), known, "{name}");
    }
}

#[rustfmt::skip]
const EVIDENCE: [(&str, [i8; 60]); 4] = [
    ("okay_nabu", [
        -89, -95, -97, -99, -100, -96, -89, -87, -85, -86, -86, -86, -88, -89, -88, -88, -89, -84, -78, -75,
        -71, -67, -64, -62, -57, -53, -51, -48, -47, -44, -43, -46, -47, -48, -51, -52, -50, -48, -48, -49,
        -48, -47, -49, -48, -48, -46, -46, -44, -44, -43, -41, -39, -38, -41, -42, -44, -44, -42, -42, -44,
    ]),
    ("alexa", [
        -8, -28, -34, -47, -69, -69, -68, -69, -68, -70, -73, -74, -75, -73, -71, -66, -61, -57, -53, -49,
        -47, -45, -47, -48, -48, -48, -48, -46, -46, -45, -43, -42, -42, -41, -40, -41, -40, -38, -38, -37,
        -37, -39, -39, -38, -38, -39, -39, -40, -40, -40, -41, -39, -40, -40, -39, -40, -42, -40, -39, -39,
    ]),
    ("hey_jarvis", [
        -10, -29, -45, -64, -97, -94, -91, -87, -84, -81, -78, -76, -71, -65, -58, -50, -41, -35, -30, -25,
        -19, -17, -14, -13, -12, -11, -11, -13, -15, -17, -17, -17, -17, -17, -18, -19, -18, -16, -15, -15,
        -16, -17, -17, -17, -17, -18, -17, -17, -17, -16, -17, -19, -20, -20, -20, -20, -21, -23, -23, -24,
    ]),
    ("hey_mycroft", [
        13, 7, 4, 0, -6, -12, -19, -25, -27, -32, -34, -36, -37, -38, -44, -38, -34, -32, -30, -28,
        -27, -25, -23, -21, -20, -19, -19, -17, -14, -10, -9, -9, -10, -10, -9, -9, -8, -7, -6, -5,
        -3, -4, -4, -4, -4, -3, -3, -3, -4, -4, -5, -5, -5, -5, -5, -6, -6, -6, -6, -7,
    ]),
];
