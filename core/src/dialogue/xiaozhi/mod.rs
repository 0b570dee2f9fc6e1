//! How a xiaozhi server holds a turn: a session over MQTT, sound both ways over encrypted UDP, and the server's ears
//! decide when somebody has spoken.
//!
//! Small machines: [`configuration`] (where the broker is) and [`activation`] (whose device this is), [`presence`] (the
//! connection to the broker), [`session`] with the [`path`] of its sound, [`turn`] (the conversation) with its
//! [`answer`], and [`tools`] (what the server has the device do).

use std::time::Duration;

use crate::assistant::report::Report;
use crate::assistant::shown::Mood;
use crate::audio::chime::Chime;
use crate::channel::ChannelEvent;
use crate::fetch::{FetchId, Fetched};
use crate::hearing::{Limits, Start};
use crate::link::{LinkEvent, Message};
use crate::protocol::xiaozhi::access::{Address, Serial};
use crate::protocol::xiaozhi::emotion::Emotion;
use crate::protocol::xiaozhi::mcp::{Tool, ToolError};
use crate::protocol::xiaozhi::message::{self, Incoming, Mode};
use crate::protocol::xiaozhi::preset::Preset;
use crate::time::Tick;

use self::activation::{Activation, Next};
use self::configuration::Configuration;
use self::presence::Presence;
use self::session::{News, Session};
use self::tools::{Origin, Tools};
use self::turn::{Around, Turn};
use super::outbox::{self, short};
use super::{Ask, Class, DeviceFacts, Dialogue, DialogueEvent, Keepsake, Source, Trigger};

mod activation;
mod answer;
mod configuration;
mod path;
mod policy;
mod presence;
mod session;
mod tools;
mod turn;
mod way;

pub use self::policy::{INCOMING_LIMIT, policy};

/// What it asks for.
type Outbox = outbox::Outbox<Origin>;

/// What the dialogue with one xiaozhi server is to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XiaozhiSettings {
    /// Where the server tells how to reach it.
    pub ota_url: Address,
    /// The hardware address by which the server knows the device, `aa:bb:cc:dd:ee:ff`.
    pub mac: String,
    /// A UUID of version 4 that was made once for this device.
    pub client_id: String,
    /// The serial number under which it is registered there, if it is.
    pub serial: Option<Serial>,
    /// Speech language, a tag such as `en-US`, until the assistant tells another one.
    pub language: String,
    /// Version of this program, digits and dots.
    pub version: String,
    /// The board's name.
    pub board: String,
    /// What differs between servers.
    pub preset: Preset,
    /// Who ends an utterance.
    pub mode: Mode,
    /// The length of the frames that go up: 20, 40 or 60 ms.
    pub frame: Duration,
    /// Whether the server cancels the echo: it gets the microphone as it is, and is told what was played meanwhile.
    pub server_cancels: bool,
    /// What the server is told when a wake word was heard: a word that it knows, else it answers it. `None`: nothing.
    pub announce_wake_word: Option<String>,
    /// Whether a server may restart the service.
    pub allow_restart: bool,
    /// Whether a server is offered to record. Whether it may is the assistant's matter.
    pub allow_meeting: bool,
    /// TLS towards the broker, or not. `None`: on port 8883 only.
    pub tls: Option<bool>,
    /// Topics to subscribe to, beside what the server names.
    pub topics: Vec<String>,
    /// The owner's tools.
    pub tools: Vec<Tool>,
    /// When the endpointer lets go in manual mode; of the others, `no_speech` ends a conversation in which nobody speaks.
    pub limits: Limits,
    /// How long an answer is waited for, from the moment in which the server has everything.
    pub answer_timeout: Duration,
    /// What the dialogue asked to keep in an earlier run.
    pub remembered: Option<Keepsake>,
}

/// The dialogue with one xiaozhi server.
#[derive(Debug)]
pub struct Xiaozhi {
    configuration: Configuration,
    activation: Activation,
    presence: Presence,
    session: Session,
    turn: Turn,
    tools: Tools,
    out: Outbox,
}

impl Xiaozhi {
    /// Not connected, no turn. With its first event or deadline it asks for the server's configuration.
    ///
    /// # Errors
    /// What is wrong with the owner's tools.
    pub fn new(settings: XiaozhiSettings) -> Result<Self, ToolError> {
        let XiaozhiSettings { board, version, allow_restart, allow_meeting, tools, .. } = &settings;
        Ok(Self {
            tools: Tools::new(board, version, *allow_restart, *allow_meeting, tools)?,
            configuration: Configuration::new(&settings),
            activation: Activation::new(settings.ota_url.clone()),
            presence: Presence::default(),
            session: Session::new(&settings),
            turn: Turn::new(&settings),
            out: Outbox::default(),
        })
    }

