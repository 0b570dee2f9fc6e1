//! The conversation: somebody speaks or writes, the server ends the utterance, speaks, and listens again.
//!
//! xiaozhi: the server ends an utterance by its own ears, so everything goes up, silence included, until it speaks. In
//! manual mode the person lets go instead. In realtime mode the microphone stays open while the server speaks, and the
//! server notices when somebody interrupts it.

use std::time::Duration;

use self::phase::{FLUSH, LINGER, PAUSE, Phase, Purpose};
use super::answer::Answer;
use super::presence::Presence;
use super::session::{Failure, News, Session};
use super::{Outbox, XiaozhiSettings};
use crate::assistant::report::Report;
use crate::audio::chime::Chime;
use crate::dialogue::{Ask, Class, PlayEnd, PlayId, Shown, Source, Trigger};
use crate::hearing::{Encoding, Limits, Start, UplinkId};
use crate::protocol::xiaozhi::message::{self, Mode, TYPED_LIMIT};
use crate::sentences::Sentence;
use crate::time::Tick;

mod listening;
mod phase;
mod speaking;

/// What a turn works with.
#[derive(Debug)]
pub(super) struct Around<'a> {
    pub(super) now: Tick,
    pub(super) session: &'a mut Session,
    pub(super) presence: &'a Presence,
    pub(super) out: &'a mut Outbox,
}

/// The conversation with the server.
#[derive(Debug)]
pub(super) struct Turn {
    mode: Mode,
    encoding: Encoding,
    limits: Limits,
    /// The server has so long to begin with its answer.
    answer_timeout: Duration,
    /// What the server is told when a wake word was heard.
    announce: Option<String>,
    phase: Phase,
    /// What the turn that runs is for.
    purpose: Option<Purpose>,
    /// The sound that goes up, while the microphone is open.
    uplink: Option<UplinkId>,
    uplinks: u64,
    answer: Answer,
    /// Whether this turn has got a new session because nothing arrived in the old one.
    rebuilt: bool,
    /// What the device says itself before the microphone opens.
    apology: Option<PlayId>,
    /// The last sound of a session that is over: its channel is closed behind it.
    last: Option<PlayId>,
    streams: u64,
}

impl Turn {
    pub(super) fn new(settings: &XiaozhiSettings) -> Self {
        Self {
            mode: settings.mode,
            encoding: Encoding::Opus { frame: settings.frame, raw: settings.server_cancels },
            limits: settings.limits,
            answer_timeout: settings.answer_timeout,
            announce: settings.announce_wake_word.clone(),
            phase: Phase::Idle { until: None },
            purpose: None,
            uplink: None,
            uplinks: 0,
            answer: Answer::new(&settings.client_id),
            rebuilt: false,
            apology: None,
            last: None,
            streams: 0,
        }
    }

    /// From the next opening of the microphone on.
    pub(super) fn limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Somebody wants to speak.
    pub(super) fn open(&mut self, trigger: Trigger, from: Start, w: &mut Around<'_>) {
        self.begin(Purpose::Speech { trigger, from }, w);
    }

    /// Somebody writes. xiaozhi: a text that is no wake word of the server's is taken for what somebody says.
    pub(super) fn write(&mut self, text: String, w: &mut Around<'_>) {
        let standing = w.presence.standing();
        let refused = match text.trim() {
            "" => Some("the text is empty".into()),
            text if text.chars().count() > TYPED_LIMIT => {
                Some(format!("the text is too long, {TYPED_LIMIT} characters are the most"))
            }
            _ if standing.refused => Some("the server refuses this device; `auricle status` says why".into()),
            _ if !standing.known => Some("the server has not told how to reach it; `auricle status` says why".into()),
            _ => None,
        };
        if let Some(why) = refused {
            w.out.ask(Ask::Taken(Err(why)));
            return w.out.ask(Ask::Done);
        }
        self.begin(Purpose::Text(text), w);
    }

