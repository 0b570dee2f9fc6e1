//! Commands that a server sends: what may run is the owner's choice, `shell` in `[remote]`.

use std::time::Duration;

use crate::services::process::Program;

mod answer;
mod refusal;

pub use answer::ShellAnswer;
pub use refusal::Refusal;

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
    /// Everything, through `/bin/sh`, as the user of the daemon.
    Any,
}

/// Runs `command` if the policy lets it, for at most `time_limit`. Whatever comes, there is an answer.
///
/// Dropping the future kills the command with its process group.
pub async fn run(policy: &ShellPolicy, command: &str, time_limit: Duration) -> ShellAnswer {
    let argv = match permit(policy, command) {
        Ok(argv) => argv,
        Err(refusal) => return ShellAnswer::Refused(refusal),
    };
    let command = command.to_owned();
    match Program::new(argv).time_limit(time_limit).run().await {
        Ok(outcome) => ShellAnswer::Ran { command, time_limit, outcome },
        Err(error) => ShellAnswer::NotStarted { command, error },
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
        // `--`: a command that begins with a hyphen is not an option of the shell.
        ShellPolicy::Any => Ok(["/bin/sh", "-c", "--", command].map(String::from).to_vec()),
    }
}

fn listed(list: &[Vec<String>], command: &str) -> Result<Vec<String>, Refusal> {
    // A line feed divides words here and commands in a shell. Nobody who means well needs one.
    if command.chars().any(char::is_control) {
        return Err(Refusal::NotListed);
    }
    let words = words(command).ok_or(Refusal::OpenQuote)?;
    list.iter().find(|argv| **argv == words && !words.is_empty()).cloned().ok_or(Refusal::NotListed)
}
