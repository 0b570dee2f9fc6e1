//! The half of a turn in which somebody speaks.

use super::phase::{CATCH_UP, FLUSH, HELD, LONGEST, MARGIN, Phase, Purpose};
use super::{Around, Turn};
use crate::assistant::report::Report;
use crate::audio::Position;
use crate::audio::chime::Chime;
use crate::dialogue::{Ask, Class, Delivery, End, Shown, Source, Trigger};
use crate::hearing::{Ending, Start, UplinkId};
use crate::protocol::xiaozhi::message::{self, Mode};
use crate::time::Tick;

impl Turn {
    /// Opens the microphone, and only with that the server's ears. xiaozhi: sound that goes up before `listen/start` is
    /// thrown away there.
    pub(super) fn listen(&mut self, trigger: Trigger, from: Start, w: &mut Around<'_>) {
        w.session.path.expect(w.out);
        self.microphone(trigger, from, w);
        self.in_hope = w.out.mark();
        if let Some(text) = self.announce.as_ref().filter(|_| trigger == Trigger::Wake) {
            w.presence.publish(message::listen_detect(w.session.id(), text), w.out);
        }
        w.presence.publish(message::listen_start(w.session.id(), self.mode), w.out);
        self.sound_on(from, w);
        w.out.ask(Ask::Shown(Shown::Listening));
        let held = self.mode == Mode::Manual && trigger == Trigger::Button;
        let until = if held { w.now + HELD } else { self.patience(w.now) };
        self.phase = Phase::Listening { understood: false, until };
    }

    /// Sound goes up, from this place of the tape on.
    fn sound_on(&mut self, from: Start, w: &mut Around<'_>) -> UplinkId {
        self.uplinks += 1;
        let uplink = UplinkId(self.uplinks);
        self.uplink = Some(uplink);
        let encoding = self.encoding.clone();
        w.out.ask(Ask::UplinkStart { uplink, from, encoding, to: Delivery::Channel });
        w.session.path.sends(w.now, true);
        uplink
    }

    /// Whoever has a button in his hand is listened to while the server is not there yet: the tape keeps what he says,
    /// and he may let go.
    pub(super) fn listen_ahead(&self, w: &mut Around<'_>) {
        if let (Some(Purpose::Speech { trigger: Trigger::Button, from, to: None }), Mode::Manual) =
            (&self.purpose, self.mode)
        {
            self.microphone(Trigger::Button, *from, w);
        }
    }

    /// All that was said lies on the tape.
    pub(super) fn deliver(&mut self, from: Start, to: Position, w: &mut Around<'_>) {
        w.session.path.expect(w.out);
        let uplink = self.sound_on(from, w);
        // Its first sound is encoded after this.
        self.in_hope = w.out.mark();
        w.presence.publish(message::listen_start(w.session.id(), self.mode), w.out);
        w.out.ask(Ask::UplinkFinish { uplink, to });
        self.phase = Phase::Releasing { until: w.now + CATCH_UP };
    }

    fn microphone(&self, trigger: Trigger, from: Start, w: &mut Around<'_>) {
        let end = match (self.mode, trigger) {
            (Mode::Auto | Mode::Realtime, _) => End::Remote { cap: LONGEST, quiet: Some(self.limits.no_speech) },
            (Mode::Manual, Trigger::Button) => End::Manual { cap: HELD + MARGIN },
            (Mode::Manual, _) => End::Local(self.limits),
        };
        w.out.ask(Ask::Mic { from, end, while_speaking: self.mode == Mode::Realtime });
    }

    /// The microphone or its sound was refused before anything could come of it: the server was not told that somebody
    /// speaks.
    pub(super) fn unheard(&mut self, w: &mut Around<'_>) {
        if self.uplink.is_some() && w.out.take_back(self.in_hope) {
            self.uplink = None;
            w.session.path.sends(w.now, false);
        }
    }

    /// Until when somebody must have spoken and the server understood it.
    fn patience(&self, now: Tick) -> Tick {
        now + self.limits.no_speech + self.limits.max_utterance + MARGIN
    }

    /// The microphone is open already: who speaks now begins a new utterance, and is told if he does not.
    pub(super) fn listen_on(&mut self, w: &mut Around<'_>) {
        self.answer.begin();
        self.microphone(Trigger::Listen, Start::Now, w);
        w.out.ask(Ask::Shown(Shown::Listening));
        self.phase = Phase::Listening { understood: false, until: self.patience(w.now) };
    }

    /// The endpointer of this device let go; where the server ends the utterance, only because nobody speaks.
    pub(in super::super) fn end_of_speech(&mut self, at: Position, why: Ending, w: &mut Around<'_>) {
        let Phase::Listening { understood, .. } = self.phase else { return };
        match (self.mode, why) {
            (Mode::Manual, Ending::Silence | Ending::Cap) => self.release(Some(at), w),
            (Mode::Manual, Ending::NoSpeech) => {
                self.microphone_off(w);
                w.presence.publish(message::listen_stop(w.session.id()), w.out);
                self.done(w);
            }
            (Mode::Auto | Mode::Realtime, Ending::NoSpeech) if !understood => {
                self.microphone_off(w);
                w.session.close(w.now, w.presence, w.out);
                w.out.play(Class::Local, Source::Chime(Chime::Cancelled));
                self.done(w);
            }
            (Mode::Auto | Mode::Realtime, _) => {}
        }
    }

