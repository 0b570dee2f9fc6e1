//! The kinds of values that need more than a word or a number: times, paths, addresses, devices, passwords.

use auricle_core::audio::convert::Channel;
use std::path::PathBuf;
use std::time::Duration;

use auricle_core::protocol::linto::scope;
use toml::de::DeValue;

use super::broker::{self, BrokerAddress};
use super::kind::{Checked, Complaint, Given, Kind, quoted};
use super::secret::{self, Secret};
use super::words::MOST_WORDS;

/// One line of text.
pub(super) const LINE: Checked =
    Checked { expects: "one line of text, at most 256 characters", passes: |text| is_line(text, 256) };

/// One level of an MQTT topic.
pub(super) const TOPIC_LEVEL: Checked = Checked {
    expects: "one level of an MQTT topic: text without `/`, `+`, `#` and without `$` at its beginning",
    passes: |text| scope::check(text).is_ok(),
};

/// A name to tell servers apart.
pub(super) const NAME: Checked = Checked {
    expects: "a short name of letters, digits, `-` and `_`",
    passes: |text| is_line(text, 32) && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')),
};

/// A language tag.
pub(super) const LANGUAGE: Checked = Checked { expects: "a language like \"en\" or \"en-US\"", passes: is_language };

/// Not empty, not too long, nothing that could break a line or a C string.
fn is_line(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.chars().count() <= longest && !text.chars().any(char::is_control)
}

/// The shape of BCP 47: a language of two or three letters, then subtags of up to eight letters and digits.
fn is_language(text: &str) -> bool {
    let mut subtags = text.split('-');
    let language = subtags.next().unwrap_or_default();
    let is_subtag = |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric());
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && subtags.all(is_subtag)
        && text.len() <= 35
}

/// A length of time between two others, both included, in milliseconds.
pub(super) struct Span {
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
}

impl Kind for Span {
    type Value = Duration;

    fn read(&self, given: &Given<'_>) -> Result<Duration, Complaint> {
        let span = given.text().and_then(parse_span);
        let range = Duration::from_millis(self.from_ms)..=Duration::from_millis(self.to_ms);
        let fitting = span.filter(|span| range.contains(span));
        fitting.ok_or_else(|| {
            Complaint::new(format!("it must be {}, written like \"500ms\", \"1.5s\" or \"1h\"", self.expects()))
        })
    }

    fn expects(&self) -> String {
        let quoted = |ms| self.show(&Duration::from_millis(ms));
        format!("{} to {}", quoted(self.from_ms), quoted(self.to_ms))
    }

    fn show(&self, value: &Duration) -> String {
        let ms = value.as_millis();
        let text = match ms {
            _ if ms >= 3_600_000 && ms.is_multiple_of(3_600_000) => format!("{}h", ms / 3_600_000),
            _ if ms > 60_000 && ms.is_multiple_of(60_000) => format!("{}min", ms / 60_000),
            _ if ms >= 1000 && ms.is_multiple_of(1000) => format!("{}s", ms / 1000),
            _ if ms >= 1000 => format!("{}.{:03}", ms / 1000, ms % 1000).trim_end_matches('0').to_owned() + "s",
            _ => format!("{ms}ms"),
        };
        quoted(&text)
    }
}

/// "500ms", "1.5s", "10min", "1h". Finer than a millisecond is cut off.
fn parse_span(text: &str) -> Option<Duration> {
    let in_ms = |unit: &str| match unit {
        "ms" => Some(1),
        "s" => Some(1000),
        "min" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    quantity(text, in_ms).map(Duration::from_millis)
}

/// Digits, perhaps a fraction, a unit: how many of the smallest unit that is. Finer than that is cut off.
pub(super) fn quantity(text: &str, unit: impl Fn(&str) -> Option<u64>) -> Option<u64> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, name) = text.split_at(unit_at);
    let unit = unit(name)?;
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    let whole = digits(whole)?.checked_mul(unit)?;
    let fraction = match fraction {
        Some(fraction) => digits(fraction)?.checked_mul(unit)? / 10_u64.checked_pow(fraction.len().try_into().ok()?)?,
        None => 0,
    };
    whole.checked_add(fraction)
}

