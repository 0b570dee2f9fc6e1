#![allow(clippy::unwrap_used)]
use super::*;

fn json(change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let mut json = serde_json::json!({
        "type": "micro", "wake_word": "Okay Nabu", "author": "Somebody", "website": "https://example.org",
        "model": "okay_nabu.tflite", "trained_languages": ["en", "de"], "version": 2,
        "micro": {
            "probability_cutoff": 0.85, "sliding_window_size": 5, "feature_step_size": 10, "tensor_arena_size": 37000,
            "minimum_esphome_version": "2024.7.0",
        },
    });
    change(&mut json);
    serde_json::to_vec(&json).unwrap()
}

#[test]
fn it_is_read() {
    let expected = Manifest {
        wake_word: "Okay Nabu".into(),
        author: "Somebody".into(),
        website: "https://example.org".into(),
        model: "okay_nabu.tflite".into(),
        languages: vec!["en".into(), "de".into()],
        cutoff: 0.85,
        window: 5,
    };
    assert_eq!(Manifest::read(&json(|_| {})).unwrap(), expected);
}

#[test]
fn those_of_the_known_models_are_read() {
    for (name, says, cutoff) in [
        ("okay_nabu", "Okay Nabu", 0.85),
        ("alexa", "Alexa", 0.9),
        ("hey_jarvis", "Hey Jarvis", 0.97),
        ("hey_mycroft", "Hey Mycroft", 0.95),
    ] {
        let path = format!("{}/../models/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let json = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}; `make models` puts it there"));
        let manifest = Manifest::read(&json).unwrap();
        assert_eq!((manifest.wake_word.as_str(), manifest.cutoff, manifest.window), (says, cutoff, 5));
        assert_eq!((manifest.model, manifest.languages[0].as_str()), (format!("{name}.tflite"), "en"));
    }
}

type Change = fn(&mut serde_json::Value);

#[test]
fn what_cannot_be_used_is_refused_with_a_reason() {
    let cases: [(&str, Change); 11] = [
        ("the description says `\"version\": 1`; only version 2 can be used", |json| json["version"] = 1.into()),
        ("the description says `\"type\": \"openwakeword\"`", |json| json["type"] = "openwakeword".into()),
        ("the description of the model cannot be read: missing field `type`", |json| *json = serde_json::json!({})),
        ("the description of the model cannot be read: missing field `micro`", |json| {
            json.as_object_mut().unwrap().remove("micro");
        }),
        ("the description says `\"wake_word\": \"\"`", |json| json["wake_word"] = " ".into()),
        ("the description says `\"model\": \"../x.tflite\"`", |json| json["model"] = "../x.tflite".into()),
        ("the description says `\"model\": \"..\"`", |json| json["model"] = "..".into()),
        ("the description says `\"probability_cutoff\": 1`", |json| json["micro"]["probability_cutoff"] = 1.into()),
        ("the description says `\"probability_cutoff\": -1`", |json| json["micro"]["probability_cutoff"] = (-1).into()),
        ("the description says `\"sliding_window_size\": 0`", |json| json["micro"]["sliding_window_size"] = 0.into()),
        ("the description says `\"feature_step_size\": 20`", |json| json["micro"]["feature_step_size"] = 20.into()),
    ];
    for (said, change) in cases {
        let refusal = Manifest::read(&json(change)).unwrap_err().to_string();
        assert!(refusal.starts_with(said), "expected `{said}`, got `{refusal}`");
    }
    for bytes in [&b""[..], b"TFL3", b"[]", b"\"micro\"", &[0xFF; 100], &b"[".repeat(100_000)] {
        assert!(matches!(Manifest::read(bytes), Err(ManifestError::Json(_))));
    }
}
