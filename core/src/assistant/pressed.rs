//! What a button does: talk, stop, answer, mute.

use super::Assistant;
use super::event::{By, ServerId};
use crate::audio::Position;
use crate::button::Gesture;
use crate::dialogue::{DialogueEvent, End, Trigger};
use crate::time::Tick;

impl Assistant {
    /// Somebody used a button that is for this server.
    pub(super) fn button(&mut self, now: Tick, gesture: Gesture, server: Option<ServerId>, at: Option<Position>) {
        match gesture {
            Gesture::Press => self.pressed(now, server, at),
            Gesture::Double => self.cancel(now),
            Gesture::Long if self.mic.muted().is_some() => self.unmute(By::Local),
            Gesture::Long => self.mute(By::Local),
        }
    }

    /// Whoever is listened to stops it; everybody else is listened to, also in the middle of an answer or a question.
    fn pressed(&mut self, now: Tick, server: Option<ServerId>, at: Option<Position>) {
        let speaks = self.speaker.playing().is_some_and(|playing| !playing.is_chime());
        match self.turn.as_ref().and_then(|turn| Some((turn.server, turn.lease?))) {
            None => self.triggered(now, Trigger::Button, server, at),
            Some((_, lease)) if matches!(lease.end, End::Manual { .. }) => self.release(at),
            Some((holder, lease)) if lease.while_speaking && speaks => self.tell(holder, DialogueEvent::BargeIn),
            Some(_) => self.cancel(now),
        }
    }
}
