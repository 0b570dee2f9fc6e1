//! Command lines as words, without a shell.

use super::kind::{Complaint, Given, Kind, quoted};

/// A command line has at most so many words; a program and its arguments.
pub(super) const MOST_WORDS: usize = 64;

/// So many command lines can be listed.
const MOST_LINES: usize = 64;

/// Why a command line can't be split into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// A quote is opened, but not closed.
    #[error("has a {0} that is not closed; close it, or write \\{0} for the character itself")]
    OpenQuote(char),
    /// A backslash ends it.
    #[error("ends with a \\ that has nothing to protect; remove it, or write \\\\ for the character itself")]
    LoneBackslash,
}

/// Splits a command line into words as a shell does: at blanks, except within quotes. Nothing is expanded, and `|`, `;`,
/// `>` and the like are characters as any other.
///
/// # Errors
/// When a quote is not closed or a backslash stands last.
///
/// ```
/// let words = auricle::config::split_words(r#"logger -t auricle "it's me""#).unwrap();
/// assert_eq!(words, ["logger", "-t", "auricle", "it's me"]);
/// ```
pub fn split_words(line: &str) -> Result<Vec<String>, SplitError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            '\'' => literal(&mut rest, word.get_or_insert_default())?,
            '"' => protected(&mut rest, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(rest.next().ok_or(SplitError::LoneBackslash)?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Up to the closing `'` everything stands for itself.
fn literal(rest: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), SplitError> {
    loop {
        match rest.next().ok_or(SplitError::OpenQuote('\''))? {
            '\'' => return Ok(()),
            c => word.push(c),
        }
    }
}

/// Up to the closing `"` a backslash protects what would mean something to a shell; before anything else it stands for
/// itself.
fn protected(rest: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), SplitError> {
    let open = SplitError::OpenQuote('"');
    loop {
        match rest.next().ok_or(open)? {
            '"' => return Ok(()),
            '\\' => match rest.next().ok_or(open)? {
                c @ ('"' | '\\' | '$' | '`') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c => word.push(c),
        }
    }
}

/// The command line that [`split_words`] makes these words of.
fn join(words: &[String]) -> String {
    let harmless = |c: char| c.is_alphanumeric() || "-_./:=,+@%".contains(c);
    let shown = |word: &String| match word.is_empty() || !word.chars().all(harmless) {
        true => format!("'{}'", word.replace('\'', r"'\''")),
        false => word.clone(),
    };
    words.iter().map(shown).collect::<Vec<_>>().join(" ")
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
    let words = split_words(line).map_err(|error| error.to_string())?;
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

    #[test]
    fn lines_are_split_as_a_shell_does() {
        for (line, words) in [
            ("", &[][..]),
            (" \t ", &[]),
            ("uptime", &["uptime"]),
            ("  df   -h /  ", &["df", "-h", "/"]),
            ("echo 'a b' \"c d\"", &["echo", "a b", "c d"]),
            ("echo a'b c'\"d e\"f", &["echo", "ab cd ef"]),
            ("echo '' \"\"", &["echo", "", ""]),
            (r"echo a\ b \' \\", &["echo", "a b", "'", "\\"]),
            (r#"echo '\"' "\"" "\n" "\$x""#, &["echo", "\\\"", "\"", "\\n", "$x"]),
            ("echo $HOME *.txt | wc; rm # no", &["echo", "$HOME", "*.txt", "|", "wc;", "rm", "#", "no"]),
        ] {
            assert_eq!(split_words(line).unwrap(), words, "{line}");
        }
        for (line, error) in [
            ("echo 'a", SplitError::OpenQuote('\'')),
            ("echo \"a", SplitError::OpenQuote('"')),
            ("echo \"a\\", SplitError::OpenQuote('"')),
            ("it's", SplitError::OpenQuote('\'')),
            ("echo \\", SplitError::LoneBackslash),
        ] {
            assert_eq!(split_words(line), Err(error), "{line}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_shown_splits_into_the_same_words(words in prop::collection::vec("[a-z '\"\\\\$|\\n\\t]{0,8}", 0..6)) {
            prop_assert_eq!(split_words(&join(&words)).unwrap(), words);
        }

        #[test]
        fn any_text_is_split_or_refused(line in any::<String>()) {
            let _ = split_words(&line);
        }
    }
}
