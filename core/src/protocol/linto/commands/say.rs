//! `say`: the admin page makes the device say a text. It does not touch a pending request or conversation.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Served;
use crate::protocol::linto::{answer, lenient};

pub const LEAF: &str = "say";

/// `{"value":"text"}`, which the admin page may send as invalid JSON; or a text in any shape that answers have too.
pub fn serve(payload: &[u8]) -> Served {
    lenient::value(payload).or_else(|| nested(payload)).map_or(Served::Nothing("no text in it"), Served::Say)
}

/// `{"value":{"text":"…"}}`, or the object that it holds alone.
fn nested(payload: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        value: Option<&'a RawValue>,
    }
    let whole: &RawValue = serde_json::from_slice(payload).ok()?;
    let wire: Wire<'_> = lenient::object(payload).ok()?;
    answer::text(wire.value.unwrap_or(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_in_each_shape() {
        for payload in [
            r#"{"value":"Dinner."}"#,
            r#"{"value":{"text":"Dinner.","phonetic":"dinna"}}"#,
            r#"{"value":{"say":{"text":"Dinner."}}}"#,
            r#"{"say":{"text":"Dinner."}}"#,
            r#"{"text":"Dinner."}"#,
            r#""Dinner.""#,
            "Dinner.",
        ] {
            assert_eq!(serve(payload.as_bytes()), Served::Say("Dinner.".into()), "{payload}");
        }
    }

    #[test]
    fn an_object_without_a_text_is_not_read_aloud() {
        for payload in [r#"{"value":{}}"#, r#"{"value":null}"#, "{}", "[]", r#"{"value":{"text":" "}}"#, ""] {
            assert_eq!(serve(payload.as_bytes()), Served::Nothing("no text in it"), "{payload}");
        }
    }
}
