//! The world around an assistant with three kinds of servers, and what it promises to that world at every moment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use auricle_core::assistant::event::{
    Effect, Event, PlayNumber, Recording, Remembered, RequestId, ServerId, ServiceId, Tuning,
};
use auricle_core::assistant::report::Report;
use auricle_core::assistant::shown::State;
use auricle_core::dialogue::linto::{Linto, LintoSettings};
use auricle_core::dialogue::xiaozhi::{Xiaozhi, XiaozhiSettings};
use auricle_core::dialogue::{Delivery, PlayEnd};
use auricle_core::hearing::{EarCommand, Encoding, ListenId, UplinkId};
use auricle_core::link::{LinkAsk, LinkEvent, Message};
use auricle_core::protocol::xiaozhi::message::Mode;
use auricle_core::wish::{Outcome, Wish};

use super::both::CONFIGURATION;
use super::gateway::{Gateway, Said};
use super::toy::Toy;
use super::{Bench, linto_settings, tuning, xiaozhi_settings};

pub const LINTO: ServerId = ServerId(0);
pub const TOY: ServerId = ServerId(1);
pub const XIAOZHI: ServerId = ServerId(2);

/// Commands of which each one is told exactly once. A volume may be superseded without a word.
const TOLD: [&str; 8] = ["ping", "say", "mute", "unmute", "tts_lang", "managemeeting", "shellexec", "startreversessh"];

/// Servers may record, unmute only what they muted.
pub fn settings() -> Tuning {
    Tuning { remote_meeting: true, wake_trigger: true, ..tuning() }
}

/// The recorder, which may be slow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Recorder {
    Off,
    /// It opens its file; whether it was told to end.
    Opening(bool),
    /// Sound goes into the file; whether it was told to end.
    Running(bool),
}

/// What is known of the assistant from its effects alone.
pub struct World {
    pub bench: Bench,
    pub mic_open: bool,
    pub plugged: bool,
    pub listen: Option<ListenId>,
    /// Pieces of tape on their way; whether they are streamed.
    uplinks: BTreeMap<UplinkId, bool>,
    /// Those that were ended.
    ready: Vec<UplinkId>,
    /// Whether the connection takes what is sent.
    pub sends: bool,
    pub playing: Vec<PlayNumber>,
    requests: Vec<String>,
    pub tape: u64,
    in_flight: usize,
    recorder: Recorder,
    services: Vec<ServiceId>,
    asked: u64,
    waiting: BTreeSet<RequestId>,
    commands: BTreeMap<&'static str, usize>,
    told: BTreeMap<&'static str, usize>,
    volume: Option<u8>,
    gateway: Gateway,
}

impl World {
    /// `mode`: in which the xiaozhi server is talked with.
    pub fn new(mode: Mode) -> Self {
        let xiaozhi = XiaozhiSettings { mode, allow_restart: true, allow_meeting: true, ..xiaozhi_settings() };
        let xiaozhi = Xiaozhi::new(xiaozhi).unwrap();
        let linto = Linto::new(LintoSettings { multi_user: true, live_transcript: true, ..linto_settings() });
        let mut world = Self {
            bench: Bench::unstarted(vec![Box::new(linto), Box::new(Toy::new(true)), Box::new(xiaozhi)], settings()),
            mic_open: false,
            plugged: true,
            listen: None,
            uplinks: BTreeMap::new(),
            ready: vec![],
            sends: true,
            playing: vec![],
            requests: vec![],
            tape: 1_000_000,
            in_flight: 0,
            recorder: Recorder::Off,
            services: vec![],
            asked: 0,
            waiting: BTreeSet::new(),
            commands: BTreeMap::new(),
            told: BTreeMap::new(),
            volume: None,
            gateway: Gateway::default(),
        };
        world.event(Event::Started(Remembered::default()));
        world.event(Event::MicFlowing);
        world.event(Event::Link(LINTO, LinkEvent::Connected));
        world.event(Event::Link(TOY, LinkEvent::Connected));
        world.gateway(Said::Configuration(200, CONFIGURATION));
        world.event(Event::Link(XIAOZHI, LinkEvent::Connected));
        world
    }

    pub fn event(&mut self, event: Event) {
        self.bench.event(event);
        for effect in std::mem::take(&mut self.bench.effects) {
            self.obey(effect);
        }
        self.check();
    }

    /// What an effect makes the world say at once.
    fn back(&mut self, event: Event) {
        self.bench.assistant.handle(self.bench.now, event);
    }