/// A number of decimal digits and nothing else.
pub(super) fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// Linux takes no longer path, in bytes.
pub(super) const LONGEST_PATH: usize = 4095;

/// A path. A relative one counts from the folder of the settings file, or, in the environment, from the working folder.
pub(super) struct FilePath {
    /// In bytes.
    pub(super) longest: usize,
}

impl Kind for FilePath {
    type Value = PathBuf;

    fn read(&self, given: &Given<'_>) -> Result<PathBuf, Complaint> {
        let text = given.text().filter(|text| !text.is_empty() && !text.contains('\0'));
        let text = text.ok_or_else(|| Complaint::new(format!("it must be {}", self.expects())))?;
        if text.starts_with('~') {
            return Err(Complaint::new("`~` is not understood here; write the path from `/` on"));
        }
        let path = given.base.join(text);
        if path.as_os_str().len() > self.longest {
            return Err(Complaint::new(format!("it must be {}", self.expects())));
        }
        Ok(path)
    }

    fn expects(&self) -> String {
        if self.longest >= LONGEST_PATH { "a path".into() } else { format!("a path of at most {} bytes", self.longest) }
    }

    fn show(&self, value: &PathBuf) -> String {
        quoted(&value.display().to_string())
    }
}

/// A path from the root on: what is written there must not depend on where the settings lie.
pub(super) struct AbsolutePath;

impl Kind for AbsolutePath {
    type Value = PathBuf;

    fn read(&self, given: &Given<'_>) -> Result<PathBuf, Complaint> {
        match given.text() {
            Some(text) if !text.starts_with(['/', '~']) => {
                Err(Complaint::new(format!("it must be {}", self.expects())))
            }
            _ => WHOLE.read(given),
        }
    }

    fn expects(&self) -> String {
        "a path from `/` on".into()
    }

    fn show(&self, value: &PathBuf) -> String {
        WHOLE.show(value)
    }
}

const WHOLE: FilePath = FilePath { longest: LONGEST_PATH };

/// A sound device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pcm {
    /// The only card that can do it.
    Auto,
    /// The name of an ALSA PCM.
    Named(String),
}

impl Pcm {
    /// As the settings write it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Auto => "auto",
            Self::Named(name) => name,
        }
    }
}

/// Reads a [`Pcm`].
pub(super) struct PcmName;

impl Kind for PcmName {
    type Value = Pcm;

    fn read(&self, given: &Given<'_>) -> Result<Pcm, Complaint> {
        match given.text() {
            Some("auto") => Ok(Pcm::Auto),
            Some(name) if is_line(name, 256) => Ok(Pcm::Named(name.to_owned())),
            _ => Err(Complaint::new(format!("it must be {}", self.expects()))),
        }
    }

    fn expects(&self) -> String {
        "\"auto\" or the name of an ALSA PCM".into()
    }

    fn show(&self, value: &Pcm) -> String {
        match value {
            Pcm::Auto => quoted("auto"),
            Pcm::Named(name) => quoted(name),
        }
    }
}

/// Reads a [`Channel`].
pub(super) struct ChannelChoice;

/// The highest number of a channel.
const LAST_CHANNEL: u16 = 31;

impl Kind for ChannelChoice {
    type Value = Channel;

    fn read(&self, given: &Given<'_>) -> Result<Channel, Complaint> {
        let number = given.integer().and_then(|number| u16::try_from(number).ok());
        match (given.text(), number) {
            (Some("auto"), _) => Ok(Channel::Auto),
            (Some("mean"), _) => Ok(Channel::Mean),
            (Some("best"), _) => Ok(Channel::Best),
            (_, Some(number @ 0..=LAST_CHANNEL)) => Ok(Channel::Index(number)),
            _ => Err(Complaint::new(format!("it must be {}", self.expects()))),
        }
    }

    fn expects(&self) -> String {
        format!("\"auto\", \"best\", \"mean\" or a channel's number, 0 to {LAST_CHANNEL}")
    }

    fn show(&self, value: &Channel) -> String {
        match value {
            Channel::Auto => quoted("auto"),
            Channel::Mean => quoted("mean"),
            Channel::Best => quoted("best"),
            Channel::Index(number) => number.to_string(),
        }
    }
}

/// Reads a [`BrokerAddress`].
pub(super) struct BrokerUrl;

