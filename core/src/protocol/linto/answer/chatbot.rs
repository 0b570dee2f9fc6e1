//! A chatbot's answer: what it says, and what it lets the person choose from.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Act;
use super::speech::{speech, spoken};
use crate::protocol::linto::lenient::kind;

/// The most choices that are kept.
pub const CHOICES: usize = 8;

/// The most entries of `data` that are looked at.
const ENTRIES: usize = 64;

/// Reads `{"ask":…,"answer":{"text":…,"data":[…]}}`, or `{"answer":{"say":…,"data":[…]}}` from other bots.
pub(super) fn chatbot(raw: &RawValue) -> Act {
    #[derive(Deserialize)]
    struct Chatbot<'a> {
        #[serde(borrow)]
        answer: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Parts<'a> {
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    let answer = serde_json::from_str::<Chatbot<'_>>(raw.get()).ok().and_then(|chatbot| chatbot.answer);
    let Some(answer) = answer else { return Act::Chatbot { text: String::new(), choices: Vec::new() } };
    let data = serde_json::from_str::<Parts<'_>>(answer.get()).ok().and_then(|parts| parts.data);
    let entries = data.filter(|data| kind(data) == "an array").map(entries).unwrap_or_default();
    let of = |event: Event| entries.iter().filter(move |(found, _)| *found == event).map(|(_, text)| text.as_str());
    let text = match speech(answer) {
        Some(speech) => speech.text,
        // Some bots put what they say only into its parts.
        None => spoken(&of(Event::Sentence).collect::<Vec<_>>().join("\n")),
    };
    Act::Chatbot { text, choices: of(Event::Choice).take(CHOICES).map(Into::into).collect() }
}

#[derive(Clone, Copy, PartialEq)]
enum Event {
    Sentence,
    Choice,
}

/// The sentences and choices among the entries; attachments and what is unknown are left out.
fn entries(data: &RawValue) -> Vec<(Event, String)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Entry<'a> {
        #[serde(borrow)]
        event_type: Option<&'a RawValue>,
    }
    let Ok(all) = serde_json::from_str::<Vec<&RawValue>>(data.get()) else { return Vec::new() };
    let read = |raw: &RawValue| {
        let event = serde_json::from_str::<Entry<'_>>(raw.get()).ok().and_then(|entry| entry.event_type);
        let event = match event.map(RawValue::get) {
            Some(r#""choice""#) => Event::Choice,
            Some(r#""sentence""#) | None => Event::Sentence,
            Some(_) => return None,
        };
        Some((event, speech(raw)?.text))
    };
    all.into_iter().take(ENTRIES).filter_map(read).collect()
}
