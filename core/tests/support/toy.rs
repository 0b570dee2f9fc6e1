//! A toy protocol with everything that LinTO lacks: the server ends the turn, opens the microphone, pushes sounds, and
//! may talk while it listens.

use std::collections::VecDeque;
use std::time::Duration;

use auricle_core::dialogue::{Ask, Class, Delivery, Dialogue, DialogueEvent, End, PlayId, Shown, Source};
use auricle_core::hearing::{Encoding, Start, UplinkId};
use auricle_core::link::{LinkAsk, LinkEvent, Publication, Qos};
use auricle_core::time::Tick;

pub struct Toy {
    realtime: bool,
    from: Option<Start>,
    open: bool,
    deadline: Option<Tick>,
    asks: VecDeque<Ask>,
}

const STEP: Duration = Duration::from_secs(10);
const UPLINK: UplinkId = UplinkId(1);

impl Toy {
    pub fn new(realtime: bool) -> Self {
        Self { realtime, from: None, open: false, deadline: None, asks: VecDeque::new() }
    }

    fn send(&mut self, word: &str) {
        self.asks.push_back(Ask::Link(LinkAsk::Publish(Publication {
            topic: "toy/up".into(),
            payload: word.into(),
            qos: Qos::Zero,
            retain: false,
        })));
    }

    fn open_mic(&mut self, now: Tick, from: Start) {
        self.open = true;
        self.deadline = Some(now + STEP);
        let to = Delivery::Message { topic: "toy/sound".into(), qos: Qos::Zero, expires: STEP };
        let encoding = Encoding::Pcm { chunk: Duration::from_millis(60) };
        self.asks.push_back(Ask::UplinkStart { uplink: UPLINK, from, encoding, to });
        let end = End::Remote { cap: STEP, quiet: Some(STEP / 2) };
        self.asks.push_back(Ask::Mic { from, end, while_speaking: self.realtime });
        self.asks.push_back(Ask::Shown(Shown::Listening));
    }

    fn close_mic(&mut self) {
        if std::mem::take(&mut self.open) {
            self.asks.extend([Ask::UplinkAbort { uplink: UPLINK }, Ask::MicStop]);
        }
    }

    fn done(&mut self) {
        self.close_mic();
        self.from = None;
        self.deadline = None;
        self.asks.push_back(Ask::Done);
    }

    fn word(&mut self, now: Tick, word: &str) {
        let number = |text: &str| text.parse().unwrap_or(0);
        match word.split_once(' ').unwrap_or((word, "")) {
            ("ready", _) => {
                if let Some(from) = self.from.take() {
                    self.open_mic(now, from);
                }
            }
            ("open", _) => self.open_mic(now, Start::Now),
            ("heard", _) => {
                self.deadline = Some(now + STEP);
                if !self.realtime {
                    self.close_mic();
                }
                self.asks.push_back(Ask::Shown(Shown::Waiting));
            }
            ("speak", n) => {
                self.deadline = Some(now + STEP);
                let id = PlayId(number(n));
                self.asks.push_back(Ask::Play { id, class: Class::Conversation, source: Source::Stream(id.0) });
            }
            ("sound", n) => {
                let id = PlayId(number(n));
                self.asks.push_back(Ask::Play { id, class: Class::Base, source: Source::Stream(id.0) });
            }
            ("stop", n) => self.asks.push_back(Ask::Flush { id: PlayId(number(n)) }),
            ("gate", on) => self.asks.push_back(Ask::WakeGate { reason: "toy", on: on == "on" }),
            ("end", _) => self.done(),
            _ => {}
        }
    }
}

impl Dialogue for Toy {
    fn handle(&mut self, now: Tick, event: DialogueEvent) {
        match event {
            DialogueEvent::Open { from, .. } => {
                self.from = Some(from);
                self.deadline = Some(now + STEP);
                self.asks.push_back(Ask::Shown(Shown::Connecting));
                self.send("hello");
            }
            DialogueEvent::Link(LinkEvent::Connected) => self.asks.push_back(Ask::LinkUp(true)),
            DialogueEvent::Link(LinkEvent::Disconnected(_)) => self.asks.push_back(Ask::LinkUp(false)),
            DialogueEvent::Link(LinkEvent::Message(message)) => {
                let word = String::from_utf8_lossy(&message.payload).into_owned();
                self.word(now, &word);
            }
            DialogueEvent::BargeIn { .. } => {
                self.send("abort");
                if !self.realtime {
                    self.done();
                }
            }
            DialogueEvent::EndOfSpeech { why, .. } => self.send(&format!("ended {why:?}")),
            DialogueEvent::Played { id, .. } => self.send(&format!("played {}", id.0)),
            DialogueEvent::Refused { id } => self.send(&format!("refused {}", id.0)),
            DialogueEvent::Cancel => {
                self.send("cancelled");
                self.done();
            }
            DialogueEvent::Deadline => self.done(),
            _ => {}
        }
    }

    fn poll(&mut self) -> Option<Ask> {
        self.asks.pop_front()
    }

    fn deadline(&self) -> Option<Tick> {
        self.deadline
    }
}
