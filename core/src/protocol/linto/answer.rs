//! Answers: `{"behavior":{…},"transcript":…}`, in all the shapes in which servers send them.
//!
//! LinTO has had several servers and many skills: `say` and `ask` come as an object, as a plain string, nested in
//! another `say`, or joined with a JavaScript object (`[object Object]`); errors come beside a text or instead of it.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The longest text that is spoken, in characters.
pub const TEXT_LIMIT: usize = 4_096;

/// The largest conversation data that are kept for the next request, in bytes of JSON.
pub const CONVERSATION_LIMIT: usize = 64 * 1024;

/// How deep a text may be nested in `say`.
const NESTING: usize = 4;

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What is to be done.
    pub act: Act,
    /// What the server has understood.
    pub transcript: Option<String>,
    /// What went wrong on the server, in its words; it may come beside a text.
    pub trouble: Option<String>,
    /// What came besides and is not acted upon in this version.
    pub extras: Vec<Extra>,
    /// What was left out and why; for the log.
    pub dropped: Option<String>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Speak; the conversation is over.
    Say {
        /// What, never empty.
        text: String,
    },
    /// Speak, then listen.
    Ask {
        /// What, never empty.
        text: String,
        /// An object that goes back with the next request, unchanged; `{}` if there was none.
        conversation: Value,
    },
    /// A chatbot's answer.
    Chatbot {
        /// Its text; empty if it has none.
        text: String,
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
            Self::Say { text } | Self::Ask { text, .. } | Self::Chatbot { text } => Some(text),
            Self::Empty | Self::Broken { .. } => None,
        }
    }
}

/// A part of an answer that is recognised but not acted upon in this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// Something for the device to do, `customAction`.
    CustomAction,
    /// Something to show, `display`.
    Display,
    /// Sound, `audio`.
    Audio,
}

impl Extra {
    /// Its key in the answer.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::CustomAction => "customAction",
            Self::Display => "display",
            Self::Audio => "audio",
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
    let transcript = wire.transcript.and_then(|raw| text_of(raw, NESTING));
    let mut answer = match object(behavior.get().as_bytes()) {
        Ok(behavior) => read(&behavior),
        Err(reason) => Answer::broken(format!("`behavior` {reason}")),
    };
    answer.transcript = transcript;
    answer
}

impl Answer {
    const fn new(act: Act) -> Self {
        Self { act, transcript: None, trouble: None, extras: Vec::new(), dropped: None }
    }

    fn broken(reason: String) -> Self {
        Self::new(Act::Broken { reason })
    }
}

fn read(behavior: &Behavior<'_>) -> Answer {
    let mut dropped = None;
    let text = |raw: Option<&RawValue>| raw.and_then(|raw| text_of(raw, NESTING));
    let act = if let Some(text) = text(behavior.say) {
        // With both, the clients that exist let `say` win.
        Act::Say { text }
    } else if let Some(text) = text(behavior.ask) {
        let (conversation, reason) = conversation(behavior.conversation_data);
        dropped = reason;
        Act::Ask { text, conversation }
    } else if let Some(chatbot) = behavior.chatbot {
        Act::Chatbot { text: chatbot_text(chatbot).unwrap_or_default() }
    } else {
        Act::Empty
    };
    let extras = [
        (behavior.custom_action, Extra::CustomAction),
        (behavior.display, Extra::Display),
        (behavior.audio, Extra::Audio),
    ];
    Answer {
        extras: extras.into_iter().filter_map(|(raw, extra)| raw.map(|_| extra)).collect(),
        trouble: trouble(behavior),
        dropped,
        ..Answer::new(act)
    }
}

/// Reads an object, or says what was found instead.
fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, String> {
    let raw: &RawValue = serde_json::from_slice(json).map_err(|error| format!("is not valid JSON: {error}"))?;
    match kind(raw) {
        "an object" => serde_json::from_str(raw.get()).map_err(|error| format!("is not usable: {error}")),
        other => Err(format!("is {other}, not an object")),
    }
}

fn kind(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b'n') => "null",
        Some(b't' | b'f') => "a boolean",
        _ => "a number",
    }
}

/// What `say`, `ask` or `transcript` say: a string, a number, or an object with `text` or another `say`.
fn text_of(raw: &RawValue, nesting: usize) -> Option<String> {
    #[derive(Deserialize)]
    struct Speech<'a> {
        #[serde(borrow)]
        text: Option<&'a RawValue>,
        #[serde(borrow)]
        say: Option<&'a RawValue>,
        #[serde(borrow)]
        phonetic: Option<&'a RawValue>,
    }
    let text = match kind(raw) {
        "a string" => serde_json::from_str::<String>(raw.get()).ok().map(|text| tidy(&text)),
        "a number" => Some(tidy(raw.get())),
        "an object" if nesting > 0 => {
            let speech: Speech<'_> = serde_json::from_str(raw.get()).ok()?;
            // The way it is to be pronounced is better than silence, if nothing else is there.
            let parts = [speech.text, speech.say, speech.phonetic];
            parts.into_iter().flatten().find_map(|raw| text_of(raw, nesting - 1))
        }
        _ => None,
    };
    text.filter(|text| !text.is_empty())
}

/// `{"ask":…,"answer":{"text":…}}`, or `{"answer":{"say":…}}` from other bots.
fn chatbot_text(raw: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Chatbot<'a> {
        #[serde(borrow)]
        answer: Option<&'a RawValue>,
    }
    let chatbot: Chatbot<'_> = serde_json::from_str(raw.get()).ok()?;
    text_of(chatbot.answer?, NESTING)
}

/// The object for the next request, and what was wrong with the one that came.
fn conversation(raw: Option<&RawValue>) -> (Value, Option<String>) {
    let nothing = || Value::Object(serde_json::Map::new());
    let Some(raw) = raw else { return (nothing(), None) };
    let length = raw.get().len();
    if length > CONVERSATION_LIMIT {
        let reason = format!(
            "`conversationData` has {length} bytes, {CONVERSATION_LIMIT} are the most; the server may not recognise the next utterance as an answer"
        );
        return (nothing(), Some(reason));
    }
    match serde_json::from_str(raw.get()) {
        Ok(value @ Value::Object(_)) => (value, None),
        Ok(_) => (nothing(), Some(format!("`conversationData` is {}, not an object", kind(raw)))),
        Err(error) => (nothing(), Some(format!("`conversationData` is not usable: {error}"))),
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
    if let Some(text) = text_of(raw, 1) {
        return Some(text);
    }
    let buffer: Buffer = serde_json::from_str(raw.get()).ok()?;
    Some(tidy(&String::from_utf8_lossy(&buffer.data))).filter(|text| !text.is_empty())
}

/// Makes a text fit to be spoken: without what JavaScript leaves behind, without control characters, not too long.
#[must_use]
pub(super) fn tidy(text: &str) -> String {
    const JUNK: &str = "[object Object]";
    let parts: Vec<&str> = text.split(JUNK).collect();
    let text = if parts.len() > 1 {
        parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    } else {
        text.to_owned()
    };
    let text: String = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    let text = text.trim();
    match text.char_indices().nth(TEXT_LIMIT) {
        Some((end, _)) => at_a_word(&text[..end]).to_owned(),
        None => text.to_owned(),
    }
}

/// Cuts back to the last whole word, if there is one in the second half.
fn at_a_word(text: &str) -> &str {
    match text.rfind(char::is_whitespace) {
        Some(space) if space > text.len() / 2 => text[..space].trim_end(),
        _ => text,
    }
}

#[cfg(test)]
mod tests;
