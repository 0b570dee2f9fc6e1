//! The far side of a xiaozhi server in the world: what it may say, and what it may expect.

use auricle_core::assistant::event::{Effect, Event};
use auricle_core::channel::{ChannelAsk, ChannelEvent};
use auricle_core::fetch::{FetchId, Fetched};
use auricle_core::link::{LinkAsk, LinkEvent, Message};
use proptest::prelude::*;

use super::both::CONFIGURATION;
use super::world::XIAOZHI;

/// Something that comes from there.
#[derive(Clone, Debug)]
pub enum Said {
    /// The answer to a request over HTTP, if one is out.
    Configuration(u16, &'static str),
    /// A new session, and perhaps its channel stands at once.
    Hello(bool),
    Channel(ChannelEvent),
    /// The end of the newest session by its id, or of another one.
    Goodbye(Option<&'static str>),
    /// Anything else.
    Message(&'static str),
    /// A whole answer.
    Answer,
}

const UNBOUND: &str = r#"{"activation":{"code":"123456","message":"x","challenge":"y"}}"#;

const MESSAGES: [&str; 16] = [
    r#"{"type":"stt","text":"what time is it"}"#,
    r#"{"type":"stt","text":"what time is it"}"#,
    r#"{"type":"tts","state":"start"}"#,
    r#"{"type":"tts","state":"start"}"#,
    r#"{"type":"tts","state":"sentence_start","text":"It is noon."}"#,
    r#"{"type":"tts","state":"stop"}"#,
    r#"{"type":"tts","state":"stop"}"#,
    r#"{"type":"goodbye"}"#,
    r#"{"type":"error","message":"no chat server"}"#,
    r#"{"type":"record_stop"}"#,
    r#"{"type":"llm","emotion":"happy"}"#,
    r#"{"type":"alert","status":"x","message":"y","emotion":"sad"}"#,
    r#"{"type":"system","command":"reboot"}"#,
    r#"{"type":"hello","transport":"websocket"}"#,
    r#"{"type":"mcp","payload":{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":
        "self.audio_speaker.set_volume","arguments":{"volume":40}}}}"#,
    r#"{"type":"mcp","payload":{"jsonrpc":"2.0","id":2,"method":"tools/list"}}"#,
];

/// What may come from there.
pub fn said() -> impl Strategy<Value = Said> {
    let failed = ChannelEvent::Failed("network is unreachable".into());
    let opened = ChannelEvent::Opened { to: [10, 0, 0, 1].into() };
    let ends = vec![Some("s0"), Some(""), None];
    prop_oneof![
        1 => prop::sample::select(vec![(200, CONFIGURATION), (200, UNBOUND), (500, "")])
            .prop_map(|(status, body)| Said::Configuration(status, body)),
        6 => prop::bool::weighted(0.8).prop_map(Said::Hello),
        1 => prop::sample::select(vec![opened, failed, ChannelEvent::Arrived]).prop_map(Said::Channel),
        1 => prop::sample::select(ends).prop_map(Said::Goodbye),
        6 => prop::sample::select(MESSAGES.to_vec()).prop_map(Said::Message),
        2 => Just(Said::Answer),
    ]
}

/// The channel of sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    #[default]
    Closed,
    Opening,
    Open,
}

/// What is known of the device from its messages.
#[derive(Debug, Default)]
pub struct Gateway {
    asked: Option<FetchId>,
    way: Way,
    sessions: u32,
}

impl Gateway {
    /// What the device does, and whether it may.
    pub fn obey(&mut self, effect: &Effect, mic_open: bool) {
        match effect {
            Effect::Fetch(XIAOZHI, id, _) => self.asked = Some(*id),
            Effect::Channel(XIAOZHI, ChannelAsk::Open(_)) => self.way = Way::Opening,
            Effect::Channel(XIAOZHI, ChannelAsk::Close) => self.way = Way::Closed,
            Effect::Channel(XIAOZHI, ask) => assert_ne!(self.way, Way::Closed, "{ask:?} of a closed channel"),
            Effect::Link(XIAOZHI, LinkAsk::Publish(publication)) => {
                let payload = String::from_utf8_lossy(&publication.payload);
                if payload.contains(r#""type":"listen""#) {
                    assert_eq!(self.way, Way::Open, "there is no way for what it announces: {payload}");
                }
                if payload.contains(r#""state":"start""#) {
                    assert!(mic_open, "it announces somebody who can't be heard");
                }
            }
            _ => {}
        }
    }

    /// What that is to the assistant, in its order.
    pub fn events(&mut self, said: Said) -> Vec<Event> {
        let message = |payload: &str| {
            let message = Message { topic: "devices/p2p/x".into(), payload: payload.into(), retained: false };
            Event::Link(XIAOZHI, LinkEvent::Message(message))
        };
        match said {
            Said::Configuration(status, body) => {
                let answer = Fetched { status, body: body.into() };
                self.asked.take().map(|id| Event::Fetched(XIAOZHI, id, Ok(answer))).into_iter().collect()
            }
            Said::Hello(stands) => {
                self.sessions += 1;
                let opened = ChannelEvent::Opened { to: [10, 0, 0, 1].into() };
                let stands = stands.then_some(Event::Channel(XIAOZHI, opened));
                std::iter::once(message(&self.hello())).chain(stands).collect()
            }
            Said::Channel(event) => vec![Event::Channel(XIAOZHI, event)],
            Said::Goodbye(Some(id)) => vec![message(&format!(r#"{{"type":"goodbye","session_id":"{id}"}}"#))],
            Said::Goodbye(None) => {
                vec![message(&format!(r#"{{"type":"goodbye","session_id":"n{}"}}"#, self.sessions))]
            }
            Said::Message(payload) => vec![message(payload)],
            Said::Answer => vec![
                message(MESSAGES[0]),
                message(MESSAGES[2]),
                message(MESSAGES[4]),
                Event::Channel(XIAOZHI, ChannelEvent::Arrived),
                message(MESSAGES[5]),
            ],
        }
    }

    /// The daemon drops what is told of a channel that is closed.
    pub fn lets_through(&mut self, event: &Event) -> bool {
        match (event, self.way) {
            (Event::Channel(XIAOZHI, _), Way::Closed) | (Event::Channel(_, ChannelEvent::Opened { .. }), Way::Open) => {
                false
            }
            (Event::Channel(_, ChannelEvent::Opened { .. }), Way::Opening) => {
                self.way = Way::Open;
                true
            }
            _ => true,
        }
    }

    fn hello(&self) -> String {
        format!(
            r#"{{"type":"hello","session_id":"n{}","transport":"udp","udp":{{"server":"10.0.0.1","port":8884,
            "key":"000102030405060708090a0b0c0d0e0f","nonce":"01000000a1b2c3d40000000000000000"}}}}"#,
            self.sessions
        )
    }
}
