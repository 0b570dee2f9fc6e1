//! Arithmetic of audio: the tape, conversions, WAV, the generated sounds.

use std::ops::{Add, Sub};
use std::time::Duration;

pub mod chime;
pub mod convert;
pub mod echo;
pub mod frames;
pub mod tape;
pub mod wav;

/// Samples per second on the tape, and of everything that hearing looks at.
pub const TAPE_RATE: u32 = 16_000;

/// An absolute place on the tape: samples at 16 kHz since the daemon's start. Grows as long as the microphone delivers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl Position {
    /// The place `span` before this one, at the earliest the start of the tape.
    #[must_use]
    pub fn back(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(samples(span)))
    }

    /// How much sound lies between `earlier` and this place; zero if `earlier` lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0) * 1_000_000 / TAPE_RATE as u64)
    }
}

impl Add<Duration> for Position {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(samples(span)))
    }
}

impl Sub for Position {
    type Output = u64;

    /// The number of samples between two places; zero if `earlier` lies ahead.
    fn sub(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// The number of tape samples in `span`.
#[must_use]
pub fn samples(span: Duration) -> u64 {
    u64::try_from(span.as_micros() * u128::from(TAPE_RATE) / 1_000_000).unwrap_or(u64::MAX)
}
