//! One turn: listen, send, wait, speak, and listen again if the server asked.

use std::time::Duration;

use md5::{Digest, Md5};
use serde_json::Value;

use super::LintoSettings;
use super::presence::Standing;
use super::reply::{self, Speech};
use super::silence::Silence;
use super::{Outbox, short};
use crate::assistant::report::Report;
use crate::audio::chime::Chime;
use crate::audio::{Position, TAPE_RATE};
use crate::dialogue::{Ask, Class, Delivery, End, PlayEnd, PlayId, Shown, Source};
use crate::hearing::{Encoding, Ending, Limits, Start, UplinkId};
use crate::link::{Message, Publication, Qos};
use crate::protocol::linto::scope::Topics;
use crate::sentences::{Language, Sentence};
use crate::time::Tick;

/// The endpointer must have let go so long after its limits.
const LISTEN_MARGIN: Duration = Duration::from_secs(5);

/// The loudspeaker has so long for a text, and so much more for each of its characters.
const SPEAK_LIMIT: Duration = Duration::from_secs(120);
const SPEAK_PER_CHARACTER: Duration = Duration::from_millis(100);

/// LinTO: on current servers a text for a device application ends the server's process.
const NO_TEXT: &str = "an application for devices takes no text, and on current servers a text can end the server's \
    process; attach the device to a multi-user application and set application_kind = \"multi-user\" in [linto]";

/// The conversation with the server.
#[derive(Debug)]
pub(super) struct Turn {
    topics: Topics,
    answer_timeout: Duration,
    limits: Limits,
    /// Whether the server's idea of how a text sounds is spoken.
    phonetic: bool,
    /// Whether the application takes text.
    multi_user: bool,
    silence: Silence,
    /// The first part of each request's id, which tells this run of the program from others.
    prefix: String,
    /// Counts requests.
    last: Request,
    /// The last one that was answered.
    answered: Request,
    /// The question that somebody interrupted, and when: who speaks at once answers it.
    interrupted: Option<(Tick, Value)>,
    phase: Phase,
}

/// The number of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Request(u64);

#[derive(Debug, PartialEq)]
enum Phase {
    Idle,
    Listening {
        request: Request,
        until: Tick,
    },
    Waiting {
        request: Request,
        sent: bool,
        until: Tick,
    },
    /// The last of `plays` ends the answer.
    Speaking {
        plays: Vec<PlayId>,
        follow: Option<Value>,
        until: Tick,
    },
}