    fn begin(&mut self, purpose: Purpose, w: &mut Around<'_>) {
        self.abort(matches!(purpose, Purpose::Speech { trigger: Trigger::Wake, .. }), w);
        self.stop(w);
        self.answer.begin();
        if matches!(purpose, Purpose::Text(_)) {
            w.out.ask(Ask::Taken(Ok(self.answer.id())));
        }
        self.purpose = Some(purpose);
        (self.rebuilt, self.apology) = (false, None);
        if self.last.take().is_some() {
            w.session.path.close(w.out);
        }
        self.connect(w);
    }

    fn connect(&mut self, w: &mut Around<'_>) {
        w.out.ask(Ask::Shown(Shown::Connecting));
        self.phase = Phase::Connecting;
        if let Some(news) = w.session.open(w.now, w.presence, w.out) {
            self.news(news, w);
        }
    }

    /// Something became of the session.
    pub(super) fn news(&mut self, news: News, w: &mut Around<'_>) {
        match news {
            News::Opened if self.phase == Phase::Connecting => self.go(w),
            News::Opened => self.idle(w),
            News::Failed(failure) => self.fail(&failure, w),
            News::Again if self.purpose.is_some() => {
                self.stop(w);
                w.out.ask(Ask::Shown(Shown::Connecting));
                self.phase = Phase::Connecting;
            }
            News::Again => w.session.close(w.now, w.presence, w.out),
            News::Ended(reason) => self.ended(&reason, w),
            News::Lost => self.lost(w),
            News::Dead => self.dead(w),
        }
    }

    /// The session is open.
    fn go(&mut self, w: &mut Around<'_>) {
        match self.purpose.clone() {
            Some(Purpose::Speech { .. }) if self.apology.is_some() => {
                self.phase = Phase::Pausing { until: w.now + PAUSE };
            }
            Some(Purpose::Speech { trigger, from }) => self.listen(trigger, from, w),
            Some(Purpose::Text(text)) => {
                w.session.path.expect(w.out);
                w.presence.publish(message::listen_detect(w.session.id(), &text), w.out);
                self.wait(w);
            }
            None => self.idle(w),
        }
    }

    /// The request is out.
    fn wait(&mut self, w: &mut Around<'_>) {
        self.answer.request(w.out);
        w.out.ask(Ask::Shown(Shown::Waiting));
        self.phase = Phase::Waiting { until: w.now + self.answer_timeout };
    }

    fn fail(&mut self, failure: &Failure, w: &mut Around<'_>) {
        w.out.dropped("session", failure.detail());
        if self.purpose.is_some() {
            self.stop(w);
            self.apologise(failure.sentence(), w);
        }
    }

    /// The server has ended the session. That is no error: it does so when nobody speaks for long.
    fn ended(&mut self, reason: &str, w: &mut Around<'_>) {
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
    fn lost(&mut self, w: &mut Around<'_>) {
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
            w.out.dropped("session", "the connection to the broker was lost".into());
            self.apologise(sentence, w);
        }
    }

    /// Nothing arrives of an answer that the server says it is sending: a new session has a new way for it, once.
    fn dead(&mut self, w: &mut Around<'_>) {
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
        self.purpose = Some(Purpose::Speech { trigger: Trigger::Listen, from: Start::Now });
        self.answer.begin();
        w.session.rebuild(w.now, w.presence, w.out);
        w.out.ask(Ask::Shown(Shown::Connecting));
        self.phase = Phase::Connecting;
    }

