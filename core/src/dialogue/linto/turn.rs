//! One turn: listen, send, wait, speak, and listen again if the server asked.

use std::time::Duration;

use md5::{Digest, Md5};
use serde_json::Value;

use super::LintoSettings;
use super::outbox::{Outbox, short};
use super::presence::Standing;
use crate::assistant::report::Report;
use crate::audio::chime::Chime;
use crate::audio::{Position, TAPE_RATE};
use crate::dialogue::{Ask, Class, Delivery, End, PlayEnd, PlayId, Shown, Source};
use crate::hearing::{Encoding, Ending, Limits, Start, UplinkId};
use crate::link::Qos;
use crate::protocol::linto::answer::{self, Act, Answer};
use crate::protocol::linto::scope::Topics;
use crate::sentences::Sentence;
use crate::time::Tick;

/// The endpointer must have let go so long after its limits.
const LISTEN_MARGIN: Duration = Duration::from_secs(5);

/// The loudspeaker has so long for a text, and so much more for each of its characters.
const SPEAK_LIMIT: Duration = Duration::from_secs(120);
const SPEAK_PER_CHARACTER: Duration = Duration::from_millis(100);

/// The conversation with the server.
#[derive(Debug)]
pub(super) struct Turn {
    topics: Topics,
    answer_timeout: Duration,
    limits: Limits,
    /// The first part of each request's id, which tells this run of the program from others.
    prefix: String,
    /// Counts requests.
    last: Request,
    /// The last one that was answered.
    answered: Request,
    phase: Phase,
}

/// The number of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Request(u64);

#[derive(Debug, PartialEq)]
enum Phase {
    Idle,
    Listening { request: Request, until: Tick },
    Waiting { request: Request, sent: bool, until: Tick },
    Speaking { play: PlayId, follow: Option<Value>, until: Tick },
}

impl Turn {
    pub(super) fn new(topics: Topics, settings: &LintoSettings) -> Self {
        let digest = Md5::digest(settings.instance.as_bytes());
        Self {
            topics,
            answer_timeout: settings.answer_timeout,
            limits: settings.limits,
            prefix: digest.iter().take(3).map(|byte| format!("{byte:02x}")).collect(),
            last: Request(0),
            answered: Request(0),
            phase: Phase::Idle,
        }
    }

    /// From the next opening of the microphone on.
    pub(super) fn limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Somebody wants to speak.
    pub(super) fn open(&mut self, now: Tick, from: Start, standing: Standing, out: &mut Outbox) {
        self.stop(out);
        match unsent(standing) {
            None => self.listen(now, from, Value::Object(serde_json::Map::new()), out),
            Some(sentence) => apologise(sentence, out),
        }
    }

    /// The endpointer let go.
    pub(super) fn end_of_speech(&mut self, now: Tick, at: Position, why: Ending, standing: Standing, out: &mut Outbox) {
        let Phase::Listening { request, .. } = self.phase else { return };
        self.phase = Phase::Idle;
        out.ask(Ask::MicStop);
        let uplink = request.uplink();
        if why == Ending::NoSpeech {
            out.ask(Ask::UplinkAbort { uplink });
            out.ask(Ask::Done);
            return;
        }
        if !standing.up {
            out.ask(Ask::UplinkAbort { uplink });
            apologise(Sentence::NotSent, out);
            return;
        }
        out.ask(Ask::UplinkFinish { uplink, to: at });
        out.ask(Ask::Shown(Shown::Waiting));
        self.phase = Phase::Waiting { request, sent: false, until: now + self.answer_timeout };
    }