impl Turn {
    pub(super) fn new(topics: Topics, settings: &LintoSettings) -> Self {
        let digest = Md5::digest(settings.instance.as_bytes());
        Self {
            topics,
            answer_timeout: settings.answer_timeout,
            limits: settings.limits,
            phonetic: settings.phonetic,
            multi_user: settings.multi_user,
            silence: Silence::new(settings.request_scope.clone()),
            prefix: digest.iter().take(3).map(|byte| format!("{byte:02x}")).collect(),
            last: Request(0),
            answered: Request(0),
            interrupted: None,
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
        let question = self.interrupted.take().filter(|(at, _)| *at == now);
        match unsent(standing) {
            None => self.listen(now, from, question.map(|(_, question)| question), out),
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
            Phase::Listening { .. } => {
                // Nothing could be recorded, the microphone was closed meanwhile: no fault of the connection.
                self.stop(out);
                out.play(Class::Local, Source::Chime(Chime::Error));
                return out.ask(Ask::Done);
            }
            Phase::Waiting { .. } => {}
            Phase::Idle | Phase::Speaking { .. } => return,
        }
        self.phase = Phase::Idle;
        apologise(Sentence::NotSent, out);
    }

    /// Somebody writes.
    pub(super) fn write(&mut self, now: Tick, text: &str, chatbot: bool, standing: Standing, out: &mut Outbox) {
        self.stop(out);
        let refused =
            if self.multi_user { unsent(standing).map(|why| why.text(Language::English)) } else { Some(NO_TEXT) };
        if let Some(why) = refused {
            out.ask(Ask::Taken(Err(why.into())));
            return out.ask(Ask::Done);
        }
        self.last = Request(self.last.0 + 1);
        let id = self.id(self.last);
        let payload = serde_json::json!({ "text": text, "conversationData": {} }).to_string().into_bytes();
        let leaf = if chatbot { format!("chatbot/{id}") } else { format!("nlp/text/{id}") };
        let topic = self.topics.egress(self.topics.request_scope(), &leaf);
        let expires = self.answer_timeout;
        out.ask(Ask::Send { publication: Publication { topic, payload, qos: Qos::Two, retain: false }, expires });
        out.ask(Ask::Taken(Ok(id.clone())));
        out.report(Report::Request { id, seconds: 0.0 });
        out.ask(Ask::Shown(Shown::Waiting));
        self.phase = Phase::Waiting { request: self.last, sent: true, until: now + self.answer_timeout };
    }

    /// An answer on the topic `nlp/…` or `chatbot/…`; `rest` is what follows.
    pub(super) fn answer(&mut self, now: Tick, leaf: &str, rest: &str, message: &Message, out: &mut Outbox) {
        let Some(id) = self.awaited(leaf, rest, out) else { return };
        self.silence.broken(out);
        let Speech { plays, characters, follow } = reply::act(id, message, self.phonetic, Class::Conversation, out);
        if plays.is_empty() {
            return out.ask(Ask::Done);
        }
        let characters = u32::try_from(characters).unwrap_or(u32::MAX);
        let until = now + SPEAK_LIMIT + SPEAK_PER_CHARACTER.saturating_mul(characters);
        self.phase = Phase::Speaking { plays, follow, until };
    }

    /// An answer was skipped because of its size.
    pub(super) fn answer_too_large(&mut self, leaf: &str, rest: &str, size: usize, out: &mut Outbox) {
        if let Some(id) = self.awaited(leaf, rest, out) {
            self.silence.broken(out);
            reply::broken(id, format!("the answer has {size} bytes"), out);
        }
    }

    /// A sound ended.
    pub(super) fn played(&mut self, now: Tick, id: PlayId, end: PlayEnd, out: &mut Outbox) {
        let Phase::Speaking { plays, follow, .. } = &mut self.phase else { return };
        if plays.last() != Some(&id) {
            return;
        }
        let follow = follow.take().filter(|_| end == PlayEnd::Finished);
        self.phase = Phase::Idle;
        match follow {
            Some(_) => self.listen(now, Start::Now, follow, out),
            None => out.ask(Ask::Done),
        }
    }

    /// The person or the device ends the turn.
    pub(super) fn cancel(&mut self, out: &mut Outbox) {
        if self.phase != Phase::Idle {
            self.stop(out);
            out.ask(Ask::Done);
        }
    }

    /// Somebody comes in between, to speak himself.
    pub(super) fn interrupt(&mut self, now: Tick, out: &mut Outbox) {
        self.interrupted = match &mut self.phase {
            Phase::Speaking { follow, .. } => follow.take().map(|question| (now, question)),
            _ => None,
        };
        self.cancel(out);
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
            Phase::Waiting { request, .. } => {
                self.stop(out);
                let within = self.answer_timeout.as_secs();
                out.dropped("unanswered", format!("request {}: no answer within {within} s", self.id(request)));
                let sentence = if standing.up {
                    self.silence.goes_on(standing, out)
                } else {
                    unsent(standing).unwrap_or(Sentence::NoAnswer)
                };
                apologise(sentence, out);
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

    /// Opens the microphone for a request: for a fresh one, or for the answer to the question of this conversation.
    fn listen(&mut self, now: Tick, from: Start, question: Option<Value>, out: &mut Outbox) {
        self.last = Request(self.last.0 + 1);
        let to = Delivery::Message {
            topic: self.topics.request(&self.id(self.last)),
            qos: Qos::Two,
            expires: self.answer_timeout,
        };
        let limits = Limits { answer: question.is_some(), ..self.limits };
        let conversation = question.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        let encoding = Encoding::LintoFile { conversation };
        out.ask(Ask::UplinkStart { uplink: self.last.uplink(), from, encoding, to });
        out.ask(Ask::Mic { from, end: End::Local(limits), while_speaking: false });
        out.ask(Ask::Shown(Shown::Listening));
        let until = now + self.limits.no_speech + self.limits.max_utterance + LISTEN_MARGIN;
        self.phase = Phase::Listening { request: self.last, until };
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
            Phase::Speaking { plays, .. } => plays.into_iter().for_each(|id| out.ask(Ask::Flush { id })),
        }
    }

    /// The id of the request that waits for what came on `LEAF/REST`, and no longer waits from now on; or a report.
    fn awaited(&mut self, leaf: &str, rest: &str, out: &mut Outbox) -> Option<String> {
        let id = match leaf {
            "chatbot" => rest,
            _ => rest.strip_prefix("file/").or_else(|| rest.strip_prefix("text/")).unwrap_or_default(),
        };
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
        out.dropped(what, format!("`{leaf}/{}`: nobody waits for it", short(rest)));
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

fn apologise(sentence: Sentence, out: &mut Outbox) {
    out.play(Class::Local, Source::Sentence(sentence));
    out.ask(Ask::Done);
}
