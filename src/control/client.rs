//! The command line's side of the control socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

/// How long the daemon may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// The largest answer.
const LIMIT: usize = 1 << 20;

/// Why the daemon could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens at the socket.
    #[error("the daemon is not running: `sudo systemctl start auricle` starts it ({}: {source}; the socket is set with `socket` in [control])", path.display())]
    NoDaemon {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The socket is there, for others.
    #[error("this user may not talk to the daemon at {}: use sudo, or `sudo usermod -aG auricle $USER` and log in again", path.display())]
    Denied {
        /// The socket.
        path: PathBuf,
    },
    /// The conversation broke off.
    #[error("the daemon broke off: {0}; see its log (`journalctl -u auricle`)")]
    BrokeOff(String),
    /// No answer in time.
    #[error("the daemon does not answer; see its log (`journalctl -u auricle`)")]
    Silent,
    /// The daemon says no.
    #[error("{why}")]
    Refused {
        /// Its reason, for people.
        why: String,
        /// The same for programs; empty where it gives none.
        code: String,
    },
}

type Body = hyper::body::Incoming;

/// The longest line that is believed to be one.
const LINE: usize = 1 << 20;

/// Sends a request and reads the whole JSON answer.
///
/// # Errors
/// When nobody listens, the conversation breaks off, or the daemon refuses: then the text is its reason.
pub async fn call(socket: &Path, method: Method, path: &str, body: Option<Value>) -> Result<Value, ClientError> {
    let (success, body) = open(socket, method, path, body).await?;
    let answer = whole(body).await?;
    if success { Ok(answer) } else { Err(refusal(&answer)) }
}

/// Asks for something that is told as server-sent events, and hands them out as they come.
///
/// # Errors
/// As [`call`].
pub async fn follow(socket: &Path, path: &str) -> Result<Lines, ClientError> {
    let (success, body) = open(socket, Method::GET, path, None).await?;
    if success { Ok(Lines { body, buffer: Vec::new() }) } else { Err(refusal(&whole(body).await?)) }
}

/// Events that the daemon tells, each of them a line of JSON. To drop them is to hang up.
pub struct Lines {
    body: Body,
    buffer: Vec<u8>,
}

impl Lines {
    /// The next event; `None` after the last one. What came is kept if this is not awaited to its end.
    ///
    /// # Errors
    /// When the daemon ends before its last line, or a line is longer than 1 MiB.
    pub async fn next(&mut self) -> Result<Option<String>, ClientError> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                // Beside data there are the empty line after each event, and comments that keep the connection alive.
                if let Some(event) = line.strip_prefix(b"data:") {
                    return Ok(Some(String::from_utf8_lossy(event).trim().to_owned()));
                }
                continue;
            }
            if self.buffer.len() > LINE {
                return Err(ClientError::BrokeOff("it sent a line without an end".into()));
            }
            let Some(frame) = self.body.frame().await else { return Ok(None) };
            let frame = frame.map_err(|error| ClientError::BrokeOff(error.to_string()))?;
            if let Ok(data) = frame.into_data() {
                self.buffer.extend_from_slice(&data);
            }
        }
    }
}

/// Sends a request; whether the daemon agrees, and the body of its answer.
async fn open(socket: &Path, method: Method, path: &str, body: Option<Value>) -> Result<(bool, Body), ClientError> {
    let no_daemon = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::PermissionDenied => ClientError::Denied { path: socket.to_owned() },
        _ => ClientError::NoDaemon { path: socket.to_owned(), source },
    };
    let stream = UnixStream::connect(socket).await.map_err(no_daemon)?;
    let broke_off = |error: hyper::Error| ClientError::BrokeOff(error.to_string());
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broke_off)?;
    tokio::spawn(connection);
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "auricle")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| ClientError::BrokeOff(error.to_string()))?;
    let response = tokio::time::timeout(ANSWER, sender.send_request(request)).await;
    let response = response.map_err(|_| ClientError::Silent)?.map_err(broke_off)?;
    Ok((response.status().is_success(), response.into_body()))
}

async fn whole(body: Body) -> Result<Value, ClientError> {
    let whole = http_body_util::Limited::new(body, LIMIT).collect();
    let whole = tokio::time::timeout(ANSWER, whole).await.map_err(|_| ClientError::Silent)?;
    let bytes = whole.map_err(|error| ClientError::BrokeOff(error.to_string()))?.to_bytes();
    serde_json::from_slice(&bytes).map_err(|error| ClientError::BrokeOff(error.to_string()))
}

fn refusal(answer: &Value) -> ClientError {
    let text = |key| answer.get(key).and_then(Value::as_str);
    let why = text("error").unwrap_or("the daemon refused without a reason").to_owned();
    ClientError::Refused { why, code: text("code").unwrap_or_default().to_owned() }
}