    fn obey(&mut self, effect: Effect) {
        self.gateway.obey(&effect, self.mic_open);
        match effect {
            Effect::Mic(open) => self.mic_open = open,
            Effect::Ear(command) => self.hear(command),
            Effect::Send { uplink, server, to, samples, last } => {
                assert!(self.mic_open, "sends what a closed microphone heard");
                let sent = self.sends;
                match to {
                    Delivery::Message { topic, .. } if server == LINTO && sent && topic.contains("/nlp/") => {
                        self.requests.push(topic);
                        self.in_flight += 1;
                    }
                    _ => {}
                }
                self.back(Event::Uplinked { uplink, sent, samples, last });
                if last {
                    self.uplinks.remove(&uplink);
                }
            }
            Effect::Publish { publication, .. } => {
                // What is written gives up the request before it.
                self.requests.push(publication.topic);
                self.in_flight = 1;
            }
            Effect::Play { play, .. } => self.playing.push(play),
            Effect::Flush(play) => self.ended(play, PlayEnd::Flushed),
            Effect::Link(LINTO, LinkAsk::Subscribe(_)) => {
                self.back(Event::Link(LINTO, LinkEvent::Subscribed { refused: vec![] }));
            }
            Effect::Link(LINTO, LinkAsk::Publish(publication)) => match publication.topic.rsplit('/').next() {
                Some("muteack") => assert!(!self.mic_open, "acknowledges what is not so"),
                Some("unmuteack") => assert!(self.mic_open, "acknowledges what is not so"),
                _ => {}
            },
            Effect::Volume(percent) => self.volume = Some(percent),
            Effect::Record(_) => {
                assert_eq!(self.recorder, Recorder::Off, "two recordings at once");
                self.recorder = Recorder::Opening(false);
            }
            Effect::RecordStop => {
                self.recorder = match self.recorder {
                    Recorder::Off => Recorder::Off,
                    Recorder::Opening(_) => Recorder::Opening(true),
                    Recorder::Running(_) => Recorder::Running(true),
                };
            }
            Effect::Serve { service, .. } => self.services.push(service),
            Effect::Answer { request, outcome } => {
                assert!(self.waiting.remove(&request), "{request:?} is answered twice: {outcome:?}");
            }
            Effect::Report(Some(LINTO), Report::Command { topic, .. }) => {
                if let Some(leaf) = TOLD.iter().find(|leaf| **leaf == topic) {
                    *self.told.entry(*leaf).or_default() += 1;
                }
            }
            _ => {}
        }
    }

    fn hear(&mut self, command: EarCommand) {
        match command {
            EarCommand::Listen { listen, .. } => {
                assert!(self.mic_open && self.plugged, "listens with a closed microphone");
                self.listen = Some(listen);
            }
            EarCommand::StopListening { listen } if self.listen == Some(listen) => self.listen = None,
            EarCommand::StartUplink { uplink, encoding, .. } => {
                assert!(self.mic_open && self.plugged, "records with a closed microphone");
                let streamed = matches!(encoding, Encoding::Pcm { .. } | Encoding::Opus { .. });
                assert!(self.uplinks.insert(uplink, streamed).is_none());
                if !streamed {
                    // A microphone that opens anew has given up the request before it: that answer is ignored.
                    self.in_flight = 0;
                }
                assert!(self.uplinks.len() <= 4, "more uplinks than hearing takes");
            }
            EarCommand::FinishUplink { uplink, .. } if self.uplinks.contains_key(&uplink) => self.ready.push(uplink),
            EarCommand::AbortUplink { uplink } => drop(self.uplinks.remove(&uplink)),
            EarCommand::ArmVoice(true) => {
                assert!(self.mic_open && self.playing.is_empty(), "armed while closed or while it speaks itself");
            }
            EarCommand::ArmWake(true) => {
                assert!(self.mic_open && self.plugged, "armed with a closed microphone");
            }
            EarCommand::Closed => {
                self.listen = None;
                self.uplinks.clear();
            }
            _ => {}
        }
    }

    fn ended(&mut self, play: PlayNumber, end: PlayEnd) {
        self.playing.retain(|other| *other != play);
        self.back(Event::Played { play, end, heard: Duration::from_millis(10) });
    }

    /// What the assistant promises at every moment.
    fn check(&mut self) {
        while let Some(effect) = self.bench.assistant.poll() {
            self.obey(effect);
        }
        let assistant = &self.bench.assistant;
        assistant.check().expect("an invariant");
        assert!(self.playing.len() <= 1, "two things play at once");
        if assistant.state() == State::Listening {
            assert!(self.mic_open, "shows listening with a closed microphone");
        }
        if assistant.turn().is_none() {
            self.in_flight = 0;
            assert!(self.listen.is_none(), "listens without a turn");
        }
        assert!(self.in_flight <= 1, "two conversation requests in flight: {:?}", self.requests);
        if assistant.muted().is_some() {
            assert!(!self.mic_open && self.listen.is_none(), "muted, and yet it listens");
            assert!(self.uplinks.is_empty(), "muted, and yet it takes in sound for a server");
            let ends = matches!(self.recorder, Recorder::Off | Recorder::Opening(true) | Recorder::Running(true));
            assert!(ends, "muted, and yet it records: {:?}", self.recorder);
        }
        assert_eq!(assistant.recording(), self.recorder == Recorder::Running(false), "{:?}", self.recorder);
        if !self.waiting.is_empty() {
            assert!(assistant.deadline().is_some(), "somebody waits without a deadline: {:?}", self.waiting);
        }
        for (leaf, told) in &self.told {
            assert!(Some(told) <= self.commands.get(leaf), "`{leaf}` is told more often than it came");
        }
    }

