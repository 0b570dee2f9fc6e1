//! The state file and the power plug.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use auricle::device::state::StateFile;

const FOLDER: &str = "STATE_FILE_TEST_FOLDER";

/// Kills the writer at the end of a test, however it ends.
struct Writer(Child);

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Writer {
    /// This program again, running only the test that writes.
    fn start(folder: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "writes_until_it_is_killed", "--ignored"]).env(FOLDER, folder);
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

/// The number of the last write; `None` before the first. Panics if the file holds anything but one whole write.
fn generation(folder: &Path) -> Option<u64> {
    let text = std::fs::read(folder.join("state.json")).ok()?;
    let state: serde_json::Value = serde_json::from_slice(&text).expect("never half a file");
    let number = state["number"].as_u64().unwrap();
    assert_eq!(state["language"], padding(number), "all of one write");
    Some(number)
}

/// Long enough that no write is a single page, and of another length each time.
fn padding(number: u64) -> String {
    "x".repeat(5_000 + (number % 7) as usize * 1_000)
}

#[test]
#[ignore = "started and killed by the other test"]
fn writes_until_it_is_killed() {
    let folder = std::env::var_os(FOLDER).expect("only as a child of the other test");
    let (mut file, broken) = StateFile::open(Path::new(&folder)).unwrap();
    assert_eq!(broken, None);
    let first = file.state().others.get("number").and_then(serde_json::Value::as_u64).unwrap_or(0);
    for number in first + 1.. {
        file.update(|state| {
            state.others.insert("number".into(), number.into());
            state.language = Some(padding(number));
        })
        .unwrap();
    }
}

#[test]
fn a_kill_at_any_moment_leaves_the_old_content_or_the_new() {
    let folder = tempfile::tempdir().unwrap();
    let mut last = 0;
    for round in 0..40_u32 {
        let writer = Writer::start(folder.path());
        let deadline = Instant::now() + Duration::from_secs(10);
        // Each round ends after another number of looks, so the kill comes at another moment of a write.
        let mut looks = round;
        while generation(folder.path()).unwrap_or(0) <= last || looks > 0 {
            assert!(Instant::now() < deadline, "the writer does not write");
            looks = looks.saturating_sub(1);
            std::thread::yield_now();
        }
        drop(writer);
        let now = generation(folder.path()).unwrap();
        assert!(now > last, "nothing that was written is lost");
        last = now;
        let (file, broken) = StateFile::open(folder.path()).unwrap();
        assert_eq!((broken, file.state().language.clone()), (None, Some(padding(now))));
    }
    let names: BTreeSet<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(names.len() <= 2, "nothing piles up: {names:?}");
}
