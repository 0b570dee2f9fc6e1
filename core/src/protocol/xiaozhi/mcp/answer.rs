//! Answers of JSON-RPC, each as a whole message within its limit.

use serde_json::{Map, Value};

use crate::protocol::xiaozhi::fields::{Fields, shown};
use crate::protocol::xiaozhi::{MESSAGE_LIMIT, message};

/// The longest id of a request, in bytes: no number has more digits.
const ID_LIMIT: usize = 32;

/// The longest text of an error, in characters.
const ERROR_LIMIT: usize = 300;

/// What stands behind a text that was cut.
const CUT: char = '…';

/// What is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// Neither a method nor a tool that there is.
    Unknown = -32_601,
    /// Not as it has to be called.
    Arguments = -32_602,
    /// It could not be done.
    Internal = -32_603,
}

/// The number of a request as it was written, to be sent back unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Id(String);

impl Id {
    /// xiaozhi: only a number is one.
    pub(super) fn read(request: &Fields) -> Option<Self> {
        // A number beyond all numbers would be none to whoever reads it.
        request.get::<f64>("id")?;
        let text = request.raw("id")?.get();
        (text.len() <= ID_LIMIT).then(|| Self(text.into()))
    }

    /// The message with this result, which must be JSON.
    pub(super) fn result(&self, session_id: &str, result: &str) -> Vec<u8> {
        self.message(session_id, "result", result)
    }

    /// The message with this error.
    pub(super) fn error(&self, session_id: &str, code: Code, why: &str) -> Vec<u8> {
        let why = Value::from(shown(why, ERROR_LIMIT));
        self.message(session_id, "error", &format!(r#"{{"code":{},"message":{why}}}"#, code as i32))
    }

    fn message(&self, session_id: &str, key: &str, value: &str) -> Vec<u8> {
        message::mcp(session_id, &format!(r#"{{"jsonrpc":"2.0","id":{},"{key}":{value}}}"#, self.0))
    }
}

/// A call of a tool that exists, with arguments that it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The tool's name.
    pub tool: String,
    /// Names and values of the arguments, each of the kind and in the range that the tool wants; what was left out is not
    /// there.
    pub arguments: Map<String, Value>,
    pub(super) id: Id,
}

impl Call {
    /// The message with what came of it: `Ok`, what the tool says; `Err`, why it failed, which the language model may
    /// tell. A text that is too long for a message is cut.
    #[must_use]
    pub fn answer(&self, session_id: &str, said: Result<&str, &str>) -> Vec<u8> {
        let (Ok(text) | Err(text)) = said;
        let frame = |text: &str| {
            let result = format!(r#"{{"content":[{{"type":"text","text":{text}}}],"isError":{}}}"#, said.is_err());
            self.id.result(session_id, &result)
        };
        let room = MESSAGE_LIMIT.saturating_sub(frame(r#""""#).len());
        frame(&Value::from(cut(&harmless(text), room)).to_string())
    }

    /// The message that the device can't do it now.
    #[must_use]
    pub fn error(&self, session_id: &str, why: &str) -> Vec<u8> {
        self.id.error(session_id, Code::Internal, why)
    }
}

/// xiaozhi: a server that gets an object with a key `action` obeys it, so no tool's words may look like one.
fn harmless(text: &str) -> String {
    let text = text.trim();
    let plain = !text.starts_with('{') || Fields::read(text).is_some_and(|object| object.raw("action").is_none());
    if plain { text.to_owned() } else { format!("Result: {text}") }
}

/// As much of a text as has `room` bytes as JSON, quotes not counted.
fn cut(text: &str, room: usize) -> String {
    let size = |c: char| match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..'\u{20}' => 6,
        c => c.len_utf8(),
    };
    let (mut used, mut end) = (0, 0);
    for (at, c) in text.char_indices() {
        if used + CUT.len_utf8() <= room {
            end = at;
        }
        used += size(c);
        if used > room {
            return text[..end].chars().chain([CUT]).collect();
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn call() -> Call {
        let request = Fields::read(r#"{"id":7}"#).unwrap();
        Call { tool: "t".into(), arguments: Map::new(), id: Id::read(&request).unwrap() }
    }

    fn text(message: &[u8]) -> &str {
        str::from_utf8(message).unwrap()
    }

    /// The text in a result.
    fn said(message: &[u8]) -> String {
        let message: Value = serde_json::from_slice(message).unwrap();
        message["payload"]["result"]["content"][0]["text"].as_str().unwrap().into()
    }

    #[test]
    fn an_answer_has_text_and_says_whether_it_failed() {
        assert_eq!(
            text(&call().answer("s", Ok("it's \"on\""))),
            r#"{"session_id":"s","type":"mcp","payload":{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"it's \"on\""}],"isError":false}}}"#
        );
        assert_eq!(
            text(&call().answer("", Err("no lamp"))),
            r#"{"session_id":"","type":"mcp","payload":{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"no lamp"}],"isError":true}}}"#
        );
        assert_eq!(
            text(&call().error("s", "muted\u{7}")),
            r#"{"session_id":"s","type":"mcp","payload":{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"muted"}}}"#
        );
    }

    #[test]
    fn only_a_number_is_an_id_and_it_comes_back_as_it_was_written() {
        for id in ["0", "-1", "10000", "1.50", "1e2", "18446744073709551616"] {
            let request = Fields::read(&format!(r#"{{"id": {id} }}"#)).unwrap();
            assert_eq!(Id::read(&request), Some(Id(id.into())));
        }
        for id in [r#""1""#, "null", "true", "[1]", "{}", "1e999", &"1".repeat(33)] {
            let request = Fields::read(&format!(r#"{{"id":{id}}}"#)).unwrap();
            assert_eq!(Id::read(&request), None, "{id}");
        }
        assert_eq!(Id::read(&Fields::default()), None);
    }

    #[test]
    fn no_words_of_a_tool_are_an_order_to_the_server() {
        for order in [r#"{"action":"x"}"#, " \n{ \"a\": 1, \"\\u0061ction\": null }", r#"{"action": NaN}"#, "{'action'"]
        {
            assert!(said(&call().answer("s", Ok(order))).starts_with("Result: {"), "{order}");
        }
        for harmless in [r#"{"volume":55}"#, r#"{"a":{"action":1}}"#, r#"[{"action":1}]"#, "action", ""] {
            assert_eq!(said(&call().answer("s", Ok(harmless))), harmless);
        }
    }

    #[test]
    fn a_text_that_fits_exactly_is_whole_and_one_byte_more_is_cut() {
        let room = MESSAGE_LIMIT - call().answer("s", Ok("")).len();
        let whole = "x".repeat(room);
        assert_eq!(said(&call().answer("s", Ok(&whole))), whole);
        let message = call().answer("s", Ok(&format!("{whole}x")));
        assert_eq!((message.len(), said(&message)), (MESSAGE_LIMIT, format!("{}…", "x".repeat(room - 3))));
    }

    proptest! {
        #[test]
        fn no_answer_is_longer_than_a_message(letters in r#"[\x00-\x7f"\\é🦀]{1,4}"#, times in 0usize..6_000, failed: bool) {
            let words = letters.repeat(times);
            let message = call().answer("s", if failed { Err(&words) } else { Ok(&words) });
            prop_assert!(message.len() <= MESSAGE_LIMIT);
            let said = said(&message);
            let kept = said.strip_suffix(CUT).unwrap_or(&said);
            prop_assert!(harmless(&words).starts_with(kept));
            // Nothing is cut without need.
            prop_assert!(kept.len() == said.len() || message.len() + 9 > MESSAGE_LIMIT);
        }
    }
}
