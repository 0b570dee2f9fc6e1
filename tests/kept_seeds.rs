//! What the fuzzer does with random bytes, done with the bytes that were kept: typical messages, the odd ones that
//! real servers and programs send, and each input that once broke something.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[path = "../fuzz/bodies.rs"]
mod bodies;

/// Runs `body` over every file in `fuzz/seeds/KIND`, and over each of its beginnings as if it had been cut off.
fn run(kind: &str, fewest: usize, body: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(kind);
    let mut files = 0;
    for entry in fs::read_dir(&folder).expect("the seeds are part of the repository") {
        let bytes = fs::read(entry.expect("a readable folder").path()).expect("a readable seed");
        let step = bytes.len() / 64 + 1;
        (0..bytes.len()).step_by(step).for_each(|end| body(&bytes[..end]));
        body(&bytes);
        files += 1;
    }
    assert!(files >= fewest, "{files} files in {}, {fewest} were kept", folder.display());
}

#[test]
fn kept_linto_messages_are_survived() {
    run("linto", 30, bodies::linto);
}

#[test]
fn kept_messages_of_each_kind_are_survived() {
    for kind in bodies::COMMANDS {
        run(kind, 5, |bytes| bodies::command(kind, bytes));
    }
}

#[test]
fn each_target_has_its_seeds_and_is_run_by_default() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let names = |folder: &str| -> BTreeSet<String> {
        let files = fs::read_dir(fuzz.join(folder)).expect("a part of the repository");
        files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let (targets, seeds) = (names("fuzz_targets"), names("seeds"));
    assert_eq!(targets, seeds);
    let others = ["linto", "model", "wav", "settings", "shell_unit"];
    let xiaozhi = ["xiaozhi_message", "xiaozhi_datagram", "xiaozhi_configuration"];
    let tested = bodies::COMMANDS.into_iter().chain(others).chain(xiaozhi).map(String::from);
    assert_eq!(targets, tested.collect());
    let script = fs::read_to_string(fuzz.join("../scripts/fuzz.sh")).unwrap();
    let default = script.lines().find_map(|line| line.split_once("|| set -- ")).expect("a line with all targets").1;
    assert_eq!(targets, default.split_whitespace().map(String::from).collect());
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for target in targets {
        assert!(manifest.contains(&format!("name = \"{target}\"")), "{target} is not in fuzz/Cargo.toml");
    }
}

#[test]
fn kept_models_are_survived() {
    run("model", 4, bodies::model);
}

#[test]
fn kept_wav_files_are_survived() {
    run("wav", 15, bodies::wav);
}

#[test]
fn kept_settings_are_survived() {
    run("settings", 8, bodies::settings);
}

#[test]
fn kept_orders_and_reports_of_the_shells_unit_are_survived() {
    run("shell_unit", 14, bodies::shell_unit);
}

#[test]
fn kept_xiaozhi_messages_sound_and_configurations_are_survived() {
    run("xiaozhi_message", 35, bodies::xiaozhi_message);
    run("xiaozhi_datagram", 12, bodies::xiaozhi_datagram);
    run("xiaozhi_configuration", 10, bodies::xiaozhi_configuration);
}
