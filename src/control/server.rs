//! The daemon's side of the control socket.

use std::convert::Infallible;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::UnixListener;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::BroadcastStream;

use super::{Action, Request};
use crate::daemon::input::Input;
use crate::daemon::ledger::Line;

/// The control thread answers within this or is stuck.
const ANSWER: Duration = Duration::from_secs(5);

/// The longest body: a text to say.
const BODY: usize = 64 * 1024;

/// What the routes need.
#[derive(Clone)]
pub struct Doors {
    /// To the control thread.
    pub inbox: mpsc::Sender<Input>,
    /// Everything that is told.
    pub lines: broadcast::Sender<Line>,
}

/// A bound socket that is removed again at the end.
pub struct Socket {
    path: PathBuf,
    listener: UnixListener,
}

impl Socket {
    /// Binds the socket, readable and writable for the owner and the group.
    ///
    /// # Errors
    /// When another daemon answers there, or the folder can't be written.
    pub fn bind(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(io::Error::new(
                io::ErrorKind::AddrInUse,
                "another auricle daemon runs with this control socket",
            ));
        }
        remove_stale(path)?;
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
        Ok(Self { path: path.to_owned(), listener })
    }

    /// Serves until dropped.
    pub async fn serve(self, doors: Doors) {
        let path = self.path;
        let _removed_at_the_end = RemoveFile(path.clone());
        if let Err(error) = axum::serve(self.listener, router(doors)).await {
            tracing::error!("the control socket {} failed: {error}", path.display());
        }
    }
}

/// Removes the socket of a daemon that is gone, and nothing else.
fn remove_stale(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => std::fs::remove_file(path),
        Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "something else than a socket has this name")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

struct RemoveFile(PathBuf);

impl Drop for RemoveFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn router(doors: Doors) -> Router {
    Router::new()
        .route("/status", get(status))
        .route("/events", get(events))
        .route("/say", post(say))
        .route("/listen", post(|doors| act(doors, Action::Listen)))
        .route("/cancel", post(|doors| act(doors, Action::Cancel)))
        .route("/mute", post(|doors| act(doors, Action::Mute)))
        .route("/unmute", post(|doors| act(doors, Action::Unmute)))
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(doors)
}

async fn status(State(doors): State<Doors>) -> Response {
    let (reply, answer) = oneshot::channel();
    match ask(&doors, Request::Status(reply), answer).await {
        Some(status) => Json(status).into_response(),
        None => stuck(),
    }
}

async fn say(doors: State<Doors>, body: Bytes) -> Response {
    let parsed: Result<Value, _> = serde_json::from_slice(&body);
    match parsed.as_ref().ok().and_then(|body| body.get("text")).and_then(Value::as_str).map(str::trim) {
        Some("") => refuse(StatusCode::BAD_REQUEST, "there is no text to say"),
        Some(text) => act(doors, Action::Say(text.to_owned())).await,
        None => refuse(StatusCode::BAD_REQUEST, "the body must be {\"text\": \"…\"}"),
    }
}

async fn act(State(doors): State<Doors>, action: Action) -> Response {
    let (reply, answer) = oneshot::channel();
    match ask(&doors, Request::Act(action, reply), answer).await {
        Some(Ok(())) => Json(json!({"ok": true})).into_response(),
        Some(Err(why)) => refuse(StatusCode::CONFLICT, &why),
        None => stuck(),
    }
}

async fn ask<T>(doors: &Doors, request: Request, answer: oneshot::Receiver<T>) -> Option<T> {
    doors.inbox.try_send(Input::Request(request)).ok()?;
    tokio::time::timeout(ANSWER, answer).await.ok()?.ok()
}

async fn events(State(doors): State<Doors>) -> Response {
    let lines = BroadcastStream::new(doors.lines.subscribe()).map(|line| {
        let line = line.map_or_else(|lag| lost(&lag), |line| line.to_string());
        Ok::<_, Infallible>(format!("{line}\n"))
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}

/// A reader that was too slow is told what it missed.
fn lost(lag: &tokio_stream::wrappers::errors::BroadcastStreamRecvError) -> String {
    let tokio_stream::wrappers::errors::BroadcastStreamRecvError::Lagged(count) = lag;
    json!({"t": crate::daemon::clock::unix_ms(), "event": "drop", "what": "events", "count": count}).to_string()
}

fn refuse(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({"ok": false, "error": why}))).into_response()
}

fn stuck() -> Response {
    refuse(StatusCode::SERVICE_UNAVAILABLE, "the daemon is stuck or ending")
}
