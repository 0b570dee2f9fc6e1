//! The half of a turn in which the server speaks.

use super::phase::{DRAIN, More, Phase, Purpose, SILENCE, SPEECH};
use super::{Around, Turn};
use crate::audio::chime::Chime;
use crate::dialogue::{Ask, Class, PlayEnd, PlayId, Source, Trigger};
use crate::hearing::Start;
use crate::protocol::xiaozhi::message::Mode;

impl Turn {
    /// The server begins to speak, which it may also do unasked.
    pub(in super::super) fn speak(&mut self, w: &mut Around<'_>) {
        if !w.session.is_open() {
            return w.out.dropped("late_answer", "the server speaks without a session".into());
        }
        match &mut self.phase {
            Phase::Connecting | Phase::Speaking { .. } => return,
            Phase::Draining { more, .. } => {
                *more = More::Begun;
                return;
            }
            Phase::Idle { .. } => self.answer.begin(),
            Phase::Pausing { .. } | Phase::Listening { .. } | Phase::Releasing { .. } | Phase::Waiting { .. } => {
                self.answer.request(w.out);
            }
        }
        if self.mode != Mode::Realtime {
            self.microphone_off(w);
        }
        self.play(w);
    }

    fn play(&mut self, w: &mut Around<'_>) {
        w.session.path.play(w.now, self.answer_timeout, w.out);
        self.streams += 1;
        let play = w.out.play(Class::Conversation, Source::Stream(self.streams));
        self.phase = Phase::Speaking { play: Some(play), pauses: false, until: w.now + SPEECH };
    }

    /// Sound arrives: after a long silence the answer goes on.
    pub(in super::super) fn arrived(&mut self, w: &mut Around<'_>) {
        if matches!(self.phase, Phase::Speaking { play: None, pauses: true, .. }) {
            self.play(w);
        }
    }

    /// The server begins with a sentence.
    pub(in super::super) fn sentence(&mut self, text: String, w: &mut Around<'_>) {
        match &mut self.phase {
            Phase::Speaking { pauses, until, .. } => {
                *until = w.now + if *pauses { SILENCE } else { SPEECH };
                w.session.path.sentence(w.now);
                w.session.serves();
                self.answer.sentence(text, w.out);
            }
            Phase::Draining { more: More::Begun, .. } => self.answer.sentence_to_come(text),
            _ => {}
        }
    }

    /// The server has sent its whole answer, or has stopped because it was told to.
    pub(in super::super) fn spoke(&mut self, w: &mut Around<'_>) {
        let aborted = w.session.path.discards();
        if aborted {
            w.session.path.hold(w.out);
        }
        match &mut self.phase {
            // That was the answer before; the next one is still to come.
            Phase::Waiting { .. } | Phase::Listening { .. } if aborted => {}
            Phase::Speaking { .. } if w.session.path.is_silent() => {
                w.session.path.way.nothing_came(w.out);
                self.dead(w);
            }
            Phase::Speaking { play, .. } => {
                let play = *play;
                self.all_is_here(play, w);
            }
            Phase::Draining { more: more @ More::Begun, .. } => *more = More::Complete,
            // It has nothing to say.
            Phase::Waiting { .. } => {
                self.answer.complete(w.out);
                w.out.play(Class::Local, Source::Chime(Chime::Done));
                self.done(w);
            }
            Phase::Listening { understood: true, .. } if self.mode != Mode::Manual => self.listen_on(w),
            _ => {}
        }
    }

    /// A server that speaks unasked, and is not heard, may stop.
    pub(super) fn give_way(&mut self, w: &mut Around<'_>) {
        if self.purpose.is_none() && matches!(self.phase, Phase::Speaking { play: None, pauses: false, .. }) {
            self.abort(false, w);
            self.answer.complete(w.out);
            self.idle(w);
        }
    }

    /// Of the answer nothing more comes.
    fn all_is_here(&mut self, play: Option<PlayId>, w: &mut Around<'_>) {
        w.session.path.drain(w.out);
        self.answer.complete(w.out);
        match play {
            Some(play) => self.phase = Phase::Draining { play, more: More::Nothing, until: w.now + DRAIN },
            None => self.after(w),
        }
    }

    /// A sound has ended; perhaps that of the answer.
    pub(super) fn answered(&mut self, id: PlayId, end: PlayEnd, w: &mut Around<'_>) {
        match &mut self.phase {
            Phase::Speaking { play, pauses, until } if *play == Some(id) => {
                *play = None;
                if end == PlayEnd::Finished {
                    (*pauses, *until) = (true, w.now + SILENCE);
                }
            }
            Phase::Draining { play, more, .. } if *play == id => {
                let more = *more;
                if end == PlayEnd::Finished {
                    self.answer.spoken(w.out);
                }
                self.go_on(more, w);
            }
            _ => {}
        }
    }

    /// The answer was heard; perhaps another one waits behind it.
    fn go_on(&mut self, more: More, w: &mut Around<'_>) {
        if more == More::Nothing {
            return self.after(w);
        }
        self.play(w);
        self.answer.next_begins(w.out);
        if more == More::Complete {
            self.all_is_here(self.phase.play(), w);
        }
    }

    /// The answer was heard: whoever has asked by voice may go on.
    pub(super) fn after(&mut self, w: &mut Around<'_>) {
        match (&mut self.purpose, self.mode) {
            (Some(Purpose::Speech { trigger, from, .. }), Mode::Auto | Mode::Realtime) => {
                (*trigger, *from) = (Trigger::Listen, Start::Now);
                w.session.path.hold(w.out);
                if self.uplink.is_some() {
                    return self.listen_on(w);
                }
                self.answer.begin();
                self.listen(Trigger::Listen, Start::Now, w);
            }
            _ => self.done(w),
        }
    }

    /// What the loudspeaker has of the answer is not heard any more.
    pub(super) fn hush(&mut self, w: &mut Around<'_>) {
        let speaks = matches!(self.phase, Phase::Speaking { .. });
        match self.phase.play() {
            Some(id) => w.out.ask(Ask::Flush { id }),
            None if speaks => {}
            None => return,
        }
        if speaks {
            self.answer.complete(w.out);
        }
        self.phase = Phase::Idle { until: None };
    }
}
