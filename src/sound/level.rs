//! How loud sound is.

use std::time::Duration;

use super::card::Shape;

/// What is as quiet as this or quieter, in dBFS, is shown as this: the noise of 16 bits is above it.
pub const SILENCE_DBFS: f32 = -120.0;

/// A sample at full scale. Some converters leave out the most negative value.
const FULL: u16 = 32_767;

/// The level of a stretch of sound, in dBFS: 0 is the loudest that a sample can say, [`SILENCE_DBFS`] the quietest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Of the mean power; a full-scale square has 0, a full-scale sine -3.
    pub rms: f32,
    /// Of the largest sample.
    pub peak: f32,
}

/// What a microphone delivered in all.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Its PCM name.
    pub device: String,
    /// What the card agreed to.
    pub shape: Shape,
    /// How much sound it was.
    pub span: Duration,
    /// Over all of it.
    pub level: Level,
    /// The level of the loudest 100 ms, by `rms`: somebody who speaks, where the mean is mostly pauses.
    pub loudest: f32,
    /// The level of the quietest 100 ms, by `rms`: the noise of the room.
    pub quietest: f32,
    /// Samples at full scale.
    pub clipped: u64,
    /// Not one sample was anything but zero: a muted or broken microphone, or a sink that nobody plays into.
    pub all_zero: bool,
}

/// Adds up samples.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Meter {
    power: f64,
    peak: u16,
    pub(crate) samples: u64,
    pub(crate) clipped: u64,
}

impl Meter {
    pub(crate) fn add(&mut self, samples: &[i16]) {
        for &sample in samples {
            self.power += f64::from(sample).powi(2);
            self.peak = self.peak.max(sample.unsigned_abs());
            self.clipped += u64::from(sample.unsigned_abs() >= FULL);
        }
        self.samples += samples.len() as u64;
    }

    pub(crate) fn level(&self) -> Level {
        let mean = self.power / self.samples.max(1) as f64;
        Level { rms: dbfs(mean.sqrt()), peak: dbfs(self.peak.into()) }
    }

    pub(crate) const fn all_zero(&self) -> bool {
        self.peak == 0
    }
}

fn dbfs(amplitude: f64) -> f32 {
    let level = 20.0 * (amplitude / 32_768.0).log10();
    (level as f32).max(SILENCE_DBFS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(samples: &[i16]) -> Meter {
        let mut meter = Meter::default();
        meter.add(samples);
        meter
    }

    #[test]
    fn levels_are_those_of_the_book() {
        let close = |a: f32, b: f32| (a - b).abs() < 0.05;
        let square = meter(&[16_384, -16_384].repeat(800)).level();
        assert!(close(square.rms, -6.02) && close(square.peak, -6.02), "{square:?}");
        let sine: Vec<i16> = (0..16_000).map(|n| ((n as f32 * 0.1).sin() * 32_767.0) as i16).collect();
        let sine = meter(&sine).level();
        assert!(close(sine.rms, -3.01) && close(sine.peak, 0.0), "{sine:?}");
    }

    #[test]
    fn silence_and_nothing_at_all_are_the_quietest_level() {
        for meter in [meter(&[]), meter(&[0; 100])] {
            assert_eq!(meter.level(), Level { rms: SILENCE_DBFS, peak: SILENCE_DBFS });
            assert!(meter.all_zero());
        }
        assert!(!meter(&[0, 1]).all_zero());
    }

    #[test]
    fn samples_at_full_scale_are_counted() {
        assert_eq!(meter(&[32_767, -32_768, -32_767, 32_766, 0]).clipped, 3);
    }
}
