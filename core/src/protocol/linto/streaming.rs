//! Streaming transcription: sound goes up in chunks, text comes down while the person still speaks.
//!
//! LinTO: the device sends `streaming/start`, waits until the server says `started`, sends raw 16 bit samples on
//! `streaming/chunk`, and at last `streaming/stop`. Answers are `{"behavior":{"streaming":{…}}}`. Servers of two
//! generations tell errors in different ways: the older on the topic of the request, the newer on `streaming/error`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{TEXT_LIMIT, tidy_to};
use super::lenient::{kind, object, quoted, text};
use crate::audio::TAPE_RATE;

/// The fourth level of the topics, in both directions.
pub const LEAF: &str = "streaming";

/// The longest text of a phrase or of a whole stream, in characters: some hours of speech.
pub const TRANSCRIPT_LIMIT: usize = 256 * 1024;

/// What the server says about the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It takes chunks. LinTO says so a little before that is true, so the first of them needs to wait.
    Started,
    /// It did not start, because a stream of this device was left open; the server's words. LinTO: after a stop and
    /// 3.5 s it can be started anew.
    AlreadyRunning(String),
    /// A chunk or a stop came without a start; the server's words. Comes once for each such chunk.
    NotStarted(String),
    /// The server can't transcribe; its words, maybe none.
    Failed(String),
    /// What it has understood of the phrase so far, at most [`TEXT_LIMIT`] characters.
    Partial(String),
    /// A finished phrase, at most [`TRANSCRIPT_LIMIT`] characters.
    Text(String),
    /// It takes no more chunks; the final text follows. It may come unasked, when the server limits the length.
    Stopped,
    /// Everything that was said in the stream, maybe nothing, at most [`TRANSCRIPT_LIMIT`] characters.
    Final(String),
    /// It can't be understood; why.
    Odd(String),
}

/// The payload that starts a stream of sound as it is on the tape.
#[must_use]
pub fn start() -> Vec<u8> {
    format!(r#"{{"config":{{"sample_rate":{TAPE_RATE},"metadata":1}}}}"#).into_bytes()
}

/// The payload that ends a stream. LinTO: an empty payload is not recognised.
#[must_use]
pub fn stop() -> Vec<u8> {
    b"{}".to_vec()
}

#[derive(Default, Deserialize)]
struct Streaming<'a> {
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    partial: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

/// Reads what came on `streaming/REST`. Memory use is a small multiple of the payload's length.
#[must_use]
pub fn parse(rest: &str, payload: &[u8]) -> Event {
    match read(payload) {
        Ok(streaming) => event(rest, &streaming),
        Err(reason) => Event::Odd(reason),
    }
}

fn read(payload: &[u8]) -> Result<Streaming<'_>, String> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        behavior: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Behavior<'a> {
        #[serde(borrow)]
        streaming: Option<&'a RawValue>,
    }
    let wire: Wire<'_> = object(payload).map_err(|reason| format!("the payload {reason}"))?;
    let behavior = wire.behavior.ok_or("the payload has no `behavior`")?.get().as_bytes();
    let behavior: Behavior<'_> = object(behavior).map_err(|reason| format!("`behavior` {reason}"))?;
    let streaming = behavior.streaming.ok_or("`behavior` has no `streaming`")?.get().as_bytes();
    object(streaming).map_err(|reason| format!("`streaming` {reason}"))
}

fn event(rest: &str, streaming: &Streaming<'_>) -> Event {
    let status = streaming.status.and_then(text).unwrap_or_default();
    let message = streaming.message.and_then(text).map(|message| tidy_to(&message, TEXT_LIMIT));
    let said = message.clone().unwrap_or_default();
    match (rest, status.as_str()) {
        // The older generation says `started` for an error too, and gives itself away by its message.
        ("start", "started") => message.map_or(Event::Started, Event::AlreadyRunning),
        ("stop", "stop") => Event::Stopped,
        ("stop" | "chunk", "error") => Event::NotStarted(said),
        ("start" | "final", "error") => Event::Failed(said),
        ("chunk", _) => phrase(streaming),
        ("final", _) => result(streaming),
        // The newer generation names the request that went wrong.
        ("error", "started") => Event::AlreadyRunning(said),
        ("error", "stop" | "chunk") => Event::NotStarted(said),
        ("error", _) => Event::Failed(said),
        ("start" | "stop", "") => Event::Odd(format!("`streaming/{rest}` has no `status`")),
        ("start" | "stop", _) => Event::Odd(format!("`streaming/{rest}` has the status {}", quoted(&status))),
        _ => Event::Odd(format!("{} is not known", quoted(&format!("{LEAF}/{rest}")))),
    }
}

