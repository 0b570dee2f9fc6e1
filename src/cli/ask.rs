//! `auricle ask`: a question in writing, and its answer.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::Reach;
use super::talk::{finish, settings, socket};
use crate::control::client::{self, ClientError, Lines};
use crate::shown::printable;

/// How long a server may take when its settings can't be read.
const ANSWER: Duration = Duration::from_secs(12);

/// The daemon gives up first, and says why.
const GRACE: Duration = Duration::from_secs(3);

/// Asks, waits for the answer and prints it.
pub fn ask(text: &str, chatbot: bool, reach: &Reach) -> ExitCode {
    let answer = super::runtime().map_err(|error| error.to_string()).and_then(|runtime| {
        let socket = socket(reach)?;
        runtime.block_on(answer(&socket, json!({"text": text, "chatbot": chatbot}), answer_timeout(reach)))
    });
    finish(reach, answer, |answer| {
        let text = printable(answer["text"].as_str().unwrap_or_default());
        if !text.is_empty() {
            println!("{text}");
        }
    })
}

/// Questions go to the first server.
fn answer_timeout(reach: &Reach) -> Duration {
    let settings = settings(reach).ok();
    let mut limits = settings.iter().flat_map(|settings| {
        let linto = settings.linto.iter().map(|server| server.answer_timeout);
        linto.chain(settings.xiaozhi.iter().map(|server| server.answer_timeout))
    });
    limits.next().unwrap_or(ANSWER)
}

async fn answer(socket: &Path, question: Value, limit: Duration) -> Result<Value, String> {
    let told = |error: ClientError| error.to_string();
    // Before the question, so that no answer is too fast.
    let mut events = client::follow(socket, "/events").await.map_err(told)?;
    let status = client::call(socket, Method::GET, "/status", None).await.map_err(told)?;
    let taken = client::call(socket, Method::POST, "/ask", Some(question)).await.map_err(told)?;
    let id = taken.get("id").and_then(Value::as_str).ok_or("the daemon took the question, but gave it no id")?;
    let server = status["servers"][0]["name"].as_str();
    match timeout_at(Instant::now() + limit + GRACE, outcome(&mut events, id, server)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("the server gave no answer within {} s; `auricle status` may say why", limit.as_secs())),
    }
}

/// The event with the answer, or what went wrong at its server.
async fn outcome(events: &mut Lines, id: &str, server: Option<&str>) -> Result<Value, String> {
    while let Some(line) = events.next().await.map_err(|error| error.to_string())? {
        let event: Value = serde_json::from_str(&line).unwrap_or_default();
        let text = |key: &str| printable(event[key].as_str().unwrap_or_default());
        match event["event"].as_str() {
            Some("answer") if event["id"] == id && event["kind"] == "error" => {
                return Err(format!("the server answered with an error: {}", text("text")));
            }
            Some("answer") if event["id"] == id => return Ok(event),
            Some("drop") if event["what"] == "unanswered" && text("detail").contains(id) => {
                return Err(format!("{}; `auricle status` may say why", text("detail")));
            }
            Some("cause") if server.is_some() && event["server"].as_str() == server => {
                return Err(format!("{} {}", text("text"), text("remedy")));
            }
            _ => {}
        }
    }
    Err("the daemon ended before an answer came".to_owned())
}
