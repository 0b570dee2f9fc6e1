//! What the thread tells the control thread.

use std::sync::atomic::Ordering;

use auricle_core::audio::Position;
use auricle_core::frontend::DeviceTime;
use auricle_core::hearing::EarEvent;

use super::Worker;
use crate::daemon::input::{Heard, Input};
use crate::sound;

impl Worker {
    pub(super) fn pass_on_events(&mut self) {
        while let Some(event) = self.ear.poll() {
            if let EarEvent::Ended { at, why, .. } = &event {
                // `make bench` takes the moment of decision from this line.
                tracing::debug!(at = at.0, heard = self.ear.position().0, ?why, "end of speech");
            }
            if let EarEvent::Wake { name, at, .. } = &event {
                tracing::debug!(at = at.0, heard = self.ear.position().0, name, ms_ago = self.ms_ago(*at), "wake word");
            }
            self.tell(match event {
                EarEvent::UplinkChunk { at, .. } => {
                    Heard::Part { event, caught: self.caught_at(at), fresh: self.fresh.read(at) }
                }
                event => Heard::Ear(event),
            });
        }
        self.fresh.comes(self.ear.position());
    }

    /// How long ago this place of the tape was in the air, in milliseconds.
    fn ms_ago(&self, at: Position) -> Option<u64> {
        let caught = self.caught_at(at)?;
        Some(sound::now().0.saturating_sub(caught.0) / 1_000_000)
    }

    /// When this place of the tape was in the air.
    fn caught_at(&self, at: Position) -> Option<DeviceTime> {
        let since = self.caught.0.checked_sub(at.0)?;
        Some(self.card.as_ref()?.time_before(since))
    }

    pub(super) fn answer_token(&mut self) {
        if let Some(token) = self.token.take() {
            let blocks = self.mic.counters().periods.load(Ordering::Relaxed);
            let flowing = blocks != self.blocks_at_token;
            self.blocks_at_token = blocks;
            self.tell(Heard::Token { token, flowing });
        }
    }

    pub(super) fn tell(&self, heard: Heard) {
        let what = if matches!(heard, Heard::Part { .. }) { "sound" } else { "an event" };
        if self.inbox.try_send(Input::Heard(heard)).is_err() {
            self.counters.dropped_events.fetch_add(1, Ordering::Relaxed);
            tracing::warn!("the control thread has no room for {what} of hearing");
        }
    }
}