fn phrase(streaming: &Streaming<'_>) -> Event {
    if let Some(text) = streaming.text.and_then(text) {
        Event::Text(tidy_to(&text, TRANSCRIPT_LIMIT))
    } else if let Some(partial) = streaming.partial.and_then(text) {
        Event::Partial(tidy_to(&partial, TEXT_LIMIT))
    } else {
        Event::Odd("`streaming/chunk` has neither `partial` nor `text`".into())
    }
}

/// The final text. LinTO sends a string, and in it the recogniser's JSON: `{"text":"…","words":[…]}`.
fn result(streaming: &Streaming<'_>) -> Event {
    let Some(raw) = streaming.result else {
        // Without a result the server has heard nothing.
        return Event::Final(String::new());
    };
    let inner = match kind(raw) {
        "an object" => transcript(raw.get()),
        "a string" => match text(raw).unwrap_or_default() {
            json if json.trim_start().starts_with('{') => transcript(&json),
            plain => Ok(plain),
        },
        other => Err(format!("is {other}, not a text")),
    };
    match inner {
        Ok(text) => Event::Final(tidy_to(&text, TRANSCRIPT_LIMIT)),
        Err(reason) => Event::Odd(format!("`result` of `streaming/final` {reason}")),
    }
}

fn transcript(json: &str) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Transcript<'a> {
        #[serde(borrow)]
        text: Option<&'a RawValue>,
    }
    let transcript: Transcript<'_> = object(json.as_bytes())?;
    Ok(transcript.text.and_then(text).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behavior(rest: &str, streaming: &str) -> Event {
        parse(rest, format!(r#"{{"behavior":{{"streaming":{streaming}}}}}"#).as_bytes())
    }

    #[test]
    fn what_is_sent_are_objects_with_the_rate_of_the_tape() {
        assert_eq!(start(), br#"{"config":{"sample_rate":16000,"metadata":1}}"#);
        assert_eq!(stop(), b"{}");
    }

    #[test]
    fn a_stream_as_both_generations_tell_it() {
        assert_eq!(behavior("start", r#"{"status":"started"}"#), Event::Started);
        assert_eq!(behavior("chunk", r#"{"partial":"bonj"}"#), Event::Partial("bonj".into()));
        assert_eq!(behavior("chunk", r#"{"partial":""}"#), Event::Partial(String::new()));
        assert_eq!(behavior("chunk", r#"{"text":"bonjour"}"#), Event::Text("bonjour".into()));
        assert_eq!(behavior("stop", r#"{"status":"stop"}"#), Event::Stopped);
    }

    #[test]
    fn the_final_text_is_found_in_the_recognisers_json() {
        let end = |text: &str| Event::Final(text.into());
        let json = r#"{\n  \"text\": \"bonjour \\\"toi\\\"\",\n  \"words\": [{\"word\":\"bonjour\",\"conf\":1.0}]\n}"#;
        let of = |result: &str| behavior("final", &format!(r#"{{"status":"final","result":{result}}}"#));
        assert_eq!(of(&format!("\"{json}\"")), end("bonjour \"toi\""));
        assert_eq!(of(r#"{"text":"bonjour","words":[]}"#), end("bonjour"));
        assert_eq!(of(r#""bonjour""#), end("bonjour"));
        assert_eq!(of(r#""{\"words\":[]}""#), end(""));
        assert_eq!(of(r#""""#), end(""));
        assert_eq!(of("null"), end(""));
        assert_eq!(behavior("final", r#"{"status":"final"}"#), end(""));
        assert_eq!(of("[1]"), Event::Odd("`result` of `streaming/final` is an array, not a text".into()));
        let Event::Odd(reason) = of(r#""{\"text\":\"cut o""#) else { panic!("half a JSON is a text") };
        assert!(reason.starts_with("`result` of `streaming/final` is not valid JSON: "), "{reason}");
    }

    #[test]
    fn errors_of_the_newer_generation_come_on_a_topic_of_their_own() {
        let error = |streaming: &str| behavior("error", streaming);
        let words = || "it is so".to_owned();
        assert_eq!(error(r#"{"status":"started","message":"it is so"}"#), Event::AlreadyRunning(words()));
        assert_eq!(error(r#"{"status":"stop","message":"it is so"}"#), Event::NotStarted(words()));
        assert_eq!(error(r#"{"status":"chunk","message":"it is so"}"#), Event::NotStarted(words()));
        assert_eq!(error(r#"{"status":"error","message":"it is so"}"#), Event::Failed(words()));
        assert_eq!(error(r#"{"status":"error"}"#), Event::Failed(String::new()));
        assert_eq!(error("{}"), Event::Failed(String::new()));
    }

    #[test]
    fn errors_of_the_older_generation_come_on_the_topic_of_the_request() {
        let words = || "it is so".to_owned();
        let running = behavior("start", r#"{"status":"started","message":"it is so"}"#);
        assert_eq!(running, Event::AlreadyRunning(words()));
        for rest in ["stop", "chunk"] {
            let event = behavior(rest, r#"{"status":"error","message":"it is so"}"#);
            assert_eq!(event, Event::NotStarted(words()), "{rest}");
        }
        assert_eq!(behavior("start", r#"{"status":"error","message":"it is so"}"#), Event::Failed(words()));
    }

    #[test]
    fn what_is_none_of_this_is_odd_and_says_why() {
        let odd = |rest: &str, payload: &str| match parse(rest, payload.as_bytes()) {
            Event::Odd(reason) => reason,
            other => panic!("{rest} {payload}: {other:?}"),
        };
        assert!(odd("start", "").starts_with("the payload is not valid JSON: "));
        assert_eq!(odd("start", "[]"), "the payload is an array, not an object");
        assert_eq!(odd("start", "{}"), "the payload has no `behavior`");
        assert_eq!(odd("start", r#"{"behavior":"x"}"#), "`behavior` is a string, not an object");
        assert_eq!(odd("start", r#"{"behavior":{}}"#), "`behavior` has no `streaming`");
        assert_eq!(odd("start", r#"{"behavior":{"streaming":1}}"#), "`streaming` is a number, not an object");
        let empty = r#"{"behavior":{"streaming":{}}}"#;
        assert_eq!(odd("start", empty), "`streaming/start` has no `status`");
        assert_eq!(odd("chunk", empty), "`streaming/chunk` has neither `partial` nor `text`");
        assert_eq!(odd("", empty), "`streaming/` is not known");
        assert_eq!(odd("x\n", empty), "`streaming/x\u{fffd}` is not known");
        assert!(odd(&"x".repeat(99), empty).chars().count() < 60);
        let other = r#"{"behavior":{"streaming":{"status":"stopping"}}}"#;
        assert_eq!(odd("stop", other), "`streaming/stop` has the status `stopping`");
    }

    #[test]
    fn texts_without_end_are_cut() {
        let words = "wörd ".repeat(100_000);
        let count = |event: Event| match event {
            Event::Partial(text) | Event::Text(text) | Event::Final(text) => text.chars().count(),
            other => panic!("{other:?}"),
        };
        assert!(count(behavior("chunk", &format!(r#"{{"partial":"{words}"}}"#))) <= TEXT_LIMIT);
        let text = count(behavior("chunk", &format!(r#"{{"text":"{words}"}}"#)));
        assert!((TRANSCRIPT_LIMIT - 5..=TRANSCRIPT_LIMIT).contains(&text), "{text}");
    }
}
