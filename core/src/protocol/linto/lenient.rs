//! Values of commands, read leniently.
//!
//! LinTO: the admin page builds `{"value":"…"}` by joining strings, so quotes and line breaks in a text make it
//! invalid JSON; and it sends numbers as strings.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::tidy;

/// The text in `{"value":"…"}`, even if that is not valid JSON; of a plain text, the text. Tidied and limited as
/// everything that is to be spoken; `None` if nothing is left.
#[must_use]
pub fn value(payload: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(payload);
    let text = strict(&text).unwrap_or_else(|| recovered(text.trim()));
    Some(tidy(&text)).filter(|text| !text.is_empty())
}

/// Refuses a payload of more than `most` bytes.
pub(super) fn fits(payload: &[u8], most: usize) -> Result<(), String> {
    match payload.len() {
        length if length > most => Err(format!("the payload has {length} bytes, {most} are the most")),
        _ => Ok(()),
    }
}

/// Reads a command that is an object of at most `most` bytes, or says what is wrong with it.
pub(super) fn command<'a, T: Deserialize<'a>>(payload: &'a [u8], most: usize) -> Result<T, String> {
    fits(payload, most)?;
    object(payload).map_err(|reason| format!("the payload {reason}"))
}

/// The text of a command's field, which may be a number; `None` if it isn't there.
pub(super) fn field(name: &str, raw: Option<&RawValue>) -> Result<Option<String>, String> {
    let read = |raw| {
        text(raw).ok_or_else(|| match kind(raw) {
            "a string" => format!("`{name}` has an escape in it that stands for no character"),
            other => format!("`{name}` is {other}, not a text"),
        })
    };
    raw.map(read).transpose()
}

/// What came from outside, short enough and without control characters, for a message.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    let shown: String = text.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let rest = if text.chars().nth(LONGEST).is_some() { "…" } else { "" };
    format!("`{shown}{rest}`")
}

/// Reads an object, or says what was found instead.
pub(super) fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, String> {
    let raw: &RawValue = serde_json::from_slice(json).map_err(|error| format!("is not valid JSON: {error}"))?;
    match kind(raw) {
        "an object" => serde_json::from_str(raw.get()).map_err(|error| format!("is not usable: {error}")),
        other => Err(format!("is {other}, not an object")),
    }
}

/// What a piece of valid JSON is, with its article.
pub(super) fn kind(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b'n') => "null",
        Some(b't' | b'f') => "a boolean",
        _ => "a number",
    }
}

/// The text of a JSON string or number; numbers may come as either.
pub(super) fn text(raw: &RawValue) -> Option<String> {
    match kind(raw) {
        "a string" => serde_json::from_str(raw.get()).ok(),
        "a number" => Some(raw.get().into()),
        _ => None,
    }
}

/// What valid JSON says: `value` of an object, or a text or number alone. An object without it says nothing.
fn strict(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Command<'a> {
        #[serde(borrow)]
        value: Option<&'a RawValue>,
    }
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    let value = if raw.get().starts_with('{') {
        match serde_json::from_str::<Command<'_>>(raw.get()).ok()?.value {
            Some(value) => value.get(),
            None => return Some(String::new()),
        }
    } else {
        raw.get()
    };
    match value.as_bytes().first() {
        Some(b'"') => serde_json::from_str(value).ok(),
        Some(b'{' | b'[' | b'n') => Some(String::new()),
        _ => Some(value.into()),
    }
}

/// The text between `"value":"` and the last quote before the closing brace; without that frame, everything.
fn recovered(text: &str) -> String {
    let Some(inner) = after_key(text) else {
        // Something else that only looks like JSON is not to be read aloud.
        return if text.starts_with(['{', '[']) { String::new() } else { text.into() };
    };
    let inner = inner.trim_end();
    let inner = inner.strip_suffix('}').unwrap_or(inner).trim_end();
    match inner.strip_prefix('"') {
        Some(quoted) => unescape(quoted.strip_suffix('"').unwrap_or(quoted)),
        None => inner.into(),
    }
}

/// What follows `{"value":`, with any white space between.
fn after_key(text: &str) -> Option<&str> {
    let text = text.strip_prefix('{')?.trim_start().strip_prefix("\"value\"")?;
    Some(text.trim_start().strip_prefix(':')?.trim_start())
}

/// Resolves the escapes that are valid and keeps the others as they stand.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let escape = rest.as_str();
        match rest.next() {
            Some(c @ ('"' | '\\' | '/')) => out.push(c),
            Some('n') => out.push('\n'),
            Some('r' | 't' | 'b' | 'f') => out.push(' '),
            Some('u') if let Some(c) = four_digits(escape) => {
                out.push(c);
                rest = escape[5..].chars();
            }
            _ => {
                out.push('\\');
                rest = escape.chars();
            }
        }
    }
    out
}