    /// The request went out, or could not.
    pub(super) fn uplinked(&mut self, uplink: UplinkId, taken: bool, samples: u64, out: &mut Outbox) {
        if uplink != self.last.uplink() {
            return;
        }
        if taken {
            if let Phase::Waiting { sent, .. } = &mut self.phase {
                *sent = true;
            }
            let seconds = samples as f64 / f64::from(TAPE_RATE);
            out.report(Report::Request { id: self.id(self.last), seconds });
            return;
        }
        match self.phase {
            Phase::Listening { .. } => self.stop(out),
            Phase::Waiting { .. } => {}
            Phase::Idle | Phase::Speaking { .. } => return,
        }
        self.phase = Phase::Idle;
        apologise(Sentence::NotSent, out);
    }

    /// An answer on the topic `nlp/…`; `rest` is what follows.
    pub(super) fn answer(&mut self, now: Tick, rest: &str, payload: &[u8], out: &mut Outbox) {
        let Some(id) = self.awaited(rest, out) else { return };
        let Answer { act, custom_action, display, audio, dropped, .. } = answer::parse(payload);
        let extras =
            [("customAction", custom_action.is_some()), ("display", display.is_some()), ("audio", audio.is_some())];
        for (key, _) in extras.into_iter().filter(|(_, there)| *there) {
            out.dropped("not_served", format!("`{key}` in the answer to {id}"));
        }
        if let Some(reason) = dropped {
            out.dropped("conversation_data", format!("in the answer to {id}: {reason}"));
        }
        match act {
            Act::Say { text, .. } => self.speak(now, id, "say", text, None, out),
            Act::Ask { text, conversation, .. } => self.speak(now, id, "ask", text, Some(conversation), out),
            Act::Empty => {
                out.report(Report::Answer { id, kind: "empty", text: String::new() });
                out.play(Class::Local, Source::Chime(Chime::Done));
                out.ask(Ask::Done);
            }
            Act::Chatbot { .. } => broken(id, "chatbot answers are not served by this version yet".into(), out),
            Act::Broken { reason } => broken(id, reason, out),
        }
    }

    /// An answer was skipped because of its size.
    pub(super) fn answer_too_large(&mut self, rest: &str, size: usize, out: &mut Outbox) {
        if let Some(id) = self.awaited(rest, out) {
            broken(id, format!("the answer has {size} bytes"), out);
        }
    }

