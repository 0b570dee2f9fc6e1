//! What the tests of the assistant share: virtual time, and a second kind of server.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, missing_docs)]

pub mod toy;

use std::time::Duration;

use auricle_core::assistant::Assistant;
use auricle_core::assistant::event::{Effect, Event, Remembered, ServerId, Tuning, UnmuteRule};
use auricle_core::audio::Position;
use auricle_core::dialogue::linto::LintoSettings;
use auricle_core::dialogue::{Dialogue, PlayEnd, Trigger};
use auricle_core::hearing::{EarCommand, Limits, ListenId, UplinkId};
use auricle_core::link::{LinkEvent, Message};
use auricle_core::time::Tick;

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

pub fn limits() -> Limits {
    Limits {
        hangover: Duration::from_millis(500),
        no_speech: Duration::from_secs(10),
        max_utterance: Duration::from_secs(15),
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
}