    /// Lets pass what is due. Runs before each event too, so that what comes late is late even if the deadline's own
    /// event comes later still.
    fn tick(&mut self, now: Tick) {
        self.configuration.tick(now, &mut self.out);
        if self.activation.tick(now, self.configuration.facts(), &mut self.out) == Next::Refetch {
            self.configuration.hurry(now, &mut self.out);
        }
        self.presence.tick(now, &mut self.out);
        let news = self.session.tick(now, &mut self.presence, &mut self.out);
        self.news(now, news);
        self.converse(now, |turn, w| turn.tick(w));
        self.tools.tick(now, self.session.id(), &self.presence, &mut self.out);
    }

    /// The turn with what it works with.
    fn converse(&mut self, now: Tick, act: impl FnOnce(&mut Turn, &mut Around<'_>)) {
        let Self { session, presence, turn, out, .. } = self;
        act(turn, &mut Around { now, session, presence, out });
    }

    fn news(&mut self, now: Tick, news: Option<News>) {
        if let Some(news) = news {
            news.blame(&mut self.out);
            self.converse(now, |turn, w| turn.news(news, w));
        }
    }

    fn fetched(&mut self, now: Tick, id: FetchId, outcome: &Result<Fetched, String>) {
        if self.activation.fetched(now, id, outcome) == Next::Refetch {
            return self.configuration.hurry(now, &mut self.out);
        }
        let answer = self.configuration.fetched(now, id, outcome, &mut self.out);
        let reach = match answer {
            Some(answer) => {
                self.activation.told(now, answer.activation, &mut self.out);
                // xiaozhi: a device without an owner is told its code again and again instead of being answered.
                if self.activation.pending() { None } else { self.configuration.connect(&mut self.out) }
            }
            None if self.activation.pending() => None,
            None => self.configuration.connect_as_before(&mut self.out),
        };
        if let Some(reach) = reach {
            self.presence.reach(reach);
        }
    }

    fn link(&mut self, now: Tick, event: LinkEvent) {
        match event {
            LinkEvent::Message(message) => self.message(now, &message),
            LinkEvent::Oversize { topic, size } => {
                self.out.dropped("oversize_message", format!("{size} bytes on `{}`", short(&topic)));
            }
            LinkEvent::Connected => {
                self.presence.connected(now, &mut self.out);
                self.out.clear("NoSession");
                self.session.linked(now, &self.presence, &mut self.out);
            }
            LinkEvent::Subscribed { refused } => Presence::subscribed(&refused, &mut self.out),
            LinkEvent::Disconnected(loss) => {
                self.presence.disconnected(loss, &mut self.out);
                self.configuration.doubt(now, self.presence.standing().refused);
                let news = self.session.lost(&self.presence, &mut self.out);
                self.news(now, news);
                // A machine that is gone takes no sound and opens no session either. The next conversation shows whether
                // there was more to it.
                self.out.clear("NoSound");
                self.out.clear("NoSession");
            }
        }
    }

    /// xiaozhi: messages come on whatever topic the server chooses, so only what is in them counts.
    fn message(&mut self, now: Tick, message: &Message) {
        if message.retained {
            return self.out.dropped("retained_command", format!("on `{}`", short(&message.topic)));
        }
        self.presence.message(&mut self.out);
        match message::read(&message.payload) {
            Incoming::Hello(hello) => {
                let news = self.session.greeted(now, &hello, &self.presence, &mut self.out);
                self.news(now, news);
            }
            Incoming::BadHello { session_id, why } => {
                let news = self.session.misgreeted(now, &session_id, why.to_string(), &self.presence, &mut self.out);
                self.news(now, news);
            }
            Incoming::Goodbye { session_id, reason } => {
                let reason = reason.unwrap_or_default();
                let (id, presence) = (session_id.as_deref(), &self.presence);
                let news = self.session.goodbye(now, id, reason, presence, &mut self.out);
                self.news(now, news);
            }
            Incoming::Error(why) => {
                let news = self.session.error(now, why, &mut self.out);
                self.news(now, news);
            }
            Incoming::Mcp(payload) => {
                self.tools.serve(now, self.session.id(), &payload, &self.presence, &mut self.out);
            }
            Incoming::System(command) => self.tools.order(&command, &mut self.out),
            Incoming::Alert { status, message, emotion: _ } => {
                self.out.play(Class::Announcement, Source::Chime(Chime::Error));
                let result = format!("{status}: {message}");
                self.out.report(Report::Command { topic: "alert".into(), result });
            }
            Incoming::Ignored(what) => self.out.dropped("unknown_message", what),
            other => self.converse(now, |turn, w| spoken(turn, other, w)),
        }
    }

    /// A person wants this server: where it is and how to log in there is asked again, if that stands in the way.
    fn wanted(&mut self, now: Tick) {
        let standing = self.presence.standing();
        if !standing.known || standing.refused {
            self.configuration.hurry(now, &mut self.out);
        }
    }

    fn open(&mut self, now: Tick, trigger: Trigger, from: Start) {
        if trigger == Trigger::Dictate {
            self.out.ask(Ask::Taken(Err("a xiaozhi server takes no dictation".into())));
            return self.out.ask(Ask::Done);
        }
        self.wanted(now);
        if !self.presence.standing().known && self.activation.say(&mut self.out) {
            return self.out.ask(Ask::Done);
        }
        self.converse(now, |turn, w| turn.open(trigger, from, w));
    }

    fn device(&mut self, now: Tick, facts: DeviceFacts) {
        if facts.muted {
            self.converse(now, |turn, w| turn.muted(w));
        }
        self.configuration.device(&facts);
        self.tools.device(facts);
    }
}

/// What belongs to the conversation.
fn spoken(turn: &mut Turn, message: Incoming, w: &mut Around<'_>) {
    match message {
        Incoming::Stt(text) => turn.understood(text, w),
        Incoming::TtsStart => turn.speak(w),
        Incoming::TtsSentence(text) => turn.sentence(text, w),
        Incoming::TtsStop => turn.spoke(w),
        Incoming::RecordStop => turn.rest(w),
        Incoming::Llm(emotion) => w.out.ask(Ask::Mood(mood(emotion))),
        _ => {}
    }
}

/// As far as lights can show it.
const fn mood(emotion: Emotion) -> Mood {
    match emotion {
        Emotion::Happy
        | Emotion::Laughing
        | Emotion::Funny
        | Emotion::Winking
        | Emotion::Cool
        | Emotion::Delicious
        | Emotion::Confident
        | Emotion::Silly => Mood::Bright,
        Emotion::Loving | Emotion::Kissy | Emotion::Relaxed | Emotion::Embarrassed => Mood::Warm,
        Emotion::Sad | Emotion::Crying | Emotion::Sleepy => Mood::Low,
        Emotion::Angry | Emotion::Surprised | Emotion::Shocked | Emotion::Confused => Mood::Stirred,
        Emotion::Neutral | Emotion::Thinking => Mood::Even,
    }
}

impl Dialogue for Xiaozhi {
    fn handle(&mut self, now: Tick, event: DialogueEvent) {
        self.tick(now);
        match event {
            DialogueEvent::Open { trigger, from } => self.open(now, trigger, from),
            DialogueEvent::Text { text, chatbot: _ } => {
                self.wanted(now);
                self.converse(now, |turn, w| turn.write(text, w));
            }
            DialogueEvent::Release { at } => self.converse(now, |turn, w| turn.release(at, w)),
            DialogueEvent::EndOfSpeech { at, why } => self.converse(now, |turn, w| turn.end_of_speech(at, why, w)),
            DialogueEvent::Cancel => self.converse(now, |turn, w| turn.cancel(w)),
            DialogueEvent::BargeIn { wake } => self.converse(now, |turn, w| turn.interrupt(wake, w)),
            DialogueEvent::Played { id, end, heard: _ } => self.converse(now, |turn, w| turn.played(id, end, w)),
            DialogueEvent::Refused { id } => self.converse(now, |turn, w| turn.refused(id, w)),
            DialogueEvent::Uplinked { uplink, sent, samples, last } => {
                self.converse(now, |turn, w| turn.uplinked(uplink, sent, samples, last, w));
            }
            DialogueEvent::Wished { id, outcome } => {
                self.tools.wished(id, &outcome, self.session.id(), &self.presence, &mut self.out);
            }
            DialogueEvent::Recording(on) => self.tools.recording(on),
            DialogueEvent::Device(facts) => self.device(now, facts),
            DialogueEvent::Link(event) => self.link(now, event),
            DialogueEvent::Channel(event) => {
                let arrived = event == ChannelEvent::Arrived;
                let news = self.session.channel(now, event, &self.presence, &mut self.out);
                self.news(now, news);
                if arrived {
                    self.converse(now, |turn, w| turn.arrived(w));
                }
            }
            DialogueEvent::Fetched { id, outcome } => self.fetched(now, id, &outcome),
            DialogueEvent::Limits(limits) => self.turn.limits(limits),
            DialogueEvent::Deadline => {}
        }
        self.tick(now);
    }

    fn poll(&mut self) -> Option<Ask> {
        self.out.next()
    }

    fn deadline(&self) -> Option<Tick> {
        let all = [
            self.configuration.deadline(),
            self.activation.deadline(),
            self.presence.deadline(),
            self.session.deadline(),
            self.turn.deadline(),
            self.tools.deadline(),
        ];
        all.into_iter().flatten().min()
    }

    fn converses(&self) -> bool {
        self.session.is_open() && self.turn.converses()
    }

    fn answered(&self) -> bool {
        self.presence.heard()
    }
}

#[cfg(test)]
mod tests;