    /// A sound ended.
    pub(super) fn played(&mut self, now: Tick, id: PlayId, end: PlayEnd, out: &mut Outbox) {
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Speaking { play, follow: Some(conversation), .. } if play == id && end == PlayEnd::Finished => {
                self.listen(now, Start::Now, conversation, out);
            }
            Phase::Speaking { play, .. } if play == id => out.ask(Ask::Done),
            other => self.phase = other,
        }
    }

    /// The person or the device ends the turn.
    pub(super) fn cancel(&mut self, out: &mut Outbox) {
        if self.phase != Phase::Idle {
            self.stop(out);
            out.ask(Ask::Done);
        }
    }

    /// Lets pass what is due.
    pub(super) fn tick(&mut self, now: Tick, standing: Standing, out: &mut Outbox) {
        if self.deadline().is_none_or(|until| now < until) {
            return;
        }
        match self.phase {
            Phase::Idle => {}
            Phase::Listening { .. } => {
                self.stop(out);
                out.dropped("endless_listening", "hearing never said that the utterance is over".into());
                out.play(Class::Local, Source::Chime(Chime::Error));
                out.ask(Ask::Done);
            }
            Phase::Waiting { .. } => {
                self.stop(out);
                apologise(unanswered(standing), out);
            }
            Phase::Speaking { .. } => {
                self.stop(out);
                out.dropped("endless_speech", "the loudspeaker never said that the answer is over".into());
                out.ask(Ask::Done);
            }
        }
    }

    pub(super) const fn deadline(&self) -> Option<Tick> {
        match self.phase {
            Phase::Idle => None,
            Phase::Listening { until, .. } | Phase::Waiting { until, .. } | Phase::Speaking { until, .. } => {
                Some(until)
            }
        }
    }

    /// Opens the microphone for a new request, which hands `conversation` to the server.
    fn listen(&mut self, now: Tick, from: Start, conversation: Value, out: &mut Outbox) {
        self.last = Request(self.last.0 + 1);
        let to =
            Delivery { topic: self.topics.request(&self.id(self.last)), qos: Qos::Two, expires: self.answer_timeout };
        let encoding = Encoding::LintoFile { conversation };
        out.ask(Ask::UplinkStart { uplink: self.last.uplink(), from, encoding, to });
        out.ask(Ask::Mic { from, end: End::Local(self.limits), while_speaking: false });
        out.ask(Ask::Shown(Shown::Listening));
        let until = now + self.limits.no_speech + self.limits.max_utterance + LISTEN_MARGIN;
        self.phase = Phase::Listening { request: self.last, until };
    }

    fn speak(
        &mut self,
        now: Tick,
        id: String,
        kind: &'static str,
        text: String,
        follow: Option<Value>,
        out: &mut Outbox,
    ) {
        let characters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let until = now + SPEAK_LIMIT + SPEAK_PER_CHARACTER.saturating_mul(characters);
        out.report(Report::Answer { id, kind, text: text.clone() });
        let play = out.play(Class::Conversation, Source::Text(text));
        self.phase = Phase::Speaking { play, follow, until };
    }

    /// Ends whatever runs, without a word.
    fn stop(&mut self, out: &mut Outbox) {
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Idle | Phase::Waiting { sent: true, .. } => {}
            Phase::Listening { request, .. } => {
                out.ask(Ask::MicStop);
                out.ask(Ask::UplinkAbort { uplink: request.uplink() });
            }
            Phase::Waiting { request, .. } => out.ask(Ask::UplinkAbort { uplink: request.uplink() }),
            Phase::Speaking { play, .. } => out.ask(Ask::Flush { id: play }),
        }
    }

    /// The id of the request that waits for what came on `nlp/rest`, and no longer waits from now on; or a report.
    fn awaited(&mut self, rest: &str, out: &mut Outbox) -> Option<String> {
        let id = rest.strip_prefix("file/").unwrap_or_default();
        if let Phase::Waiting { request, .. } = self.phase
            && self.id(request) == id
        {
            self.phase = Phase::Idle;
            self.answered = request;
            return Some(id.into());
        }
        let number = id.strip_prefix(&self.prefix).and_then(|number| u64::from_str_radix(number, 16).ok());
        let what = match number {
            None | Some(0) => "unknown_answer",
            Some(number) if number == self.answered.0 => "second_answer",
            Some(number) if number <= self.last.0 => "late_answer",
            _ => "unknown_answer",
        };
        out.dropped(what, format!("`nlp/{}`: nobody waits for it", short(rest)));
        None
    }

    /// The id of the next request.
    pub(super) fn next_id(&self) -> String {
        self.id(Request(self.last.0 + 1))
    }

    fn id(&self, request: Request) -> String {
        format!("{}{:x}", self.prefix, request.0)
    }
}

impl Request {
    const fn uplink(self) -> UplinkId {
        UplinkId(self.0)
    }
}

/// Why nothing can be sent now.
const fn unsent(standing: Standing) -> Option<Sentence> {
    match standing {
        Standing { up: true, .. } => None,
        Standing { refused: true, .. } => Some(Sentence::Refused),
        Standing { .. } => Some(Sentence::Offline),
    }
}

/// Why there was no answer, as far as we can know.
const fn unanswered(standing: Standing) -> Sentence {
    match standing {
        Standing { refused: true, .. } => Sentence::Refused,
        Standing { up: false, .. } => Sentence::Offline,
        Standing { .. } => Sentence::NoAnswer,
    }
}

fn apologise(sentence: Sentence, out: &mut Outbox) {
    out.play(Class::Local, Source::Sentence(sentence));
    out.ask(Ask::Done);
}

fn broken(id: String, reason: String, out: &mut Outbox) {
    out.report(Report::Answer { id, kind: "error", text: reason });
    apologise(Sentence::BrokenAnswer, out);
}
