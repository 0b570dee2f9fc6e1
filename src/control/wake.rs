//! The routes of `auricle wake`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::oneshot;

use super::routes::{act, bad, parsed, request, stuck, text};
use super::server::Doors;
use super::{Action, Request};

/// The longest body: the largest model and the largest description in base64, and some air.
const BODY: usize = 2 * 1024 * 1024;

pub(super) fn router() -> Router<Doors> {
    Router::new().route("/wake", get(list)).route("/wake/add", post(add)).layer(DefaultBodyLimit::max(BODY))
}

async fn list(State(doors): State<Doors>) -> Response {
    let (reply, answer) = oneshot::channel();
    match request(&doors, Request::Wake(reply), answer).await {
        Some(models) => Json(models).into_response(),
        None => stuck(),
    }
}

async fn add(doors: State<Doors>, body: Bytes) -> Response {
    let body = parsed(&body);
    let bytes = |key| text(&body, key).and_then(|text| STANDARD.decode(text).ok());
    match (text(&body, "name"), bytes("model"), bytes("description")) {
        (Some(name), Some(model), Some(description)) => act(doors, Action::WakeAdd { name, model, description }).await,
        _ => bad("the body must be {\"name\": \"…\", \"model\": BASE64, \"description\": BASE64}"),
    }
}
