//! What the tests of the assistant share: virtual time, and a second kind of server.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, missing_docs)]

pub mod both;
pub mod gateway;
pub mod toy;
pub mod world;

use std::time::Duration;

use auricle_core::assistant::Assistant;
use auricle_core::assistant::event::{Effect, Event, Memory, Remembered, RequestId, ServerId, Tuning, UnmuteRule};
use auricle_core::audio::Position;
use auricle_core::dialogue::linto::{Linto, LintoSettings};
use auricle_core::dialogue::xiaozhi::XiaozhiSettings;
use auricle_core::dialogue::{Delivery, Dialogue, PlayEnd, Source, Trigger};
use auricle_core::hearing::{EarCommand, Ending, Limits, ListenId, UplinkId};
use auricle_core::link::{LinkAsk, LinkEvent, Message, Publication};
use auricle_core::protocol::xiaozhi::access::Address;
use auricle_core::protocol::xiaozhi::message::Mode;
use auricle_core::protocol::xiaozhi::preset::Preset;
use auricle_core::time::Tick;
use auricle_core::wish::{Outcome, Wish};

/// An assistant in virtual time, with everything that it wanted so far.
pub struct Bench {
    pub assistant: Assistant,
    pub now: Tick,
    pub effects: Vec<Effect>,
}

pub const S0: ServerId = ServerId(0);

pub fn tuning() -> Tuning {
    Tuning {
        voice_trigger: true,
        wake_trigger: false,
        preroll: Duration::from_millis(500),
        sounds: true,
        limits: limits(),
        volume: 80,
        language: "en-US".into(),
        unmute: UnmuteRule::Own,
        remote_meeting: false,
    }
}

/// A LinTO server with two scopes.
pub fn linto_settings() -> LintoSettings {
    LintoSettings {
        serial: "raspberry1".into(),
        admin_scope: "blk".into(),
        request_scope: "appx".into(),
        answer_timeout: Duration::from_secs(12),
        limits: limits(),
        multi_user: false,
        phonetic: false,
        live_transcript: false,
        instance: "0123456789abcdef".into(),
    }
}

/// A xiaozhi server in auto mode.
pub fn xiaozhi_settings() -> XiaozhiSettings {
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
        allow_meeting: false,
        tls: None,
        topics: vec![],
        tools: vec![],
        limits: limits(),
        answer_timeout: Duration::from_secs(20),
        remembered: None,
    }
}

pub fn limits() -> Limits {
    Limits {
        hangover: Duration::from_millis(500),
        no_speech: Duration::from_secs(10),
        max_utterance: Duration::from_secs(15),
        answer: false,
    }
}

impl Bench {
    /// Started, microphone flowing.
    pub fn new(servers: Vec<Box<dyn Dialogue>>) -> Self {
        let mut bench = Self::unstarted(servers, tuning());
        bench.event(Event::Started(Remembered::default()));
        bench.event(Event::MicFlowing);
        bench.effects.clear();
        bench
    }

    pub fn unstarted(servers: Vec<Box<dyn Dialogue>>, tuning: Tuning) -> Self {
        Self { assistant: Assistant::new(servers, tuning), now: Tick::from_millis(1_000), effects: vec![] }
    }

    pub fn event(&mut self, event: Event) {
        self.assistant.handle(self.now, event);
        while let Some(effect) = self.assistant.poll() {
            self.effects.push(effect);
        }
        self.assistant.check().expect("an invariant");
    }

