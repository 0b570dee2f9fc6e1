//! Answers: `{"behavior":{…},"transcript":…}`, in all the shapes in which servers send them.
//!
//! LinTO has had several servers and many skills: `say` and `ask` come as an object, as a plain string, nested in
//! another `say`, or joined with a JavaScript object (`[object Object]`); errors come beside a text or instead of it.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

pub use self::audio::{AUDIO_LIMIT, AUDIO_SECONDS, Audio};
pub use self::chatbot::CHOICES;
use self::chatbot::chatbot;
use self::speech::speech;
pub(super) use self::speech::{tidy, tidy_to};
use super::lenient::{kind, object};

mod audio;
mod chatbot;
mod speech;

/// The longest text that is spoken, in characters.
pub const TEXT_LIMIT: usize = 4_096;

/// The largest object that is kept of an answer (conversation data, an action, something to show), in bytes of JSON.
pub const OBJECT_LIMIT: usize = 64 * 1024;

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What is to be done.
    pub act: Act,
    /// What the server has understood.
    pub transcript: Option<String>,
    /// What went wrong on the server, in its words; it may come beside a text.
    pub trouble: Option<String>,
    /// Something for the device to do: LinTO's skills send `{"kind":"light_on",…}`, with a machine label as text.
    pub custom_action: Option<Value>,
    /// Something to show, `{"type":…,"content":…}`.
    pub display: Option<Value>,
    /// Something to play.
    pub audio: Option<Audio>,
    /// What was left out and why, in at most a few sentences; for the log.
    pub dropped: Option<String>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Speak; the conversation is over.
    Say {
        /// What, never empty.
        text: String,
        /// How it is to be pronounced, if that is not the same as the text.
        phonetic: Option<String>,
    },
    /// Speak, then listen.
    Ask {
        /// What, never empty.
        text: String,
        /// How it is to be pronounced, if that is not the same as the text.
        phonetic: Option<String>,
        /// An object that goes back with the next request, unchanged; `{}` if there was none.
        conversation: Value,
    },
    /// A chatbot's answer.
    Chatbot {
        /// Its text, or its sentences, a line each; empty if it has none.
        text: String,
        /// What the person may choose from, at most [`CHOICES`].
        choices: Vec<String>,
    },
    /// Nothing is to be said.
    Empty,
    /// It can't be understood.
    Broken {
        /// Why.
        reason: String,
    },
}

impl Act {
    /// The text in it.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Say { text, .. } | Self::Ask { text, .. } | Self::Chatbot { text, .. } => Some(text),
            Self::Empty | Self::Broken { .. } => None,
        }
    }
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    behavior: Option<&'a RawValue>,
    #[serde(borrow)]
    transcript: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Behavior<'a> {
    #[serde(borrow)]
    say: Option<&'a RawValue>,
    #[serde(borrow)]
    ask: Option<&'a RawValue>,
    #[serde(borrow)]
    chatbot: Option<&'a RawValue>,
    #[serde(borrow)]
    conversation_data: Option<&'a RawValue>,
    #[serde(borrow)]
    custom_action: Option<&'a RawValue>,
    #[serde(borrow)]
    display: Option<&'a RawValue>,
    #[serde(borrow)]
    audio: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    err_message: Option<&'a RawValue>,
    #[serde(borrow)]
    code: Option<&'a RawValue>,
}

/// The text of `say` in any shape in which it comes; `None` if there is none.
pub(super) fn text(raw: &RawValue) -> Option<String> {
    speech(raw).map(|speech| speech.text)
}

/// Reads the payload of an answer. Memory use is a small multiple of its length.
#[must_use]
pub fn parse(payload: &[u8]) -> Answer {
    let wire: Wire<'_> = match object(payload) {
        Ok(wire) => wire,
        Err(reason) => return Answer::broken(format!("the answer {reason}")),
    };
    let Some(behavior) = wire.behavior else {
        return Answer::broken("the answer has no `behavior`".into());
    };
    let transcript = wire.transcript.and_then(text);
    let mut answer = match object(behavior.get().as_bytes()) {
        Ok(behavior) => read(&behavior),
        Err(reason) => Answer::broken(format!("`behavior` {reason}")),
    };
    answer.transcript = transcript;
    answer
}

