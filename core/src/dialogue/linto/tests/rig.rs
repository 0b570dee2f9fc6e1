//! A dialogue, a clock that only the test moves, and a readable line for each thing that it asks for.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use super::super::{Linto, LintoSettings};
use crate::assistant::report::Report;
use crate::audio::Position;
use crate::dialogue::timed::Timed;
use crate::dialogue::{Ask, Delivery, DeviceFacts, DialogueEvent, Interface, PlayEnd, PlayId, Source, Trigger};
use crate::hearing::{Encoding, Ending, Limits, Start, UplinkId};
use crate::link::{LinkAsk, LinkEvent, Loss, Message, Publication};
use crate::wish::{Outcome, Wish, WishId};

pub fn settings() -> LintoSettings {
    LintoSettings {
        serial: "raspberry1".into(),
        admin_scope: "blk".into(),
        request_scope: "app1".into(),
        answer_timeout: Duration::from_secs(12),
        limits: Limits {
            hangover: Duration::from_millis(500),
            no_speech: Duration::from_secs(10),
            max_utterance: Duration::from_secs(15),
            answer: false,
        },
        multi_user: false,
        phonetic: false,
        live_transcript: false,
        instance: "0011223344556677".into(),
    }
}

pub fn facts() -> DeviceFacts {
    DeviceFacts {
        volume: 80,
        muted: false,
        language: "en-US".into(),
        meeting: None,
        firmware: "0.1.0".into(),
        network: vec![Interface { name: "eth0".into(), address: "10.0.0.7".into(), ..Interface::default() }],
        utc: "2024-05-01T10:20:30.123Z".into(),
    }
}

/// The first request's id; the next ones count on.
pub const ID: &str = "1f0c1b1";

/// Streams are numbered from here on, so that they never meet requests.
const STREAMS: u64 = 1 << 32;

/// A dialogue under test.
pub struct Rig(Timed<Linto>);

