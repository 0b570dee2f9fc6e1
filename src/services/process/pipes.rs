//! What goes into a program and comes out of it.

use std::pin::pin;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};

use super::capped::Capped;

/// The other ends of a program's three streams. Feeds and empties them while something else is waited for, so that
/// nobody waits for anybody.
#[derive(Debug)]
pub(super) struct Pipes {
    stdin: Input,
    pub(super) stdout: Output<ChildStdout>,
    pub(super) stderr: Output<ChildStderr>,
}

impl Pipes {
    pub(super) fn new(child: &mut Child, text: Vec<u8>, cap: usize) -> Self {
        Self {
            stdin: Input { pipe: child.stdin.take(), text, written: 0 },
            stdout: Output { pipe: child.stdout.take(), kept: Capped::new(cap) },
            stderr: Output { pipe: child.stderr.take(), kept: Capped::new(cap) },
        }
    }

    /// Keeps the streams going until `event` comes.
    pub(super) async fn until<T>(&mut self, event: impl Future<Output = T>) -> T {
        let mut event = pin!(event);
        loop {
            tokio::select! {
                result = &mut event => return result,
                () = self.stdin.write(), if self.stdin.is_open() => {}
                () = self.stdout.read(), if self.stdout.is_open() => {}
                () = self.stderr.read(), if self.stderr.is_open() => {}
            }
        }
    }

    /// Returns when nobody holds the other ends of the outputs any more.
    pub(super) async fn end(&mut self) {
        while self.stdout.is_open() || self.stderr.is_open() {
            tokio::select! {
                () = self.stdout.read(), if self.stdout.is_open() => {}
                () = self.stderr.read(), if self.stderr.is_open() => {}
            }
        }
    }
}

/// An input and what of it is written.
#[derive(Debug)]
struct Input {
    pipe: Option<ChildStdin>,
    text: Vec<u8>,
    written: usize,
}

impl Input {
    const fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// Writes a piece; at the end, or when nobody reads, the stream is closed.
    async fn write(&mut self) {
        let Some(pipe) = &mut self.pipe else { return };
        let rest = &self.text[self.written..];
        match pipe.write(rest).await {
            Ok(written) if written < rest.len() && written > 0 => self.written += written,
            _ => self.pipe = None,
        }
    }
}

/// An output and what is kept of it.
#[derive(Debug)]
pub(super) struct Output<R> {
    pipe: Option<R>,
    pub(super) kept: Capped,
}

impl<R: AsyncRead + Unpin> Output<R> {
    const fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    async fn read(&mut self) {
        let Some(pipe) = &mut self.pipe else { return };
        let mut bytes = [0; 8192];
        match pipe.read(&mut bytes).await {
            Ok(0) | Err(_) => self.pipe = None,
            Ok(length) => self.kept.push(&bytes[..length]),
        }
    }
}
