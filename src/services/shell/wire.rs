//! What the daemon and a unit that runs one command say to each other: a line of JSON there, a line of JSON back.

use std::io;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::MAX_COMMAND;
use crate::services::process::{OUTPUT_CAP, Outcome};

/// JSON writes a control character as six, and some room for the rest of the line.
const GROWTH: usize = 6;
const AROUND: usize = 1024;

/// The longest order and the longest report, in bytes.
pub(super) const LONGEST_ORDER: u64 = (MAX_COMMAND * GROWTH + AROUND) as u64;
pub(super) const LONGEST_REPORT: u64 = (2 * OUTPUT_CAP * GROWTH + AROUND) as u64;

/// Run this.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) command: String,
    pub(super) time_limit_ms: u64,
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Report {
    Ended(Ended),
    /// Why it did not start.
    Failed(String),
}

/// An [`Outcome`] on its way.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ended {
    code: Option<i32>,
    signal: Option<i32>,
    stdout: String,
    stderr: String,
    cut: bool,
    timed_out: bool,
    took_ms: u64,
}

impl From<Outcome> for Ended {
    fn from(outcome: Outcome) -> Self {
        let Outcome { code, signal, stdout, stderr, cut, timed_out, took } = outcome;
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Self { code, signal, stdout, stderr, cut, timed_out, took_ms }
    }
}

impl From<Ended> for Outcome {
    fn from(ended: Ended) -> Self {
        let Ended { code, signal, stdout, stderr, cut, timed_out, took_ms } = ended;
        Self { code, signal, stdout, stderr, cut, timed_out, took: Duration::from_millis(took_ms) }
    }
}

/// Sends one line.
pub(super) async fn send(to: &mut (impl AsyncWrite + Unpin), message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line).await
}

/// Takes one line of at most `longest` bytes in.
pub(super) async fn receive<T: DeserializeOwned>(
    from: &mut (impl AsyncBufRead + Unpin),
    longest: u64,
) -> io::Result<T> {
    let mut line = Vec::new();
    from.take(longest).read_until(b'\n', &mut line).await?;
    if line.last() != Some(&b'\n') {
        let too_long = line.len() as u64 == longest;
        let kind = if too_long { io::ErrorKind::InvalidData } else { io::ErrorKind::UnexpectedEof };
        return Err(io::Error::new(kind, if too_long { "the line is too long" } else { "the line has no end" }));
    }
    Ok(serde_json::from_slice(&line)?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whatever_a_command_says_fits_into_a_report_and_comes_back_the_same() {
        let worst = "\u{1}".repeat(OUTPUT_CAP);
        let (code, signal) = (Some(i32::MIN), Some(i32::MIN));
        let (stdout, stderr) = (worst.clone(), worst);
        let took = Duration::from_millis(u64::MAX);
        let outcome = Outcome { code, signal, stdout, stderr, cut: true, timed_out: true, took };
        let mut line = Vec::new();
        send(&mut line, &Report::Ended(outcome.clone().into())).await.unwrap();
        let Report::Ended(back) = receive(&mut line.as_slice(), LONGEST_REPORT).await.unwrap() else { panic!() };
        assert_eq!(Outcome::from(back), outcome);
    }

    #[tokio::test]
    async fn what_is_no_line_of_ours_is_an_error() {
        let long = [b'x'; 200];
        let all: [&[u8]; 7] = [b"", b"{", b"\n", b"{}\n", b"\xff\n", &long, b"{\"command\":1,\"time_limit_ms\":1}\n"];
        for bytes in all {
            assert!(receive::<Order>(&mut &*bytes, 100).await.is_err(), "{bytes:?}");
        }
    }
}
