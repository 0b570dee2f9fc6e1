//! The loudspeaker volume: what is heard now, and what holds over a restart.

use std::time::Duration;

use super::Assistant;
use super::event::{Effect, Memory};
use super::wishes::Asker;
use crate::pace::Pace;
use crate::time::Tick;
use crate::wish::Outcome;

/// A slider sends many values a second; the ear can't follow, and a mixer may be slow.
const STEP: Duration = Duration::from_millis(50);

/// Between two writes of the state file: a memory card wears out.
const KEEP: Duration = Duration::from_secs(2);

/// The volume and who waits for it.
#[derive(Debug)]
pub struct Volume {
    /// What is heard.
    now: u8,
    /// What holds over a restart; `None`: never set, the setting counts.
    kept: Option<u8>,
    wanted: Option<(u8, Asker)>,
    apply: Pace,
    save: Pace,
}

impl Default for Volume {
    fn default() -> Self {
        Self { now: 0, kept: None, wanted: None, apply: Pace::new(1, STEP), save: Pace::new(1, KEEP) }
    }
}

impl Volume {
    /// What is heard now, 0–100.
    pub const fn now(&self) -> u8 {
        self.now
    }

    /// What servers are told: the volume that holds, whatever a slider does just now.
    pub fn lasting(&self, setting: u8) -> u8 {
        self.kept.unwrap_or(setting)
    }

    pub fn deadline(&self) -> Option<Tick> {
        self.apply.deadline().into_iter().chain(self.save.deadline()).min()
    }
}

impl Assistant {
    /// What was remembered, or else the setting.
    pub(super) fn start_volume(&mut self, kept: Option<u8>) {
        self.volume.kept = kept;
        self.restore_volume();
    }

    /// The setting has changed.
    pub(super) fn restore_volume(&mut self) {
        let volume = self.volume.lasting(self.tuning.volume).min(100);
        if std::mem::replace(&mut self.volume.now, volume) != volume || !self.started {
            self.effects.push_back(Effect::Volume(volume));
        }
    }

    /// The volume that holds over a restart, if one was ever chosen. It is saved with a delay, for which a daemon that
    /// ends has no time.
    #[must_use]
    pub const fn kept_volume(&self) -> Option<u8> {
        self.volume.kept
    }

    pub(super) fn wish_volume(&mut self, now: Tick, asker: Asker, percent: u8, keep: bool) {
        let percent = percent.min(100);
        if keep && self.volume.kept != Some(percent) {
            self.volume.kept = Some(percent);
            self.volume.save.want();
            self.tell_facts();
        }
        if let Some((_, before)) = self.volume.wanted.replace((percent, asker)) {
            self.answer(before, Outcome::Superseded);
        }
        self.volume.apply.want();
        self.serve_volume(now);
    }

    /// Lets pass what is due.
    pub(super) fn serve_volume(&mut self, now: Tick) {
        if self.volume.apply.take(now)
            && let Some((percent, asker)) = self.volume.wanted.take()
        {
            if std::mem::replace(&mut self.volume.now, percent) != percent {
                self.effects.push_back(Effect::Volume(percent));
            }
            self.answer(asker, Outcome::Done);
        }
        if self.volume.save.take(now)
            && let Some(kept) = self.volume.kept
        {
            self.effects.push_back(Effect::Remember(Memory::Volume(kept)));
        }
    }
}
