//! How fast the reference is read: as surely as the clocks or the sound itself tell it.

use super::tracker::Drift;

/// How wrong two crystals are before anything is known.
const UNKNOWN: f64 = 100e-6;
/// How far the drift may wander: half a millionth in a second.
const WANDER: f64 = 0.5e-6;
/// A measurement that is so many deviations off is left out …
const OFF: f64 = 4.0;
/// … unless so many come in a row: then what was believed is wrong.
const STRIKES: u32 = 4;
/// The clocks are asked only when they know it as well as this: the sound tells it sooner.
const SURE: f64 = 5e-6;
/// No measurement is believed to be better than this.
const FINEST: f64 = 3e-6;

/// The drift between loudspeaker and microphone.
#[derive(Debug)]
pub(super) struct Pace {
    drift: f64,
    variance: f64,
    strikes: u32,
}

impl Pace {
    pub(super) const fn new() -> Self {
        Self { drift: 0.0, variance: UNKNOWN * UNKNOWN, strikes: 0 }
    }

    /// How much faster than nominal the reference has to be read, as a share.
    pub(super) const fn drift(&self) -> f64 {
        self.drift
    }

    /// So many seconds went by; by their times the clocks are `clocks` apart.
    pub(super) fn pass(&mut self, seconds: f64, clocks: Drift) {
        self.variance = (self.variance + WANDER * WANDER * seconds).min(UNKNOWN * UNKNOWN);
        if clocks.variance < (self.variance / 16.0).min(SURE * SURE) {
            (self.drift, self.variance) = (clocks.rate, clocks.variance);
        }
    }

    /// The sound itself shows this drift.
    pub(super) fn measured(&mut self, sound: Drift) {
        let noise = sound.variance.max(FINEST * FINEST);
        let error = sound.rate - self.drift;
        if error * error > OFF * OFF * (self.variance + noise) {
            self.strikes += 1;
            if self.strikes >= STRIKES {
                (self.variance, self.strikes) = (UNKNOWN * UNKNOWN, 0);
            }
            return;
        }
        self.strikes = 0;
        let share = self.variance / (self.variance + noise);
        self.drift += share * error;
        self.variance *= 1.0 - share;
    }
}
