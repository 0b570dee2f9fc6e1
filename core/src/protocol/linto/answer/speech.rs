//! A text to speak, in all the shapes in which servers send it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::TEXT_LIMIT;
use crate::protocol::linto::lenient::{kind, text};
use crate::protocol::linto::markup;

/// How deep a text may be nested in `say`.
const NESTING: usize = 4;

/// A text and how it is to be pronounced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Speech {
    /// Never empty, without markup.
    pub text: String,
    /// Never empty, without markup; `None` if it is the same as the text.
    pub phonetic: Option<String>,
}

/// Reads `say`, `ask` or a chatbot's answer: a string, a number, or an object with `text` or another `say`.
pub(super) fn speech(raw: &RawValue) -> Option<Speech> {
    find(raw, NESTING)
}

fn find(raw: &RawValue, nesting: usize) -> Option<Speech> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        text: Option<&'a RawValue>,
        #[serde(borrow)]
        say: Option<&'a RawValue>,
        #[serde(borrow)]
        phonetic: Option<&'a RawValue>,
    }
    if kind(raw) != "an object" {
        return scalar(raw).map(|text| Speech { text, phonetic: None });
    }
    let deeper = nesting.checked_sub(1)?;
    let wire: Wire<'_> = serde_json::from_str(raw.get()).ok()?;
    let phonetic = wire.phonetic.and_then(|raw| find(raw, deeper)).map(|speech| speech.text);
    // The way it is to be pronounced is better than silence, if nothing else is there.
    let inner = [wire.text, wire.say].into_iter().flatten().find_map(|raw| find(raw, deeper));
    let inner = inner.or_else(|| phonetic.clone().map(|text| Speech { text, phonetic: None }))?;
    let phonetic = phonetic.or(inner.phonetic).filter(|phonetic| *phonetic != inner.text);
    Some(Speech { text: inner.text, phonetic })
}

fn scalar(raw: &RawValue) -> Option<String> {
    let text = spoken(&text(raw)?);
    Some(text).filter(|text| !text.is_empty())
}

/// Makes what a server composed fit to be spoken: [`tidy`], and without markup.
pub(super) fn spoken(text: &str) -> String {
    tidy(&markup::plain(text))
}

/// Makes a text fit to be spoken: without what JavaScript leaves behind, without control characters, not too long.
#[must_use]
pub(in crate::protocol::linto) fn tidy(text: &str) -> String {
    tidy_to(text, TEXT_LIMIT)
}

/// The same with a limit of its own, in characters.
#[must_use]
pub(in crate::protocol::linto) fn tidy_to(text: &str, limit: usize) -> String {
    const JUNK: &str = "[object Object]";
    let parts: Vec<&str> = text.split(JUNK).collect();
    let text = if parts.len() > 1 {
        parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    } else {
        text.to_owned()
    };
    let text: String = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    let text = text.trim();
    match text.char_indices().nth(limit) {
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
