//! What was heard, a line each.

use auricle_core::audio::{Position, TAPE_RATE};
use auricle_core::hearing::replay::{Heard, What};
use serde_json::Value;

/// Seconds of the recording, rounded to the millisecond.
pub(super) fn seconds(at: Position) -> String {
    let rate = u64::from(TAPE_RATE);
    let ms = at.0 / rate * 1_000 + (at.0 % rate * 1_000 + rate / 2) / rate;
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

/// The name of an event, as scripts know it.
pub(super) const fn name(what: &What) -> &'static str {
    match what {
        What::Wake { .. } => "wake",
        What::SpeechStart => "speech_start",
        What::SpeechEnd { .. } => "speech_end",
        What::NoSpeech => "no_speech",
        What::Cap => "cap",
    }
}

/// As one JSON object, for scripts: the time always has three decimals.
#[must_use]
pub fn json(heard: &Heard) -> String {
    let (t, event) = (seconds(heard.at), name(&heard.what));
    match &heard.what {
        What::Wake { word, score } => {
            let word = Value::from(word.as_str());
            format!(r#"{{"t":{t},"event":"{event}","word":{word},"score":{score:.2}}}"#)
        }
        _ => format!(r#"{{"t":{t},"event":"{event}"}}"#),
    }
}

/// For people, in columns.
#[must_use]
pub fn words(heard: &Heard) -> String {
    let line = format!("{:>10} s  {:<12}  {}", seconds(heard.at), name(&heard.what), detail(&heard.what));
    line.trim_end().to_owned()
}

/// What is special about an event.
pub(super) fn detail(what: &What) -> String {
    match what {
        What::Wake { word, score } => format!("{}, score {score:.2}", crate::shown::printable(word)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(at: u64, what: What) -> Heard {
        Heard { at: Position(at), what }
    }

    #[test]
    fn scripts_get_the_agreed_lines() {
        let wake = What::Wake { word: "okay_nabu".into(), score: 0.984 };
        assert_eq!(json(&heard(19_680, wake)), r#"{"t":1.230,"event":"wake","word":"okay_nabu","score":0.98}"#);
        let odd = What::Wake { word: "say \"hi\"\n".into(), score: 1.0 };
        assert_eq!(json(&heard(0, odd)), r#"{"t":0.000,"event":"wake","word":"say \"hi\"\n","score":1.00}"#);
        assert_eq!(json(&heard(7, What::SpeechStart)), r#"{"t":0.000,"event":"speech_start"}"#);
        let end = What::SpeechEnd { spoken: Position(1) };
        assert_eq!(json(&heard(8, end)), r#"{"t":0.001,"event":"speech_end"}"#);
        assert_eq!(json(&heard(160_000, What::NoSpeech)), r#"{"t":10.000,"event":"no_speech"}"#);
        let cap = r#"{"t":1152921504606846.976,"event":"cap"}"#;
        assert_eq!(json(&heard(u64::MAX, What::Cap)), cap);
    }

    #[test]
    fn people_get_columns() {
        let wake = What::Wake { word: "okay\u{1b}_nabu".into(), score: 0.984 };
        assert_eq!(words(&heard(19_680, wake)), "     1.230 s  wake          okay _nabu, score 0.98");
        assert_eq!(words(&heard(19_680, What::Cap)), "     1.230 s  cap");
    }
}
