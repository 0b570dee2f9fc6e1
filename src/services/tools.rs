//! The owner's programs that a server may run as tools, `[[tools]]` in the settings.
//!
//! A server chooses values, never words of its own: a word of the command that is `{name}` becomes the value, whole, and
//! everything goes to the program as JSON on its standard input. No shell runs.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use crate::config::placeholder;
use crate::services::process::{Outcome, ProcessError, Program};

/// How many run at once.
const AT_ONCE: usize = 4;

/// What is kept of each output, in bytes. A message to a server has 8000.
const OUTPUT_CAP: usize = 4_000;

/// Runs tools, at most four at once. Shared by all who do.
#[derive(Debug)]
pub struct Tools {
    places: Semaphore,
}

impl Default for Tools {
    fn default() -> Self {
        Self { places: Semaphore::const_new(AT_ONCE) }
    }
}

/// What became of a tool.
#[derive(Debug)]
pub enum ToolOutcome {
    /// A value is one that the program must not get; why.
    Refused(String),
    /// Four are running already; this one was dropped.
    Dropped,
    /// There is no such program.
    NotStarted(ProcessError),
    /// It was run.
    Ran(Outcome),
}

impl Tools {
    /// Runs `command` with these arguments, for at most `limit`. Needs a tokio runtime around it; dropping the future
    /// kills the program with all that it started.
    pub async fn run(&self, command: &[String], arguments: &Map<String, Value>, limit: Duration) -> ToolOutcome {
        let argv = match words(command, arguments) {
            Ok(argv) => argv,
            Err(why) => return ToolOutcome::Refused(why),
        };
        let Ok(_place) = self.places.try_acquire() else {
            return ToolOutcome::Dropped;
        };
        let input = Value::Object(arguments.clone()).to_string();
        match Program::new(argv).stdin(input).time_limit(limit).output_cap(OUTPUT_CAP).run().await {
            Ok(outcome) => ToolOutcome::Ran(outcome),
            Err(error) => ToolOutcome::NotStarted(error),
        }
    }
}

/// The command with the values in it.
fn words(command: &[String], arguments: &Map<String, Value>) -> Result<Vec<String>, String> {
    let mut argv: Vec<String> = Vec::with_capacity(command.len());
    // Behind this word nothing is an option.
    let mut only_operands = false;
    for word in command {
        let Some(name) = placeholder(word) else {
            only_operands |= word == "--";
            argv.push(word.clone());
            continue;
        };
        let text = match arguments.get(name) {
            None => continue,
            Some(Value::String(text)) if text.contains('\0') => {
                return Err(format!("`{name}` has a NUL character in it"));
            }
            Some(Value::String(text)) if text.starts_with('-') && !only_operands => {
                return Err(format!("`{name}` begins with `-`, which the program might take for an option"));
            }
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        argv.push(text);
    }
    Ok(argv)
}

impl ToolOutcome {
    /// What the server is told: what the program printed, or why there is nothing.
    ///
    /// # Errors
    /// What went wrong, in one line.
    pub fn answer(&self) -> Result<String, String> {
        match self {
            Self::Refused(why) => Err(why.clone()),
            Self::Dropped => Err(format!("{AT_ONCE} tools are running already; try again later")),
            Self::NotStarted(error) => Err(error.to_string()),
            Self::Ran(outcome) if outcome.is_success() => Ok(harmless(outcome.stdout.trim())),
            Self::Ran(outcome) => {
                let line = outcome.stderr.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
                let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
                Err(if line.is_empty() { outcome.audit() } else { format!("{}: {line}", outcome.audit()) })
            }
        }
    }

    /// One short line for the journal.
    #[must_use]
    pub fn audit(&self) -> String {
        match self {
            Self::Ran(outcome) => outcome.audit(),
            other => other.answer().err().unwrap_or_default(),
        }
    }
}

/// A chat server takes a JSON object with a key `action` for an order to itself; a program's output is none.
fn harmless(text: &str) -> String {
    let is_order = serde_json::from_str::<Map<String, Value>>(text).is_ok_and(|object| object.contains_key("action"));
    let text = if text.is_empty() { "done" } else { text };
    if is_order { format!("It printed: {text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn argv(command: &[&str], arguments: Value) -> Result<Vec<String>, String> {
        let command: Vec<_> = command.iter().map(|word| (*word).to_owned()).collect();
        words(&command, arguments.as_object().unwrap())
    }

    #[test]
    fn a_value_is_a_word_of_its_own_whatever_is_in_it() {
        let arguments = json!({"text": "a b; rm -rf $HOME `x` '\"", "level": -5, "on": true});
        let words = argv(&["/bin/x", "{text}", "{level}", "{on}", "--v={level}", "{}"], arguments).unwrap();
        assert_eq!(words, ["/bin/x", "a b; rm -rf $HOME `x` '\"", "-5", "true", "--v={level}", "{}"]);
    }

    #[test]
    fn what_is_left_out_leaves_no_word() {
        assert_eq!(argv(&["/bin/x", "{level}", "end"], json!({})).unwrap(), ["/bin/x", "end"]);
    }

    #[test]
    fn text_is_no_option_unless_the_owner_says_that_there_are_none() {
        let arguments = json!({"text": "--exec=/bin/sh"});
        assert!(argv(&["/bin/x", "{text}"], arguments.clone()).unwrap_err().contains("option"));
        assert_eq!(argv(&["/bin/x", "--", "{text}"], arguments).unwrap(), ["/bin/x", "--", "--exec=/bin/sh"]);
        assert!(argv(&["/bin/x", "{text}"], json!({"text": "a\0b"})).unwrap_err().contains("NUL"));
    }

    #[test]
    fn no_output_is_an_order_to_the_server() {
        assert_eq!(harmless(""), "done");
        assert_eq!(harmless("{\"level\": 5}"), "{\"level\": 5}");
        assert!(serde_json::from_str::<Value>(&harmless("{\"action\": \"x\"}")).is_err());
    }
}
