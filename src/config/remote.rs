//! What the settings of remote power mean together.

use super::problem::quote;
use super::sections::{Remote, Shell};

/// Words that mean something to a shell when they stand alone.
const OPERATORS: [&str; 10] = ["|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1"];

/// What is legal but probably not meant.
pub(super) fn warnings(remote: &Remote) -> Vec<String> {
    let mut warnings = Vec::new();
    match remote.shell {
        Shell::Listed if remote.shell_commands.is_empty() => warnings.push(
            "[remote] `shell` is \"listed\", but `shell_commands` lists nothing, so that every command is refused; \
             list what may run, for example shell_commands = [\"uptime\"]"
                .to_owned(),
        ),
        Shell::Any => warnings.push(
            "[remote] `shell` is \"any\": whoever can send messages through the broker can run every command on this \
             device; \"listed\" allows only those in `shell_commands`"
                .to_owned(),
        ),
        Shell::Off | Shell::Listed => {}
    }
    for (nth, words) in remote.shell_commands.iter().enumerate() {
        if let Some(operator) = words.iter().find(|word| OPERATORS.contains(&word.as_str())) {
            warnings.push(format!(
                "[remote] `{}` in entry {} of `shell_commands` is handed to the program `{}` as it is, since no shell \
                 runs; put the command into a script, and list the script",
                quote(operator),
                nth + 1,
                quote(words.first().map_or("", String::as_str)),
            ));
        }
    }
    if remote.ssh && remote.ssh_hosts.is_empty() {
        warnings.push(
            "[remote] `ssh` is \"on\", but `ssh_hosts` lists no host, so that none can be reached; add the line that \
             `ssh-keyscan -t ed25519 HOST` prints, after its fingerprint (`ssh-keyscan -t ed25519 HOST | ssh-keygen -lf -`) \
             was compared with the one that the host's owner tells you"
                .to_owned(),
        );
    }
    warnings
}
