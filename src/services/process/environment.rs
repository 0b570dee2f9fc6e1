//! What a program gets to see of the daemon's environment.

use tokio::process::Command;

/// Takes away what is meant for the daemon alone.
pub(crate) fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_ours(&name.to_string_lossy())) {
        command.env_remove(name);
    }
}

/// Variables of the daemon: its settings, passwords among them, and the service manager's sockets.
fn is_ours(name: &str) -> bool {
    name.starts_with("AURICLE_")
        || ["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "CREDENTIALS_DIRECTORY"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_the_daemon_stay_in_the_daemon() {
        assert!(is_ours("AURICLE_LINTO__PASSWORD") && is_ours("NOTIFY_SOCKET") && !is_ours("PATH"));
    }
}
