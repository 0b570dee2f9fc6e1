//! What the fuzzer does with random bytes, done with the bytes that were kept: typical messages, the odd ones that
//! real servers and programs send, and each input that once broke something.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::fs;
use std::path::Path;

#[path = "../fuzz/bodies.rs"]
mod bodies;

/// Runs `body` over every file in `fuzz/seeds/KIND`, and over each of its beginnings as if it had been cut off.
fn run(kind: &str, fewest: usize, body: fn(&[u8])) {
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
fn kept_wav_files_are_survived() {
    run("wav", 15, bodies::wav);
}

#[test]
fn kept_settings_are_survived() {
    run("settings", 8, bodies::settings);
}
