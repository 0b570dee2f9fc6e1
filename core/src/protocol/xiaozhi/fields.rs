//! The fields of a JSON object, each read on its own: one of a wrong type is as if it were not there.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// An object whose values are still text. Of a key that comes twice the last one counts.
#[derive(Debug, Default)]
pub(super) struct Fields(BTreeMap<String, Box<RawValue>>);

impl Fields {
    /// Reads an object; `None` for everything else.
    pub(super) fn read(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok().map(Self)
    }

    /// The value of `key` as it was written.
    pub(super) fn raw(&self, key: &str) -> Option<&RawValue> {
        self.0.get(key).map(AsRef::as_ref)
    }

    /// Whether there is anything under `key`; `null` is nothing.
    pub(super) fn has(&self, key: &str) -> bool {
        self.raw(key).is_some_and(|raw| raw.get() != "null")
    }

    /// The value of `key`, if it is a `T`.
    pub(super) fn get<'a, T: Deserialize<'a>>(&'a self, key: &str) -> Option<T> {
        serde_json::from_str(self.raw(key)?.get()).ok()
    }

    /// The object under `key`.
    pub(super) fn object(&self, key: &str) -> Option<Self> {
        self.get(key).map(Self)
    }

    /// The text under `key`, fit to be shown: at most `longest` characters, without control characters.
    pub(super) fn shown(&self, key: &str, longest: usize) -> Option<String> {
        self.get::<String>(key).map(|text| shown(&text, longest))
    }

    /// The text under `key`, unchanged: of 1 to `longest` bytes, without control characters.
    pub(super) fn exact(&self, key: &str, longest: usize) -> Option<String> {
        let fits = |text: &String| (1..=longest).contains(&text.len()) && !text.contains(char::is_control);
        self.get::<String>(key).filter(fits)
    }
}

/// Makes a text fit to be shown: at most `longest` characters, line breaks kept, no other control characters.
pub(super) fn shown(text: &str, longest: usize) -> String {
    let clean = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    text.trim().chars().take(longest).map(clean).collect::<String>().trim_end().to_owned()
}

/// What came from outside, short and on one line, for a message to people.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    let start: String = text.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let rest = if text.chars().nth(LONGEST).is_some() { "…" } else { "" };
    format!("`{start}{rest}`")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_field_of_a_wrong_type_is_not_there_and_hides_no_other() {
        let fields = Fields::read(r#"{"a":1,"b":"x","c":{"d":true},"e":"\ud800","f":null,"g":1e999}"#).unwrap();
        assert_eq!((fields.get::<String>("a"), fields.get::<u16>("a")), (None, Some(1)));
        assert_eq!((fields.exact("b", 1), fields.exact("e", 9), fields.exact("x", 9)), (Some("x".into()), None, None));
        assert_eq!(fields.object("c").unwrap().get::<bool>("d"), Some(true));
        assert!(fields.object("b").is_none() && fields.get::<f64>("g").is_none());
        assert!(fields.has("a") && !fields.has("f") && !fields.has("x"));
    }

    #[test]
    fn of_a_key_that_comes_twice_the_last_counts() {
        assert_eq!(Fields::read(r#"{"a":1,"a":2}"#).unwrap().get::<u8>("a"), Some(2));
    }

    #[test]
    fn only_an_object_has_fields() {
        for other in ["", "null", "[]", "1", "\"{}\"", "{", "{} x", "{1:2}"] {
            assert!(Fields::read(other).is_none(), "{other}");
        }
    }

    #[test]
    fn an_exact_text_is_whole_or_nothing() {
        let fields = Fields::read(r#"{"a":"abc","b":"a\nb","c":""}"#).unwrap();
        assert_eq!((fields.exact("a", 3).as_deref(), fields.exact("a", 2)), (Some("abc"), None));
        assert_eq!((fields.exact("b", 9), fields.exact("c", 9)), (None, None));
    }

    #[test]
    fn a_shown_text_is_cut_and_cleaned() {
        assert_eq!(shown(" a\u{7}b\nc \r", 9), "a b\nc");
        assert_eq!(shown("éé éé", 3), "éé");
        assert_eq!(quoted(&format!("a\n{}", "x".repeat(99))), format!("`a\u{fffd}{}…`", "x".repeat(38)));
    }
}
