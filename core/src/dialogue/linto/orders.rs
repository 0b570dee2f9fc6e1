//! Commands of the server and what becomes of them: answered on the scope on which they came.

use super::{Outbox, short};
use crate::assistant::report::Report;
use crate::audio::chime::Chime;
use crate::dialogue::{Class, Source};
use crate::link::{Message, Publication, Qos};
use crate::protocol::linto::commands::{self, Command, Reply, Served};
use crate::protocol::linto::scope::{Scope, Topics};
use crate::wish::{HookKind, Outcome, Tunnel, Wish};

/// Where a wish comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Origin {
    /// A command.
    Command {
        /// Where the answer goes.
        scope: Scope,
        /// The fourth level of its topic.
        leaf: &'static str,
        /// What exactly is wanted, for the audit.
        detail: String,
    },
    /// An answer of the server.
    Hook {
        /// Which.
        kind: HookKind,
        /// Of the answer.
        topic: String,
    },
}

/// A command came.
pub(super) fn command(topics: &Topics, scope: Scope, leaf: &str, message: &Message, out: &mut Outbox) {
    let Some(command) = commands::find(leaf) else {
        return out.dropped("unknown_command", format!("`{}`: no such command", short(&message.topic)));
    };
    let origin = |detail| Origin::Command { scope, leaf: command.leaf, detail };
    let result = match (command.serve)(&message.payload) {
        Served::Reply(reply) => {
            let result = format!("answered with `{}`", reply.leaf);
            answer(topics, scope, reply, out);
            result
        }
        Served::Say(text) => {
            out.play(Class::Announcement, Source::Text(text));
            "handed to the loudspeaker".into()
        }
        Served::Wish(wish) => {
            out.wish(origin(detail(&wish)), wish);
            return;
        }
        // Rubbish is no use of remote power: it is answered and told, not audited.
        Served::Bad(why) => {
            let outcome = Outcome::Refused(why);
            if let Some(reply) = (command.reply)(&outcome) {
                answer(topics, scope, reply, out);
            }
            outcome.result()
        }
        Served::Nothing(why) => format!("ignored: {why}"),
    };
    out.report(Report::Command { topic: command.leaf.into(), result });
}

/// What came of a wish.
pub(super) fn came(topics: &Topics, origin: Origin, outcome: &Outcome, out: &mut Outbox) {
    match origin {
        Origin::Command { scope, leaf, detail } => {
            let Some(command) = commands::find(leaf) else { return };
            if let Some(reply) = (command.reply)(outcome) {
                answer(topics, scope, reply, out);
            }
            told(topics, scope, command, &detail, outcome, out);
        }
        Origin::Hook { kind, topic } => hooked(kind, &topic, outcome, out),
    }
}

fn told(topics: &Topics, scope: Scope, command: &Command, detail: &str, outcome: &Outcome, out: &mut Outbox) {
    if *outcome == Outcome::Superseded {
        return;
    }
    let result = outcome.result();
    if command.audited {
        let what = format!("{detail} by {}", topics.ingress(scope, command.leaf));
        out.report(Report::Audit { what, result: result.clone() });
    }
    out.report(Report::Command { topic: command.leaf.into(), result });
}

/// A machine's text is not spoken, so a sound tells whether anything was done.
fn hooked(kind: HookKind, topic: &str, outcome: &Outcome, out: &mut Outbox) {
    let done = matches!(outcome, Outcome::Done | Outcome::Answer { .. });
    if kind == HookKind::CustomAction {
        out.play(Class::Local, Source::Chime(if done { Chime::Done } else { Chime::Error }));
    }
    let what = format!("hook {} by {}", kind.name(), short(topic));
    out.report(Report::Audit { what, result: outcome.result() });
}

fn answer(topics: &Topics, scope: Scope, reply: Reply, out: &mut Outbox) {
    let topic = topics.egress(scope, reply.leaf);
    out.publish(Publication { topic, payload: reply.payload, qos: Qos::One, retain: false });
}

/// What is wanted, in a few words for the audit.
fn detail(wish: &Wish) -> String {
    match wish {
        Wish::Shell(command) => format!("`{}`", short(command)),
        Wish::Tunnel(tunnel) => tunnel_detail(tunnel),
        Wish::MeetingStart { name } => format!("recording `{}`", short(name)),
        Wish::MeetingStop => "end of the recording".into(),
        Wish::Unmute => "unmute".into(),
        Wish::Tool { name, .. } => format!("tool `{name}`"),
        Wish::Restart => "restart".into(),
        Wish::Volume { .. } | Wish::Mute | Wish::Language(_) | Wish::TunnelStop | Wish::Hook(_) => String::new(),
    }
}

/// Everything but the key.
fn tunnel_detail(tunnel: &Tunnel) -> String {
    let Tunnel { host, user, remote_port, local_port, key: _ } = tunnel;
    let there = if *remote_port == 0 { "any port".into() } else { format!("port {remote_port}") };
    format!("tunnel {}@{} ({there} there to port {local_port} here)", short(user), short(host))
}
