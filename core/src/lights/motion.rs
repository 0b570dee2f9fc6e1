//! How a picture moves: rhythms of light and dark, and what only a strip can do.

use std::time::Duration;

use super::{Colour, Frame};

/// How a picture moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// Dark.
    Off,
    /// Light.
    Steady,
    /// One second light, one dark.
    Slow,
    /// Four times a second.
    Fast,
    /// Two short flashes every two seconds.
    Double,
    /// Three short flashes every two seconds.
    Triple,
    /// Light, with a short gap every 800 ms.
    Gap,
    /// Light, with two short gaps every two seconds.
    DoubleGap,
    /// Brighter and darker, in two seconds. Only where brightness can change.
    Breathe,
    /// A point with a tail that goes around once in 1.2 s. Only where there are several LEDs; one alone breathes.
    Rotate,
}

/// A moving picture changes so often, in ms.
const STEP: u64 = 50;

/// Length of a breath, in ms.
const BREATH: u64 = 2_000;

/// Once around, in ms.
const ROUND: u64 = 1_200;

/// Of a single LED, so much of every two seconds belongs to the recording.
pub(super) const BESIDE: Duration = Duration::from_millis(500);

impl Motion {
    /// How long it is light, dark, light, … in ms, again and again; empty if it is no rhythm.
    const fn rhythm(self) -> &'static [u64] {
        match self {
            Self::Slow => &[1_000, 1_000],
            Self::Fast => &[125, 125],
            Self::Double => &[100, 150, 100, 1_650],
            Self::Triple => &[100, 150, 100, 150, 100, 1_400],
            Self::Gap => &[700, 100],
            Self::DoubleGap => &[1_650, 100, 150, 100],
            Self::Off | Self::Steady | Self::Breathe | Self::Rotate => &[],
        }
    }

    /// What `pixels` LEDs show after `age`, and how long they do so; `None`: for ever.
    pub(super) fn frame(self, colour: Colour, pixels: usize, age: Duration) -> (Frame, Option<Duration>) {
        let all = |colour: Colour| vec![colour; pixels];
        match self {
            Self::Off => (all(Colour::DARK), None),
            Self::Steady => (all(colour), None),
            Self::Rotate if pixels > 1 => {
                let (step, stays) = step(age);
                (rotated(colour, pixels, step * STEP % ROUND), Some(stays))
            }
            Self::Breathe | Self::Rotate => {
                let (step, stays) = step(age);
                (all(colour.dimmed(breath(step * STEP % BREATH))), Some(stays))
            }
            rhythmic => {
                let (light, stays) = beat(rhythmic.rhythm(), age);
                (all(if light { colour } else { Colour::DARK }), Some(stays))
            }
        }
    }
}

/// The number of the step, and how long it lasts yet.
fn step(age: Duration) -> (u64, Duration) {
    let micros = micros(age);
    let length = STEP * 1_000;
    (micros / length, Duration::from_micros(length - micros % length))
}

/// Whether it is light now, and how long that stays.
fn beat(rhythm: &[u64], age: Duration) -> (bool, Duration) {
    let period: u64 = rhythm.iter().sum::<u64>() * 1_000;
    let place = micros(age) % period.max(1);
    let mut end = 0;
    for (nth, part) in rhythm.iter().enumerate() {
        end += part * 1_000;
        if place < end {
            return (nth % 2 == 0, Duration::from_micros(end - place));
        }
    }
    (true, Duration::from_secs(1))
}

/// From a twelfth of the light to all of it and back. The eye sees the square root.
fn breath(at: u64) -> u8 {
    let half = BREATH / 2;
    let rise = if at < half { at } else { BREATH - at };
    let level = 20 + 235 * rise * rise / (half * half);
    u8::try_from(level).unwrap_or(u8::MAX)
}

/// A point and its tail of half a round.
fn rotated(colour: Colour, pixels: usize, at: u64) -> Frame {
    let count = pixels as u64;
    let head = at * count / ROUND;
    let tail = (count / 2).max(1);
    let pixel = |place: u64| {
        let behind = (head + count - place) % count;
        let left = tail.saturating_sub(behind);
        let level = 255 * left * left / (tail * tail);
        colour.dimmed(u8::try_from(level).unwrap_or(u8::MAX))
    };
    (0..count).map(pixel).collect()
}

/// Whether a single LED shows the recording now, and until when at the most.
pub(super) fn recording_first(age: Duration) -> (bool, Duration) {
    beat(&[500, 1_500], age)
}

fn micros(age: Duration) -> u64 {
    u64::try_from(age.as_micros()).unwrap_or(u64::MAX)
}
