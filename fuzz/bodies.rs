//! What each fuzz target does with its bytes. `tests/kept_seeds.rs` does the same with the files in `seeds/`.

/// Every message that a LinTO server can send, parsed alone and handed to a dialogue that waits for an answer.
#[allow(dead_code)]
pub fn linto(bytes: &[u8]) {
    auricle_core::protocol::linto::exercise(bytes);
    auricle_core::dialogue::linto::exercise(bytes);
}

/// A WAV file, whole and in pieces.
#[allow(dead_code)]
pub fn wav(bytes: &[u8]) {
    auricle_core::audio::wav::exercise(bytes);
}

/// A settings file. Each refusal names what is wrong in words.
#[allow(dead_code)]
pub fn settings(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Err(errors) = auricle::config::parse_str(&text, std::iter::empty()) {
        assert!(!errors.to_string().is_empty(), "a refusal without a word");
    }
}