impl Deref for Rig {
    type Target = Timed<Linto>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Rig {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Rig {
    pub fn new() -> Self {
        Self::with(settings())
    }

    pub fn with(settings: LintoSettings) -> Self {
        let mut rig = Self(Timed::new(Linto::new(settings), line));
        rig.event(DialogueEvent::Device(facts()));
        rig
    }

    /// Connected, subscribed, the own status came back; what was asked until then is not shown.
    pub fn online() -> Self {
        Self::online_with(settings())
    }

    pub fn online_with(settings: LintoSettings) -> Self {
        let mut rig = Self::with(settings);
        rig.connect();
        rig.echo();
        rig.trace();
        rig
    }

    pub fn connect(&mut self) {
        self.link(LinkEvent::Connected);
        self.link(LinkEvent::Subscribed { refused: Vec::new() });
    }

    pub fn lose(&mut self) {
        self.link(LinkEvent::Disconnected(Loss::Lost("mqtt://broker:1883 closed the connection".into())));
    }

    /// The broker hands our own status back.
    pub fn echo(&mut self) {
        self.message(
            "blk/fromlinto/raspberry1/status",
            r#"{"connexion":"online","config":{"instance":"0011223344556677"}}"#,
        );
    }

    pub fn link(&mut self, event: LinkEvent) {
        self.event(DialogueEvent::Link(event));
    }

    pub fn message(&mut self, topic: &str, payload: &str) {
        let payload = payload.as_bytes().to_vec();
        self.link(LinkEvent::Message(Message { topic: topic.into(), payload, retained: false }));
    }

    pub fn retained(&mut self, topic: &str, payload: &str) {
        let payload = payload.as_bytes().to_vec();
        self.link(LinkEvent::Message(Message { topic: topic.into(), payload, retained: true }));
    }

    /// The server answers the request with this `behavior`.
    pub fn answer(&mut self, id: &str, behavior: &str) {
        self.message(&format!("app1/tolinto/raspberry1/nlp/file/{id}"), &format!(r#"{{"behavior":{behavior}}}"#));
    }

    pub fn open(&mut self) {
        self.event(DialogueEvent::Open { trigger: Trigger::Listen, from: Start::At(Position(1_000)) });
    }

    pub fn end_of_speech(&mut self, why: Ending) {
        self.event(DialogueEvent::EndOfSpeech { at: Position(33_000), why });
    }

    pub fn uplinked(&mut self, uplink: u64, sent: bool) {
        self.event(DialogueEvent::Uplinked { uplink: UplinkId(uplink), sent, samples: 32_000, last: true });
    }

    /// Opens, speaks, and the request is on its way.
    pub fn ask_server(&mut self) {
        self.open();
        self.end_of_speech(Ending::Silence);
        self.uplinked(1, true);
        self.trace();
    }

    pub fn played(&mut self, id: u64, end: PlayEnd) {
        self.event(DialogueEvent::Played { id: PlayId(id), end, heard: Duration::from_secs(1) });
    }

    pub fn wished(&mut self, wish: u64, outcome: Outcome) {
        self.event(DialogueEvent::Wished { id: WishId(wish), outcome });
    }

    pub fn write(&mut self, text: &str, chatbot: bool) {
        self.event(DialogueEvent::Text { text: text.into(), chatbot });
    }

    pub fn dictate(&mut self) {
        self.event(DialogueEvent::Open { trigger: Trigger::Dictate, from: Start::At(Position(1_000)) });
    }

    /// The server says this about the stream.
    pub fn stream(&mut self, rest: &str, streaming: &str) {
        let topic = format!("app1/tolinto/raspberry1/streaming/{rest}");
        self.message(&topic, &format!(r#"{{"behavior":{{"streaming":{streaming}}}}}"#));
    }

    /// A chunk of the stream of this number was handed over, or could not be.
    pub fn chunk(&mut self, stream: u64, sent: bool, last: bool) {
        self.event(DialogueEvent::Uplinked { uplink: UplinkId(STREAMS + stream), sent, samples: 4_000, last });
    }
}

/// One thing that is asked for, as a line.
fn line(ask: &Ask) -> String {
    match ask {
        Ask::Mic { from, end, while_speaking } => {
            let end = format!("{end:?}");
            let end = end.split(['(', ' ']).next().unwrap();
            format!("mic from {from:?}, end {end}{}", if *while_speaking { ", while speaking" } else { "" })
        }
        Ask::MicStop => "mic stop".into(),
        Ask::UplinkStart { uplink, from, encoding, to } => {
            let encoding = match encoding {
                Encoding::LintoFile { conversation } => format!("conversation {conversation}"),
                Encoding::Pcm { chunk } => format!("chunks of {} ms", chunk.as_millis()),
                Encoding::Opus { frame } => format!("Opus of {} ms", frame.as_millis()),
            };
            let Delivery::Message { topic, qos, expires } = to else { panic!("{to:?}") };
            let secs = expires.as_secs();
            format!("{} from {from:?} to {topic} {qos:?} within {secs} s, {encoding}", name(*uplink))
        }
        Ask::UplinkFinish { uplink, to } => format!("{} ends at {}", name(*uplink), to.0),
        Ask::UplinkAbort { uplink } => format!("{} aborted", name(*uplink)),
        Ask::Play { id, class, source } => match source {
            Source::Text(text) => format!("play {} {class:?} {text:?}", id.0),
            other => format!("play {} {class:?} {other:?}", id.0),
        },
        Ask::Flush { id } => format!("flush {}", id.0),
        Ask::Shown(shown) => format!("shown {shown:?}"),
        Ask::Done => "done".into(),
        Ask::Taken(Ok(id)) => format!("taken as {id}"),
        Ask::Taken(Err(why)) => format!("not taken: {why}"),
        Ask::Wish { id, wish: Wish::Hook(hook) } => {
            let context = hook.context.iter().map(|(name, value)| format!(", {name}={value:?}")).collect::<String>();
            format!("wish {} hook {} {}{context}", id.0, hook.kind.name(), hook.input)
        }
        Ask::Wish { id, wish } => format!("wish {} {wish:?}", id.0),
        Ask::Send { publication, expires } => format!("send {publication:?} within {} s", expires.as_secs()),
        Ask::Link(LinkAsk::Publish(publication)) if publication.topic.ends_with("/status") => {
            let status: serde_json::Value = serde_json::from_slice(&publication.payload).unwrap();
            let sound = &status["config"]["sound"];
            let payload = format!("{} {sound}", status["connexion"]).into_bytes();
            format!("publish {:?}", Publication { payload, ..publication.clone() })
        }
        Ask::Link(LinkAsk::Publish(publication)) => format!("publish {publication:?}"),
        Ask::Link(LinkAsk::Subscribe(filters)) => format!("subscribe {filters:?}"),
        Ask::LinkUp(up) => format!("link {}", if *up { "up" } else { "down" }),
        Ask::Cause(cause) => format!("cause {}: {}", cause.code(), cause.text()),
        Ask::Clear(code) => format!("clear {code}"),
        Ask::Report(Report::Request { id, seconds }) => format!("report request {id}, {seconds} s"),
        Ask::Report(Report::Answer { id, kind, text }) => format!("report answer {id} {kind} {text:?}"),
        Ask::Report(Report::Command { topic, result }) => format!("report command {topic}: {result}"),
        Ask::Report(Report::Audit { what, result }) => format!("report audit {what}: {result}"),
        Ask::Report(Report::Partial { text, meeting }) => format!("report partial{} {text:?}", of_meeting(*meeting)),
        Ask::Report(Report::Final { text, meeting }) => format!("report final{} {text:?}", of_meeting(*meeting)),
        Ask::Report(Report::Drop { what, count, detail }) => format!("report drop {count} {what}: {detail}"),
        other => format!("{other:?}"),
    }
}

fn name(uplink: UplinkId) -> String {
    match uplink.0.checked_sub(STREAMS) {
        Some(stream) => format!("stream {stream}"),
        None => format!("uplink {}", uplink.0),
    }
}

const fn of_meeting(meeting: bool) -> &'static str {
    if meeting { " of the meeting" } else { "" }
}
