//! What a server's language model can have the device do: calls of its tools become wishes, and outcomes become answers.

use std::time::Duration;

use serde_json::Value;

use super::Outbox;
use super::presence::Presence;
use crate::assistant::report::Report;
use crate::dialogue::DeviceFacts;
use crate::protocol::xiaozhi::mcp::{self, Builtin, Call, Served, Status, Tool, ToolError};
use crate::time::Tick;
use crate::wish::{Outcome, Wish, WishId};

/// xiaozhi: servers wait 30 s for what comes of a call.
const WITHIN: Duration = Duration::from_secs(28);

/// Where a wish comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Origin {
    /// A tool was called.
    Call {
        call: Call,
        /// Whether the use is audited.
        audited: bool,
    },
    /// The server ordered it.
    Order(String),
}

/// The tools that the device offers.
#[derive(Debug)]
pub(super) struct Tools {
    server: mcp::Server,
    /// Whether a server may restart the service.
    allow_restart: bool,
    facts: DeviceFacts,
    recording: bool,
    /// Until when something must have come of a call.
    waiting: Vec<(WishId, Tick)>,
}

impl Tools {
    /// The device's own, then the owner's `tools`.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn new(
        board: &str,
        version: &str,
        allow_restart: bool,
        allow_meeting: bool,
        tools: &[Tool],
    ) -> Result<Self, ToolError> {
        let all = Builtin::tools(allow_restart, allow_meeting).into_iter().chain(tools.iter().cloned()).collect();
        let server = mcp::Server::new(board, version, all)?;
        let facts = DeviceFacts::default();
        Ok(Self { server, allow_restart, facts, recording: false, waiting: Vec::new() })
    }

    pub(super) fn device(&mut self, facts: DeviceFacts) {
        self.facts = facts;
    }

    pub(super) const fn recording(&mut self, on: bool) {
        self.recording = on;
    }

    /// A request came. `session` may be empty: a gateway asks for the tools before anybody talks.
    pub(super) fn serve(&mut self, now: Tick, session: &str, payload: &str, presence: &Presence, out: &mut Outbox) {
        match self.server.serve(session, payload) {
            Served::Answer(answer) => presence.publish(answer, out),
            Served::Call(call) => self.call(now, session, call, presence, out),
            Served::Nothing(why) => out.report(Report::Command { topic: "mcp".into(), result: why.into() }),
        }
    }

    fn call(&mut self, now: Tick, session: &str, call: Call, presence: &Presence, out: &mut Outbox) {
        let (wish, audited) = match Builtin::read(&call) {
            Some(Builtin::Status) => {
                let status = self.status().text();
                out.report(Report::Command { topic: call.tool.clone(), result: "answered".into() });
                return presence.publish(call.answer(session, Ok(&status)), out);
            }
            Some(Builtin::Volume(percent)) => (Wish::Volume { percent, keep: true }, false),
            Some(Builtin::Muted(true)) => (Wish::Mute, false),
            Some(Builtin::Muted(false)) => (Wish::Unmute, true),
            Some(Builtin::MeetingStart(name)) => (Wish::MeetingStart { name }, true),
            Some(Builtin::MeetingStop) => (Wish::MeetingStop, true),
            Some(Builtin::Restart) => (Wish::Restart, true),
            None => (Wish::Tool { name: call.tool.clone(), arguments: call.arguments.clone() }, true),
        };
        let id = out.wish(Origin::Call { call, audited }, wish);
        self.waiting.push((id, now + WITHIN));
    }

    /// What the tool for it tells.
    fn status(&self) -> Status {
        let network = self.facts.network.first().map(|first| if first.wireless { "wifi" } else { "ethernet" });
        Status { volume: self.facts.volume, muted: self.facts.muted, recording: self.recording, network }
    }

    /// The server gives an order beside its tools.
    pub(super) fn order(&self, command: &str, out: &mut Outbox) {
        match command {
            "reboot" if self.allow_restart => {
                out.wish(Origin::Order(command.into()), Wish::Restart);
            }
            _ => {
                let result = if command == "reboot" { "refused: `restart` in [xiaozhi] is off" } else { "unknown" };
                out.report(Report::Command { topic: format!("system/{command}"), result: result.into() });
            }
        }
    }

    /// What came of a wish.
    pub(super) fn wished(
        &mut self,
        id: WishId,
        outcome: &Outcome,
        session: &str,
        presence: &Presence,
        out: &mut Outbox,
    ) {
        self.waiting.retain(|(waiting, _)| *waiting != id);
        match out.origin(id) {
            Some(Origin::Call { call, audited }) => {
                told(&call.tool, audited, outcome, out);
                let said = said(outcome);
                let answer = call.answer(session, said.as_deref().map_err(String::as_str));
                presence.publish(answer, out);
            }
            Some(Origin::Order(command)) => told(&format!("system/{command}"), true, outcome, out),
            // It took too long and was answered already.
            None => {}
        }
    }

    /// Whoever waited too long is told so.
    pub(super) fn tick(&mut self, now: Tick, session: &str, presence: &Presence, out: &mut Outbox) {
        let overdue: Vec<WishId> = self.waiting.iter().filter(|(_, until)| *until <= now).map(|(id, _)| *id).collect();
        for id in overdue {
            let why = format!("it is not done within {} s", WITHIN.as_secs());
            self.wished(id, &Outcome::Failed(why), session, presence, out);
        }
    }

    pub(super) fn deadline(&self) -> Option<Tick> {
        self.waiting.iter().map(|(_, until)| *until).min()
    }
}

fn told(tool: &str, audited: bool, outcome: &Outcome, out: &mut Outbox) {
    let result = outcome.result();
    if audited {
        out.report(Report::Audit { what: format!("tool `{tool}`"), result: result.clone() });
    }
    out.report(Report::Command { topic: tool.to_owned(), result });
}

/// What the language model is told. xiaozhi: servers take a result that is an object for an order to themselves, so it
/// is a text.
fn said(outcome: &Outcome) -> Result<String, String> {
    match outcome {
        Outcome::Done => Ok("true".into()),
        Outcome::Answer { payload, result } => {
            Ok(payload.get("text").and_then(Value::as_str).unwrap_or(result).to_owned())
        }
        Outcome::Refused(why) | Outcome::Failed(why) => Err(why.clone()),
        Outcome::Superseded => Err("a newer call came before its turn".into()),
    }
}
