//! Runs a program with limits: time, output, and nothing that outlives it.
//!
//! The program leads a process group of its own, and the group is its life: when the program ends, when its time is
//! over, or when nobody waits for it any more, the whole group is killed. What is to stay must make a session of its
//! own (`setsid`, a service manager); it is not followed and, with the outputs in its hands, not waited for.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::process::Command;
use tokio::time::{Instant, timeout};

mod account;
mod capped;
pub(crate) mod environment;
mod error;
mod leader;
mod pipes;

pub use account::Account;
pub use error::ProcessError;

use leader::Leader;
use pipes::Pipes;

/// What is kept of each output unless a program asks for another cap, in bytes.
pub const OUTPUT_CAP: usize = 64 * 1024;

/// How long a program whose time is over may tidy up after SIGTERM. With [`GRACE`] 500 ms.
const MERCY: Duration = Duration::from_millis(300);

/// How long others may hold the outputs open after the program itself has ended.
const GRACE: Duration = Duration::from_millis(200);

/// A program, its input and its limits.
#[derive(Clone, Debug)]
pub struct Program {
    argv: Vec<String>,
    stdin: Option<Vec<u8>>,
    variables: Vec<(String, String)>,
    time_limit: Duration,
    output_cap: usize,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Its standard output as text, cut at the cap; what is no UTF-8 is shown as U+FFFD.
    pub stdout: String,
    /// Its standard error, likewise.
    pub stderr: String,
    /// Whether one of them was longer.
    pub cut: bool,
    /// Whether it was killed because its time was over.
    pub timed_out: bool,
    /// From its start to its end.
    pub took: Duration,
}

impl Outcome {
    /// Whether it ended by itself with exit code 0.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.code == Some(0) && !self.timed_out
    }

    /// One short line for the journal: `exit 0, 120 bytes`.
    #[must_use]
    pub fn audit(&self) -> String {
        let bytes = self.stdout.len() + self.stderr.len();
        let cut = if self.cut { ", cut" } else { "" };
        let end = match (self.timed_out, self.code, self.signal) {
            (true, ..) => format!("timed out after {:.1} s", self.took.as_secs_f32()),
            (false, Some(code), _) => format!("exit {code}"),
            (false, None, Some(signal)) => format!("signal {signal}"),
            (false, None, None) => "it can't be ended".into(),
        };
        format!("{end}, {bytes} bytes{cut}")
    }
}

impl Program {
    /// A program with its arguments, without a shell. It gets nothing on its standard input, 30 s, and [`OUTPUT_CAP`].
    #[must_use]
    pub fn new(argv: Vec<String>) -> Self {
        let time_limit = Duration::from_secs(30);
        Self { argv, stdin: None, variables: Vec::new(), time_limit, output_cap: OUTPUT_CAP }
    }

    /// What it reads on its standard input; of any length.
    #[must_use]
    pub fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(text.into());
        self
    }

    /// Another environment variable. What the daemon got for itself (`AURICLE_…`, the service manager's) is not passed
    /// on.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// How long it may run. Then SIGTERM goes to its process group, and at most 500 ms later SIGKILL.
    #[must_use]
    pub const fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// How many bytes are kept of each output. What goes beyond is read and thrown away.
    #[must_use]
    pub const fn output_cap(mut self, bytes: usize) -> Self {
        self.output_cap = bytes;
        self
    }

    /// Runs it to its end. Needs a tokio runtime around it. Dropping the future kills it with its group.
    ///
    /// # Errors
    /// It can't be started. How it ended is never an error.
    pub async fn run(self) -> Result<Outcome, ProcessError> {
        let started = Instant::now();
        let time_limit = self.time_limit;
        let (mut leader, mut pipes) = self.start()?;
        let timed_out = pipes.until(timeout(time_limit, leader.ended())).await.is_err();
        if timed_out {
            leader.signal(Signal::SIGTERM);
            let _ = pipes.until(timeout(MERCY, leader.ended())).await;
        }
        let _ = timeout(GRACE, pipes.end()).await;
        let status = leader.bury().await;
        // The last words of those that were killed only now.
        let _ = timeout(GRACE, pipes.end()).await;
        Ok(Outcome {
            code: status.and_then(|status| status.code()),
            signal: status.and_then(|status| status.signal()),
            cut: pipes.stdout.kept.is_cut() || pipes.stderr.kept.is_cut(),
            stdout: pipes.stdout.kept.into_text(),
            stderr: pipes.stderr.kept.into_text(),
            timed_out,
            took: started.elapsed(),
        })
    }

    fn start(self) -> Result<(Leader, Pipes), ProcessError> {
        let (program, arguments) = self.argv.split_first().ok_or(ProcessError::Unnamed)?;
        let failed = |source| ProcessError::of(program, source);
        let mut command = Command::new(program);
        environment::clean(&mut command);
        command.args(arguments).envs(self.variables);
        command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let deaths = Leader::watch().map_err(failed)?;
        let mut child = command.spawn().map_err(failed)?;
        let pipes = Pipes::new(&mut child, self.stdin.unwrap_or_default(), self.output_cap);
        Ok((Leader::new(child, deaths).map_err(failed)?, pipes))
    }
}
