//! Which parts of an uplink end with sound that has only just come.

use std::sync::atomic::Ordering::Relaxed;

use auricle_core::audio::Position;
use auricle_core::frontend::DeviceTime;

use crate::sound::Microphone;

/// The last sound that came onto the tape.
#[derive(Default)]
pub(super) struct Fresh {
    /// Where it begins.
    from: Position,
    /// When the card was read.
    read: DeviceTime,
}

impl Fresh {
    /// Before the microphone's ring is looked at: what comes into it meanwhile is younger.
    pub(super) fn look(&mut self, mic: &Microphone) {
        self.read = DeviceTime(mic.counters().read.load(Relaxed));
    }

    /// What comes onto the tape from now on, behind `end`, is the last sound.
    pub(super) const fn comes(&mut self, end: Position) {
        self.from = end;
    }

    /// When the sample before this place came, unless that lay there.
    pub(super) fn read(&self, at: Position) -> Option<DeviceTime> {
        (at > self.from).then_some(self.read)
    }
}