    /// Lets time pass, stopping at each deadline.
    pub fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(deadline) = self.assistant.deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.event(Event::Tick);
            assert!(self.assistant.deadline() != Some(deadline), "a deadline that does not go away: {deadline}");
        }
        self.now = end;
    }

    pub fn listen(&mut self) {
        self.event(Event::Trigger { trigger: Trigger::Listen, server: None, at: Some(Position(160_000)) });
    }

    pub fn message(&mut self, server: ServerId, topic: &str, payload: &str) {
        let message = Message { topic: topic.into(), payload: payload.into(), retained: false };
        self.event(Event::Link(server, LinkEvent::Message(message)));
    }

    /// What came since the last call, printed one a line, without the reports of the shown state.
    pub fn taken(&mut self) -> String {
        let effects = std::mem::take(&mut self.effects);
        effects.iter().map(|effect| format!("{effect:?}\n")).collect()
    }

    pub fn last_listen(&self) -> ListenId {
        let listens = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Ear(EarCommand::Listen { listen, .. }) => Some(*listen),
            _ => None,
        });
        listens.expect("the microphone was never opened")
    }

    pub fn last_uplink(&self) -> UplinkId {
        let uplinks = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Ear(EarCommand::StartUplink { uplink, .. }) => Some(*uplink),
            _ => None,
        });
        uplinks.expect("no uplink was started")
    }

    /// The loudspeaker has said everything that it was given.
    pub fn finish_playing(&mut self) {
        for _ in 0..20 {
            let play = self.effects.iter().rev().find_map(|effect| match effect {
                Effect::Play { play, .. } => Some(*play),
                _ => None,
            });
            let Some(play) = play else { return };
            let before = self.effects.len();
            self.event(Event::Played { play, end: PlayEnd::Finished, heard: Duration::from_secs(1) });
            if !self.effects[before..].iter().any(|effect| matches!(effect, Effect::Play { .. })) {
                return;
            }
        }
    }

    /// With a LinTO server that is connected and lets our own status come back.
    pub fn linto(settings: LintoSettings, tuning: Tuning) -> Self {
        let mut bench = Self::unstarted(vec![Box::new(Linto::new(settings))], tuning);
        bench.event(Event::Started(Remembered::default()));
        bench.event(Event::MicFlowing);
        bench.event(Event::Link(S0, LinkEvent::Connected));
        bench.event(Event::Link(S0, LinkEvent::Subscribed { refused: vec![] }));
        bench.message(
            S0,
            "blk/fromlinto/raspberry1/status",
            r#"{"connexion":"online","config":{"instance":"0123456789abcdef"}}"#,
        );
        bench.pass(Duration::from_secs(60));
        bench.effects.clear();
        bench
    }

    /// A command on the scope of the admin page.
    pub fn command(&mut self, leaf: &str, payload: &str) {
        self.message(S0, &format!("blk/tolinto/raspberry1/{leaf}"), payload);
    }

    /// Somebody at the control socket wishes this.
    pub fn wish(&mut self, request: u64, wish: Wish) {
        self.event(Event::Wish { request: RequestId(request), wish });
    }

    /// Every answer to somebody at the control socket.
    pub fn answers(&self) -> Vec<(u64, Outcome)> {
        let answers = self.effects.iter().filter_map(|effect| match effect {
            Effect::Answer { request, outcome } => Some((request.0, outcome.clone())),
            _ => None,
        });
        answers.collect()
    }

    /// The one answer to this request.
    pub fn answer(&self, request: u64) -> Outcome {
        let answers: Vec<Outcome> =
            self.answers().into_iter().filter(|(to, _)| *to == request).map(|(_, outcome)| outcome).collect();
        assert_eq!(answers.len(), 1, "request {request}: {answers:?}");
        answers[0].clone()
    }

    /// Everything that was published at once on this leaf, on either scope.
    pub fn published(&self, leaf: &str) -> Vec<&Publication> {
        let published = self.effects.iter().filter_map(|effect| match effect {
            Effect::Link(_, LinkAsk::Publish(publication)) => Some(publication),
            _ => None,
        });
        published.filter(|publication| publication.topic.ends_with(&format!("/{leaf}"))).collect()
    }

    /// The volumes that were set.
    pub fn volumes(&self) -> Vec<u8> {
        self.effects.iter().filter_map(|e| if let Effect::Volume(volume) = e { Some(*volume) } else { None }).collect()
    }

    /// What is to be remembered over a restart.
    pub fn memories(&self) -> Vec<&Memory> {
        self.effects.iter().filter_map(|e| if let Effect::Remember(memory) = e { Some(memory) } else { None }).collect()
    }

    /// Somebody has spoken, and the request went out.
    pub fn speak(&mut self) {
        let (listen, uplink) = (self.last_listen(), self.last_uplink());
        self.event(Event::Ended { listen, at: Position(208_000), why: Ending::Silence });
        self.event(Event::UplinkReady { uplink, samples: 32_000, last: true });
        self.event(Event::Uplinked { uplink, sent: true, samples: 32_000, last: true });
    }

    /// The server answers the last spoken request with this `behavior`.
    pub fn reply(&mut self, behavior: &str) {
        self.reply_raw(&format!(r#"{{"behavior":{behavior}}}"#));
    }

    pub fn reply_raw(&mut self, payload: &str) {
        let sent = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Send { to: Delivery::Message { topic, .. }, .. } => Some(topic.replace("fromlinto", "tolinto")),
            _ => None,
        });
        self.message(S0, &sent.expect("a request"), payload);
    }

    /// The texts that were handed to the loudspeaker.
    pub fn spoken(&self) -> Vec<&str> {
        let texts = self.effects.iter().filter_map(|effect| match effect {
            Effect::Play { source: Source::Text(text), .. } => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }
}