impl Answer {
    const fn new(act: Act) -> Self {
        Self { act, transcript: None, trouble: None, custom_action: None, display: None, audio: None, dropped: None }
    }

    fn broken(reason: String) -> Self {
        Self::new(Act::Broken { reason })
    }
}

fn read(behavior: &Behavior<'_>) -> Answer {
    let mut dropped = Vec::new();
    let mut kept = |name: &str, raw: Option<&RawValue>| {
        let read = raw.map(|raw| bounded_object(raw).map_err(|reason| format!("`{name}` {reason}")));
        read.and_then(|read| read.map_err(|reason| dropped.push(reason)).ok())
    };
    let act = if let Some(say) = behavior.say.and_then(speech) {
        // With both, the clients that exist let `say` win.
        Act::Say { text: say.text, phonetic: say.phonetic }
    } else if let Some(ask) = behavior.ask.and_then(speech) {
        let conversation = kept("conversationData", behavior.conversation_data);
        let conversation = conversation.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        Act::Ask { text: ask.text, phonetic: ask.phonetic, conversation }
    } else {
        behavior.chatbot.map_or(Act::Empty, chatbot)
    };
    Answer {
        custom_action: kept("customAction", behavior.custom_action),
        display: kept("display", behavior.display),
        audio: behavior.audio.and_then(audio::audio),
        trouble: trouble(behavior),
        dropped: (!dropped.is_empty()).then(|| dropped.join("; ")),
        ..Answer::new(act)
    }
}

/// Reads an object that is kept as it is, or says why not.
fn bounded_object(raw: &RawValue) -> Result<Value, String> {
    let length = raw.get().len();
    if length > OBJECT_LIMIT {
        return Err(format!("has {length} bytes, {OBJECT_LIMIT} are the most, and was left out"));
    }
    match serde_json::from_str(raw.get()) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(format!("is {}, not an object", kind(raw))),
        Err(error) => Err(format!("is not usable: {error}")),
    }
}

/// What went wrong on the server: `error:{message,code}`, or `errMessage` and `code` in or beside `say`.
fn trouble(behavior: &Behavior<'_>) -> Option<String> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Trouble<'a> {
        #[serde(borrow)]
        message: Option<&'a RawValue>,
        #[serde(borrow)]
        err_message: Option<&'a RawValue>,
        #[serde(borrow)]
        code: Option<&'a RawValue>,
    }
    let inner = |raw: Option<&'_ RawValue>| {
        let trouble: Trouble<'_> = raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        (trouble.message.or(trouble.err_message).and_then(message), trouble.code.and_then(message))
    };
    let plain = (behavior.err_message.and_then(message), behavior.code.and_then(message));
    let found = [inner(behavior.error), inner(behavior.say), inner(behavior.ask), plain];
    let (text, code) = found.into_iter().find(|(text, code)| text.is_some() || code.is_some())?;
    Some(match (text, code) {
        (Some(text), Some(code)) => format!("{text} (code {code})"),
        (Some(text), None) => text,
        (None, code) => format!("code {}", code.unwrap_or_default()),
    })
}

/// A message that is a text, a number, or a text that the server has serialised as a buffer of bytes.
fn message(raw: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Buffer {
        data: Vec<u8>,
    }
    let text = match kind(raw) {
        // This is for the log: markup in it stays.
        "a string" => serde_json::from_str::<String>(raw.get()).ok().map(|text| tidy(&text)),
        _ => self::text(raw),
    };
    if let Some(text) = text {
        return Some(text).filter(|text| !text.is_empty());
    }
    let buffer: Buffer = serde_json::from_str(raw.get()).ok()?;
    Some(tidy(&String::from_utf8_lossy(&buffer.data))).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
