//! One text on its way to sound.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use auricle_core::audio::wav;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, ChildStderr, ChildStdout};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::engine::Engine;
use super::{Limits, TtsError};

/// The most samples in a block.
pub const MAX_BLOCK: usize = 4096;

/// A piece of sound, mono.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Samples per second.
    pub rate: u32,
    /// At most [`MAX_BLOCK`], at least one.
    pub samples: Vec<i16>,
}

/// A text while it is spoken. Dropping it kills the engine and all that the engine started.
#[derive(Debug)]
pub struct Utterance {
    program: String,
    limits: Limits,
    engine: Process,
    stdout: ChildStdout,
    stderr: LastLine<ChildStderr>,
    reader: wav::Reader,
    started: Instant,
    /// Since when somebody waits for the next sample.
    waiting: Option<Instant>,
    given: u64,
    ended: bool,
}

impl Utterance {
    pub(super) fn start(engine: &Engine, text: &str, limits: Limits) -> Result<Self, TtsError> {
        let program = engine.program.clone();
        let failed = |program, source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => TtsError::Missing { program },
            _ => TtsError::Start { program, source },
        };
        let mut child = engine.start(text).map_err(|source| failed(program.clone(), source))?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(TtsError::Start { program, source: io::ErrorKind::BrokenPipe.into() });
        };
        Ok(Self {
            program,
            limits,
            engine: Process(child),
            stdout,
            stderr: LastLine::new(stderr),
            reader: wav::Reader::new(),
            started: Instant::now(),
            waiting: None,
            given: 0,
            ended: false,
        })
    }

    /// The process id of the engine while it runs; also the id of its process group.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.engine.0.id()
    }

    /// The next piece of sound as soon as there is one; `None` at the end. Nothing is read ahead, so who doesn't ask
    /// holds the engine up. May be dropped half-way and called again.
    ///
    /// # Errors
    /// The sound can't begin or go on. The engine is dead then, and the next call returns `None`.
    pub async fn next(&mut self) -> Result<Option<Block>, TtsError> {
        if self.ended {
            return Ok(None);
        }
        let result = self.advance().await;
        if !matches!(result, Ok(Some(_))) {
            self.ended = true;
            self.engine.kill();
        }
        result
    }

    async fn advance(&mut self) -> Result<Option<Block>, TtsError> {
        loop {
            let deadline = self.deadline();
            let mut bytes = [0; MAX_BLOCK];
            let length = self.read(&mut bytes, deadline).await?;
            if length == 0 {
                return self.finish().await.map(|()| None);
            }
            let mut samples = Vec::with_capacity(length / 2 + 1);
            self.reader
                .push(&bytes[..length], &mut samples)
                .map_err(|source| TtsError::NotWav { program: self.program.clone(), source })?;
            if let Some(format) = self.reader.format().filter(|_| !samples.is_empty()) {
                return self.deliver(Block { rate: format.rate, samples }).map(Some);
            }
            // Bytes without samples in them buy no time, however many there are.
            if Instant::now() >= deadline {
                return Err(self.late());
            }
        }
    }

    /// When the next sample must be there.
    fn deadline(&mut self) -> Instant {
        if self.given == 0 {
            self.started + self.limits.first_sound
        } else {
            *self.waiting.get_or_insert_with(Instant::now) + self.limits.pause
        }
    }

    fn deliver(&mut self, block: Block) -> Result<Block, TtsError> {
        let limit = self.limits.sound;
        self.given += block.samples.len() as u64;
        if u128::from(self.given) * 1_000 > limit.as_millis() * u128::from(block.rate) {
            return Err(TtsError::TooLong { program: self.program.clone(), limit });
        }
        self.waiting = None;
        Ok(block)
    }

    /// Some bytes of the engine's output, 0 at its end. What is there already counts even after the deadline: it may
    /// be us who came late.
    async fn read(&mut self, bytes: &mut [u8], deadline: Instant) -> Result<usize, TtsError> {
        loop {
            tokio::select! {
                biased;
                got = self.stdout.read(bytes) => {
                    return got.map_err(|source| TtsError::Read { program: self.program.clone(), source });
                }
                () = sleep_until(deadline) => return Err(self.late()),
                () = self.stderr.read(), if self.stderr.open => {}
            }
        }
    }

    fn late(&self) -> TtsError {
        let program = self.program.clone();
        if self.given == 0 {
            TtsError::Slow { program, limit: self.limits.first_sound }
        } else {
            TtsError::Stalled { program, limit: self.limits.pause }
        }
    }

    /// After the last byte: whether it was a good end.
    async fn finish(&mut self) -> Result<(), TtsError> {
        let status = self.exit().await;
        let program = self.program.clone();
        // What it has written is there by now; a process that it left behind may keep the pipe open.
        let _ = timeout(Duration::from_millis(50), self.stderr.read_to_end()).await;
        match status {
            Some(status) if !status.success() => {
                Err(TtsError::Failed { program, status, detail: self.stderr.last_line() })
            }
            _ if self.given == 0 => Err(TtsError::Silent { program, detail: self.stderr.last_line() }),
            _ => Ok(()),
        }
    }

    /// How it ended; `None` if it does not end by itself although it has closed its output.
    async fn exit(&mut self) -> Option<ExitStatus> {
        let deadline = Instant::now() + self.limits.exit;
        loop {
            tokio::select! {
                biased;
                status = timeout_at(deadline, self.engine.0.wait()) => return status.ok()?.ok(),
                () = self.stderr.read(), if self.stderr.open => {}
            }
        }
    }
}

/// The engine's process group.
#[derive(Debug)]
struct Process(Child);

impl Process {
    /// Nothing happens if the engine has ended: its id may belong to somebody else.
    fn kill(&mut self) {
        if let Some(pid) = self.0.id().and_then(|id| i32::try_from(id).ok()) {
            // It fails only if nobody is left in the group, which is what we want.
            let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Reads an error output so that its writer never waits, and keeps only the end of it.
#[derive(Debug)]
struct LastLine<R> {
    source: R,
    open: bool,
    tail: Vec<u8>,
}

impl<R: AsyncRead + Unpin> LastLine<R> {
    /// Bytes kept; a line is shown up to half of it.
    const TAIL: usize = 400;

    const fn new(source: R) -> Self {
        Self { source, open: true, tail: Vec::new() }
    }

    async fn read(&mut self) {
        let mut bytes = [0; 1024];
        match self.source.read(&mut bytes).await {
            Ok(0) | Err(_) => self.open = false,
            Ok(length) => {
                self.tail.extend_from_slice(&bytes[..length]);
                self.tail.drain(..self.tail.len().saturating_sub(Self::TAIL));
            }
        }
    }

    async fn read_to_end(&mut self) {
        while self.open {
            self.read().await;
        }
    }

    fn last_line(&self) -> String {
        let text = String::from_utf8_lossy(&self.tail);
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
        line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(Self::TAIL / 2).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_a_flood_on_stderr_only_the_end_is_kept() {
        let flood = format!("{}\nthe reason\t!\n\n \n", "noise\n".repeat(10_000));
        let mut stderr = LastLine::new(flood.as_bytes());
        stderr.read_to_end().await;
        assert_eq!(stderr.last_line(), "the reason !");
        assert!(stderr.tail.len() <= LastLine::<&[u8]>::TAIL);
    }
}
