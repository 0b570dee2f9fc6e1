//! How LinTO holds a turn: a spoken request, an answer matched by its id, perhaps a question back.
//!
//! Four small machines: [`presence`] (the connection, the status, twins), [`turn`] (the conversation), [`oversize`]
//! (messages that are too large) and the commands of the server, which need no memory at all.

use std::time::Duration;

use crate::assistant::report::Report;
use crate::hearing::Limits;
use crate::link::{LinkEvent, Message, Publication, Qos};
use crate::protocol::linto::commands::{self, Outcome};
use crate::protocol::linto::scope::{Inbound, Scope, Topics};
use crate::time::Tick;

use self::outbox::Outbox;
use self::oversize::Oversize;
use self::presence::Presence;
use self::turn::Turn;
use super::{Ask, Class, Dialogue, DialogueEvent, PlayEnd, PlayId, Source};

mod exercise;
mod outbox;
mod oversize;
mod policy;
mod presence;
mod turn;
mod twins;

#[doc(hidden)]
pub use self::exercise::exercise;
pub use self::policy::policy;

/// What the dialogue with one LinTO server is to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LintoSettings {
    /// The serial number, checked by [`crate::protocol::linto::serial::check`].
    pub serial: String,
    /// Where the admin page talks, checked by [`crate::protocol::linto::scope::check`].
    pub admin_scope: String,
    /// Where the application listens; may be the same.
    pub request_scope: String,
    /// How long after the end of speech an answer is waited for.
    pub answer_timeout: Duration,
    /// When the endpointer lets go.
    pub limits: Limits,
    /// Marks this run of the program; random, 8 to 64 characters. By it a twin is told from ourselves.
    pub instance: String,
}

/// The dialogue with one LinTO server.
#[derive(Debug)]
pub struct Linto {
    topics: Topics,
    presence: Presence,
    turn: Turn,
    oversize: Oversize,
    out: Outbox,
}

impl Linto {
    /// Not connected, no turn.
    #[must_use]
    pub fn new(settings: LintoSettings) -> Self {
        let topics = Topics::new(&settings.admin_scope, &settings.request_scope, &settings.serial);
        Self {
            presence: Presence::new(topics.clone(), &settings),
            turn: Turn::new(topics.clone(), &settings),
            topics,
            oversize: Oversize::default(),
            out: Outbox::default(),
        }
    }

    /// Lets pass what is due. Runs before each event too, so that what comes late is late even if the deadline's own
    /// event comes later still.
    fn tick(&mut self, now: Tick) {
        self.presence.tick(now, &mut self.out);
        self.turn.tick(now, self.presence.standing(), &mut self.out);
        self.oversize.tick(now, &mut self.out);
    }

    fn link(&mut self, now: Tick, event: LinkEvent) {
        match event {
            LinkEvent::Message(message) => self.message(now, &message),
            LinkEvent::Oversize { topic, size } => {
                self.oversize.skipped(&topic, size, &mut self.out);
                if let Some(Inbound::ToUs { leaf: "nlp", rest, .. }) = self.topics.parse(&topic) {
                    self.turn.answer_too_large(rest, size, &mut self.out);
                }
            }
            LinkEvent::Connected => self.presence.connected(now, &mut self.out),
            LinkEvent::Subscribed { refused } => {
                self.presence.subscribed(now, &refused, &mut self.out);
                self.oversize.subscribed(now);
            }
            LinkEvent::Disconnected(loss) => self.presence.disconnected(loss, &mut self.out),
        }
    }

    fn message(&mut self, now: Tick, message: &Message) {
        self.oversize.normal(&message.topic, &mut self.out);
        match self.topics.parse(&message.topic) {
            Some(Inbound::StatusOfUs) => self.presence.status(now, message, &mut self.out),
            Some(Inbound::ToUs { .. }) if message.retained => {
                // LinTO retains nothing that it sends to a device: this one would come again with each connection.
                self.out.dropped("retained_command", format!("on `{}`", outbox::short(&message.topic)));
            }
            Some(Inbound::ToUs { leaf: "nlp", rest, .. }) => {
                self.turn.answer(now, rest, &message.payload, &mut self.out);
            }
            Some(Inbound::ToUs { scope, leaf, .. }) => self.command(scope, leaf, message),
            None => self.out.dropped("unknown_topic", format!("`{}`", outbox::short(&message.topic))),
        }
    }

    fn command(&mut self, scope: Scope, leaf: &str, message: &Message) {
        let result = match commands::apply(leaf, &message.payload) {
            Some(Outcome::Reply { leaf, payload }) => {
                let topic = self.topics.egress(scope, leaf);
                self.out.publish(Publication { topic, payload, qos: Qos::One, retain: false });
                format!("answered with `{leaf}`")
            }
            Some(Outcome::Say(text)) => {
                self.out.play(Class::Announcement, Source::Text(text));
                "handed to the loudspeaker".into()
            }
            Some(Outcome::Nothing(why)) => format!("ignored: {why}"),
            Some(Outcome::NotServed) => "not served by this version yet".into(),
            None => {
                self.out.dropped("unknown_command", format!("`{}`: no such command", outbox::short(&message.topic)));
                return;
            }
        };
        self.out.report(Report::Command { topic: leaf.into(), result });
    }

    fn played(&mut self, now: Tick, id: PlayId, end: PlayEnd) {
        if end == PlayEnd::Failed {
            self.out.dropped("not_heard", format!("sound {}: no loudspeaker or no voice", id.0));
        }
        self.turn.played(now, id, end, &mut self.out);
    }
}

impl Dialogue for Linto {
    fn handle(&mut self, now: Tick, event: DialogueEvent) {
        self.tick(now);
        let out = &mut self.out;
        match event {
            DialogueEvent::Open { trigger: _, from } => self.turn.open(now, from, self.presence.standing(), out),
            DialogueEvent::EndOfSpeech { at, why } => {
                self.turn.end_of_speech(now, at, why, self.presence.standing(), out);
            }
            // LinTO answers whole utterances: whoever interrupts is best served by a turn of his own.
            DialogueEvent::Cancel | DialogueEvent::BargeIn => self.turn.cancel(out),
            DialogueEvent::Played { id, end, heard: _ } => self.played(now, id, end),
            DialogueEvent::Refused { id } => self.played(now, id, PlayEnd::Failed),
            DialogueEvent::Uplinked { uplink, sent, samples } => self.turn.uplinked(uplink, sent, samples, out),
            DialogueEvent::Device(facts) => self.presence.device(facts),
            DialogueEvent::Link(event) => self.link(now, event),
            DialogueEvent::Limits(limits) => self.turn.limits(limits),
            DialogueEvent::Text { .. } | DialogueEvent::Release | DialogueEvent::Wished { .. } => {}
            DialogueEvent::Recording(_) | DialogueEvent::Deadline => {}
        }
        self.tick(now);
    }

    fn poll(&mut self) -> Option<Ask> {
        self.out.next()
    }

    fn deadline(&self) -> Option<Tick> {
        [self.presence.deadline(), self.turn.deadline(), self.oversize.deadline()].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests;
