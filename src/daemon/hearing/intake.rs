//! From an open microphone and the loudspeaker's played samples to what the ear is given.

use auricle_core::audio::TAPE_RATE;
use auricle_core::frontend::{FrontEnd, Profile};

use super::card::{Card, Look, Sound};
use super::condition::Condition;
use super::counters::HearingCounters;
use crate::sound::Played;

/// The front end lets samples pass so long after the last sound of the loudspeaker, and holds none back.
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

    /// How much of the front end from now on. While the device speaks it waits, so that nothing is torn.
    pub(super) fn want(&mut self, profile: Profile) {
        self.wanted = profile;
        self.change();
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
        self.change();
    }

    /// Takes what the card has delivered.
    pub(super) fn listen(&mut self, card: &mut Card, counters: &HearingCounters) -> Look {
        let look = card.listen(&mut self.front, &mut self.played, &mut self.sound);
        if matches!(look, Look::Sound { .. }) {
            counters.echo.note(self.front.state(), self.sound.clean.len(), self.played.dropped());
            self.condition.note(self.front.microphone(), counters);
            let plays = self.sound.reference.iter().any(|&sample| sample != 0);
            self.quiet = if plays { 0 } else { self.quiet.saturating_add(self.sound.raw.len()) };
        }
        look
    }

    /// Whether the loudspeaker has played within the last second.
    pub(super) const fn plays(&self) -> bool {
        self.quiet < REST
    }

    /// Whether the device's own voice is taken out of the sound.
    pub(super) fn cancels(&self) -> bool {
        let state = self.front.state();
        state.active && state.converged
    }

    /// Takes another profile into use, once nothing is held back. Between two chunks.
    pub(super) fn change(&mut self) {
        if self.wanted != self.used && self.quiet >= REST {
            self.used = self.wanted;
            self.front = FrontEnd::new(self.used);
            self.condition.restart();
        }
    }
}
