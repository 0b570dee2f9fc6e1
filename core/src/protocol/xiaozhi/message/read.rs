//! What a server sends.

use super::hello::{Hello, HelloError, session_id};
use super::{SESSION_ID_LIMIT, TEXT_LIMIT};
use crate::protocol::xiaozhi::emotion::Emotion;
use crate::protocol::xiaozhi::fields::{Fields, quoted};

/// The longest message that is read, in bytes.
pub const MOST: usize = 64 * 1024;

/// The longest name of an emotion, an order or a reason, in characters.
const WORD: usize = 100;

/// What a server sends. Texts are of at most [`TEXT_LIMIT`] characters and without control characters but line breaks.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// The session is open.
    Hello(Hello),
    /// A hello that can't be used.
    BadHello {
        /// Whose session it would have been; empty if it has no id.
        session_id: String,
        /// Why.
        why: HelloError,
    },
    /// A session is over.
    Goodbye {
        /// Which.
        session_id: Option<String>,
        /// Why, in the server's words.
        reason: Option<String>,
    },
    /// What the server understood.
    Stt(String),
    /// The answer's sound begins.
    TtsStart,
    /// A sentence of the answer begins.
    TtsSentence(String),
    /// The server has sent the whole answer.
    TtsStop,
    /// How the answer is meant.
    Llm(Emotion),
    /// JSON for the device's MCP server, see [`super::super::mcp`].
    Mcp(String),
    /// An order to the device, such as `reboot`.
    System(String),
    /// To be shown, with a sound.
    Alert {
        /// What it is about.
        status: String,
        /// The text.
        message: String,
        /// Its mood.
        emotion: Emotion,
    },
    /// A hello or a session failed; the server's words, which may be none.
    Error(String),
    /// The microphone may rest until the answer is over.
    RecordStop,
    /// Something that this device has no use for; in a few words what, for the log.
    Ignored(String),
}

/// Reads a message from a server. Never fails: what is of no use is [`Incoming::Ignored`]. Keys that are not known don't
/// matter, nor do optional ones of a wrong type.
#[must_use]
pub fn read(payload: &[u8]) -> Incoming {
    if payload.len() > MOST {
        return Incoming::Ignored(format!("a message of {} bytes; {MOST} are the most", payload.len()));
    }
    // Bytes that are not UTF-8 spoil a text and not the message.
    let text = String::from_utf8_lossy(payload);
    let Some(message) = Fields::read(&text) else {
        return Incoming::Ignored(format!("what is no JSON object: {}", quoted(&text)));
    };
    let Some(kind) = message.get::<String>("type") else {
        return Incoming::Ignored("a message without `type`".into());
    };
    typed(&kind, &message).unwrap_or_else(|| {
        let state = message.shown("state", WORD).map(|state| format!(" with the state {}", quoted(&state)));
        Incoming::Ignored(format!("a message of the type {}{}", quoted(&kind), state.unwrap_or_default()))
    })
}

fn typed(kind: &str, message: &Fields) -> Option<Incoming> {
    let text = |key| message.shown(key, TEXT_LIMIT);
    Some(match kind {
        "hello" => match Hello::read(message) {
            Ok(hello) => Incoming::Hello(hello),
            Err(why) => Incoming::BadHello { session_id: session_id(message).unwrap_or_default(), why },
        },
        "goodbye" => {
            // xiaozhi: one to a message without a session names it by the empty id; one to a hello has none.
            let empty = || message.get::<String>("session_id").filter(String::is_empty);
            let session_id = session_id(message).or_else(empty);
            Incoming::Goodbye { session_id, reason: message.shown("reason", WORD) }
        }
        "stt" => Incoming::Stt(text("text")?),
        "tts" => match message.get::<String>("state")?.as_str() {
            "start" => Incoming::TtsStart,
            "sentence_start" => Incoming::TtsSentence(text("text")?),
            "stop" => Incoming::TtsStop,
            _ => return None,
        },
        "llm" => Incoming::Llm(emotion(message)?),
        "mcp" => {
            message.object("payload")?;
            Incoming::Mcp(message.raw("payload")?.get().to_owned())
        }
        "system" => Incoming::System(message.shown("command", WORD)?),
        "alert" => Incoming::Alert { status: text("status")?, message: text("message")?, emotion: emotion(message)? },
        "error" => Incoming::Error(text("message").unwrap_or_default()),
        "record_stop" => Incoming::RecordStop,
        _ => return None,
    })
}

fn emotion(message: &Fields) -> Option<Emotion> {
    message.shown("emotion", WORD).map(|name| Emotion::named(&name))
}

/// Reads bytes as a message, for the fuzzer and its kept seeds.
#[doc(hidden)]
pub fn exercise(bytes: &[u8]) {
    let id = |id: &str| assert!(id.len() <= SESSION_ID_LIMIT && !id.contains(char::is_control), "a bad id: {id:?}");
    let text = |text: &str| {
        assert!(text.chars().count() <= TEXT_LIMIT, "a text is longer than its limit");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "control characters in {text:?}");
    };
    match read(bytes) {
        Incoming::Hello(hello) => {
            id(&hello.session_id);
            assert!(hello.port != 0 && !hello.server.is_empty(), "{hello:?} leads nowhere");
        }
        Incoming::BadHello { session_id, why } => {
            id(&session_id);
            assert!(why.to_string().len() < 300, "a refusal without end: {why}");
        }
        Incoming::Goodbye { session_id, reason } => {
            id(&session_id.unwrap_or_default());
            text(&reason.unwrap_or_default());
        }
        Incoming::Mcp(payload) => crate::protocol::xiaozhi::mcp::exercise(&payload),
        Incoming::Alert { status, message, .. } => [status, message].iter().for_each(|it| text(it)),
        Incoming::Ignored(what) => assert!((1..300).contains(&what.len()), "an ignored message without a word: {what}"),
        Incoming::Stt(it) | Incoming::TtsSentence(it) | Incoming::System(it) | Incoming::Error(it) => text(&it),
        Incoming::TtsStart | Incoming::TtsStop | Incoming::Llm(_) | Incoming::RecordStop => {}
    }
}

#[cfg(test)]
mod tests;