/// The character of `uXXXX`. Halves of a surrogate pair are none.
fn four_digits(escape: &str) -> Option<char> {
    let digits = escape.get(1..5).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    char::from_u32(u32::from_str_radix(digits, 16).ok()?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn text(payload: &str) -> Option<String> {
        value(payload.as_bytes())
    }

    #[test]
    fn a_valid_command_gives_its_value() {
        assert_eq!(text(r#"{"value":"bonjour \"toi\" \u00e9"}"#).as_deref(), Some("bonjour \"toi\" é"));
        assert_eq!(text(r#" { "value" : "a" , "transaction_id" : "1" } "#).as_deref(), Some("a"));
    }

    #[test]
    fn numbers_may_come_as_strings_and_strings_as_numbers() {
        assert_eq!(text(r#"{"value":"55"}"#).as_deref(), Some("55"));
        assert_eq!(text(r#"{"value":55}"#).as_deref(), Some("55"));
        assert_eq!(text("55").as_deref(), Some("55"));
    }

    #[test]
    fn the_admin_pages_invalid_json_still_gives_the_whole_text() {
        assert_eq!(text(r#"{"value":"il a dit "oui""}"#).as_deref(), Some("il a dit \"oui\""));
        assert_eq!(text("{\"value\":\"one\ntwo\"}").as_deref(), Some("one\ntwo"));
        assert_eq!(text(r#"{"value":"say "x" and \"y\" now"}"#).as_deref(), Some("say \"x\" and \"y\" now"));
        assert_eq!(text(r#"{"value":"C:\d "q" \u00e9\u12"}"#).as_deref(), Some(r#"C:\d "q" é\u12"#));
        assert_eq!(text("{\"value\":\"a } \"b\" }\"}").as_deref(), Some("a } \"b\" }"));
    }

    #[test]
    fn a_text_that_was_cut_off_is_still_said() {
        assert_eq!(text(r#"{"value":"half a sen"#).as_deref(), Some("half a sen"));
    }

    #[test]
    fn plain_text_is_taken_as_it_is() {
        assert_eq!(text("bonjour").as_deref(), Some("bonjour"));
        assert_eq!(text("\"bonjour\"").as_deref(), Some("bonjour"));
    }

    #[test]
    fn bytes_that_are_not_utf8_do_not_hide_the_rest() {
        assert_eq!(value(b"{\"value\":\"caf\xe9 noir\"}").as_deref(), Some("caf\u{fffd} noir"));
    }

    #[test]
    fn a_field_is_a_text_or_a_number() {
        let raw = |json: &str| RawValue::from_string(json.into()).unwrap();
        assert_eq!(field("x", None), Ok(None));
        assert_eq!(field("x", Some(&raw("\"é\\n\""))), Ok(Some("é\n".into())));
        assert_eq!(field("x", Some(&raw("0"))), Ok(Some("0".into())));
        assert_eq!(field("x", Some(&raw("{}"))), Err("`x` is an object, not a text".into()));
        let half = Err("`x` has an escape in it that stands for no character".into());
        assert_eq!(field("x", Some(&raw(r#""\ud800""#))), half);
    }

    #[test]
    fn what_is_quoted_is_short_and_on_one_line() {
        assert_eq!(quoted("a\nb"), "`a\u{fffd}b`");
        assert_eq!(quoted(&"é".repeat(40)), format!("`{}`", "é".repeat(40)));
        assert_eq!(quoted(&"é".repeat(41)), format!("`{}…`", "é".repeat(40)));
    }

    #[test]
    fn a_command_is_an_object_within_its_limit() {
        let read = |payload: &str| command::<serde_json::Map<String, serde_json::Value>>(payload.as_bytes(), 10);
        assert_eq!(read("{}").unwrap().len(), 0);
        assert_eq!(read("{\"abc\": 10}").unwrap_err(), "the payload has 11 bytes, 10 are the most");
        assert_eq!(read("null").unwrap_err(), "the payload is null, not an object");
        assert!(read("{").unwrap_err().starts_with("the payload is not valid JSON: "));
    }

    #[test]
    fn nothing_to_say_is_none() {
        for payload in
            ["", " ", "{}", "[]", "{\"value\":\"\"}", "{\"value\":null}", "{\"value\":{}}", "{\"text\":\"a\"", "null"]
        {
            assert_eq!(text(payload), None, "{payload}");
        }
    }
}
