//! What tests want to know of processes.

use std::path::Path;
use std::time::{Duration, Instant};

/// Whether the process is there and not dead.
pub fn lives(pid: u32) -> bool {
    // Whose parent has died waits as a zombie for the init process of the machine to bury it.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Polls a condition for up to 5 s.
pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !condition() {
        assert!(Instant::now() < deadline, "not within 5 s: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The numbers in a file, as soon as it has that many lines.
pub async fn numbers(file: &Path, lines: usize) -> Vec<u32> {
    let read = || std::fs::read_to_string(file).unwrap_or_default();
    until("the script has written its numbers", || read().matches('\n').count() >= lines).await;
    read().lines().map(|line| line.trim().parse().unwrap()).collect()
}

/// Waits until none of them lives.
pub async fn gone(pids: &[u32]) {
    until("nobody is left", || !pids.iter().any(|pid| lives(*pid))).await;
}

/// An argument vector that runs a shell script with `$D` as a folder.
pub fn script(folder: &Path, script: &str) -> Vec<String> {
    ["/bin/sh", "-c", &format!("D='{}'; {script}", folder.display())].map(String::from).to_vec()
}

/// A vector of owned words.
pub fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}
