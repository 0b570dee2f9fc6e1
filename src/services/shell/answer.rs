//! What becomes of a command.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Refusal, UnitError};
use crate::services::process::{OUTPUT_CAP, Outcome, ProcessError};

/// What became of a command.
#[derive(Debug)]
pub enum ShellAnswer {
    /// It was not run.
    Refused(Refusal),
    /// It was to be run, and there is no such program.
    NotStarted {
        /// As it was sent.
        command: String,
        /// Why.
        error: ProcessError,
    },
    /// It was handed to the unit for commands, which gave no answer.
    Unanswered {
        /// As it was sent.
        command: String,
        /// Why.
        error: UnitError,
    },
    /// It was run.
    Ran {
        /// As it was sent.
        command: String,
        /// How long it was given.
        time_limit: Duration,
        /// How it ended.
        outcome: Outcome,
    },
}

impl ShellAnswer {
    /// As LinTO devices publish it: `stdout` and `stderr` if all went well, else `status` with the reason. They never
    /// sent an exit code; `code` is ours, and so is that a failed command keeps its output. A `note` tells that output
    /// is missing.
    #[must_use]
    pub fn json(&self) -> Value {
        match self {
            Self::Refused(refusal) => json!({ "status": format!("{refusal}; {}", refusal.remedy()) }),
            Self::NotStarted { command, error } => nothing_came(command, &error.to_string()),
            Self::Unanswered { command, error } => nothing_came(command, &error.to_string()),
            Self::Ran { command, time_limit, outcome } => ran(command, *time_limit, outcome),
        }
    }

    /// One short line for the journal: `exit 0, 120 bytes`.
    #[must_use]
    pub fn audit(&self) -> String {
        match self {
            Self::Refused(refusal) => format!("refused: {refusal}"),
            Self::NotStarted { error, .. } => format!("not started: {error}"),
            Self::Unanswered { error, .. } => format!("failed: {error}"),
            Self::Ran { outcome, .. } => outcome.audit(),
        }
    }
}

fn ran(command: &str, time_limit: Duration, outcome: &Outcome) -> Value {
    let Outcome { code, stdout, stderr, .. } = outcome;
    let mut answer = json!({ "stdout": stdout, "stderr": stderr, "code": code });
    if outcome.timed_out {
        let seconds = time_limit.as_secs_f32();
        answer["status"] = format!("Command timed out after {seconds} s: {command}").into();
    } else if !outcome.is_success() {
        answer["status"] = failed(command, stderr).into();
    }
    if outcome.cut {
        answer["note"] = format!("only the first {} KiB of stdout and of stderr are kept", OUTPUT_CAP / 1024).into();
    }
    answer
}

fn nothing_came(command: &str, error: &str) -> Value {
    json!({ "status": failed(command, error), "stdout": "", "stderr": error, "code": null })
}

/// The words of the LinTO devices.
fn failed(command: &str, reason: &str) -> String {
    format!("Command failed: {command}\n{reason}")
}
