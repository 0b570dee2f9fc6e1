//! The loudspeaker's volume: by the card's own control where the settings name one, else in software.

use std::time::Instant;

use auricle_core::assistant::cause::Cause;
use auricle_core::assistant::event::Event;

use super::control::Control;
use crate::sound::mixer::MixerError;

impl Control {
    pub(super) fn loudness(&mut self, percent: u8) {
        match &self.mixer {
            Some(mixer) => {
                mixer.set(percent);
                self.mixer_owes.begin();
            }
            None => self.speaker.volume(percent),
        }
    }

    /// While the control can't be used, the volume is applied in software.
    pub(super) fn mixer_notice(&mut self, notice: Result<u8, MixerError>) {
        self.mixer_owes.end();
        match notice {
            Ok(_) => {
                self.speaker.volume(100);
                self.decide(Event::OutputBack("MixerGone"));
            }
            Err(error) => self.mixer_lost(&error),
        }
    }

    /// Tells of a frozen sound server, which the mixer's thread can't tell itself.
    pub(super) fn look_after_mixer(&mut self, now: Instant) {
        if self.mixer_owes.due(now)
            && let Some(error) = self.mixer.as_ref().and_then(|mixer| mixer.stuck())
        {
            self.mixer_lost(&error);
        }
    }

    fn mixer_lost(&mut self, error: &MixerError) {
        self.speaker.volume(self.assistant.volume());
        self.decide(Event::OutputLost(Cause::MixerGone { detail: error.to_string() }));
    }
}
