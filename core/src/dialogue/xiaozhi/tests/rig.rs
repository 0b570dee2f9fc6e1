//! A dialogue, a clock that only the test moves, and a readable line for each thing that it asks for.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use super::super::{Xiaozhi, XiaozhiSettings};
use crate::assistant::report::Report;
use crate::audio::Position;
use crate::channel::{ChannelAsk, ChannelEvent};
use crate::dialogue::timed::Timed;
use crate::dialogue::{Ask, Delivery, DeviceFacts, DialogueEvent, End, Interface, PlayEnd, PlayId, Source, Trigger};
use crate::fetch::{FetchId, Fetched};
use crate::hearing::{Encoding, Ending, Limits, Start, UplinkId};
use crate::link::{LinkAsk, LinkEvent, Loss, Message};
use crate::protocol::xiaozhi::access::Address;
use crate::protocol::xiaozhi::message::Mode;
use crate::protocol::xiaozhi::preset::Preset;
use crate::wish::{Outcome, WishId};

/// What a server answers to the request for the configuration.
pub const CONFIGURATION: &str = r#"{"mqtt":{"endpoint":"gateway:1883","client_id":"GID_pi@@@aa_bb_cc_dd_ee_ff@@@uuid",
    "username":"u","password":"secret","publish_topic":"device-server","subscribe_topic":"null"}}"#;

/// The session of a hello.
pub const ID: &str = "s1";

pub fn settings() -> XiaozhiSettings {
    XiaozhiSettings {
        ota_url: Address::new("http://server:8003/xiaozhi/ota/").unwrap(),
        mac: "aa:bb:cc:dd:ee:ff".into(),
        client_id: "db4ead3e-c5e2-4dd4-bbf1-0295195e5058".into(),
        language: "en-US".into(),
        version: "0.4.0".into(),
        board: "Raspberry Pi 4".into(),
        preset: *Preset::named("upstream").unwrap(),
        mode: Mode::Auto,
        frame: Duration::from_millis(60),
        announce_wake_word: None,
        allow_restart: false,
        allow_meeting: true,
        tls: None,
        topics: Vec::new(),
        tools: Vec::new(),
        limits: Limits {
            hangover: Duration::from_millis(500),
            no_speech: Duration::from_secs(10),
            max_utterance: Duration::from_secs(15),
            answer: false,
        },
        answer_timeout: Duration::from_secs(20),
        remembered: None,
    }
}

pub fn facts() -> DeviceFacts {
    DeviceFacts {
        volume: 80,
        language: "fr-FR".into(),
        network: vec![Interface {
            name: "wlan0".into(),
            address: "10.0.0.7".into(),
            wireless: true,
            ..Interface::default()
        }],
        ..DeviceFacts::default()
    }
}

/// A dialogue under test.
pub struct Rig(Timed<Xiaozhi>);

impl Deref for Rig {
    type Target = Timed<Xiaozhi>;

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
    pub fn with(settings: XiaozhiSettings) -> Self {
        let xiaozhi = Xiaozhi::new(settings).unwrap();
        let mut rig = Self(Timed::new(xiaozhi, line));
        rig.event(DialogueEvent::Device(facts()));
        rig
    }

    pub fn mode(mode: Mode) -> XiaozhiSettings {
        XiaozhiSettings { mode, ..settings() }
    }

    /// The server has told where its broker is; what was asked until then is not shown.
    pub fn configured_with(settings: XiaozhiSettings) -> Self {
        let mut rig = Self::with(settings);
        rig.fetched(200, CONFIGURATION);
        rig.trace();
        rig
    }