impl Kind for BrokerUrl {
    type Value = BrokerAddress;

    fn read(&self, given: &Given<'_>) -> Result<BrokerAddress, Complaint> {
        let url = given.text().ok_or_else(|| Complaint::new(format!("it must be {}", self.expects())))?;
        broker::parse(url)
    }

    fn expects(&self) -> String {
        "an address like \"mqtts://HOST\" or \"mqtt://HOST:PORT\"".into()
    }

    fn show(&self, value: &BrokerAddress) -> String {
        quoted(&value.to_string())
    }
}

/// Reads a [`Secret`], none when empty.
pub(super) struct Password;

impl Kind for Password {
    type Value = Option<Secret>;

    fn read(&self, given: &Given<'_>) -> Result<Option<Secret>, Complaint> {
        match given.text() {
            Some("") => Ok(None),
            Some(text) if text.len() <= secret::LONGEST => Ok(Some(Secret::new(text.to_owned()))),
            _ => Err(Complaint::hidden(format!("is not usable; it must be {}", self.expects()))),
        }
    }

    fn expects(&self) -> String {
        format!("text in quotes, at most {} bytes", secret::LONGEST)
    }

    fn show(&self, value: &Option<Secret>) -> String {
        if value.is_some() { "set" } else { "not set" }.into()
    }
}

/// A program and its arguments. Empty: none.
pub(super) struct CommandLine;

impl Kind for CommandLine {
    type Value = Vec<String>;

    fn read(&self, given: &Given<'_>) -> Result<Vec<String>, Complaint> {
        let words =
            given.value.as_array().and_then(|items| items.iter().map(|item| argument(item.get_ref())).collect());
        words
            .filter(|words: &Vec<String>| {
                words.len() <= MOST_WORDS && words.first().is_none_or(|program| !program.is_empty())
            })
            .ok_or_else(|| Complaint::new(format!("it must be {}", self.expects())))
    }

    fn expects(&self) -> String {
        "a list in brackets: a program and its arguments, each in quotes".into()
    }

    fn show(&self, value: &Vec<String>) -> String {
        let words: Vec<_> = value.iter().map(|word| quoted(word)).collect();
        format!("[{}]", words.join(", "))
    }
}

fn argument(value: &DeValue<'_>) -> Option<String> {
    value.as_str().filter(|text| !text.contains('\0')).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_exact() {
        for (text, ms) in [
            ("0ms", Some(0)),
            ("500ms", Some(500)),
            ("12s", Some(12_000)),
            ("1.5s", Some(1500)),
            ("0.0015s", Some(1)),
            ("2min", Some(120_000)),
            ("1h", Some(3_600_000)),
            ("0.5h", Some(1_800_000)),
            ("", None),
            ("5", None),
            ("s", None),
            (".5s", None),
            ("1.s", None),
            ("1..5s", None),
            ("-1s", None),
            ("+1s", None),
            ("1 s", None),
            ("1e3s", None),
            ("1S", None),
            ("1d", None),
            ("99999999999999999999s", None),
            ("18446744073709551615h", None),
            ("0.00000000000000000000001s", None),
        ] {
            assert_eq!(parse_span(text), ms.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn spans_are_shown_as_a_person_writes_them() {
        let span = Span { from_ms: 0, to_ms: u64::MAX };
        for (ms, text) in [
            (0, "0ms"),
            (500, "500ms"),
            (1000, "1s"),
            (1500, "1.5s"),
            (12_345, "12.345s"),
            (7_200_000, "2h"),
            (60_000, "60s"),
            (61_000, "61s"),
            (600_000, "10min"),
        ] {
            assert_eq!(span.show(&Duration::from_millis(ms)), format!("\"{text}\""));
            assert_eq!(parse_span(text), Some(Duration::from_millis(ms)));
        }
    }

    #[test]
    fn languages_have_the_shape_of_tags() {
        for language in ["en", "en-US", "fr-FR", "deu", "zh-Hant-TW", "sr-Latn", "es-419"] {
            assert!(is_language(language), "{language}");
        }
        for language in ["", "e", "english", "en_US", "en-", "12", "-US", "en-toolongsubtag", "en US"] {
            assert!(!is_language(language), "{language}");
        }
    }
}