    /// Somebody at the control socket asks for something and waits for the answer.
    pub fn ask(&mut self, event: impl FnOnce(RequestId) -> Event) {
        self.asked += 1;
        let request = RequestId(self.asked);
        self.waiting.insert(request);
        self.event(event(request));
    }

    pub fn wish(&mut self, wish: Wish) {
        self.ask(|request| Event::Wish { request, wish });
    }

    /// The xiaozhi server says something.
    pub fn gateway(&mut self, said: Said) {
        for event in self.gateway.events(said) {
            if self.gateway.lets_through(&event) {
                self.event(event);
            }
        }
    }

    /// The server answers one of its requests, the newest being the first.
    pub fn answer(&mut self, nth: usize, behavior: &str) {
        let Some(topic) = self.requests.iter().rev().nth(nth) else { return };
        let topic = topic.replace("fromlinto", "tolinto");
        if nth == 0 {
            self.in_flight = 0;
        }
        self.message(LINTO, &topic, format!(r#"{{"behavior":{behavior}}}"#).into_bytes());
    }

    pub fn message(&mut self, server: ServerId, topic: &str, payload: Vec<u8>) {
        let leaf = topic.strip_prefix("blk/tolinto/raspberry1/").unwrap_or_default();
        if let Some(leaf) = TOLD.iter().find(|told| server == LINTO && **told == leaf) {
            *self.commands.entry(*leaf).or_default() += 1;
        }
        self.event(Event::Link(server, LinkEvent::Message(Message { topic: topic.into(), payload, retained: false })));
    }

    /// Hearing hands over what is complete, or a piece of a stream.
    pub fn encode(&mut self, last: bool) {
        let streamed = || self.uplinks.iter().find(|(_, streamed)| **streamed).map(|(uplink, _)| *uplink);
        let uplink = if last { self.ready.pop() } else { streamed() };
        if let Some(uplink) = uplink {
            self.event(Event::UplinkReady { uplink, samples: 16_000, last });
        }
    }

    /// Something that is served outside is done.
    pub fn serve(&mut self, nth: usize, outcome: Outcome) {
        if !self.services.is_empty() {
            let service = self.services.remove(nth % self.services.len());
            self.event(Event::Served { service, outcome });
        }
    }

    /// The recorder takes its next step, or fails to.
    pub fn record(&mut self, well: bool) {
        let (next, event) = match (self.recorder, well) {
            (Recorder::Off, _) => return,
            (Recorder::Opening(told), true) => {
                (Recorder::Running(told), Recording::Started { file: "/m/x.wav".into() })
            }
            (Recorder::Opening(_), false) => (Recorder::Off, Recording::Refused("the disk is full".into())),
            (Recorder::Running(true), true) => (Recorder::Off, Recording::Ended { seconds: 1.0, why: None }),
            (Recorder::Running(false), true) => return,
            (Recorder::Running(_), false) => {
                (Recorder::Off, Recording::Ended { seconds: 1.0, why: Some("the disk is full".into()) })
            }
        };
        self.recorder = next;
        self.event(Event::Recording(event));
    }

    pub fn pass(&mut self, span: Duration) {
        let end = self.bench.now + span;
        let mut steps = 0;
        while let Some(deadline) = self.bench.assistant.deadline().filter(|deadline| *deadline <= end) {
            self.bench.now = self.bench.now.max(deadline);
            self.event(Event::Tick);
            steps += 1;
            assert!(steps < 10_000, "a deadline that never goes away");
        }
        self.bench.now = end;
    }

    /// With everything quiet, every turn ends by its deadlines, and everybody has his answer.
    pub fn comes_to_rest(&mut self) {
        for _ in 0..3 {
            self.pass(Duration::from_secs(900));
            while let Some(play) = self.playing.pop() {
                self.event(Event::Played { play, end: PlayEnd::Finished, heard: Duration::ZERO });
            }
        }
        assert!(self.bench.assistant.turn().is_none(), "a turn that never ends");
        assert!(self.waiting.is_empty(), "never answered: {:?}", self.waiting);
        assert_eq!(self.told, self.commands, "each command is told once");
        assert_eq!(self.volume, Some(self.bench.assistant.volume()));
    }
}
