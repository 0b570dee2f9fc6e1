//! What is wrong with the settings, and where.

use std::fmt;
use std::path::{Path, PathBuf};

/// At most so many problems are kept; a file of garbage must not fill the memory or the screen.
const LIMIT: usize = 50;

/// The longest piece of somebody's text that a message repeats, in characters.
const QUOTE_LIMIT: usize = 80;

/// Where a problem stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A line of the file, from 1.
    Line(usize),
    /// The environment; the text names the variable.
    Environment,
    /// The command line; the text names the argument.
    CommandLine,
}

/// One thing to correct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong and what to do, without the place. Never holds a secret.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::File | Place::CommandLine => f.write_str(&self.text),
            Place::Line(line) => write!(f, "line {line}: {}", self.text),
            Place::Environment => write!(f, "environment: {}", self.text),
        }
    }
}

/// All problems of one attempt to load, by line. `Display` gives one line each, with the file's name before those of
/// the file: what `auricle` prints before it exits with 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errors {
    file: Option<PathBuf>,
    problems: Vec<Problem>,
    left_out: usize,
}

impl Errors {
    /// The problems: file first, then by line, then the environment, then the command line.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many more there are than [`Errors::problems`] holds.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// The settings file, if there was one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            match (&self.file, &problem.place) {
                (Some(file), Place::File | Place::Line(_)) => write!(f, "{}: {problem}", file.display())?,
                _ => write!(f, "{problem}")?,
            }
        }
        if self.left_out > 0 {
            write!(f, "\n… and {} more", self.left_out)?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<Problem>,
    left_out: usize,
}

impl Problems {
    pub(super) fn add(&mut self, place: Place, text: impl FnOnce() -> String) {
        if self.found.len() < LIMIT {
            self.found.push(Problem { place, text: text() });
        } else {
            self.left_out += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn into_errors(mut self, file: Option<&Path>) -> Errors {
        self.found.sort_by(|a, b| a.place.cmp(&b.place));
        Errors { file: file.map(Path::to_path_buf), problems: self.found, left_out: self.left_out }
    }
}

/// Somebody's text made fit for one line of a terminal: control characters escaped, length bounded.
pub(super) fn quote(text: &str) -> String {
    let mut shown: String = text.chars().take(QUOTE_LIMIT).flat_map(escape).collect();
    if text.chars().nth(QUOTE_LIMIT).is_some() {
        shown.push('…');
    }
    shown
}

fn escape(c: char) -> impl Iterator<Item = char> {
    let plain = (!needs_escape(c)).then_some(c);
    let escaped = needs_escape(c).then(|| c.escape_default()).into_iter().flatten();
    plain.into_iter().chain(escaped)
}

/// Control characters, and those that turn the direction of writing on a terminal.
fn needs_escape(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
