//! Which parts of an uplink end with sound that has only just come.

use std::sync::atomic::Ordering::Relaxed;

use auricle_core::audio::Position;
use auricle_core::frontend::DeviceTime;
use auricle_core::hearing::EarEvent;

use crate::daemon::input::Heard;
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

    /// What is told of the ear's event: of a part of an uplink also when its last sample came, unless that lay there.
    pub(super) fn tell(&self, event: EarEvent) -> Heard {
        match event {
            EarEvent::UplinkChunk { at, .. } if at > self.from => Heard::Fresh(event, self.read),
            event => Heard::Ear(event),
        }
    }
}
