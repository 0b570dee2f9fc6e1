//! `tts_lang`: the language in which to speak. LinTO: the application's flow sends it after each status.

use super::Served;
use crate::protocol::linto::lenient;
use crate::wish::Wish;

/// The fourth level of the topic.
pub const LEAF: &str = "tts_lang";

/// The longest payload that is read, in bytes.
const PAYLOAD_LIMIT: usize = 1_024;

/// The longest tag, in characters; no language's tag that is in use is longer.
pub const TAG_LIMIT: usize = 35;

/// `{"value":"fr-FR"}`: the tag as it came. Whether there is a voice for it is not known here.
///
/// # Errors
/// What is wrong with the payload, and what would be right.
pub fn parse(payload: &[u8]) -> Result<String, String> {
    lenient::fits(payload, PAYLOAD_LIMIT)?;
    let tag = lenient::value(payload).ok_or("no `value` in it; send a language such as `fr-FR`")?;
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if tag.chars().count() > TAG_LIMIT || !tag.starts_with(|c: char| c.is_ascii_alphabetic()) || !tag.chars().all(valid)
    {
        return Err(format!("the language is {}; send one such as `fr-FR`", lenient::quoted(&tag)));
    }
    Ok(tag)
}

/// Never answered: LinTO's flow sends this after each status, so a status as its answer would never end.
#[must_use]
pub fn serve(payload: &[u8]) -> Served {
    parse(payload).map(Wish::Language).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_tag_is_taken_as_it_is() {
        for (payload, tag) in [
            (r#"{"value":"fr-FR"}"#, "fr-FR"),
            (r#"{"value":" en_US "}"#, "en_US"),
            ("\"de\"", "de"),
            ("sr-Latn-RS", "sr-Latn-RS"),
        ] {
            assert_eq!(parse(payload.as_bytes()).unwrap(), tag, "{payload}");
        }
    }

    #[test]
    fn what_is_no_tag_is_refused_and_named() {
        let long = "x".repeat(TAG_LIMIT + 1);
        for value in ["fr FR", "fr;rm", "../fr", "-f", "0", "français", long.as_str()] {
            let error = parse(format!(r#"{{"value":"{value}"}}"#).as_bytes()).unwrap_err();
            assert_eq!(error, format!("the language is `{value}`; send one such as `fr-FR`"));
        }
    }

    #[test]
    fn nothing_nested_oversized_and_not_utf8_are_refused() {
        for payload in ["", "{}", "[]", "null", r#"{"value":{"value":"fr"}}"#, r#"{"value":""}"#] {
            let error = parse(payload.as_bytes()).unwrap_err();
            assert_eq!(error, "no `value` in it; send a language such as `fr-FR`", "{payload}");
        }
        assert!(parse(b"{\"value\":\"fr\xff\"}").unwrap_err().contains("`fr\u{fffd}`"));
        assert!(parse(&[b' '; 2_000]).unwrap_err().contains("2000 bytes"));
    }
}
