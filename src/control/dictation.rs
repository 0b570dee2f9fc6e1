//! A dictation lives as long as the connection that asked for it.

use std::borrow::Cow;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;

use super::routes::{lost, perform, refuse, stuck, told};
use super::server::{ANSWER, Doors};
use super::{Action, Answer, Request};
use crate::daemon::input::Input;
use crate::daemon::ledger::Line;

/// A dictation that was taken shows as a turn within this, or has come to nothing.
const OPENING: Duration = Duration::from_secs(15);

/// Lines that may wait for a slow reader, before those that wait for everybody. One that misses any is told how many,
/// and its dictation ends: nobody reads it.
const LINES: usize = 16;

/// `GET /dictate`: what is understood, line by line, until the dictation ends. To hang up ends it.
pub(super) async fn dictate(State(doors): State<Doors>) -> Response {
    let (lines, body) = mpsc::channel(LINES);
    let (taken, verdict) = oneshot::channel();
    // Not in here: this future is dropped when the person hangs up, and then there is still a dictation to be ended.
    tokio::spawn(live(doors, taken, lines));
    match verdict.await {
        Ok(Some(Ok(_))) => told(ReceiverStream::new(body)),
        Ok(Some(Err(why))) => refuse(StatusCode::CONFLICT, &why),
        Ok(None) | Err(_) => stuck(),
    }
}

/// The dictation from its beginning to its end.
async fn live(doors: Doors, taken: oneshot::Sender<Option<Answer>>, lines: mpsc::Sender<String>) {
    // Before it begins, so that nothing is missed.
    let events = doors.lines.subscribe();
    let answer = perform(&doors, Action::Dictate).await;
    let begun = matches!(answer, Some(Ok(_)));
    // Without an answer it may still begin.
    let may_run = begun || answer.is_none();
    let _ = taken.send(answer);
    let ended = begun && forward(events, &lines, OPENING).await == Turn::Over;
    if may_run && !ended {
        let (reply, _) = oneshot::channel();
        let stop = doors.inbox.send(Input::Request(Request::Act(Action::DictateStop, reply)));
        if !matches!(tokio::time::timeout(ANSWER, stop).await, Ok(Ok(()))) {
            tracing::warn!("a dictation could not be ended: the daemon is stuck or ending");
        }
    }
}

/// Passes on what concerns a dictation, until it has ended or nobody reads any more.
async fn forward(mut events: broadcast::Receiver<Line>, lines: &mpsc::Sender<String>, opening: Duration) -> Turn {
    let mut turn = Turn::Opening;
    let mut stale = events.len();
    let until = Instant::now() + opening;
    while turn != Turn::Over {
        let event = tokio::select! {
            event = events.recv() => event,
            () = lines.closed() => break,
            () = tokio::time::sleep_until(until), if turn == Turn::Opening => break,
        };
        let line = match event {
            Ok(line) => {
                let event = Event::of(&line);
                turn = turn.after(&event, stale > 0);
                stale = stale.saturating_sub(1);
                event.is_dictated().then(|| line.to_string())
            }
            Err(RecvError::Lagged(count)) => {
                let _ = lines.send(lost(count)).await;
                break;
            }
            Err(RecvError::Closed) => break,
        };
        if let Some(line) = line
            && lines.send(line).await.is_err()
        {
            break;
        }
    }
    turn
}

/// What the events tell about the turn of the dictation.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Turn {
    /// It has not shown yet.
    Opening,
    /// It runs.
    Running,
    /// It has ended.
    Over,
}

impl Turn {
    /// `stale`: the event may be from before the dictation was taken; of those only the last one counts.
    fn after(self, event: &Event<'_>, stale: bool) -> Self {
        let Some(state) = event.state.as_ref().filter(|_| event.event == "state") else { return self };
        let busy = matches!(state.as_ref(), "connecting" | "listening" | "waiting");
        match self {
            _ if busy => Self::Running,
            Self::Running if !stale => Self::Over,
            Self::Running | Self::Opening => Self::Opening,
            Self::Over => Self::Over,
        }
    }
}

/// What is looked at in an event.
#[derive(Default, Deserialize)]
struct Event<'a> {
    #[serde(borrow, default)]
    event: Cow<'a, str>,
    #[serde(borrow, default)]
    state: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    what: Cow<'a, str>,
    #[serde(default)]
    meeting: bool,
}

impl<'a> Event<'a> {
    fn of(line: &'a str) -> Self {
        serde_json::from_str(line).unwrap_or_default()
    }

    /// Whether it is for whoever dictates. What is written down of a meeting is not.
    fn is_dictated(&self) -> bool {
        let failed = self.event == "drop" && self.what == "transcription";
        // It ends the dictation, and nobody dictates while it is lifted.
        let muted = self.event == "muted";
        (failed || muted || matches!(self.event.as_ref(), "partial" | "final" | "cause")) && !self.meeting
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn after(turn: Turn, line: &serde_json::Value, stale: bool) -> Turn {
        turn.after(&Event::of(&line.to_string()), stale)
    }

    #[test]
    fn the_turn_runs_from_its_first_busy_state_to_its_last() {
        use Turn::{Opening, Over, Running};
        for (turn, state, stale, next) in [
            (Opening, "idle", false, Opening),
            (Opening, "speaking", false, Opening),
            (Opening, "listening", false, Running),
            (Opening, "listening", true, Running),
            (Running, "waiting", false, Running),
            (Running, "connecting", false, Running),
            (Running, "speaking", true, Opening),
            (Running, "idle", false, Over),
            (Running, "muted", false, Over),
            (Running, "degraded", false, Over),
        ] {
            assert_eq!(
                after(turn, &json!({"event": "state", "state": state}), stale),
                next,
                "{turn:?} {state} {stale}"
            );
        }
        for other in [json!({"event": "final", "text": "x", "state": "idle"}), json!({"event": "state"}), json!(3)] {
            assert_eq!(after(Running, &other, false), Running, "{other}");
        }
    }

    #[tokio::test]
    async fn a_dictation_that_never_shows_comes_to_nothing() {
        let (events, receiver) = broadcast::channel(1);
        let (lines, _body) = mpsc::channel(1);
        assert_eq!(forward(receiver, &lines, Duration::from_millis(1)).await, Turn::Opening);
        drop(events);
    }
}
