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
    #[error("no daemon answers at {}: {source}; is `auricle run` running? (the socket is set with `socket` in [control], or AURICLE_CONTROL_SOCKET)", path.display())]
    NoDaemon {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The socket is there, for others.
    #[error("this user may not talk to the daemon at {}: use sudo, or join the group that owns the socket", path.display())]
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
    #[error("{0}")]
    Refused(String),
}

type Body = hyper::body::Incoming;

/// Sends a request and hands out the answer's body while it arrives.
///
/// # Errors
/// When nobody listens or the conversation breaks off.
pub async fn open(socket: &Path, method: Method, path: &str, body: Option<Value>) -> Result<(bool, Body), ClientError> {
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

/// Sends a request and reads the whole JSON answer.
///
/// # Errors
/// As [`open`], and when the daemon refuses: then the text is its reason.
pub async fn call(socket: &Path, method: Method, path: &str, body: Option<Value>) -> Result<Value, ClientError> {
    let (success, body) = open(socket, method, path, body).await?;
    let whole = http_body_util::Limited::new(body, LIMIT).collect();
    let whole = tokio::time::timeout(ANSWER, whole).await.map_err(|_| ClientError::Silent)?;
    let bytes = whole.map_err(|error| ClientError::BrokeOff(error.to_string()))?.to_bytes();
    let answer: Value = serde_json::from_slice(&bytes).map_err(|error| ClientError::BrokeOff(error.to_string()))?;
    if success {
        return Ok(answer);
    }
    let why = answer.get("error").and_then(Value::as_str).unwrap_or("the daemon refused without a reason");
    Err(ClientError::Refused(why.to_owned()))
}