    /// The person lets go. What was said until `at` is all; without a place, what was heard until now. It goes out when
    /// the server is there, as long as that is not given up.
    pub(in super::super) fn release(&mut self, at: Option<Position>, w: &mut Around<'_>) {
        let (Some(Purpose::Speech { to, .. }), Mode::Manual) = (&mut self.purpose, self.mode) else { return };
        // Any place that is past means: what was heard until now.
        let end = at.unwrap_or(Position(0));
        match (&self.phase, self.uplink) {
            (Phase::Connecting, _) if to.is_none() => {
                *to = Some(end);
                w.out.ask(Ask::MicStop);
            }
            (Phase::Listening { .. }, Some(uplink)) => {
                *to = Some(end);
                w.out.ask(Ask::MicStop);
                w.out.ask(Ask::UplinkFinish { uplink, to: end });
                self.phase = Phase::Releasing { until: w.now + FLUSH };
            }
            _ => {}
        }
    }

    /// Everything that was said is out.
    pub(super) fn released(&mut self, w: &mut Around<'_>) {
        self.uplink = None;
        w.session.path.sends(w.now, false);
        w.presence.publish(message::listen_stop(w.session.id()), w.out);
        self.wait(w);
    }

    /// A piece of sound went up, or could not.
    pub(in super::super) fn uplinked(
        &mut self,
        uplink: UplinkId,
        sent: bool,
        samples: u64,
        last: bool,
        w: &mut Around<'_>,
    ) {
        if self.uplink != Some(uplink) {
            return;
        }
        if sent {
            w.session.path.way.sent();
            self.answer.sent(samples);
        } else if !last {
            w.out.dropped("sound_up", "a piece of sound could not be sent".into());
        }
        match self.phase {
            Phase::Releasing { .. } if last && (sent || self.answer.has_sound()) => self.released(w),
            // The microphone was closed meanwhile: no fault of the server.
            _ if last => {
                self.unheard(w);
                self.stop(w);
                w.session.close(w.now, w.presence, w.out);
                w.out.play(Class::Local, Source::Chime(Chime::Error));
                self.done(w);
            }
            _ => {}
        }
    }

    /// The server has understood this.
    pub(in super::super) fn understood(&mut self, text: String, w: &mut Around<'_>) {
        let until = w.now + self.answer_timeout;
        if matches!(self.phase, Phase::Listening { understood: false, .. }) {
            w.out.report(Report::SpeechEnd);
        }
        w.out.report(Report::Final { text, meeting: false });
        match &mut self.phase {
            Phase::Listening { .. } => self.phase = Phase::Listening { understood: true, until },
            Phase::Waiting { until: due } => *due = until,
            // Somebody has spoken into the answer, and the server has noticed.
            Phase::Speaking { .. } | Phase::Draining { .. } if self.uplink.is_some() => {
                let unfinished = matches!(self.phase, Phase::Speaking { .. });
                self.hush(w);
                if unfinished {
                    w.session.path.discard(w.out);
                } else {
                    w.session.path.hold(w.out);
                }
                self.answer.begin();
                self.phase = Phase::Listening { understood: true, until };
            }
            _ => {}
        }
    }

    /// The server wants no more sound for now.
    pub(in super::super) fn rest(&mut self, w: &mut Around<'_>) {
        if matches!(self.phase, Phase::Listening { .. }) {
            self.microphone_off(w);
            self.wait(w);
        }
    }

    /// The microphone has been open for too long.
    pub(super) fn overheard(&mut self, w: &mut Around<'_>) {
        match (self.mode, &self.purpose) {
            (Mode::Manual, Some(Purpose::Speech { trigger: Trigger::Button, .. })) => self.release(None, w),
            (Mode::Manual, _) => {
                w.out.dropped("endless_listening", "hearing never said that the utterance is over".into());
                self.microphone_off(w);
                w.presence.publish(message::listen_stop(w.session.id()), w.out);
                w.out.play(Class::Local, Source::Chime(Chime::Error));
                self.done(w);
            }
            (Mode::Auto | Mode::Realtime, _) => {
                w.session.path.way.nothing_understood(w.out);
                self.give_up("the server has understood nothing", w);
            }
        }
    }

    /// Closes the microphone, if it is open.
    pub(super) fn microphone_off(&mut self, w: &mut Around<'_>) {
        if self.uplink.is_some() && !matches!(self.phase, Phase::Releasing { .. }) {
            w.out.ask(Ask::MicStop);
        }
        self.sound_off(w);
    }

    pub(super) fn sound_off(&mut self, w: &mut Around<'_>) {
        if let Some(uplink) = self.uplink.take() {
            w.out.ask(Ask::UplinkAbort { uplink });
            w.session.path.sends(w.now, false);
        }
    }
}
