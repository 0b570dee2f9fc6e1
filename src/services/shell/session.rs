//! The other end of the socket: one command in a unit of its own, `auricle-shell@.service`.

use std::io;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncReadExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::wire::{self, LONGEST_ORDER, Order, Report};
use super::{MAX_COMMAND, shell};
use crate::services::process::Program;

/// How long the daemon may take to say what to run.
const PATIENCE: Duration = Duration::from_secs(5);

/// No command runs longer, whatever the order says: the most that `shell_timeout` can be.
const LONGEST_RUN: Duration = Duration::from_secs(600);

/// Why a session ended without a report.
#[derive(Debug, Error)]
pub enum SessionError {
    /// Nothing came, or nothing that is an order.
    #[error("no order came through the socket ({0}); only the daemon speaks to it")]
    NoOrder(io::Error),
    /// The daemon hung up: it ended, or no longer wants the answer.
    #[error("the daemon did not wait for the end of the command, so it was ended")]
    Abandoned,
    /// The report could not be sent.
    #[error("the daemon did not take the answer: {0}")]
    Report(io::Error),
}

/// Runs the command that comes through `stream`, and sends back how it ended. When the other side hangs up, the command
/// is killed with its process group; the unit sees to everything else that it started.
///
/// # Errors
/// There was no order, or nobody who wants the report.
pub async fn serve(stream: UnixStream) -> Result<(), SessionError> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let order = timeout(PATIENCE, wire::receive(&mut reader, LONGEST_ORDER)).await;
    let order = order.unwrap_or_else(|late| Err(late.into())).map_err(SessionError::NoOrder)?;
    let report = tokio::select! {
        report = execute(order) => report,
        _ = reader.read_u8() => return Err(SessionError::Abandoned),
    };
    let sent = timeout(PATIENCE, wire::send(&mut writer, &report)).await;
    sent.unwrap_or_else(|late| Err(late.into())).map_err(SessionError::Report)
}

async fn execute(order: Order) -> Report {
    // The daemon has looked already; this is the wall behind it.
    if order.command.len() > MAX_COMMAND || order.command.contains('\0') {
        return Report::Failed(format!("a command has at most {MAX_COMMAND} bytes and no NUL character"));
    }
    let limit = Duration::from_millis(order.time_limit_ms).min(LONGEST_RUN);
    match Program::new(shell(&order.command)).time_limit(limit).run().await {
        Ok(outcome) => Report::Ended(outcome.into()),
        Err(error) => Report::Failed(error.to_string()),
    }
}
