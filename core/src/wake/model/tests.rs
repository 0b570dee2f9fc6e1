#![allow(clippy::unwrap_used)]
use std::path::Path;

use proptest::prelude::*;

use super::ops::Step;
use super::*;
use crate::wake::features::tests::{dice, sha256};
use sketch::{Field, Sketch};

mod sketch;

const NAMES: [&str; 4] = ["okay_nabu", "alexa", "hey_jarvis", "hey_mycroft"];

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/../models/{name}.tflite", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}; `make models` puts it there"))
}

pub fn model(name: &str) -> Arc<Model> {
    Arc::new(Model::read(&file(name)).unwrap())
}

/// What the steps make of noise before it becomes a probability, which would hide most of it.
fn evidence(name: &str) -> Vec<i8> {
    let mut stream = Stream::new(model(name));
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

/// `okay nabu` as espeak-ng says it, as frames: for each of the kept inputs a feature that becomes it.
pub fn spoken() -> Vec<Frame> {
    let kept = include_bytes!("../testdata/okay_nabu.levels");
    assert_eq!(sha256(kept.iter().copied()), "99a53a12fa043903337ad2a13bb5779c90f0c886e5ca76f32429a56414d379b4");
    let levels = levels(0.101_960_786, -128);
    let feature = |level: &u8| levels.iter().position(|of| *of == level.cast_signed()).unwrap() as u16;
    kept.as_chunks::<CHANNELS>().0.iter().map(|frame| std::array::from_fn(|i| feature(&frame[i]))).collect()
}

#[test]
fn a_spoken_word_gives_the_known_probabilities() {
    let mut stream = Stream::new(model("okay_nabu"));
    let mut outputs = || spoken().iter().filter_map(|frame| stream.push(frame)).collect::<Vec<u8>>();
    let known = [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 6, 18, 46, 77, 72, 54, 54, 54, 87, 184, 223, 238,
        246, 252, 254, 254, 254, 254, 253, 253, 251, 249,
    ];
    assert_eq!(outputs(), known);
    assert_ne!(outputs(), known, "the states of the first time count");
    stream.restart();
    assert_eq!(spoken().iter().filter_map(|frame| stream.push(frame)).collect::<Vec<u8>>(), known);
}

#[test]
fn features_become_inputs_and_the_loudest_stay_at_the_highest() {
    let levels = levels(0.101_960_786, -128);
    for (feature, level) in levels.iter().enumerate() {
        assert_eq!((2 * 254 * feature + 663) / (2 * 663), (i32::from(*level) + 128) as usize, "{feature}");
    }
    assert_eq!((levels.last(), levels[levels.len() - 2]), (Some(&127), 126));
    let mut stream = Stream::new(model("okay_nabu"));
    stream.push(&[u16::MAX; CHANNELS]);
    let input = stream.model.plan.input.at;
    assert_eq!(stream.memory[input..input + CHANNELS], [127; CHANNELS]);
}

#[test]
fn the_sketch_of_a_model_can_be_read() {
    let model = Model::read(&Sketch::whole().file()).unwrap();
    assert_eq!(model.frames(), 2);
    exercise(&Sketch::whole().file());
}

/// The sketch is also what the fuzzer begins with.
#[test]
fn the_fuzzer_begins_with_a_whole_model() {
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/model/whole.tflite");
    if std::env::var_os("AURICLE_BLESS").is_some() {
        std::fs::write(&seed, Sketch::whole().file()).unwrap();
    }
    assert!(std::fs::read(&seed).unwrap() == Sketch::whole().file(), "AURICLE_BLESS=1 writes {} anew", seed.display());
}

/// What is said about the sketch after a change.
fn refusal(change: impl FnOnce(&mut Sketch)) -> String {
    let mut sketch = Sketch::whole();
    change(&mut sketch);
    Model::read(&sketch.file()).unwrap_err().to_string()
}

/// Sets one field of a table.
fn set(table: &mut sketch::Table, number: usize, field: Field) {
    table.retain(|(n, _)| *n != number);
    table.push((number, field));
}

#[test]
fn what_is_foreign_is_refused_with_a_reason() {
    let said = |bytes: &[u8]| Model::read(bytes).unwrap_err().to_string();
    assert!(said(b"").starts_with("this is no TensorFlow Lite model"));
    assert!(said(b"RIFF\0\0\0\0WAVE").starts_with("this is no TensorFlow Lite model"));
    assert!(said(b"\x20\0\0\0TFL3").starts_with("the head of the model is damaged or cut off"));
    assert!(said(&vec![0; LARGEST + 1]).starts_with("the model has 1048577 bytes and may have 1048576"));
    let old = refusal(|sketch| sketch.run(0, &[0, 0], &[1], vec![]));
    assert!(old.starts_with("the model uses operator 0, which is not known here"), "{old}");
    let long = refusal(|sketch| (0..600).for_each(|_| sketch.run(22, &[0, 0], &[1], vec![])));
    assert!(long.starts_with("the model has 614 operators and may have 512"), "{long}");
}

type Change = fn(&mut Sketch);

/// The steps of the sketch: 0 set up, 1 handle, 2 read, 3 reshape, 4 join, 5 slice, 6 replace, 7 convolution, 8 split,
/// 9 join, 10 depthwise, 11 dense, 12 logistic, 13 quantise.
#[test]
fn what_does_not_fit_is_refused_with_the_step() {
    let cases: [(&str, Change); 15] = [
        ("the input of the model is not 1 to 32 frames", |s| set(&mut s.tensors[0], 0, Field::Ints(vec![1, 3, 41]))),
        ("the input of the model is not of 8-bit", |s| set(&mut s.tensors[0], 1, Field::Byte(0))),
        ("the output of the model is no probability", |s| s.output = 0),
        ("step 0, CALL_ONCE, sets up more than states", |s| s.setup.1[0] = s.operators[3].clone()),
        ("step 1, VAR_HANDLE, names a state that was not set up", |s| s.setup.1.clear()),
        ("step 3, RESHAPE, takes a tensor that was not computed", |s| {
            set(&mut s.operators[3], 1, Field::Ints(vec![4, 9]))
        }),
        ("step 3, RESHAPE, names a tensor that is not there", |s| {
            set(&mut s.operators[3], 1, Field::Ints(vec![-1, 9]))
        }),
        ("step 4, CONCATENATION, joins tensors that do not fit", |s| {
            set(&mut s.tensors[3], 0, Field::Ints(vec![1, 2, 1, 40]))
        }),
        ("step 5, STRIDED_SLICE, takes something other", |s| set(&mut s.operators[5], 4, Field::Table(vec![]))),
        ("step 7, CONCATENATION, takes a state that was replaced", |s| {
            let again = s.operators[4].clone();
            s.operators.insert(7, again);
        }),
        ("step 7, ASSIGN_VARIABLE, replaces a state twice", |s| {
            let again = s.operators[6].clone();
            s.operators.insert(7, again);
        }),
        ("step 7, CONV_2D, has weights that are spread", |s| {
            set(&mut s.operators[7], 4, Field::Table(vec![(4, Field::Int(2))]))
        }),
        ("step 10, DEPTHWISE_CONV_2D, has weights of another shape", |s| {
            set(&mut s.operators[10], 4, Field::Table(vec![(0, Field::Byte(1)), (3, Field::Int(2))]))
        }),
        ("step 11, FULLY_CONNECTED, has no options", |s| s.operators[11].retain(|(n, _)| *n != 4)),
        ("step 13, QUANTIZE, changes a scale", |s| {
            let last = s.tensors.len() - 1;
            set(&mut s.tensors[last], 4, Field::Table(vec![]))
        }),
    ];
    for (said, change) in cases {
        let refusal = refusal(change);
        let begin = if said.starts_with("step") { said.replacen(',', " of the model,", 1) } else { said.into() };
        assert!(refusal.starts_with(&begin), "expected `{begin}`, got `{refusal}`");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Bytes of real models and of the sketch are changed, most of them in the tables at the ends.
    #[test]
    fn a_damaged_model_never_panics(
        which in 0..5_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..8),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut bytes = NAMES.get(which).map_or_else(|| Sketch::whole().file(), |name| file(name));
        let length = bytes.len();
        for (place, byte, end) in changes {
            let within = [length, length / 8, length / 64][usize::from(end)].max(1);
            let at = if end == 1 { length - 1 - place.index(within) } else { place.index(within) };
            bytes[at] = byte;
        }
        bytes.truncate(cut.map_or(length, |cut| cut.index(length)));
        exercise(&bytes);
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