    /// Connected, and the gateway has asked for the tools.
    pub fn online_with(settings: XiaozhiSettings) -> Self {
        let mut rig = Self::configured_with(settings);
        rig.link(LinkEvent::Connected);
        rig.message(r#"{"type":"mcp","payload":{"jsonrpc":"2.0","method":"notifications/initialized"}}"#);
        rig.trace();
        rig
    }

    pub fn online() -> Self {
        Self::online_with(settings())
    }

    /// Somebody speaks, and the microphone's sound goes up.
    pub fn listening_with(settings: XiaozhiSettings) -> Self {
        let mut rig = Self::online_with(settings);
        rig.open();
        rig.hello(ID);
        rig.opened();
        rig.trace();
        rig
    }

    pub fn listening() -> Self {
        Self::listening_with(settings())
    }

    /// The server has understood and speaks.
    pub fn speaking_with(settings: XiaozhiSettings) -> Self {
        let mut rig = Self::listening_with(settings);
        rig.stt("what time is it");
        rig.tts("start");
        rig.sentence("It is noon.");
        rig.arrived();
        rig.trace();
        rig
    }

    pub fn speaking() -> Self {
        Self::speaking_with(settings())
    }

    pub fn link(&mut self, event: LinkEvent) {
        self.event(DialogueEvent::Link(event));
    }

    pub fn lose(&mut self) {
        self.link(LinkEvent::Disconnected(Loss::Lost("gateway:1883 closed the connection".into())));
    }

    pub fn message(&mut self, payload: &str) {
        let payload = payload.as_bytes().to_vec();
        let message = Message { topic: "devices/p2p/aa_bb_cc_dd_ee_ff".into(), payload, retained: false };
        self.link(LinkEvent::Message(message));
    }

    /// The newest request over HTTP is answered.
    pub fn fetched(&mut self, status: u16, body: &str) {
        let outcome = Ok(Fetched { status, body: body.as_bytes().to_vec() });
        let id = FetchId(self.fetches);
        self.event(DialogueEvent::Fetched { id, outcome });
    }

    pub fn unfetched(&mut self, why: &str) {
        let (id, outcome) = (FetchId(self.fetches), Err(why.into()));
        self.event(DialogueEvent::Fetched { id, outcome });
    }

    /// The server opens this session.
    pub fn hello(&mut self, id: &str) {
        self.message(&format!(
            r#"{{"type":"hello","version":3,"session_id":"{id}","transport":"udp","udp":{{"server":"10.0.0.1","port":8884,
            "encryption":"aes-128-ctr","key":"000102030405060708090a0b0c0d0e0f","nonce":"01000000a1b2c3d40000000000000000"}}}}"#
        ));
    }

    /// Its channel stands.
    pub fn opened(&mut self) {
        self.event(DialogueEvent::Channel(ChannelEvent::Opened { to: [10, 0, 0, 1].into() }));
    }

    pub fn arrived(&mut self) {
        self.event(DialogueEvent::Channel(ChannelEvent::Arrived));
    }

    pub fn goodbye(&mut self, id: &str) {
        self.message(&format!(r#"{{"type":"goodbye","session_id":"{id}"}}"#));
    }

    pub fn stt(&mut self, text: &str) {
        self.message(&format!(r#"{{"type":"stt","text":"{text}","session_id":"{ID}"}}"#));
    }

    pub fn tts(&mut self, state: &str) {
        self.message(&format!(r#"{{"type":"tts","state":"{state}","session_id":"{ID}"}}"#));
    }

    pub fn sentence(&mut self, text: &str) {
        self.message(&format!(r#"{{"type":"tts","state":"sentence_start","text":"{text}","session_id":"{ID}"}}"#));
    }

    pub fn open(&mut self) {
        self.open_by(Trigger::Wake);
    }

    pub fn open_by(&mut self, trigger: Trigger) {
        self.event(DialogueEvent::Open { trigger, from: Start::At(Position(1_000)) });
    }

    pub fn write(&mut self, text: &str) {
        self.event(DialogueEvent::Text { text: text.into(), chatbot: false });
    }

    pub fn end_of_speech(&mut self, why: Ending) {
        self.event(DialogueEvent::EndOfSpeech { at: Position(33_000), why });
    }

    /// A second of sound of the newest uplink went up.
    pub fn uplinked(&mut self, last: bool) {
        let uplink = UplinkId(self.uplinks);
        self.event(DialogueEvent::Uplinked { uplink, sent: true, samples: 16_000, last });
    }

    /// The newest sound has ended.
    pub fn played(&mut self, end: PlayEnd) {
        let newest = self.plays;
        self.played_of(newest, end);
    }

    pub fn played_of(&mut self, id: u64, end: PlayEnd) {
        self.event(DialogueEvent::Played { id: PlayId(id), end, heard: Duration::from_secs(1) });
    }

    /// The newest wish has an outcome.
    pub fn wished(&mut self, outcome: Outcome) {
        let id = WishId(self.wishes);
        self.event(DialogueEvent::Wished { id, outcome });
    }
}

/// One thing that is asked for, as a line.
fn line(ask: &Ask) -> String {
    match ask {
        Ask::Mic { from, end, while_speaking } => {
            let end = match end {
                End::Local(_) => "the endpointer".into(),
                End::Manual { cap } => format!("the person within {} s", cap.as_secs()),
                End::Remote { cap, quiet } => {
                    format!("the server within {} s, quiet {:?}", cap.as_secs(), quiet.unwrap_or_default())
                }
            };
            format!("mic from {from:?}, ended by {end}{}", if *while_speaking { ", while speaking" } else { "" })
        }
        Ask::MicStop => "mic stop".into(),
        Ask::UplinkStart { uplink, from, encoding: Encoding::Opus { frame }, to: Delivery::Channel } => {
            format!("uplink {} from {from:?}, Opus of {} ms", uplink.0, frame.as_millis())
        }
        Ask::UplinkFinish { uplink, to } => format!("uplink {} ends at {}", uplink.0, to.0),
        Ask::UplinkAbort { uplink } => format!("uplink {} aborted", uplink.0),
        Ask::Play { id, class, source: Source::Text(text) } => format!("play {} {class:?} {text:?}", id.0),
        Ask::Play { id, class, source } => format!("play {} {class:?} {source:?}", id.0),
        Ask::Flush { id } => format!("flush {}", id.0),
        Ask::Shown(shown) => format!("shown {shown:?}"),
        Ask::Done => "done".into(),
        Ask::Taken(Ok(id)) => format!("taken as {id}"),
        Ask::Taken(Err(why)) => format!("not taken: {why}"),
        Ask::Wish { id, wish } => format!("wish {} {wish:?}", id.0),
        Ask::Link(LinkAsk::Publish(publication)) => {
            let payload = String::from_utf8_lossy(&publication.payload);
            assert!(!publication.retain && publication.qos == crate::link::Qos::Zero, "{publication:?}");
            assert_eq!(publication.topic, "device-server");
            format!("send {payload}")
        }
        Ask::Link(LinkAsk::Subscribe(filters)) => format!("subscribe {filters:?}"),
        Ask::Link(LinkAsk::Hurry) => "hurry".into(),
        Ask::Connect(access) => format!("connect to {access:?}"),
        Ask::Channel(ChannelAsk::Open(session)) => format!("channel to {session:?}"),
        Ask::Channel(ask) => format!("channel {ask:?}"),
        Ask::Fetch { id, fetch } => format!("fetch {} {}", id.0, fetch.url),
        Ask::LinkUp(up) => format!("link {}", if *up { "up" } else { "down" }),
        Ask::Cause(cause) => format!("cause {}: {}", cause.code(), cause.text()),
        Ask::Clear(code) => format!("clear {code}"),
        Ask::Mood(mood) => format!("mood {mood:?}"),
        Ask::Remember(keepsake) => format!("remember {keepsake:?}"),
        Ask::Report(Report::Request { id, seconds }) => format!("report request {id}, {seconds} s"),
        Ask::Report(Report::Answer { id, kind, text }) => format!("report answer {id} {kind} {text:?}"),
        Ask::Report(Report::Command { topic, result }) => format!("report command {topic}: {result}"),
        Ask::Report(Report::Audit { what, result }) => format!("report audit {what}: {result}"),
        Ask::Report(Report::Final { text, meeting: false }) => format!("report final {text:?}"),
        Ask::Report(Report::Spoken { text }) => format!("report spoken {text:?}"),
        Ask::Report(Report::SpeechEnd) => "report speech end".into(),
        Ask::Report(Report::Drop { what, count, detail }) => format!("report drop {count} {what}: {detail}"),
        other => format!("{other:?}"),
    }
}
