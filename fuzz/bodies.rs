//! What each fuzz target does with its bytes. `tests/kept_seeds.rs` does the same with the files in `seeds/`.

// Each target uses one of these.
#![allow(dead_code)]

/// Targets for one kind of LinTO message each.
pub const COMMANDS: [&str; 8] =
    ["answer", "managemeeting", "say", "shellexec", "startreversessh", "streaming", "tts_lang", "volume"];

/// A LinTO message of one kind, parsed alone.
pub fn command(kind: &str, bytes: &[u8]) {
    auricle_core::protocol::linto::exercise_command(kind, bytes);
}

/// Every message that a LinTO server can send, parsed alone and handed to a dialogue that waits for an answer.
pub fn linto(bytes: &[u8]) {
    auricle_core::protocol::linto::exercise(bytes);
    auricle_core::dialogue::linto::exercise(bytes);
}

/// A WAV file, whole and in pieces.
pub fn wav(bytes: &[u8]) {
    auricle_core::audio::wav::exercise(bytes);
}

/// A wake word: its model, which has to run over some noise if it can be read at all, or the description beside it.
pub fn model(bytes: &[u8]) {
    auricle_core::wake::model::exercise(bytes);
    if let Err(error) = auricle_core::wake::Manifest::read(bytes) {
        assert!(!error.to_string().is_empty(), "a refusal without a word");
    }
}

/// A settings file. Each refusal names what is wrong in words.
pub fn settings(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Err(errors) = auricle::config::parse_str(&text, std::iter::empty()) {
        assert!(!errors.to_string().is_empty(), "a refusal without a word");
    }
}

/// What the daemon and the unit that runs a command say to each other.
pub fn shell_unit(bytes: &[u8]) {
    auricle::services::shell::exercise(bytes);
}

/// A message of a xiaozhi server, and what it asks of the device's tools.
pub fn xiaozhi_message(bytes: &[u8]) {
    auricle_core::protocol::xiaozhi::message::exercise(bytes);
}

/// Datagrams of a xiaozhi server, and the same bytes as sound that goes up.
pub fn xiaozhi_datagram(bytes: &[u8]) {
    auricle_core::protocol::xiaozhi::datagram::exercise(bytes);
}

/// What a xiaozhi server answers to the request for the configuration.
pub fn xiaozhi_configuration(bytes: &[u8]) {
    auricle_core::protocol::xiaozhi::access::exercise(bytes);
}
