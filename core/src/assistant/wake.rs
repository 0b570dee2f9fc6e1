//! The wake trigger: a word opens a turn with its server, also while the device speaks.

use std::time::Duration;

use super::Assistant;
use super::cause::Cause;
use super::event::{Effect, ServerId};
use super::report::Report;
use super::speaker::Owner;
use crate::audio::Position;
use crate::dialogue::{Class, Source, Trigger};
use crate::hearing::{EarCommand, Start};
use crate::time::Tick;

/// A wake word was heard.
#[derive(Debug)]
pub(super) struct Woken {
    pub(super) word: String,
    pub(super) score: f32,
    pub(super) server: Option<ServerId>,
    pub(super) at: Position,
    pub(super) over: Position,
    pub(super) cancelled: bool,
}

/// What lies before the words that a turn is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The sound between the beginning of the utterance and the decision.
    pub decided: Duration,
    /// The sound between the beginning of the utterance and the end of the word.
    pub over: Duration,
    /// Whether the device's own voice, which may have been speaking, is not in it and not behind it.
    pub cancelled: bool,
}

impl Behind {
    /// How long speech is not believed, from the beginning of the utterance on, if the loudspeaker may ring for so long.
    pub(super) fn guard(&self, ringing: Duration) -> Duration {
        if self.cancelled || ringing.is_zero() { self.over } else { self.over.max(self.decided + ringing) }
    }
}

/// What hearing was told.
#[derive(Debug, Default)]
pub struct WakeTrigger {
    armed: bool,
}

impl Assistant {
    /// Whether a wake word may open a turn now: also while the loudspeaker plays, and while a server thinks.
    fn may_wake(&self) -> bool {
        let listens = self.turn.as_ref().and_then(|turn| turn.lease).is_some_and(|lease| !lease.while_speaking);
        let gated = self.measured || !self.gates.is_empty();
        self.tuning.wake_trigger && self.mic.is_flowing() && !listens && !gated
    }

    /// Tells hearing when the answer changes.
    pub(super) fn arm_wake(&mut self) {
        let armed = self.may_wake();
        if armed != self.wake.armed {
            self.wake.armed = armed;
            self.effects.push_back(Effect::Ear(EarCommand::ArmWake(armed)));
        }
    }

    /// Hearing has heard a word. One that comes too late, because the microphone was closed or somebody is listened to
    /// meanwhile, is nothing.
    pub(super) fn woken(&mut self, now: Tick, woken: Woken) {
        if !self.may_wake() {
            return;
        }
        let Woken { word, score, server, at, over, cancelled } = woken;
        let server = server.unwrap_or(ServerId(0));
        let known = (server.0 < self.servers.len()).then_some(server);
        self.report(known, Report::Wake { word, score });
        // The device's own voice may be on the tape before the word, and ring behind it.
        let quiet = self.speaker.quiet_since().is_some_and(|since| now.since(since) >= self.tuning.preroll);
        let from = if quiet || cancelled { at.back(self.tuning.preroll) } else { at };
        let open = self.open(now, Trigger::Wake, server, Start::At(from), Duration::ZERO);
        if let Some(turn) = self.turn.as_mut().filter(|_| open) {
            turn.woken = Some(Behind { decided: at.since(from), over: over.since(from), cancelled });
        }
    }

    /// Which words can't be listened for. The device says so once, aloud: nobody looks at a list when nothing answers.
    pub(super) fn wake_missing(&mut self, now: Tick, cause: Option<Cause>) {
        let Some(cause) = cause else { return self.clear(None, "WakeMissing") };
        let news = !self.causes.iter().any(|(server, known)| server.is_none() && *known == cause);
        if let Some(sentence) = crate::sentences::Sentence::of_cause(&cause).filter(|_| news) {
            self.admit_or_drop(now, Owner::Device, Class::Local, Source::Sentence(sentence));
        }
        self.raise(None, cause);
    }
}
