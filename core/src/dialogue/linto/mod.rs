//! How LinTO holds a turn: a spoken request, an answer matched by its id, perhaps a question back.
//!
//! Small machines: [`presence`] (the connection, the status, twins), [`turn`] (the conversation, with [`reply`] and
//! [`silence`]), [`streaming`] (transcription), [`oversize`] (messages that are too large), and the commands of the
//! server in [`orders`], whose only memory is who waits for what.

use std::time::Duration;

use crate::hearing::{Limits, Start};
use crate::link::{LinkEvent, Message};
use crate::protocol::linto::commands::{CONVERSATION, tts_lang};
use crate::protocol::linto::scope::{Inbound, Scope, Topics};
use crate::time::Tick;

use self::orders::Origin;
use self::oversize::Oversize;
use self::presence::Presence;
use self::streaming::Streaming;
use self::turn::Turn;
use super::outbox::{self, short};
use super::{Ask, Class, Dialogue, DialogueEvent, PlayEnd, PlayId, Trigger};

mod exercise;
mod orders;
mod oversize;
mod policy;
mod presence;
mod reply;
mod silence;
mod streaming;
mod transcript;
mod turn;
mod twins;

#[doc(hidden)]
pub use self::exercise::exercise;
pub use self::policy::{INCOMING_LIMIT, policy};

/// What it asks for.
type Outbox = outbox::Outbox<Origin>;

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
    /// Whether the application takes text; one for devices does not.
    pub multi_user: bool,
    /// Whether answers are spoken as the server's `phonetic` says where it gives one.
    pub phonetic: bool,
    /// Whether recordings are transcribed while they run.
    pub live_transcript: bool,
    /// Marks this run of the program; random, 8 to 64 characters. By it a twin is told from ourselves.
    pub instance: String,
}

/// The dialogue with one LinTO server.
#[derive(Debug)]
pub struct Linto {
    topics: Topics,
    presence: Presence,
    turn: Turn,
    streaming: Streaming,
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
            streaming: Streaming::new(topics.clone(), settings.live_transcript),
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
        self.streaming.tick(now, &mut self.out);
        self.oversize.tick(now, &mut self.out);
    }

    fn link(&mut self, now: Tick, event: LinkEvent) {
        match event {
            LinkEvent::Message(message) => self.message(now, &message),
            LinkEvent::Oversize { topic, size } => {
                self.oversize.skipped(&topic, size, &mut self.out);
                if let Some(Inbound::ToUs { leaf: leaf @ ("nlp" | "chatbot"), rest, .. }) = self.topics.parse(&topic) {
                    self.turn.answer_too_large(leaf, rest, size, &mut self.out);
                }
            }
            LinkEvent::Connected => self.presence.connected(now, &mut self.out),
            LinkEvent::Subscribed { refused } => {
                self.presence.subscribed(now, &refused, &mut self.out);
                self.oversize.subscribed(now);
                self.streaming.resume(now, self.presence.standing(), &mut self.out);
            }
            LinkEvent::Disconnected(loss) => {
                self.presence.disconnected(loss, &mut self.out);
                self.streaming.disconnected(now, &mut self.out);
            }
        }
    }

    fn message(&mut self, now: Tick, message: &Message) {
        self.oversize.normal(&message.topic, &mut self.out);
        match self.topics.parse(&message.topic) {
            Some(Inbound::StatusOfUs) => self.presence.status(now, message, &mut self.out),
            Some(Inbound::ToUs { .. }) if message.retained => {
                // LinTO retains nothing that it sends to a device: this one would come again with each connection.
                self.out.dropped("retained_command", format!("on `{}`", short(&message.topic)));
            }
            Some(Inbound::ToUs { scope, leaf, rest }) => {
                self.server_says(now, scope, leaf, rest, message);
            }
            None => self.out.dropped("unknown_topic", format!("`{}`", short(&message.topic))),
        }
    }

    fn server_says(&mut self, now: Tick, scope: Scope, leaf: &str, rest: &str, message: &Message) {
        let out = &mut self.out;
        if leaf == tts_lang::LEAF || CONVERSATION.contains(&leaf) {
            self.presence.application_heard(scope);
        }
        match leaf {
            "nlp" | "chatbot" => self.turn.answer(now, leaf, rest, message, out),
            "streaming" => self.streaming.message(now, rest, &message.payload, out),
            // Nobody asked for it: what is to be heard of it waits its turn.
            "customAction" => {
                let id = format!("customAction/{}", short(rest));
                reply::act(id, message, false, Class::Announcement, out);
            }
            _ => orders::command(&self.topics, scope, leaf, message, out),
        }
    }

    fn open(&mut self, now: Tick, trigger: Trigger, from: Start) {
        let standing = self.presence.standing();
        match trigger {
            Trigger::Dictate => self.streaming.dictate(now, from, standing, &mut self.out),
            Trigger::Voice | Trigger::Wake | Trigger::Listen | Trigger::Button => {
                self.turn.open(now, from, standing, &mut self.out);
            }
        }
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
        let standing = self.presence.standing();
        let out = &mut self.out;
        match event {
            DialogueEvent::Open { trigger, from } => self.open(now, trigger, from),
            DialogueEvent::Text { text, chatbot } => self.turn.write(now, &text, chatbot, standing, out),
            DialogueEvent::Release { at } => self.streaming.release(now, at, out),
            DialogueEvent::EndOfSpeech { at, why } => self.turn.end_of_speech(now, at, why, standing, out),
            DialogueEvent::Cancel => {
                self.turn.cancel(out);
                self.streaming.cancel(now, out);
            }
            // LinTO answers whole utterances: whoever interrupts is best served by a turn of his own.
            DialogueEvent::BargeIn { .. } => {
                self.turn.interrupt(now, out);
                self.streaming.cancel(now, out);
            }
            DialogueEvent::Played { id, end, heard: _ } => self.played(now, id, end),
            DialogueEvent::Refused { id } => self.played(now, id, PlayEnd::Failed),
            DialogueEvent::Uplinked { uplink, sent, samples, last } => {
                self.turn.uplinked(uplink, sent, samples, out);
                self.streaming.uplinked(now, uplink, sent, last, out);
            }
            DialogueEvent::Wished { id, outcome } => {
                if let Some(origin) = out.origin(id) {
                    orders::came(&self.topics, origin, &outcome, out);
                }
            }
            DialogueEvent::Recording(on) => self.streaming.recording(now, on, standing, out),
            DialogueEvent::Device(facts) => self.presence.device(facts),
            DialogueEvent::Link(event) => self.link(now, event),
            DialogueEvent::Limits(limits) => self.turn.limits(limits),
            // It has neither a channel of sound nor requests over HTTP.
            DialogueEvent::Channel(_) | DialogueEvent::Fetched { .. } | DialogueEvent::Deadline => {}
        }
        self.tick(now);
    }

    fn poll(&mut self) -> Option<Ask> {
        self.out.next()
    }

    fn deadline(&self) -> Option<Tick> {
        let all = [self.presence.deadline(), self.turn.deadline(), self.streaming.deadline(), self.oversize.deadline()];
        all.into_iter().flatten().min()
    }

    fn answered(&self) -> bool {
        let standing = self.presence.standing();
        standing.up && standing.application
    }
}

#[cfg(test)]
mod tests;
