//! What can be asked at the control socket.

use std::convert::Infallible;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError::Lagged;
use tokio_stream::{Stream, StreamExt};

use super::dictation::dictate;
use super::meter::{echo, level};
use super::server::{ANSWER, Doors};
use super::wake;
use super::{Action, Answer, Request};
use crate::daemon::input::Input;
use crate::daemon::listener::Refusal;

/// The longest body: a text to say.
const BODY: usize = 64 * 1024;

pub(super) fn router(doors: Doors) -> Router {
    Router::new()
        .route("/status", get(status))
        .route("/events", get(events))
        .route("/say", post(say))
        .route("/ask", post(ask))
        .route("/listen", post(|doors| act(doors, Action::Listen)))
        .route("/cancel", post(|doors| act(doors, Action::Cancel)))
        .route("/mute", post(|doors| act(doors, Action::Mute)))
        .route("/unmute", post(|doors| act(doors, Action::Unmute)))
        .route("/volume", get(|doors| act(doors, Action::Volume(None))).post(volume))
        .route("/level", get(level))
        .route("/echo", get(echo))
        .route("/dictate", get(dictate))
        .route("/dictate/stop", post(|doors| act(doors, Action::DictateStop)))
        .route("/meeting/start", post(meeting))
        .route("/meeting/stop", post(|doors| act(doors, Action::MeetingStop)))
        .route("/ssh/stop", post(|doors| act(doors, Action::SshStop)))
        .route("/updating", post(|doors| act(doors, Action::Updating)))
        .layer(DefaultBodyLimit::max(BODY))
        .merge(wake::router())
        .with_state(doors)
}

async fn status(State(doors): State<Doors>) -> Response {
    let (reply, answer) = oneshot::channel();
    match request(&doors, Request::Status(reply), answer).await {
        Some(status) => Json(status).into_response(),
        None => stuck(),
    }
}

async fn say(doors: State<Doors>, body: Bytes) -> Response {
    match text(&parsed(&body), "text").as_deref() {
        Some("") => bad("there is no text to say"),
        Some(text) => act(doors, Action::Say(text.to_owned())).await,
        None => bad("the body must be {\"text\": \"…\"}"),
    }
}

async fn ask(doors: State<Doors>, body: Bytes) -> Response {
    let body = parsed(&body);
    let chatbot = body.get("chatbot").map_or(Some(false), Value::as_bool);
    match (text(&body, "text"), chatbot) {
        (Some(text), _) if text.is_empty() => bad("there is no text to ask"),
        (Some(text), Some(chatbot)) => act(doors, Action::Ask { text, chatbot }).await,
        _ => bad("the body must be {\"text\": \"…\"}, with \"chatbot\": true for the chatbot alone"),
    }
}

async fn volume(doors: State<Doors>, body: Bytes) -> Response {
    let percent = parsed(&body).get("volume").and_then(Value::as_u64).and_then(|percent| u8::try_from(percent).ok());
    match percent.filter(|percent| *percent <= 100) {
        Some(percent) => act(doors, Action::Volume(Some(percent))).await,
        None => bad("the body must be {\"volume\": N} with N from 0 to 100"),
    }
}

async fn meeting(doors: State<Doors>, body: Bytes) -> Response {
    match text(&parsed(&body), "name") {
        Some(name) if name.is_empty() => bad("the meeting needs a name, of which the name of its file is made"),
        Some(name) => act(doors, Action::MeetingStart(name)).await,
        None => bad("the body must be {\"name\": \"…\"}"),
    }
}

async fn events(State(doors): State<Doors>) -> Response {
    let lines = BroadcastStream::new(doors.lines.subscribe());
    told(lines.map(|line| line.map_or_else(|Lagged(count)| lost(count), |line| line.to_string())))
}

/// Lets the control thread do something, and tells what came of it.
pub(super) async fn act(State(doors): State<Doors>, action: Action) -> Response {
    match perform(&doors, action).await {
        Some(Ok(Value::Object(mut told))) => {
            told.insert("ok".to_owned(), Value::Bool(true));
            Json(Value::Object(told)).into_response()
        }
        Some(Ok(_)) => Json(json!({"ok": true})).into_response(),
        Some(Err(why)) => refuse(StatusCode::CONFLICT, &why),
        None => stuck(),
    }
}

/// `None`: the control thread has no room or no time.
pub(super) async fn perform(doors: &Doors, action: Action) -> Option<Answer> {
    let (reply, answer) = oneshot::channel();
    request(doors, Request::Act(action, reply), answer).await
}

pub(super) async fn request<T>(doors: &Doors, request: Request, answer: oneshot::Receiver<T>) -> Option<T> {
    doors.inbox.try_send(Input::Request(request)).ok()?;
    tokio::time::timeout(ANSWER, answer).await.ok()?.ok()
}

/// The body; null if it is not JSON.
pub(super) fn parsed(body: &Bytes) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

pub(super) fn text(body: &Value, key: &str) -> Option<String> {
    Some(body.get(key)?.as_str()?.trim().to_owned())
}

/// Server-sent events, one for each line of JSON. A comment every 15 s shows that both sides are still there.
pub(super) fn told(lines: impl Stream<Item = String> + Send + 'static) -> Response {
    let events = lines.map(|line| Ok::<_, Infallible>(sse::Event::default().data(line)));
    Sse::new(events).keep_alive(KeepAlive::new()).into_response()
}

/// A reader that was too slow is told how many lines it missed.
pub(super) fn lost(count: u64) -> String {
    json!({"t": crate::daemon::clock::unix_ms(), "event": "drop", "what": "events", "count": count}).to_string()
}

pub(super) fn bad(why: &str) -> Response {
    refuse(StatusCode::BAD_REQUEST, why)
}

pub(super) fn refuse(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({"ok": false, "error": why}))).into_response()
}

/// With a `code` for programs.
pub(super) fn refuse_with(refusal: &Refusal) -> Response {
    let Refusal { code, why } = refusal;
    (StatusCode::CONFLICT, Json(json!({"ok": false, "error": why, "code": code}))).into_response()
}

pub(super) fn stuck() -> Response {
    refuse(StatusCode::SERVICE_UNAVAILABLE, "the daemon is stuck or ending")
}
