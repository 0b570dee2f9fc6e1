//! How a turn opens: by voice, by a wake word, by command, in writing, to dictate.

use std::time::Duration;

use super::Assistant;
use super::door::dropped;
use super::event::{RequestId, ServerId};
use super::turn::Turn;
use super::wishes::Asker;
use crate::audio::Position;
use crate::dialogue::{DialogueEvent, Trigger};
use crate::hearing::Start;
use crate::sentences::Sentence;
use crate::time::Tick;
use crate::wish::Outcome;

const BUSY: &str = "the microphone is already open for a turn";

impl Assistant {
    /// Somebody wants a turn by a command that was given `ago`, when the tape was at `at`.
    pub(super) fn triggered(
        &mut self,
        now: Tick,
        trigger: Trigger,
        server: Option<ServerId>,
        at: Option<Position>,
        ago: Duration,
    ) {
        // The tape before the command is of use only if the device was not to be heard on it. What is said after it is
        // kept also if the microphone is granted later.
        let quiet = self.speaker.quiet_since().is_some_and(|since| now.since(since) >= self.tuning.preroll);
        let earlier = if quiet { self.tuning.preroll } else { Duration::ZERO };
        let from = at.map_or(Start::Now, |at| Start::At(at.back(earlier)));
        self.open(now, trigger, server.unwrap_or(ServerId(0)), from, earlier + ago);
    }

    pub(super) fn voice(&mut self, now: Tick, at: Position, earliest: Position) {
        if self.voice.fired() && self.may_arm(now) {
            let from = at.back(self.tuning.preroll).max(earliest);
            self.open(now, Trigger::Voice, ServerId(0), Start::At(from), Duration::ZERO);
        }
    }

    /// Opens a turn, or says aloud why not. Whether it is open. `from` lies `before` the command.
    pub(super) fn open(
        &mut self,
        now: Tick,
        trigger: Trigger,
        server: ServerId,
        from: Start,
        before: Duration,
    ) -> bool {
        if let Some(sentence) = self.not_now(server) {
            self.apologise(now, sentence);
            return false;
        }
        if !self.gates.is_empty() {
            self.report(Some(server), dropped("trigger", "a server keeps the triggers off"));
            return false;
        }
        let claimed = self.claim(now, server, Some(trigger));
        if let Err(why) = claimed {
            self.report(Some(server), dropped("trigger", why));
            return false;
        }
        if let Some(turn) = &mut self.turn {
            turn.before = before;
        }
        self.tell(server, DialogueEvent::Open { trigger, from });
        true
    }

    /// Why nobody can be listened to now.
    fn not_now(&self, server: ServerId) -> Option<Sentence> {
        if server.0 >= self.servers.len() {
            Some(Sentence::NotSetUp)
        } else if self.mic.muted().is_some() {
            Some(Sentence::Muted)
        } else if self.mic.is_gone() {
            Some(Sentence::MicGone)
        } else {
            None
        }
    }

    /// The turn is this server's, if the one that runs gives way. `None`: somebody writes.
    fn claim(&mut self, now: Tick, server: ServerId, trigger: Option<Trigger>) -> Result<(), &'static str> {
        if let Some(turn) = &self.turn {
            if turn.lease.is_some_and(|lease| !lease.while_speaking) {
                return Err(BUSY);
            }
            let holder = turn.server;
            self.tell(holder, DialogueEvent::BargeIn { wake: trigger == Some(Trigger::Wake) });
            self.drain_dialogues(now);
            if holder != server && self.turn.is_some() {
                // It would go on listening, but the person speaks with another server now.
                self.tell(holder, DialogueEvent::Cancel);
                self.drain_dialogues(now);
            }
            if self.turn.is_some() {
                return Err("the turn that runs does not give way");
            }
        }
        self.hush(now);
        let greet = !matches!(trigger, None | Some(Trigger::Voice | Trigger::Wake));
        self.turn = Some(Turn::new(server, now, greet));
        Ok(())
    }

    /// Somebody writes. A conversation that runs with this server takes it in and goes on.
    pub(super) fn text(&mut self, now: Tick, request: RequestId, server: ServerId, text: String, chatbot: bool) {
        let taken = if server.0 >= self.servers.len() {
            Err("no server is configured; add a [linto] or [xiaozhi] section to the settings".to_owned())
        } else if self.turn() == Some(server) && self.servers[server.0].converses() {
            Ok(())
        } else {
            self.claim(now, server, None).map_err(str::to_owned)
        };
        self.offer(now, request, server, taken, DialogueEvent::Text { text, chatbot });
    }

    /// Somebody wants to dictate.
    pub(super) fn dictate(&mut self, now: Tick, request: RequestId, server: ServerId, at: Option<Position>) {
        let taken = match self.not_now(server) {
            Some(sentence) => Err(sentence.text(crate::sentences::Language::English).to_owned()),
            None => self.claim(now, server, Some(Trigger::Dictate)).map_err(str::to_owned),
        };
        let from = at.map_or(Start::Now, Start::At);
        self.offer(now, request, server, taken, DialogueEvent::Open { trigger: Trigger::Dictate, from });
    }

    /// Hands it to the dialogue, which must take it at once or leave it.
    fn offer(
        &mut self,
        now: Tick,
        request: RequestId,
        server: ServerId,
        free: Result<(), String>,
        event: DialogueEvent,
    ) {
        if let Err(why) = free {
            return self.answer(Asker::Person(request), Outcome::Refused(why));
        }
        self.offered = Some(request);
        self.tell(server, event);
        self.drain_dialogues(now);
        if self.offered.is_some() {
            self.taken(Err("this kind of server does not take that".into()));
            self.end_turn(server);
        }
    }

    /// The dialogue's word about what was offered.
    pub(super) fn taken(&mut self, taken: Result<String, String>) {
        let Some(request) = self.offered.take() else { return };
        let outcome = match taken {
            Ok(id) => Outcome::Answer { payload: serde_json::json!({ "id": id }), result: format!("taken as {id}") },
            Err(why) => Outcome::Refused(why),
        };
        self.answer(Asker::Person(request), outcome);
    }

    /// The person lets go of a dictation.
    pub(super) fn release(&mut self, at: Option<Position>) {
        if let Some(turn) = &self.turn {
            let server = turn.server;
            self.tell(server, DialogueEvent::Release { at });
        }
    }
}
