//! Whole turns with LinTO as the lists of everything that the assistant wanted.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::fmt::Write;
use std::time::Duration;

use auricle_core::assistant::event::{Effect, Event};
use auricle_core::assistant::shown::State;
use auricle_core::audio::Position;
use auricle_core::dialogue::linto::Linto;
use auricle_core::dialogue::{Delivery, DeviceFacts, PlayEnd};
use auricle_core::hearing::Ending;
use auricle_core::link::{LinkAsk, LinkEvent, Loss, Message};
use support::{Bench, S0, linto_settings};

/// A bench with a LinTO server, and the story so far.
struct Story {
    bench: Bench,
    text: String,
}

impl Story {
    fn new() -> Self {
        let linto = Linto::new(linto_settings());
        let facts = DeviceFacts { volume: 80, language: "en-US".into(), ..DeviceFacts::default() };
        let mut story = Self { bench: Bench::new(vec![Box::new(linto)]), text: String::new() };
        story.bench.event(Event::Facts(facts));
        story.step("connected", Event::Link(S0, LinkEvent::Connected));
        story.step("subscribed", Event::Link(S0, LinkEvent::Subscribed { refused: vec![] }));
        story.echo();
        story
    }

    /// Our own status comes back, as from every broker that lets us in.
    fn echo(&mut self) {
        let statuses: Vec<_> = self.bench.effects.iter().filter_map(status).collect();
        for payload in statuses {
            let topic = "blk/fromlinto/raspberry1/status".to_owned();
            let message = Message { topic, payload, retained: false };
            self.bench.event(Event::Link(S0, LinkEvent::Message(message)));
        }
        self.bench.effects.clear();
    }

    fn step(&mut self, what: &str, event: Event) {
        let from = self.bench.effects.len();
        self.bench.event(event);
        self.note(what, from);
    }

    fn note(&mut self, what: &str, from: usize) {
        writeln!(self.text, "— {what}").unwrap();
        for effect in &self.bench.effects[from..] {
            writeln!(self.text, "  {effect:?}").unwrap();
        }
    }

    fn pass(&mut self, what: &str, span: Duration) {
        let from = self.bench.effects.len();
        self.bench.pass(span);
        self.note(what, from);
    }

    fn trigger(&mut self) {
        self.text.clear();
        let from = self.bench.effects.len();
        self.bench.listen();
        self.note("auricle listen", from);
        self.played("the greeting was heard", PlayEnd::Finished);
    }

    fn speech(&mut self) {
        let listen = self.bench.last_listen();
        self.step("somebody speaks", Event::SpeechStart(listen));
        self.silence(Ending::Silence);
        let uplink = self.bench.last_uplink();
        self.step("the message is complete", Event::UplinkReady { uplink, samples: 32_000, last: true });
        self.step("it was sent", Event::Uplinked { uplink, sent: true, samples: 32_000, last: true });
        self.played("the sound was heard", PlayEnd::Finished);
    }

    fn silence(&mut self, why: Ending) {
        let listen = self.bench.last_listen();
        self.step("the endpointer lets go", Event::Ended { listen, at: Position(208_000), why });
    }

    fn answer(&mut self, payload: &str) {
        let sent = self.bench.effects.iter().rev().find_map(|effect| match effect {
            Effect::Send { to: Delivery::Message { topic, .. }, .. } => Some(topic.clone()),
            _ => None,
        });
        let topic = sent.expect("a request").replace("fromlinto", "tolinto");
        let message = Message { topic, payload: payload.into(), retained: false };
        self.step("an answer", Event::Link(S0, LinkEvent::Message(message)));
    }

    fn played(&mut self, what: &str, end: PlayEnd) {
        let play = self.bench.effects.iter().rev().find_map(|effect| match effect {
            Effect::Play { play, .. } => Some(*play),
            _ => None,
        });
        let play = play.expect("something plays");
        self.step(what, Event::Played { play, end, heard: Duration::from_millis(900) });
    }
}

fn status(effect: &Effect) -> Option<Vec<u8>> {
    match effect {
        Effect::Link(_, LinkAsk::Publish(publication)) if publication.topic.starts_with("blk/fromlinto") => {
            Some(publication.payload.clone())
        }
        _ => None,
    }
}

#[test]
fn a_question_and_its_answer() {
    let mut story = Story::new();
    story.trigger();
    story.speech();
    story.answer(r#"{"behavior":{"say":{"phonetic":"","text":"It is noon."}},"transcript":"what time is it"}"#);
    story.played("the answer was heard", PlayEnd::Finished);
    story.pass("half a second later", Duration::from_millis(500));
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_question_back_and_its_answer() {
    let mut story = Story::new();
    story.trigger();
    story.speech();
    let ask = r#"{"behavior":{"ask":{"text":"Which one?"},"conversationData":{"intent":"choose","entities":[]}}}"#;
    story.answer(ask);
    story.played("the question was heard", PlayEnd::Finished);
    assert_eq!(story.bench.assistant.state(), State::Listening);
    story.speech();
    story.answer(r#"{"behavior":{"say":{"text":"That one."},"conversationData":{}}}"#);
    story.played("the answer was heard", PlayEnd::Finished);
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_question_back_that_nobody_answers() {
    let mut story = Story::new();
    story.trigger();
    story.speech();
    story.answer(r#"{"behavior":{"ask":{"text":"Which one?"},"conversationData":{"intent":"choose"}}}"#);
    story.played("the question was heard", PlayEnd::Finished);
    story.silence(Ending::NoSpeech);
    story.played("the sound was heard", PlayEnd::Finished);
    story.pass("two seconds later", Duration::from_secs(2));
    story.trigger();
    assert!(!story.text.contains("choose"), "the old question must not reach the next request");
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_server_that_does_not_answer() {
    let mut story = Story::new();
    story.trigger();
    story.speech();
    story.pass("12 s later", Duration::from_secs(12));
    story.answer(r#"{"behavior":{"say":{"text":"too late"}}}"#);
    story.played("the apology was heard", PlayEnd::Finished);
    insta::assert_snapshot!(story.text);
}

#[test]
fn a_trigger_without_a_connection() {
    let mut story = Story::new();
    story.step("the connection is lost", Event::Link(S0, LinkEvent::Disconnected(Loss::Lost("closed".into()))));
    story.text.clear();
    let from = story.bench.effects.len();
    story.bench.listen();
    story.note("auricle listen", from);
    story.played("the apology was heard", PlayEnd::Finished);
    insta::assert_snapshot!(story.text);
}
