//! The conversation: somebody speaks or writes, the server ends the utterance, speaks, and listens again.
//!
//! xiaozhi: the server ends an utterance by its own ears, so everything goes up, silence included, until it speaks. In
//! manual mode the person lets go instead. In realtime mode the microphone stays open while the server speaks, and the
//! server notices when somebody interrupts it.

use std::time::Duration;

use self::phase::{LINGER, PAUSE, Phase, Purpose};
use super::answer::Answer;
use super::presence::Presence;
use super::session::{Failure, News, Session};
use super::{Outbox, XiaozhiSettings};
use crate::dialogue::{Ask, PlayEnd, PlayId, Shown, Trigger};
use crate::hearing::{Encoding, Limits, Start, UplinkId};
use crate::protocol::xiaozhi::message::{self, Mode};
use crate::time::Tick;

use self::ending::BROKE_OFF;

mod ending;
mod listening;
mod phase;
mod speaking;
mod writing;

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
    /// What was asked behind this was asked in the hope that the microphone opens.
    in_hope: u64,
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
            in_hope: 0,
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
        self.begin(Purpose::Speech { trigger, from, to: None }, w);
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
        match w.session.open(w.now, w.presence, w.out) {
            Some(news) => self.news(news, w),
            None => self.listen_ahead(w),
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
                self.listen_ahead(w);
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
            Some(Purpose::Speech { from, to: Some(to), .. }) => self.deliver(from, to, w),
            Some(Purpose::Speech { trigger, from, to: None }) => self.listen(trigger, from, w),
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
        self.failed(failure.detail(), w);
        self.stop(w);
        if self.purpose.is_some() {
            self.apologise(failure.sentence(), w);
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
            Phase::Listening { understood: true, .. } if self.mode != Mode::Manual => self.late(w),
            Phase::Listening { .. } => self.overheard(w),
            Phase::Releasing { .. } => {
                self.sound_off(w);
                self.released(w);
            }
            Phase::Waiting { .. } => self.late(w),
            Phase::Speaking { pauses: true, .. } => self.give_up(BROKE_OFF, w),
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
        if end == PlayEnd::Failed {
            w.out.dropped("not_heard", format!("sound {}: no loudspeaker or no voice", id.0));
        }
        self.over(id, end, w);
    }

    /// Something may not be heard now, which was told.
    pub(super) fn refused(&mut self, id: PlayId, w: &mut Around<'_>) {
        self.over(id, PlayEnd::Failed, w);
    }

    fn over(&mut self, id: PlayId, end: PlayEnd, w: &mut Around<'_>) {
        if self.apology == Some(id) {
            self.apology = None;
            if matches!(self.phase, Phase::Pausing { .. }) {
                self.go(w);
            }
        }
        if self.last == Some(id) {
            self.last = None;
            if end == PlayEnd::Finished {
                self.answer.spoken(w.out);
            }
            w.session.path.close(w.out);
        }
        self.answered(id, end, w);
        self.give_way(w);
    }
}
