//! The languages of espeak-ng.

use std::time::Duration;

use auricle_core::voices;

use super::TtsError;
use crate::services::process::{Outcome, ProcessError, Program};

pub(super) const PROGRAM: &str = "espeak-ng";

/// What is spoken when a language is unknown.
pub(super) const ENGLISH: &str = "en-us";

/// What each espeak-ng has, for as long as its list has not been read: the languages of the device's own sentences.
pub(super) const COMMON: &[&str] = &["de", "en-gb", ENGLISH, "es", "fr-fr", "it"];

/// Reading its list takes well under a second; on a small board that is starting up, several.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// More languages than anybody has written voices for.
const MOST: usize = 1000;

/// What it can speak, each under a name that its option `-v` takes.
pub(super) async fn languages() -> Result<Vec<String>, TtsError> {
    let argv = [PROGRAM, "--voices"].map(String::from).to_vec();
    let outcome = Program::new(argv).time_limit(TIME_LIMIT).run().await.map_err(failed)?;
    let no_list = |reason| TtsError::NoList { program: PROGRAM.into(), reason };
    if !outcome.is_success() {
        return Err(no_list(reason(&outcome)));
    }
    let languages = parse(&outcome.stdout);
    if languages.is_empty() { Err(no_list("there is none in its output".into())) } else { Ok(languages) }
}

fn failed(error: ProcessError) -> TtsError {
    let program = PROGRAM.into();
    match error {
        ProcessError::Missing { .. } => TtsError::Missing { program },
        ProcessError::Start { source, .. } => TtsError::Start { program, source },
        other => TtsError::NoList { program, reason: other.to_string() },
    }
}

fn reason(outcome: &Outcome) -> String {
    if outcome.timed_out { format!("not within {} s", TIME_LIMIT.as_secs()) } else { outcome.audit() }
}

/// The names in a list like this, a language per line and its other names in brackets:
///
/// ```text
/// Pty Language       Age/Gender VoiceName          File                 Other Languages
///  5  fr-fr           --/M      French_(France)    roa/fr               (fr 5)
/// ```
fn parse(list: &str) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    for line in list.lines().skip(1) {
        let language = line.split_whitespace().nth(1);
        for name in language.into_iter().chain(others(line)) {
            // `-v` looks for small letters only, also where the list has capitals.
            let usable = voices::is_tag(name) && !name.contains(|c: char| c.is_ascii_uppercase());
            if usable && !names.contains(&name) && names.len() < MOST {
                names.push(name);
            }
        }
    }
    names.into_iter().map(String::from).collect()
}

/// `(en-gb 3)(en 5)`: names and how well they fit. There are brackets in the names of voices too, without a number.
fn others(line: &str) -> impl Iterator<Item = &str> {
    line.split('(').skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once(' ')?;
        rest.split_once(')')?.0.parse::<u8>().ok().map(|_| name)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_and_other_names_are_found_in_the_list() {
        let list = "\
Pty Language       Age/Gender VoiceName          File                 Other Languages
 5  chr-US-Qaaa-x-west --/M      Cherokee_          iro/chr
 5  cmn             --/M      Chinese_(Mandarin,_latin_as_English) sit/cmn              (zh-cmn 5)(zh 5)
 2  en-gb           --/M      English_(Great_Britain) gmw/en               (en 2)
 5  en-gb-x-rp      --/M      English_(Received_Pronunciation) gmw/en-GB-x-rp       (en-gb 4)(en 5)
 5  mi              --/M      Māori             poz/mi
";
        assert_eq!(parse(list), ["cmn", "zh-cmn", "zh", "en-gb", "en", "en-gb-x-rp", "mi"]);
    }

    #[test]
    fn noise_is_no_language() {
        let list = "head\n\n 5\n 5 --help\n 5 ../x --/M a b (a b)(-v 3)((x 300)(\n 5 fr (fr 1";
        assert_eq!(parse(list), ["fr"]);
        let long: String = (0..5000).map(|n| format!(" 5 a{n}\n")).collect();
        assert_eq!(parse(&long).len(), MOST);
    }

    #[tokio::test]
    async fn the_installed_espeak_tells_what_it_speaks() {
        let languages = languages().await.unwrap();
        assert!((100..MOST).contains(&languages.len()), "{}", languages.len());
        for name in COMMON.iter().chain(&["en", "fr", "zh", "no", "nb", "cmn", "yue", "pt-br", "fi"]) {
            assert!(languages.iter().any(|language| language == name), "{name}");
        }
    }

    #[tokio::test]
    async fn espeak_takes_each_name_that_it_tells() {
        let mut argv = vec![PROGRAM.to_owned(), "-q".into(), "-v".into(), String::new(), "a".into()];
        for name in languages().await.unwrap() {
            argv[3].clone_from(&name);
            let outcome = Program::new(argv.clone()).run().await.unwrap();
            assert!(outcome.is_success(), "{name}: {outcome:?}");
        }
    }
}
