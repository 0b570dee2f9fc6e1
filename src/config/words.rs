//! Command lines as words, without a shell.

use crate::services::shell::words;

use super::kind::{Complaint, Given, Kind, quoted};

/// A command line has at most so many words; a program and its arguments.
pub(super) const MOST_WORDS: usize = 64;

/// So many command lines can be listed.
const MOST_LINES: usize = 64;

/// The command line that is split into these words.
fn join(words: &[String]) -> String {
    // Only a NUL can't be quoted, and those were refused.
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default()
}

/// A list of command lines.
pub(super) struct CommandLines;

impl Kind for CommandLines {
    type Value = Vec<Vec<String>>;

    fn read(&self, given: &Given<'_>) -> Result<Self::Value, Complaint> {
        let items = given.value.as_array().filter(|items| items.len() <= MOST_LINES);
        let items = items.ok_or_else(|| Complaint::new(format!("it must be {}", self.expects())))?;
        let entry = |(nth, item): (usize, &toml::Spanned<toml::de::DeValue<'_>>)| {
            let number = nth + 1;
            let line = item.get_ref().as_str();
            let line =
                line.ok_or_else(|| Complaint::new(format!("entry {number} must be a command line in quotes")))?;
            read_line(line).map_err(|why| Complaint::new(format!("entry {number} {why}")))
        };
        items.iter().enumerate().map(entry).collect()
    }

    fn expects(&self) -> String {
        format!("a list in brackets: up to {MOST_LINES} command lines, each in quotes")
    }

    fn show(&self, value: &Self::Value) -> String {
        let lines: Vec<_> = value.iter().map(|words| quoted(&join(words))).collect();
        format!("[{}]", lines.join(", "))
    }
}

fn read_line(line: &str) -> Result<Vec<String>, String> {
    if line.contains('\0') {
        return Err("has a NUL character, which no command can have; remove it".into());
    }
    let words = words(line).ok_or(
        "has a quote that is not closed, or a \\ at its end; write \\ before a character that stands for itself",
    )?;
    match words.first() {
        None => Err("is empty; write a program and its arguments, or remove it".into()),
        Some(program) if program.is_empty() => Err("names no program; begin it with one".into()),
        Some(_) if words.len() > MOST_WORDS => Err(format!("has more than {MOST_WORDS} words; put it into a script")),
        Some(_) => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_shown_splits_into_the_same_words(words in prop::collection::vec("[a-z '\"\\\\$|\\n\\t]{0,8}", 0..6)) {
            prop_assert_eq!(super::words(&join(&words)).unwrap(), words);
        }

        #[test]
        fn any_text_is_split_or_refused(line in any::<String>()) {
            let _ = read_line(&line);
        }
    }
}
