//! The body of a fuzz target.

use std::time::Duration;

use super::{Linto, LintoSettings};
use crate::audio::Position;
use crate::dialogue::{Ask, Dialogue, DialogueEvent, Trigger};
use crate::hearing::{Ending, Limits, Start};
use crate::link::{LinkEvent, Message};
use crate::time::Tick;

/// Hands `bytes` to a dialogue that waits for an answer, as every kind of message, for the fuzzer and its kept seeds.
///
/// A first line that is a topic of this device is used as such. Panics if the dialogue forgets a deadline.
pub fn exercise(bytes: &[u8]) {
    let mut linto = Linto::new(settings());
    let mut now = Tick::ZERO;
    let own = linto.turn.next_id();
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let topic = String::from_utf8_lossy(line).into_owned();
    let payload = bytes.get(line.len() + 1..).unwrap_or(bytes).to_vec();
    let topics = [format!("app1/tolinto/raspberry1/nlp/file/{own}"), "blk/fromlinto/raspberry1/status".into(), topic];
    let mut feed = |linto: &mut Linto, event: DialogueEvent| {
        linto.handle(now, event);
        now += Duration::from_secs(1);
        std::iter::from_fn(|| linto.poll()).filter(|ask| *ask == Ask::Done).count() > 0
    };
    feed(&mut linto, DialogueEvent::Link(LinkEvent::Connected));
    feed(&mut linto, DialogueEvent::Link(LinkEvent::Subscribed { refused: Vec::new() }));
    feed(&mut linto, DialogueEvent::Open { trigger: Trigger::Listen, from: Start::Now });
    feed(&mut linto, DialogueEvent::EndOfSpeech { at: Position(0), why: Ending::Silence });
    let mut done = false;
    for topic in topics {
        let message = Message { topic, payload: payload.clone(), retained: false };
        done |= feed(&mut linto, DialogueEvent::Link(LinkEvent::Message(message)));
    }
    assert!(done || linto.deadline().is_some(), "a turn without a deadline");
}

fn settings() -> LintoSettings {
    let second = Duration::from_secs(1);
    LintoSettings {
        serial: "raspberry1".into(),
        admin_scope: "blk".into(),
        request_scope: "app1".into(),
        answer_timeout: second * 12,
        limits: Limits { hangover: second, no_speech: second * 10, max_utterance: second * 15, answer: false },
        multi_user: false,
        phonetic: false,
        live_transcript: false,
        instance: "0011223344556677".into(),
    }
}
