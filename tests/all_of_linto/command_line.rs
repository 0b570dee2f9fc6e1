//! `auricle` beside the daemon, as people type it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::broker::{SOON, wait_until};
use crate::daemon::{AURICLE, Daemon};

/// What a program has printed.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs a command that must work, without a complaint; what it prints.
#[track_caller]
pub fn works(daemon: &Daemon, words: &[&str]) -> String {
    let Output { status, stdout, stderr } = daemon.run_cli(words);
    assert!(status.success() && stderr.is_empty(), "{words:?}: {status} {}", text(&stderr));
    text(&stdout)
}

/// Runs a command that must fail; its one line of complaint.
#[track_caller]
pub fn fails(daemon: &Daemon, words: &[&str]) -> String {
    let Output { status, stdout, stderr } = daemon.run_cli(words);
    assert_eq!((status.code(), text(&stdout).as_str()), (Some(1), ""), "{words:?}: {}", text(&stderr));
    assert_eq!(text(&stderr).lines().count(), 1, "{}", text(&stderr));
    text(&stderr)
}

/// A command that goes on; killed when dropped.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// Starts it.
    pub fn start(daemon: &Daemon, words: &[&str]) -> Self {
        let mut command = Command::new(AURICLE);
        command.args(words).arg("--config").arg(daemon.settings_file()).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// The next line that it prints.
    #[track_caller]
    pub fn line(&self) -> String {
        self.lines.recv_timeout(SOON).expect("one more line is printed")
    }

    /// A line, if one lies ready.
    pub fn try_line(&self) -> Option<String> {
        self.lines.try_recv().ok()
    }

    /// As Ctrl-C does.
    pub fn interrupt(&self) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGINT).unwrap();
    }

    /// Kills it, as a lost connection of a terminal may.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end: how it ended, the lines that were not read yet, and its complaints.
    pub fn end(mut self) -> (ExitStatus, Vec<String>, String) {
        let status = wait_until("the command to end", SOON, || self.child.try_wait().unwrap());
        let mut complaint = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        (status, self.lines.iter().collect(), complaint)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
