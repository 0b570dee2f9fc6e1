//! The kinds of values that settings have: how each is read, checked, described and shown.

use std::path::Path;

use toml::de::{DeInteger, DeValue};

use super::problem::quote;

/// What a message says about a part that is defined but comes with a later version.
pub(super) const NOT_YET: &str =
    concat!("is not served by this version of Auricle (", env!("CARGO_PKG_VERSION"), ") yet");

/// A value as it was written.
pub(super) struct Given<'a> {
    pub(super) value: &'a DeValue<'a>,
    /// The folder from which relative paths count.
    pub(super) base: &'a Path,
}

impl<'a> Given<'a> {
    pub(super) fn text(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    pub(super) fn integer(&self) -> Option<i64> {
        let DeValue::Integer(integer) = self.value else { return None };
        to_i64(integer)
    }
}

fn to_i64(integer: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// Why a value is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    text: String,
    hidden: bool,
}

impl Complaint {
    /// For a message like "`volume` in [audio] is 140; {text}".
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), hidden: false }
    }

    /// For a message that must not repeat the value: "`password` in [linto] {text}".
    pub(super) fn hidden(text: impl Into<String>) -> Self {
        Self { text: text.into(), hidden: true }
    }

    /// Without the subject.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    fn must_be(expected: &str) -> Self {
        Self::new(format!("it must be {expected}"))
    }

    /// The whole sentence.
    pub(super) fn about(&self, subject: &str, value: &DeValue<'_>) -> String {
        if self.hidden {
            return format!("{subject} {}", self.text);
        }
        format!("{subject} is {}; {}", shown(value), self.text)
    }
}

/// What can be the value of a setting.
pub(super) trait Kind {
    /// The type in the settings struct.
    type Value: Clone + PartialEq;

