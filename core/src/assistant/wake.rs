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

/// Speech is believed from so much before the decision on. The decision comes behind the word: over four models, a dozen
/// voices and two rooms from 160 ms before its end to 410 ms behind it, mostly 100 to 200 ms behind it, and whoever says
/// an order of one word at once has half said it by then. With these 80 ms no word alone was taken for an utterance, in 41
/// trials, dry and in a room that rings for 0.4 s; with 100 ms one was, with 150 ms 15 were.
const LEAD: Duration = Duration::from_millis(80);

/// How long a turn that a wake word opened believes in no speech. `word` is the sound between the beginning of the
/// utterance and the decision, and the loudspeaker may ring for `ringing` behind it.
pub(crate) fn guard(word: Duration, ringing: Duration) -> Duration {
    if ringing.is_zero() { word.saturating_sub(LEAD) } else { word + ringing }
}

/// A wake word was heard.
#[derive(Debug)]
pub(super) struct Woken {
    pub(super) word: String,
    pub(super) score: f32,
    pub(super) server: Option<ServerId>,
    pub(super) at: Position,
    pub(super) cancelled: bool,
}

/// What lies before the words that a turn is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The sound between the beginning of the utterance and the end of the wake word that opened it.
    pub word: Duration,
    /// Whether the device's own voice, which may have been speaking, is not in it and not behind it.
    pub cancelled: bool,
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
        let Woken { word, score, server, at, cancelled } = woken;
        let server = server.unwrap_or(ServerId(0));
        let known = (server.0 < self.servers.len()).then_some(server);
        self.report(known, Report::Wake { word, score });
        // The device's own voice may be on the tape before the word, and ring behind it.
        let quiet = self.speaker.quiet_since().is_some_and(|since| now.since(since) >= self.tuning.preroll);
        let from = if quiet || cancelled { at.back(self.tuning.preroll) } else { at };
        let open = self.open(now, Trigger::Wake, server, Start::At(from), Duration::ZERO);
        if let Some(turn) = self.turn.as_mut().filter(|_| open) {
            turn.woken = Some(Behind { word: at.since(from), cancelled });
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
