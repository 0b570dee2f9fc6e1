//! Random operations on an assistant with two servers; after each one the rules of the design must hold.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use auricle_core::assistant::cause::Cause;
use auricle_core::assistant::event::{By, Effect, Event, PlayNumber, Remembered, ServerId};
use auricle_core::assistant::shown::State;
use auricle_core::audio::Position;
use auricle_core::dialogue::linto::Linto;
use auricle_core::dialogue::{PlayEnd, Trigger};
use auricle_core::hearing::{EarCommand, Ending, ListenId, UplinkId};
use auricle_core::link::{LinkAsk, LinkEvent, Loss, Message};
use proptest::prelude::*;
use support::toy::Toy;
use support::{Bench, linto_settings};

const LINTO: ServerId = ServerId(0);
const TOY: ServerId = ServerId(1);

#[derive(Clone, Debug)]
enum Op {
    Wake(usize),
    Voice,
    Talk,
    End(Ending),
    Encoded,
    Mute(bool, bool),
    Unplug,
    Plug,
    Answer { ask: bool, nth: usize },
    Garbage(Vec<u8>),
    Toy(&'static str),
    Disconnect(usize),
    Connect(usize),
    Command(&'static str),
    Say,
    Cancel,
    Played(bool),
    SpeakerGone(bool),
    Pass(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let words = ["ready", "open", "heard", "speak 1", "sound 2", "stop 1", "gate off", "gate on", "end"];
    let commands = ["ping", "say", "volume", "mute", "nonsense"];
    let endings = [Ending::Silence, Ending::Cap, Ending::NoSpeech];
    prop_oneof![
        4 => (0..2_usize).prop_map(Op::Wake),
        2 => Just(Op::Voice),
        3 => Just(Op::Talk),
        4 => prop::sample::select(endings.to_vec()).prop_map(Op::End),
        4 => Just(Op::Encoded),
        2 => any::<(bool, bool)>().prop_map(|(on, local)| Op::Mute(on, local)),
        1 => Just(Op::Unplug),
        2 => Just(Op::Plug),
        4 => (any::<bool>(), 0..3_usize).prop_map(|(ask, nth)| Op::Answer { ask, nth }),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Op::Garbage),
        3 => prop::sample::select(words.to_vec()).prop_map(Op::Toy),
        1 => (0..2_usize).prop_map(Op::Disconnect),
        3 => (0..2_usize).prop_map(Op::Connect),
        2 => prop::sample::select(commands.to_vec()).prop_map(Op::Command),
        1 => Just(Op::Say),
        1 => Just(Op::Cancel),
        5 => any::<bool>().prop_map(Op::Played),
        1 => any::<bool>().prop_map(Op::SpeakerGone),
        3 => (0_u64..40_000).prop_map(Op::Pass),
    ]
}

/// The world around the assistant, and what it knows from the effects alone.
struct World {
    bench: Bench,
    mic_open: bool,
    plugged: bool,
    listen: Option<ListenId>,
    uplinks: BTreeSet<UplinkId>,
    ready: Option<UplinkId>,
    playing: Vec<PlayNumber>,
    requests: Vec<String>,
    tape: u64,
    in_flight: usize,
}

impl World {
    fn new() -> Self {
        let linto = Linto::new(linto_settings());
        let bench = Bench::unstarted(vec![Box::new(linto), Box::new(Toy::new(true))], support::tuning());
        let mut world = Self {
            bench,
            mic_open: false,
            plugged: true,
            listen: None,
            uplinks: BTreeSet::new(),
            ready: None,
            playing: vec![],
            requests: vec![],
            tape: 1_000_000,
            in_flight: 0,
        };
        world.event(Event::Started(Remembered::default()));
        world.event(Event::MicFlowing);
        world
    }

    fn event(&mut self, event: Event) {
        self.bench.event(event);
        for effect in std::mem::take(&mut self.bench.effects) {
            self.obey(effect);
        }
        self.check();
    }

    fn obey(&mut self, effect: Effect) {
        match effect {
            Effect::Mic(open) => self.mic_open = open,
            Effect::Ear(EarCommand::Listen { listen, .. }) => {
                assert!(self.mic_open && self.plugged, "listens with a closed microphone");
                self.listen = Some(listen);
            }
            Effect::Ear(EarCommand::StopListening { listen }) if self.listen == Some(listen) => self.listen = None,
            Effect::Ear(EarCommand::StartUplink { uplink, .. }) => {
                assert!(self.mic_open && self.plugged, "records with a closed microphone");
                assert!(self.uplinks.insert(uplink));
                // A microphone that opens anew has given up the request before it: that answer is ignored.
                self.in_flight = 0;
                assert!(self.uplinks.len() <= 4, "more uplinks than hearing takes");
            }
            Effect::Ear(EarCommand::FinishUplink { uplink, .. }) if self.uplinks.contains(&uplink) => {
                self.ready = Some(uplink);
            }
            Effect::Ear(EarCommand::AbortUplink { uplink }) => drop(self.uplinks.remove(&uplink)),
            Effect::Ear(EarCommand::ArmVoice(true)) => {
                assert!(self.mic_open && self.playing.is_empty(), "armed while closed or while it speaks itself");
            }
            Effect::Ear(EarCommand::Closed) => {
                self.listen = None;
                self.uplinks.clear();
            }
            Effect::Send { uplink, server, to, samples, last } => {
                assert!(self.mic_open, "sends what a closed microphone heard");
                if server == LINTO {
                    self.requests.push(to.topic);
                    self.in_flight += 1;
                }
                self.bench.assistant.handle(self.bench.now, Event::Uplinked { uplink, sent: true, samples, last });
                self.uplinks.remove(&uplink);
            }
            Effect::Play { play, .. } => self.playing.push(play),
            Effect::Flush(play) => self.ended(play, PlayEnd::Flushed),
            Effect::Link(LINTO, LinkAsk::Subscribe(_)) => {
                let event = Event::Link(LINTO, LinkEvent::Subscribed { refused: vec![] });
                self.bench.assistant.handle(self.bench.now, event);
            }
            _ => {}
        }
    }

    fn ended(&mut self, play: PlayNumber, end: PlayEnd) {
        self.playing.retain(|other| *other != play);
        self.bench.assistant.handle(self.bench.now, Event::Played { play, end, heard: Duration::from_millis(10) });
    }

    /// What the assistant promises at every moment.
    fn check(&mut self) {
        while let Some(effect) = self.bench.assistant.poll() {
            self.obey(effect);
        }
        self.bench.assistant.check().expect("an invariant");
        assert!(self.playing.len() <= 1, "two things play at once");
        let state = self.bench.assistant.state();
        if state == State::Listening {
            assert!(self.mic_open, "shows listening with a closed microphone");
        }
        if self.bench.assistant.turn().is_none() {
            self.in_flight = 0;
            assert!(self.listen.is_none(), "listens without a turn");
        }
        assert!(self.in_flight <= 1, "two conversation requests in flight: {:?}", self.requests);
        if self.bench.assistant.muted().is_some() {
            assert!(!self.mic_open && self.listen.is_none(), "muted, and yet it listens");
        }
    }

    fn answer(&mut self, ask: bool, nth: usize) {
        let Some(topic) = self.requests.iter().rev().nth(nth) else { return };
        let topic = topic.replace("fromlinto", "tolinto");
        let payload = if ask {
            r#"{"behavior":{"ask":{"text":"which?"},"conversationData":{"intent":"x"}}}"#
        } else {
            r#"{"behavior":{"say":{"text":"yes"}}}"#
        };
        if nth == 0 {
            self.in_flight = 0;
        }
        self.message(LINTO, &topic, payload.as_bytes().to_vec());
    }

    fn message(&mut self, server: ServerId, topic: &str, payload: Vec<u8>) {
        self.event(Event::Link(server, LinkEvent::Message(Message { topic: topic.into(), payload, retained: false })));
    }

    fn run(&mut self, op: Op) {
        self.tape += 1_600;
        match op {
            Op::Wake(server) => {
                let at = Some(Position(self.tape));
                let server = Some(ServerId(server));
                self.event(Event::Trigger { trigger: Trigger::Listen, server, at });
            }
            Op::Voice => self.event(Event::Voice { at: Position(self.tape), earliest: Position(self.tape - 800) }),
            Op::Talk => self.event(Event::SpeechStart(self.listen.unwrap_or(ListenId(0)))),
            Op::End(why) => {
                let listen = self.listen.unwrap_or(ListenId(0));
                self.event(Event::Ended { listen, at: Position(self.tape), why });
            }
            Op::Encoded => {
                if let Some(uplink) = self.ready.take() {
                    self.event(Event::UplinkReady { uplink, samples: 16_000, last: true });
                }
            }
            Op::Mute(on, local) => {
                let by = if local { By::Local } else { By::Remote };
                self.event(if on { Event::Mute(by) } else { Event::Unmute(by) });
                if self.mic_open && self.plugged {
                    self.event(Event::MicFlowing);
                }
            }
            Op::Unplug if self.mic_open => {
                self.plugged = false;
                self.event(Event::MicLost(Cause::MicGone { detail: "unplugged".into() }));
            }
            Op::Plug if self.mic_open => {
                self.plugged = true;
                self.event(Event::MicFlowing);
            }
            Op::Unplug | Op::Plug => {}
            Op::Answer { ask, nth } => self.answer(ask, nth),
            Op::Garbage(bytes) => {
                for leaf in ["nlp/file/1", "say", "ping", "tts_lang", "x/y"] {
                    self.message(LINTO, &format!("blk/tolinto/raspberry1/{leaf}"), bytes.clone());
                }
            }
            Op::Toy(word) => self.message(TOY, "toy", word.into()),
            Op::Disconnect(server) => {
                let event = LinkEvent::Disconnected(Loss::Lost("gone".into()));
                self.event(Event::Link(ServerId(server), event));
            }
            Op::Connect(server) => self.event(Event::Link(ServerId(server), LinkEvent::Connected)),
            Op::Command(leaf) => {
                let topic = format!("blk/tolinto/raspberry1/{leaf}");
                self.message(LINTO, &topic, br#"{"value":"40"}"#.to_vec());
            }
            Op::Say => self.event(Event::Say("hello".into())),
            Op::Cancel => self.event(Event::Cancel),
            Op::Played(failed) => {
                if let Some(play) = self.playing.first().copied() {
                    self.playing.clear();
                    let end = if failed { PlayEnd::Failed } else { PlayEnd::Finished };
                    self.event(Event::Played { play, end, heard: Duration::from_secs(1) });
                }
            }
            Op::SpeakerGone(gone) => self.event(if gone {
                Event::OutputLost(Cause::SpeakerGone { detail: "unplugged".into() })
            } else {
                Event::OutputBack("SpeakerGone")
            }),
            Op::Pass(ms) => self.pass(Duration::from_millis(ms)),
        }
    }

    fn pass(&mut self, span: Duration) {
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
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_rules_hold(ops in prop::collection::vec(op(), 1..80)) {
        let mut world = World::new();
        world.event(Event::Link(LINTO, LinkEvent::Connected));
        world.event(Event::Link(TOY, LinkEvent::Connected));
        for op in ops {
            world.run(op);
        }
        // Whatever happened: with everything quiet, every turn ends by its deadlines.
        world.pass(Duration::from_secs(900));
        while let Some(play) = world.playing.pop() {
            world.event(Event::Played { play, end: PlayEnd::Finished, heard: Duration::ZERO });
        }
        world.pass(Duration::from_secs(900));
        prop_assert!(world.bench.assistant.turn().is_none(), "a turn that never ends");
    }
}
