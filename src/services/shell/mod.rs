//! Commands that a server sends: what may run is the owner's choice, `shell` in `[remote]`.

use std::time::Duration;

use crate::services::process::Program;

mod answer;
mod exercise;
mod refusal;
pub mod session;
mod unit;
mod wire;

pub use answer::ShellAnswer;
pub use exercise::exercise;
pub use refusal::Refusal;
pub use unit::{SOCKET, Unit, UnitError};

use unit::Found;

/// The longest command, in bytes.
pub const MAX_COMMAND: usize = 4096;

/// What may run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ShellPolicy {
    /// Nothing.
    #[default]
    Off,
    /// These argument vectors, word for word, without a shell.
    Listed(Vec<Vec<String>>),
    /// Everything, through `/bin/sh`: in the unit of `auricle-shell.socket`, or, where no package has installed it, as
    /// the user of the daemon.
    Any,
}

/// Runs `command` if the policy lets it, for at most `time_limit`. Whatever comes, there is an answer.
///
/// Dropping the future kills the command with its process group; in a unit of its own, with all that it started.
pub async fn run(policy: &ShellPolicy, command: &str, time_limit: Duration) -> ShellAnswer {
    run_beside(&Unit::of_this_machine(), policy, command, time_limit).await
}

/// The same with another unit than that of this machine.
pub async fn run_beside(unit: &Unit, policy: &ShellPolicy, command: &str, time_limit: Duration) -> ShellAnswer {
    let argv = match permit(policy, command) {
        Ok(argv) => argv,
        Err(refusal) => return ShellAnswer::Refused(refusal),
    };
    let command = command.to_owned();
    // What is listed is the owner's own choice, word for word, and stays in the daemon's sandbox.
    let found = if *policy == ShellPolicy::Any { unit.find().await } else { Ok(Found::None) };
    let outcome = match found {
        Ok(Found::Unit(stream)) => unit::run(stream, &command, time_limit).await,
        Ok(Found::Disabled) => return ShellAnswer::Refused(Refusal::Disabled),
        Ok(Found::None) => match Program::new(argv).time_limit(time_limit).run().await {
            Ok(outcome) => Ok(outcome),
            Err(error) => return ShellAnswer::NotStarted { command, error },
        },
        Err(error) => Err(error),
    };
    match outcome {
        Ok(outcome) => ShellAnswer::Ran { command, time_limit, outcome },
        Err(error) => ShellAnswer::Unanswered { command, error },
    }
}

/// The words of a command line as a shell divides it: quotes and backslashes count, a `#` before a word begins a
/// comment. Nothing is expanded, and no sign is an operator. `None` if a quote is not closed or nothing follows a
/// backslash. For `shell_commands` too, so that both sides are divided alike.
#[must_use]
pub fn words(command: &str) -> Option<Vec<String>> {
    shlex::split(command)
}

/// The argument vector to run.
fn permit(policy: &ShellPolicy, command: &str) -> Result<Vec<String>, Refusal> {
    if *policy == ShellPolicy::Off {
        return Err(Refusal::Off);
    }
    if command.len() > MAX_COMMAND {
        return Err(Refusal::TooLong { bytes: command.len() });
    }
    if command.contains('\0') {
        return Err(Refusal::Nul);
    }
    if command.trim().is_empty() {
        return Err(Refusal::Empty);
    }
    match policy {
        ShellPolicy::Off => Err(Refusal::Off),
        ShellPolicy::Listed(list) => listed(list, command),
        ShellPolicy::Any => Ok(shell(command)),
    }
}

/// The argument vector of a command of any kind. `--`: one that begins with a hyphen is not an option of the shell.
fn shell(command: &str) -> Vec<String> {
    ["/bin/sh", "-c", "--", command].map(String::from).to_vec()
}

fn listed(list: &[Vec<String>], command: &str) -> Result<Vec<String>, Refusal> {
    // A line feed divides words here and commands in a shell. Nobody who means well needs one.
    if command.chars().any(char::is_control) {
        return Err(Refusal::NotListed);
    }
    let words = words(command).ok_or(Refusal::OpenQuote)?;
    list.iter().find(|argv| **argv == words && !words.is_empty()).cloned().ok_or(Refusal::NotListed)
}
