//! How a turn ends before its time: by the person, by the server, with the connection.

use super::phase::{More, Phase, Purpose};
use super::{Around, Turn};
use crate::assistant::report::Report;
use crate::audio::chime::Chime;
use crate::dialogue::{Ask, Class, Shown, Source, Trigger};
use crate::hearing::Start;
use crate::protocol::xiaozhi::message::{self, Mode};
use crate::sentences::Sentence;

/// What is told of an answer of which the rest never comes.
pub(super) const BROKE_OFF: &str = "its answer broke off";

impl Turn {
    /// The server has ended the session. That is no error: it does so when nobody speaks for long.
    pub(super) fn ended(&mut self, reason: &str, w: &mut Around<'_>) {
        let reason = if reason.is_empty() { "by the server" } else { reason };
        w.out.report(Report::Command { topic: "goodbye".into(), result: format!("session ended: {reason}") });
        match self.phase {
            Phase::Speaking { play: Some(play), .. } => {
                w.session.path.drain(w.out);
                self.answer.complete(w.out);
                self.last = Some(play);
                self.done(w);
            }
            Phase::Draining { play, .. } => {
                self.last = Some(play);
                self.done(w);
            }
            Phase::Releasing { .. } | Phase::Waiting { .. } => {
                self.stop(w);
                w.session.path.close(w.out);
                self.unanswered("the server ended the session", w);
            }
            Phase::Speaking { play: None, pauses: true, .. } => {
                self.stop(w);
                w.session.path.close(w.out);
                self.unanswered(BROKE_OFF, w);
            }
            Phase::Listening { .. } | Phase::Pausing { .. } => {
                self.stop(w);
                w.session.path.close(w.out);
                w.out.play(Class::Local, Source::Chime(Chime::Cancelled));
                self.done(w);
            }
            Phase::Idle { .. } | Phase::Connecting | Phase::Speaking { play: None, .. } => {
                w.session.path.close(w.out);
                self.done(w);
            }
        }
    }

    /// The connection to the broker is gone. xiaozhi: the session is gone with it, and sound that goes up is for nobody.
    pub(super) fn lost(&mut self, w: &mut Around<'_>) {
        let sentence = match self.phase {
            Phase::Idle { .. } => None,
            Phase::Listening { .. } | Phase::Releasing { .. } | Phase::Waiting { .. } => Some(Sentence::NotSent),
            Phase::Connecting | Phase::Pausing { .. } | Phase::Speaking { .. } => Some(Sentence::Offline),
            // Everything is here already.
            Phase::Draining { play, .. } => {
                self.last = Some(play);
                return self.done(w);
            }
        };
        self.stop(w);
        w.session.path.close(w.out);
        if let Some(sentence) = sentence.filter(|_| self.purpose.is_some()) {
            self.failed("the connection to the broker was lost".into(), w);
            self.apologise(sentence, w);
        }
    }

    /// Nothing arrives of an answer that the server says it is sending: a new session has a new way for it, once.
    pub(super) fn dead(&mut self, w: &mut Around<'_>) {
        w.out.dropped("no_sound", format!("request {}: the server speaks, and nothing arrives", self.answer.id()));
        self.stop(w);
        let listens = matches!(self.purpose, Some(Purpose::Speech { .. })) && self.mode != Mode::Manual;
        if self.rebuilt || !listens {
            w.session.close(w.now, w.presence, w.out);
            if self.purpose.is_some() {
                self.apologise(Sentence::NoAnswer, w);
            }
            return;
        }
        self.rebuilt = true;
        self.apology = Some(w.out.play(Class::Local, Source::Sentence(Sentence::NoAnswer)));
        self.purpose = Some(Purpose::Speech { trigger: Trigger::Listen, from: Start::Now, to: None });
        self.answer.begin();
        w.session.rebuild(w.now, w.presence, w.out);
        w.out.ask(Ask::Shown(Shown::Connecting));
        self.phase = Phase::Connecting;
    }

