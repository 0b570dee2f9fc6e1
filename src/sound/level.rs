//! How loud sound is.

use std::time::Duration;

use super::card::Shape;

/// What is as quiet as this or quieter, in dBFS, is shown as this: the noise of 16 bits is above it.
pub const SILENCE_DBFS: f32 = -120.0;

/// Speech that is quieter at its loudest is hardly understood, in dBFS.
const SPEECH: f32 = -50.0;

/// A room that is never quieter drowns speech, in dBFS.
const NOISE: f32 = -30.0;

/// Speech stands out of the room by more than this, in dB.
const STANDS_OUT: f32 = 8.0;

/// More samples than one in this at full scale are clipping, and not a single click.
const CLIPPED_OF: u64 = 2_000;

/// The range of a bar: from this, in dBFS, to 0.
const BAR_FROM: f32 = -70.0;

/// The width of a bar, in characters.
const BAR_WIDTH: usize = 35;

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

impl Measured {
    /// What it is judged by.
    #[must_use]
    pub fn heard(&self) -> Heard {
        let &Self { loudest, quietest, clipped, all_zero, .. } = self;
        Heard { loudest, quietest, clipped, samples: self.shape.frames(self.span) as u64, all_zero }
    }
}

/// The figures by which a microphone is judged, over some seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heard {
    /// The loudest 100 ms, in dBFS.
    pub loudest: f32,
    /// The quietest 100 ms, in dBFS.
    pub quietest: f32,
    /// Samples at full scale.
    pub clipped: u64,
    /// Samples in all, of one channel.
    pub samples: u64,
    /// Not one sample was anything but zero.
    pub all_zero: bool,
}

/// Why what was heard will hardly be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelTrouble {
    /// Nothing but zeros: muted, broken, or the wrong microphone.
    Zeros,
    /// Too loud: samples are cut off at full scale.
    Clipped,
    /// It is never quiet.
    Noise,
    /// Somebody was asked to speak, and it was hardly loud enough.
    Quiet,
    /// Somebody was asked to speak, and nothing stood out of the room.
    Nobody,
}

impl Heard {
    /// The worst that is wrong with it; `None` if nothing is. `spoken`: somebody was asked to speak meanwhile, so that
    /// too little is wrong, too.
    #[must_use]
    pub fn trouble(&self, spoken: bool) -> Option<LevelTrouble> {
        if self.all_zero {
            Some(LevelTrouble::Zeros)
        } else if self.clipped.saturating_mul(CLIPPED_OF) > self.samples {
            Some(LevelTrouble::Clipped)
        } else if self.quietest > NOISE {
            Some(LevelTrouble::Noise)
        } else if spoken && self.loudest < SPEECH {
            Some(LevelTrouble::Quiet)
        } else if spoken && self.loudest - self.quietest < STANDS_OUT {
            Some(LevelTrouble::Nobody)
        } else {
            None
        }
    }
}

/// A level in dBFS as a bar: `[############                       ]  -46 dBFS`. Its width is always the same.
#[must_use]
pub fn bar(level: f32) -> String {
    let part = ((level - BAR_FROM) / -BAR_FROM).clamp(0.0, 1.0);
    let filled = (part * BAR_WIDTH as f32).round() as usize;
    format!("[{:<BAR_WIDTH$}] {level:>4.0} dBFS", "#".repeat(filled))
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
    fn each_trouble_is_told_apart_and_too_little_only_where_somebody_spoke() {
        use LevelTrouble::{Clipped, Nobody, Noise, Quiet, Zeros};
        let heard =
            |loudest, quietest, clipped, all_zero| Heard { loudest, quietest, clipped, samples: 64_000, all_zero };
        for (heard, spoken, unspoken) in [
            (heard(-20.0, -60.0, 0, false), None, None),
            (heard(-20.0, -60.0, 3, false), None, None),
            (heard(SILENCE_DBFS, SILENCE_DBFS, 0, true), Some(Zeros), Some(Zeros)),
            (heard(-2.0, -60.0, 900, false), Some(Clipped), Some(Clipped)),
            (heard(-15.0, -20.0, 0, false), Some(Noise), Some(Noise)),
            (heard(-61.0, -80.0, 0, false), Some(Quiet), None),
            (heard(-40.0, -44.0, 0, false), Some(Nobody), None),
        ] {
            assert_eq!((heard.trouble(true), heard.trouble(false)), (spoken, unspoken), "{heard:?}");
        }
    }

    #[test]
    fn the_bar_stays_within_its_frame() {
        assert_eq!(bar(0.0), format!("[{}]    0 dBFS", "#".repeat(35)));
        assert_eq!(bar(-35.0), format!("[{}{}]  -35 dBFS", "#".repeat(18), " ".repeat(17)));
        for level in [SILENCE_DBFS, -70.0, 3.0] {
            assert_eq!(bar(level).find(']'), Some(36), "{}", bar(level));
        }
    }

    #[test]
    fn samples_at_full_scale_are_counted() {
        assert_eq!(meter(&[32_767, -32_768, -32_767, 32_766, 0]).clipped, 3);
    }
}
