//! Programs of the owner that are run for things that Auricle can't do itself, `[hooks]` in the settings.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;

use crate::services::process::{Outcome, ProcessError, Program};

/// How many run at once.
const AT_ONCE: usize = 4;

/// What is kept of each output, in bytes.
const OUTPUT_CAP: usize = 16 * 1024;

/// The longest value of an environment variable, in bytes.
const MAX_VALUE: usize = 4096;

/// How long a hook may run, unless a test is less patient.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Runs hooks, at most four at once. Shared by all who do.
#[derive(Debug)]
pub struct Hooks {
    places: Semaphore,
    time_limit: Duration,
}

/// What became of a hook.
#[derive(Debug)]
pub enum HookOutcome {
    /// The settings name no program.
    NotSet,
    /// Four are running already; this one was dropped.
    Dropped,
    /// There is no such program.
    NotStarted(ProcessError),
    /// It was run.
    Ran(Outcome),
}

impl Default for Hooks {
    fn default() -> Self {
        Self::with_time_limit(TIME_LIMIT)
    }
}

impl Hooks {
    /// With a time limit of one's own. The product's is 10 s.
    #[must_use]
    pub const fn with_time_limit(time_limit: Duration) -> Self {
        Self { places: Semaphore::const_new(AT_ONCE), time_limit }
    }

    /// Runs the program `argv` with `json` on its standard input. Needs a tokio runtime around it; dropping the future
    /// kills the hook.
    ///
    /// `context` becomes environment variables, for example `AURICLE_SERVER`. Their values may come from a server: they
    /// lose NUL characters and end after 4 KiB.
    pub async fn run(&self, argv: &[String], json: &Value, context: &[(String, String)]) -> HookOutcome {
        if argv.is_empty() {
            return HookOutcome::NotSet;
        }
        let Ok(_place) = self.places.try_acquire() else {
            return HookOutcome::Dropped;
        };
        let mut program = Program::new(argv.to_vec()).stdin(json.to_string());
        for (name, value) in context {
            program = program.variable(name, sanitised(value));
        }
        match program.time_limit(self.time_limit).output_cap(OUTPUT_CAP).run().await {
            Ok(outcome) => HookOutcome::Ran(outcome),
            Err(error) => HookOutcome::NotStarted(error),
        }
    }
}

impl HookOutcome {
    /// Whether the hook did what it was there for.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Ran(outcome) if outcome.is_success())
    }

    /// One short line for the journal: `exit 0, 120 bytes`; of a hook that failed, with the last line of its standard
    /// error.
    #[must_use]
    pub fn audit(&self) -> String {
        match self {
            Self::NotSet => "there is no hook for it; name a program in [hooks]".into(),
            Self::Dropped => format!("dropped: {AT_ONCE} hooks are running already"),
            Self::NotStarted(error) => format!("not started: {error}"),
            Self::Ran(outcome) if outcome.is_success() => outcome.audit(),
            Self::Ran(outcome) => [outcome.audit(), last_line(&outcome.stderr)].join(": "),
        }
    }
}

/// What fits into an environment variable.
fn sanitised(value: &str) -> String {
    let value = value.replace('\0', "");
    value[..value.floor_char_boundary(MAX_VALUE)].to_owned()
}

/// The last line with something in it, of at most 200 characters that can be shown.
fn last_line(text: &str) -> String {
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("nothing on its standard error");
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fit_into_the_environment() {
        assert_eq!(sanitised("a\0b\0"), "ab");
        assert_eq!(sanitised(&"é".repeat(3000)).len(), MAX_VALUE);
    }

    #[test]
    fn a_reason_is_one_line() {
        assert_eq!(last_line("a\nb\tc\x1b[0m\n \n"), "b c [0m");
    }
}
