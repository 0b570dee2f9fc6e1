//! Does sound come through? Messages go over TCP and sound over UDP, so that one can work without the other; most
//! complaints about this family come from there.
//!
//! That nobody listens at the server's port shows at once. That a firewall swallows datagrams shows only in an answer that
//! stays silent, and a server answers only who asks: that costs it a turn, so it is done with `--talk` only.

use std::path::Path;
use std::time::Duration;

use auricle_core::assistant::cause::Cause;
use auricle_core::channel::Session;
use auricle_core::link::LinkEvent;
use auricle_core::protocol::xiaozhi::message::{self, Incoming};
use hyper::Method;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::{GATEWAY, SOUND};
use crate::control::client;
use crate::doctor::sheet::{Finding, Verdict};
use crate::net::channel::{Inbound, dial};

/// What the server is asked.
const QUESTION: &str = "Hello!";

/// Less than the daemon waits for a name, so that what is known of the gateway is told, too.
const DIAL: Duration = Duration::from_millis(1_500);

/// Whoever refuses a datagram says so by then.
const REFUSAL: Duration = Duration::from_millis(400);

/// The whole answer is there by then: a language model may think for long.
pub(super) const ANSWER: Duration = Duration::from_secs(20);

/// So long after its end the last of its sound comes.
const LATE: Duration = Duration::from_millis(500);

const MODEL: &str = "See the chat server's log: its speech recognition, language model or voice fails.";

/// Sends a frame of silence and looks whether it is refused; with `ask`, asks something and waits for the sound of the
/// answer.
pub(super) async fn look(
    session: &Session,
    events: &mut mpsc::Receiver<LinkEvent>,
    ask: Option<impl FnOnce(Vec<u8>) -> bool>,
    id: &str,
) -> Finding {
    let to = format!("{}:{}", session.server, session.port);
    // The end that sends has to live as long as the other one.
    let (_outbound, mut inbound) = match timeout(DIAL, dial(session, &Default::default())).await {
        Ok(Ok(ends)) => ends,
        Ok(Err(error)) => return blocked(error.to_string()),
        Err(_) => return blocked(format!("the name of {to}, where the server wants its sound, is not found")),
    };
    if let Ok(Heard::Refusal(why)) = timeout(REFUSAL, heard(&mut inbound)).await {
        return blocked(format!("nothing takes sound at {to}: {why}"));
    }
    let Some(ask) = ask else {
        let seen = format!("{to} does not refuse a datagram; whether one comes back, `auricle doctor --talk` tries");
        return Finding::ok(SOUND, seen);
    };
    if !ask(message::listen_detect(id, QUESTION)) {
        return not_asked("the connection to the gateway is gone");
    }
    answer(&to, &mut inbound, events).await
}

/// What comes of the question.
async fn answer(to: &str, inbound: &mut Inbound, events: &mut mpsc::Receiver<LinkEvent>) -> Finding {
    let (asked, mut speaks) = (Instant::now(), false);
    let mut end = asked + ANSWER;
    loop {
        tokio::select! {
            heard = heard(inbound) => return match heard {
                Heard::Sound => {
                    let seen = format!("sound comes back from {to}, {:.1} s after a question", asked.elapsed().as_secs_f32());
                    Finding::ok(SOUND, seen)
                }
                Heard::Refusal(why) => blocked(format!("nothing takes sound at {to}: {why}")),
            },
            event = timeout_at(end, events.recv()) => match event {
                Ok(Some(LinkEvent::Message(message))) => match message::read(&message.payload) {
                    Incoming::TtsSentence(_) => speaks = true,
                    Incoming::TtsStop => end = end.min(Instant::now() + LATE),
                    Incoming::Goodbye { .. } => end = Instant::now(),
                    _ => {}
                },
                Ok(Some(LinkEvent::Disconnected(_)) | None) => end = Instant::now(),
                Ok(Some(_)) => {}
                Err(_) if speaks => return blocked(format!("the server speaks, and no sound comes back from {to}")),
                Err(_) => return silent(),
            },
        }
    }
}

enum Heard {
    Sound,
    Refusal(String),
}

/// Waits for what comes first.
async fn heard(inbound: &mut Inbound) -> Heard {
    loop {
        let mut came = false;
        let taken = match inbound.ready().await {
            Ok(()) => inbound.take(|_, _| came = true),
            Err(error) => Err(error),
        };
        match taken {
            _ if came => return Heard::Sound,
            Ok(()) => tokio::task::yield_now().await,
            Err(error) => return Heard::Refusal(error.to_string()),
        }
    }
}

fn blocked(seen: String) -> Finding {
    Finding::fault(SOUND, seen, Cause::NoSound { detail: String::new() }.remedy())
}

/// What the daemon's last conversation showed.
pub(super) fn of_daemon(counters: &Value, server: &str) -> Finding {
    let count = |what: &str| counters[format!("{server}_last_{what}")].as_u64();
    let (Some(sent), Some(received)) = (count("sent"), count("received")) else {
        return Finding::skipped(SOUND, "no conversation since the daemon's start; `auricle doctor --talk` holds one");
    };
    let seen = format!("in the last conversation {sent} datagrams went out, and {received} came back");
    if received > 0 {
        return Finding::ok(SOUND, seen);
    }
    Finding::skipped(SOUND, format!("{seen}; `auricle doctor --talk` shows whether that was all that was said"))
}

/// The same findings, after the daemon asked something between these two of its statuses: the counts of the whole
/// conversation say nothing about this answer.
pub(super) fn with_answer(mut findings: Vec<Finding>, before: &Value, after: &Value, server: &str) -> Vec<Finding> {
    let is =
        |check: &'static str, verdict| move |finding: &Finding| (finding.check, finding.verdict) == (check, verdict);
    if findings.iter().any(is(SOUND, Verdict::Fault)) {
        return findings;
    }
    let received = |status: &Value| status["counters"][format!("{server}_received")].as_u64().unwrap_or(0);
    let heard = if received(after) > received(before) {
        Finding::ok(SOUND, "sound comes back when the server is asked something")
    } else if findings.iter().any(is(GATEWAY, Verdict::Fault)) {
        not_asked("there was no conversation")
    } else {
        silent()
    };
    for finding in findings.iter_mut().filter(|finding| finding.check == SOUND) {
        *finding = heard.clone();
    }
    findings
}

/// The server was asked, and said nothing.
fn silent() -> Finding {
    Finding::fault(SOUND, format!("the server gives no answer to `{QUESTION}` that has sound"), MODEL)
}

/// Lets the daemon ask its first server, and waits for the answer, however it is. The daemon's status then says how it
/// went.
///
/// # Errors
/// Why nothing could be asked.
pub(super) async fn through_daemon(socket: &Path) -> Result<Value, String> {
    let talk = async {
        let mut events = client::follow(socket, "/events").await?;
        let asked = client::call(socket, Method::POST, "/ask", Some(json!({"text": QUESTION}))).await?;
        let (id, end) = (asked["id"].as_str().unwrap_or_default(), Instant::now() + ANSWER);
        while let Ok(Ok(Some(line))) = timeout_at(end, events.next()).await {
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            let about = |key: &str| event[key].as_str().is_some_and(|text| text.contains(id));
            if (event["event"] == "answer" && about("id")) || (event["what"] == "unanswered" && about("detail")) {
                break;
            }
        }
        client::call(socket, Method::GET, "/status", None).await
    };
    talk.await.map_err(|error: client::ClientError| error.to_string())
}

/// That nothing could be asked.
pub(super) fn not_asked(why: &str) -> Finding {
    Finding::skipped(SOUND, format!("nothing could be asked: {why}"))
}
