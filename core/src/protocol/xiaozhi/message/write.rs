//! What the device sends. None of these is longer than [`MESSAGE_LIMIT`](super::super::MESSAGE_LIMIT).
//!
//! xiaozhi: a message always has the session's id, which is empty as long as there is no session; only a hello has none.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::Mode;
use crate::protocol::xiaozhi::fields;

/// The longest text that [`listen_detect`] sends, in characters; what is longer is cut.
pub const TYPED_LIMIT: usize = 1_500;

/// Every message but a hello.
#[derive(Default, Serialize)]
struct Outgoing<'a> {
    session_id: &'a str,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl Outgoing<'_> {
    fn bytes(&self) -> Vec<u8> {
        // Texts under names can always be written.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Opens a session with frames of this length. `server_cancels`: the server shall cancel the echo.
///
/// xiaozhi: the version must be the number 3 and the transport `udp`, or the gateway closes the connection. Without a word
/// about the echo, the device cancels it.
#[must_use]
pub fn hello(frame: Duration, server_cancels: bool) -> Vec<u8> {
    let mut hello: Value = json!({
        "type": "hello",
        "version": 3,
        "transport": "udp",
        "features": {"mcp": true},
        "audio_params": {
            "format": "opus",
            "sample_rate": 16_000,
            "channels": 1,
            "frame_duration": u64::try_from(frame.as_millis()).unwrap_or(u64::MAX),
        },
    });
    if server_cancels {
        hello["features"]["aec"] = true.into();
    }
    hello.to_string().into_bytes()
}

/// The microphone is open.
#[must_use]
pub fn listen_start(session_id: &str, mode: Mode) -> Vec<u8> {
    Outgoing { mode: Some(mode.name()), ..listen(session_id, "start") }.bytes()
}

/// The person has let go.
#[must_use]
pub fn listen_stop(session_id: &str) -> Vec<u8> {
    listen(session_id, "stop").bytes()
}

/// A wake word was heard, or somebody has written `text`: xiaozhi servers answer what is not one of their wake words.
#[must_use]
pub fn listen_detect(session_id: &str, text: &str) -> Vec<u8> {
    let text = fields::shown(text, TYPED_LIMIT);
    Outgoing { text: Some(&text), ..listen(session_id, "detect") }.bytes()
}

/// The answer is to stop. `wake`: a wake word cut it off.
#[must_use]
pub fn abort(session_id: &str, wake: bool) -> Vec<u8> {
    let reason = wake.then_some("wake_word_detected");
    Outgoing { session_id, r#type: "abort", reason, ..Outgoing::default() }.bytes()
}

/// The session is over.
#[must_use]
pub fn goodbye(session_id: &str) -> Vec<u8> {
    Outgoing { session_id, r#type: "goodbye", ..Outgoing::default() }.bytes()
}

/// Carries `payload`, which must be JSON.
pub(in crate::protocol::xiaozhi) fn mcp(session_id: &str, payload: &str) -> Vec<u8> {
    let session_id = Value::from(session_id);
    format!(r#"{{"session_id":{session_id},"type":"mcp","payload":{payload}}}"#).into_bytes()
}

fn listen<'a>(session_id: &'a str, state: &'a str) -> Outgoing<'a> {
    Outgoing { session_id, r#type: "listen", state: Some(state), ..Outgoing::default() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::protocol::xiaozhi::MESSAGE_LIMIT;
    use crate::protocol::xiaozhi::message::SESSION_ID_LIMIT;

    fn text(message: Vec<u8>) -> String {
        String::from_utf8(message).unwrap()
    }

    #[test]
    fn a_hello_says_what_every_gateway_wants_to_hear() {
        let said: Value = serde_json::from_slice(&hello(Duration::from_millis(60), false)).unwrap();
        let mut wanted = json!({
            "type": "hello", "version": 3, "transport": "udp", "features": {"mcp": true},
            "audio_params": {"format": "opus", "sample_rate": 16000, "channels": 1, "frame_duration": 60},
        });
        assert_eq!(said, wanted);
        assert!(said["version"].is_u64(), "the version must be a number");
        let said: Value = serde_json::from_slice(&hello(Duration::from_millis(60), true)).unwrap();
        wanted["features"] = json!({"mcp": true, "aec": true});
        assert_eq!(said, wanted);
    }

    #[test]
    fn each_message_has_its_shape() {
        for (message, shape) in [
            (listen_start("s", Mode::Auto), r#"{"session_id":"s","type":"listen","state":"start","mode":"auto"}"#),
            (listen_start("s", Mode::Manual), r#"{"session_id":"s","type":"listen","state":"start","mode":"manual"}"#),
            (
                listen_start("s", Mode::Realtime),
                r#"{"session_id":"s","type":"listen","state":"start","mode":"realtime"}"#,
            ),
            (listen_stop("s"), r#"{"session_id":"s","type":"listen","state":"stop"}"#),
            (
                listen_detect("s", "hi \"x\""),
                r#"{"session_id":"s","type":"listen","state":"detect","text":"hi \"x\""}"#,
            ),
            (abort("s", true), r#"{"session_id":"s","type":"abort","reason":"wake_word_detected"}"#),
            (abort("s", false), r#"{"session_id":"s","type":"abort"}"#),
            (goodbye("s"), r#"{"session_id":"s","type":"goodbye"}"#),
            (mcp("a\"b", r#"{"id":1}"#), r#"{"session_id":"a\"b","type":"mcp","payload":{"id":1}}"#),
        ] {
            assert_eq!(text(message), shape);
        }
    }

    #[test]
    fn the_longest_text_fits_into_a_message() {
        let id = "\"".repeat(SESSION_ID_LIMIT);
        for letter in ["\"", "\\", "🦀", "\n", "\u{1}"] {
            let message = listen_detect(&id, &format!("x{}", letter.repeat(9_000)));
            assert!(message.len() <= MESSAGE_LIMIT, "{} bytes of {letter:?}", message.len());
        }
    }
}