    /// Takes what was written, if it is right.
    fn read(&self, given: &Given<'_>) -> Result<Self::Value, Complaint>;

    /// What is right, to follow "it must be".
    fn expects(&self) -> String;

    /// Words that are defined, but not served yet.
    fn later(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// The value as it would be written in the file.
    fn show(&self, value: &Self::Value) -> String;
}

/// true or false.
pub(super) struct Flag;

impl Kind for Flag {
    type Value = bool;

    fn read(&self, given: &Given<'_>) -> Result<bool, Complaint> {
        given.value.as_bool().ok_or_else(|| match given.text() {
            Some("true" | "false") => Complaint::must_be("true or false, without quotes"),
            _ => Complaint::must_be(&self.expects()),
        })
    }

    fn expects(&self) -> String {
        "true or false".into()
    }

    fn show(&self, value: &bool) -> String {
        value.to_string()
    }
}

/// A whole number between two others, both included.
pub(super) struct Whole(pub(super) u8, pub(super) u8);

impl Kind for Whole {
    type Value = u8;

    fn read(&self, given: &Given<'_>) -> Result<u8, Complaint> {
        let number = given.integer().and_then(|number| u8::try_from(number).ok());
        let fitting = number.filter(|number| (self.0..=self.1).contains(number));
        fitting.ok_or_else(|| match given.text().map(str::parse::<i64>) {
            Some(Ok(_)) => Complaint::must_be(&format!("{}, without quotes", self.expects())),
            _ => Complaint::must_be(&self.expects()),
        })
    }

    fn expects(&self) -> String {
        format!("{} to {}", self.0, self.1)
    }

    fn show(&self, value: &u8) -> String {
        value.to_string()
    }
}

/// Text that passes a check.
pub(super) struct Checked {
    pub(super) expects: &'static str,
    pub(super) passes: fn(&str) -> bool,
}

impl Kind for Checked {
    type Value = String;

    fn read(&self, given: &Given<'_>) -> Result<String, Complaint> {
        let text = given.text().filter(|text| (self.passes)(text));
        text.map(str::to_owned).ok_or_else(|| Complaint::must_be(self.expects))
    }

    fn expects(&self) -> String {
        self.expects.into()
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

/// One of some words. A word without a meaning is defined, but comes with a later version.
pub(super) struct Choice<T: 'static>(pub(super) &'static [(&'static str, Option<T>)]);

impl<T: Copy + PartialEq> Choice<T> {
    fn served(&self) -> String {
        let words: Vec<_> =
            self.0.iter().filter(|(_, meaning)| meaning.is_some()).map(|(word, _)| quoted(word)).collect();
        words.join(" or ")
    }
}

impl<T: Copy + PartialEq> Kind for Choice<T> {
    type Value = T;

    fn read(&self, given: &Given<'_>) -> Result<T, Complaint> {
        let entry = given.text().and_then(|text| self.0.iter().find(|(word, _)| *word == text));
        match entry {
            Some((_, Some(meaning))) => Ok(*meaning),
            Some((word, None)) => {
                Err(Complaint::new(format!("{} {NOT_YET}; it serves {}", quoted(word), self.served())))
            }
            None => Err(Complaint::must_be(&self.expects())),
        }
    }

    fn expects(&self) -> String {
        self.served()
    }

    fn later(&self) -> Vec<&'static str> {
        self.0.iter().filter(|(_, meaning)| meaning.is_none()).map(|(word, _)| *word).collect()
    }

    fn show(&self, value: &T) -> String {
        let entry = self.0.iter().find(|(_, meaning)| *meaning == Some(*value));
        quoted(entry.map_or("", |(word, _)| word))
    }
}

/// Any number of something, each once.
pub(super) struct SetOf<K>(pub(super) K);

impl<K: Kind> Kind for SetOf<K> {
    type Value = Vec<K::Value>;

    fn read(&self, given: &Given<'_>) -> Result<Self::Value, Complaint> {
        let items = given.value.as_array().ok_or_else(|| Complaint::must_be(&self.expects()))?;
        let mut values = Vec::new();
        for item in items.iter() {
            let given = Given { value: item.get_ref(), base: given.base };
            let value = self.0.read(&given).map_err(|complaint| match complaint.text.strip_prefix("it must") {
                Some(rest) => Complaint { text: format!("each must{rest}"), ..complaint },
                None => complaint,
            })?;
            if !values.contains(&value) {
                values.push(value);
            }
        }
        Ok(values)
    }

    fn expects(&self) -> String {
        format!("a list in brackets, empty or of {}", self.0.expects())
    }

    fn later(&self) -> Vec<&'static str> {
        self.0.later()
    }

    fn show(&self, value: &Self::Value) -> String {
        let items: Vec<_> = value.iter().map(|item| self.0.show(item)).collect();
        format!("[{}]", items.join(", "))
    }
}

/// Something that is not set when its text is empty.
pub(super) struct Optional<K>(pub(super) K);

impl<K: Kind> Kind for Optional<K> {
    type Value = Option<K::Value>;

    fn read(&self, given: &Given<'_>) -> Result<Self::Value, Complaint> {
        if given.text() == Some("") {
            return Ok(None);
        }
        self.0.read(given).map(Some)
    }

    fn expects(&self) -> String {
        self.0.expects()
    }

    fn later(&self) -> Vec<&'static str> {
        self.0.later()
    }

    fn show(&self, value: &Self::Value) -> String {
        value.as_ref().map_or_else(|| quoted(""), |value| self.0.show(value))
    }
}

/// Text as a TOML string.
pub(super) fn quoted(text: &str) -> String {
    let mut toml = String::with_capacity(text.len() + 2);
    toml.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => toml.extend(['\\', c]),
            c if c.is_control() => toml.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => toml.push(c),
        }
    }
    toml.push('"');
    toml
}

/// A value for a message: one line, of bounded length.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        // Where a closing quote is forgotten, the next lines become the text; one of them may hold a password.
        DeValue::String(text) if text.contains(['\n', '\r']) => "several lines of text".into(),
        DeValue::String(text) => format!("\"{}\"", quote(text)),
        DeValue::Integer(number) => quote(&number.to_string()),
        DeValue::Float(number) => quote(&number.to_string()),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(items) => {
            let listed: Vec<_> = items.iter().take(4).map(|item| scalar(item.get_ref())).collect();
            let more = if items.len() > listed.len() { ", …" } else { "" };
            format!("[{}{more}]", listed.join(", "))
        }
        DeValue::Table(_) => "a table".into(),
    }
}

/// Lists within lists are not followed: they can be deep.
fn scalar(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Array(_) => "[…]".into(),
        other => shown(other),
    }
}
