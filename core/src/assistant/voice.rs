//! The voice trigger: any speech opens a turn, but never the device's own.

use std::time::Duration;

use super::Assistant;
use super::event::Effect;
use crate::hearing::EarCommand;
use crate::time::Tick;

/// How long the room may ring after the loudspeaker.
pub(super) const RINGING: Duration = Duration::from_millis(300);

/// What hearing was told.
#[derive(Debug, Default)]
pub struct VoiceTrigger {
    armed: bool,
}

impl VoiceTrigger {
    /// Hearing has heard somebody, and has disarmed itself. False if it was not armed at all: an old event.
    pub fn fired(&mut self) -> bool {
        std::mem::replace(&mut self.armed, false)
    }

    /// Hearing forgot its tape and must be told again.
    pub fn forget(&mut self) {
        self.armed = false;
    }
}

impl Assistant {
    /// Whether any speech may open a turn now.
    pub(super) fn may_arm(&self, now: Tick) -> bool {
        self.voice_wanted() && self.speaker.quiet_since().is_some_and(|since| now >= since + RINGING)
    }

    fn voice_wanted(&self) -> bool {
        let gated = self.measured || !self.gates.is_empty();
        self.tuning.voice_trigger && self.turn.is_none() && self.mic.is_flowing() && !gated
    }

    /// When the room has stopped ringing, if that is what keeps the trigger off.
    pub(super) fn voice_deadline(&self) -> Option<Tick> {
        let since = self.speaker.quiet_since()?;
        (self.voice_wanted() && !self.voice.armed).then_some(since + RINGING)
    }

    /// Tells hearing when the answer changes.
    pub(super) fn arm(&mut self, now: Tick) {
        let armed = self.may_arm(now);
        if armed != self.voice.armed {
            self.voice.armed = armed;
            self.effects.push_back(Effect::Ear(EarCommand::ArmVoice(armed)));
        }
    }
}
