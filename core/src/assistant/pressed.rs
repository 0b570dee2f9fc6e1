//! What a button does: talk, stop, answer, mute.

use std::time::Duration;

use super::Assistant;
use super::event::{By, ServerId};
use crate::audio::Position;
use crate::button::Gesture;
use crate::dialogue::{DialogueEvent, End, Trigger};
use crate::time::Tick;

impl Assistant {
    /// Somebody used a button that is for this server. With where the tape stands, and when the contact closed.
    pub(super) fn button(
        &mut self,
        now: Tick,
        gesture: Gesture,
        server: Option<ServerId>,
        (at, pressed): (Option<Position>, Tick),
    ) {
        match gesture {
            Gesture::Press => self.pressed(now, server, at, pressed),
            Gesture::Double => self.cancel(now),
            Gesture::Long if self.mic.muted().is_some() => self.unmute(By::Local),
            Gesture::Long => self.mute(By::Local),
        }
    }

    /// Whoever is listened to stops it; everybody else is listened to, also in the middle of an answer or a question.
    fn pressed(&mut self, now: Tick, server: Option<ServerId>, at: Option<Position>, pressed: Tick) {
        let speaks = self.speaker.playing().is_some_and(|playing| !playing.is_chime());
        match self.turn.as_ref().and_then(|turn| Some((turn.server, turn.lease?))) {
            None => {
                let held = self.held(now, pressed);
                self.triggered(now, Trigger::Button, server, at.map(|at| at.back(held)), held);
            }
            Some((_, lease)) if matches!(lease.end, End::Manual { .. }) => self.release(at),
            Some((holder, lease)) if lease.while_speaking && speaks => {
                self.tell(holder, DialogueEvent::BargeIn { wake: false });
            }
            Some(_) => self.cancel(now),
        }
    }

    /// How long before now a press counts, as far as the device was not to be heard then.
    fn held(&self, now: Tick, pressed: Tick) -> Duration {
        let quiet = self.speaker.quiet_since().map_or(Duration::ZERO, |since| now.since(since));
        now.since(pressed).min(quiet.saturating_sub(self.tuning.preroll))
    }
}