    /// The turn ends at once by order. In a conversation that would go on, so does the session.
    pub(in super::super) fn cancel(&mut self, w: &mut Around<'_>) {
        if self.purpose.is_none() {
            return;
        }
        self.unheard(w);
        let stays = self.mode == Mode::Manual && w.session.is_open();
        if stays {
            self.abort(false, w);
        }
        self.stop(w);
        if !stays {
            w.session.close(w.now, w.presence, w.out);
        }
        self.done(w);
    }

    /// The microphone was closed on request: what was said before, and waits for the server, is not sent either.
    pub(in super::super) fn muted(&mut self, w: &mut Around<'_>) {
        if self.is_held() {
            w.out.dropped("unanswered", format!("request {}: muted before it was sent", self.answer.id()));
            w.session.close(w.now, w.presence, w.out);
            self.done(w);
        }
    }

    /// Whether all was said, and waits on the tape for the server.
    const fn is_held(&self) -> bool {
        matches!((&self.phase, &self.purpose), (Phase::Connecting, Some(Purpose::Speech { to: Some(_), .. })))
    }

    /// Somebody wants to speak, with this server or with another one. In realtime mode the microphone is open for him.
    pub(in super::super) fn interrupt(&mut self, wake: bool, w: &mut Around<'_>) {
        if self.purpose.is_none() {
            return;
        }
        let speaks = matches!(self.phase, Phase::Speaking { .. } | Phase::Draining { .. });
        if self.mode == Mode::Realtime && self.uplink.is_some() {
            if speaks {
                self.abort(wake, w);
                self.hush(w);
                self.listen_on(w);
            }
            return;
        }
        if self.is_held() {
            w.out.dropped("unanswered", format!("request {}: given up before it was sent", self.answer.id()));
        }
        self.abort(wake, w);
        self.stop(w);
        self.done(w);
    }

    /// The server is to stop, for a wake word or not, if it thinks or speaks; what it still sends is not heard.
    pub(super) fn abort(&self, wake: bool, w: &mut Around<'_>) {
        let busy = matches!(
            self.phase,
            Phase::Listening { understood: true, .. }
                | Phase::Releasing { .. }
                | Phase::Waiting { .. }
                | Phase::Speaking { .. }
                | Phase::Draining { more: More::Begun, .. }
        );
        if busy && w.session.is_open() {
            w.presence.publish(message::abort(w.session.id(), wake), w.out);
            w.session.path.discard(w.out);
        }
    }

    /// The server has had its time.
    pub(super) fn give_up(&mut self, why: &str, w: &mut Around<'_>) {
        let stays = self.mode == Mode::Manual || matches!(self.purpose, Some(Purpose::Text(_)));
        self.abort(false, w);
        self.stop(w);
        if !stays {
            w.session.close(w.now, w.presence, w.out);
        }
        self.unanswered(why, w);
    }

    /// The answer does not come.
    pub(super) fn late(&mut self, w: &mut Around<'_>) {
        let within = self.answer_timeout.as_secs();
        self.give_up(&format!("no answer within {within} s"), w);
    }

    fn unanswered(&mut self, why: &str, w: &mut Around<'_>) {
        // Who was not asked owes nobody an answer.
        if self.purpose.is_none() {
            return self.done(w);
        }
        w.out.dropped("unanswered", format!("request {}: {why}", self.answer.id()));
        self.apologise(Sentence::NoAnswer, w);
    }

    /// There is no session for what somebody wants. Who asks in writing waits for news of his request.
    pub(super) fn failed(&self, why: String, w: &mut Around<'_>) {
        match self.purpose {
            Some(Purpose::Text(_)) => w.out.dropped("unanswered", format!("request {}: {why}", self.answer.id())),
            _ => w.out.dropped("session", why),
        }
    }

    pub(super) fn apologise(&mut self, sentence: Sentence, w: &mut Around<'_>) {
        w.out.play(Class::Local, Source::Sentence(sentence));
        self.done(w);
    }

    /// Ends whatever runs here, without a word.
    pub(super) fn stop(&mut self, w: &mut Around<'_>) {
        self.microphone_off(w);
        self.hush(w);
    }
}