    /// The turn ends at once by order. In a conversation that would go on, so does the session.
    pub(super) fn cancel(&mut self, w: &mut Around<'_>) {
        if self.purpose.is_none() {
            return;
        }
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

    /// Somebody wants to speak, with this server or with another one. In realtime mode the microphone is open for him.
    pub(super) fn interrupt(&mut self, wake: bool, w: &mut Around<'_>) {
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
        self.abort(wake, w);
        self.stop(w);
        self.done(w);
    }

    /// The server is to stop, for a wake word or not, if it thinks or speaks; what it still sends is not heard.
    fn abort(&self, wake: bool, w: &mut Around<'_>) {
        let busy = matches!(self.phase, Phase::Releasing { .. } | Phase::Waiting { .. } | Phase::Speaking { .. });
        if busy && w.session.is_open() {
            w.presence.publish(message::abort(w.session.id(), wake), w.out);
            w.session.path.discard(w.out);
        }
    }

    /// Lets pass what is due.
    pub(super) fn tick(&mut self, w: &mut Around<'_>) {
        if self.deadline().is_none_or(|due| w.now < due) {
            return;
        }
        match self.phase {
            Phase::Connecting => {}
            Phase::Idle { .. } => {
                w.session.close(w.now, w.presence, w.out);
                self.phase = Phase::Idle { until: None };
            }
            Phase::Pausing { .. } => {
                self.apology = None;
                self.go(w);
            }
            Phase::Listening { .. } => self.overheard(w),
            Phase::Releasing { .. } => {
                self.sound_off(w);
                self.released(w);
            }
            Phase::Waiting { .. } => {
                let within = self.answer_timeout.as_secs();
                self.give_up(&format!("no answer within {within} s"), w);
            }
            Phase::Speaking { .. } => {
                w.out.dropped("endless_speech", "the server never said that its answer is over".into());
                self.stop(w);
                w.session.close(w.now, w.presence, w.out);
                self.done(w);
            }
            Phase::Draining { play, .. } => {
                w.out.dropped("endless_speech", "the loudspeaker never said that the answer is over".into());
                w.out.ask(Ask::Flush { id: play });
                self.after(w);
            }
        }
    }

    pub(super) const fn deadline(&self) -> Option<Tick> {
        self.phase.due()
    }

    /// The server has had its time.
    fn give_up(&mut self, why: &str, w: &mut Around<'_>) {
        let stays = self.mode == Mode::Manual || matches!(self.purpose, Some(Purpose::Text(_)));
        self.abort(false, w);
        self.stop(w);
        if !stays {
            w.session.close(w.now, w.presence, w.out);
        }
        self.unanswered(why, w);
    }

    fn unanswered(&mut self, why: &str, w: &mut Around<'_>) {
        w.out.dropped("unanswered", format!("request {}: {why}", self.answer.id()));
        self.apologise(Sentence::NoAnswer, w);
    }

    fn apologise(&mut self, sentence: Sentence, w: &mut Around<'_>) {
        w.out.play(Class::Local, Source::Sentence(sentence));
        self.done(w);
    }

    /// Ends whatever runs here, without a word.
    fn stop(&mut self, w: &mut Around<'_>) {
        self.microphone_off(w);
        self.hush(w);
    }

    /// The turn is over.
    fn done(&mut self, w: &mut Around<'_>) {
        self.microphone_off(w);
        if self.purpose.take().is_some() {
            w.out.ask(Ask::Done);
        }
        self.idle(w);
    }

    fn idle(&mut self, w: &Around<'_>) {
        let until = w.session.is_open().then(|| w.now + LINGER);
        self.phase = Phase::Idle { until };
    }

    /// Something that was to be heard has ended.
    pub(super) fn played(&mut self, id: PlayId, end: PlayEnd, w: &mut Around<'_>) {
        if self.apology == Some(id) {
            self.apology = None;
            if matches!(self.phase, Phase::Pausing { .. }) {
                self.go(w);
            }
        }
        if self.last == Some(id) {
            self.last = None;
            w.session.path.close(w.out);
        }
        if end == PlayEnd::Failed {
            w.out.dropped("not_heard", format!("sound {}: no loudspeaker or no voice", id.0));
        }
        self.answered(id, end, w);
    }
}
