//! From an open microphone and the loudspeaker's played samples to what the ear is given.

use auricle_core::audio::TAPE_RATE;
use auricle_core::frontend::{FrontEnd, Profile};

use super::card::{Card, Look, Sound};
use super::condition::Condition;
use super::counters::HearingCounters;
use crate::sound::Played;

/// So long after the last sound of the loudspeaker its echo is gone, and nothing is cancelled any more.
const REST: usize = TAPE_RATE as usize;

/// The front end and what it is fed.
pub(super) struct Intake {
    played: Played,
    front: FrontEnd,
    used: Profile,
    wanted: Profile,
    /// Samples since the loudspeaker's last sound.
    quiet: usize,
    pub(super) sound: Sound,
    pub(super) condition: Condition,
}

impl Intake {
    pub(super) fn new(played: Played, profile: Profile) -> Self {
        Self {
            played,
            front: FrontEnd::new(profile),
            used: profile,
            wanted: profile,
            quiet: REST,
            sound: Sound::default(),
            condition: Condition::default(),
        }
    }

    /// How much of the front end from the next sound on. While the device speaks it waits: nobody hears the change.
    pub(super) const fn want(&mut self, profile: Profile) {
        self.wanted = profile;
    }

    /// A microphone is there.
    pub(super) fn open(&mut self) {
        self.front.restart();
        self.condition.restart();
        self.played.want(true);
    }

    /// It is gone. What is played now is nobody's echo.
    pub(super) fn close(&mut self) {
        self.played.want(false);
        self.quiet = REST;
    }

    /// Takes what the card has delivered.
    pub(super) fn listen(&mut self, card: &mut Card, counters: &HearingCounters) -> Look {
        let look = card.listen(&mut self.front, &mut self.played, &mut self.sound);
        if matches!(look, Look::Sound { .. }) {
            counters.echo.note(self.front.state(), self.sound.clean.len(), self.played.dropped());
            self.condition.note(self.front.microphone(), counters);
            let plays = self.sound.reference.iter().any(|&sample| sample != 0);
            self.quiet = if plays { 0 } else { self.quiet.saturating_add(self.sound.raw.len()) };
            self.change();
        }
        look
    }

    /// Whether the loudspeaker plays, or did a moment ago.
    pub(super) const fn plays(&self) -> bool {
        self.quiet < REST
    }

    /// Whether the device's own voice is being taken out, but the room is not known yet.
    pub(super) fn learns(&self) -> bool {
        let state = self.front.state();
        state.active && !state.converged
    }

    /// Whether the device's own voice is taken out of the sound.
    pub(super) fn cancels(&self) -> bool {
        let state = self.front.state();
        state.active && state.converged
    }

    /// Takes another profile into use, between two chunks: what the old one held back is the end of this one.
    fn change(&mut self) {
        if self.wanted != self.used && !self.plays() {
            self.used = self.wanted;
            self.front.change(self.used, &mut self.sound.clean);
            self.sound.reference.extend_from_slice(self.front.reference());
        }
    }
}
