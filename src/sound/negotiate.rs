//! What is asked of a card: one order of preference, for real cards and for the fake one of the tests.

use std::time::Duration;

use auricle_core::audio::convert::Format;
use thiserror::Error;

use super::card::Shape;

/// What a card can still do. Each `set` narrows it.
pub trait HwSpace {
    /// Whether this rate, in Hz, is possible.
    fn has_rate(&self, rate: u32) -> bool;
    /// Takes this rate, or the possible one that is nearest; returns it.
    fn set_rate_near(&mut self, rate: u32) -> Option<u32>;
    /// The smallest possible number of channels and the largest.
    fn channels(&self) -> Option<(u16, u16)>;
    /// Takes this number of channels, if it is possible.
    fn set_channels(&mut self, channels: u16) -> bool;
    /// Takes this format, if it is possible.
    fn set_format(&mut self, format: Format) -> bool;
    /// Takes this period, or the possible one that is nearest, in frames; returns it.
    fn set_period_near(&mut self, frames: usize) -> Option<usize>;
    /// Takes this buffer, or the possible one that is nearest, in frames; returns it.
    fn set_buffer_near(&mut self, frames: usize) -> Option<usize>;
}

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// In this order; if none is possible, the nearest to the first.
    pub rates: &'static [u32],
    /// Length of a period.
    pub period: Duration,
    /// Length of the buffer.
    pub buffer: Duration,
}

/// For a microphone: the tape's rate, else a multiple of it, else the nearest above.
///
/// Small periods in a small buffer: sound servers mangle the sound when they are left to choose large ones, and the end
/// of speech waits for the end of the period in which it is decided.
pub const CAPTURE: Wish = Wish {
    rates: &[16_000, 48_000, 32_000, 64_000, 96_000, 192_000, 22_050, 24_000, 44_100, 88_200, 176_400],
    period: Duration::from_millis(10),
    buffer: Duration::from_millis(200),
};

/// For a loudspeaker. The buffer is also how long a stalled voice needs to be heard again.
pub const PLAYBACK: Wish = Wish {
    rates: &[48_000, 44_100, 96_000, 88_200, 192_000, 32_000, 24_000, 22_050, 16_000],
    period: Duration::from_millis(20),
    buffer: Duration::from_millis(120),
};

/// What was agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Rate, channels, format.
    pub shape: Shape,
    /// Frames.
    pub period: usize,
    /// Frames.
    pub buffer: usize,
}

/// What a card does not offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Mismatch {
    /// No rate at all.
    #[error("it offers no sample rate")]
    Rate,
    /// No channels at all.
    #[error("it offers no channels")]
    Channels,
    /// Only formats that are not known here.
    #[error("it offers none of the sample formats S16_LE, S32_LE, S24_3LE, S24_LE, FLOAT_LE, U8")]
    Format,
    /// No periods.
    #[error("it offers no usable period or buffer")]
    Buffer,
}

/// Finds what suits best. The rate goes first: it costs the most to convert. Channels are the fewest that exist.
///
/// # Errors
/// Nothing suits.
pub fn negotiate(space: &mut dyn HwSpace, wish: &Wish) -> Result<Agreed, Mismatch> {
    let first = wish.rates.first().copied().unwrap_or(16_000);
    let rate = wish.rates.iter().copied().find(|&rate| space.has_rate(rate)).unwrap_or(first);
    let rate = space.set_rate_near(rate).filter(|&rate| rate > 0).ok_or(Mismatch::Rate)?;
    let (fewest, most) = space.channels().ok_or(Mismatch::Channels)?;
    let channels =
        (fewest.max(1)..=most.min(64)).find(|&channels| space.set_channels(channels)).ok_or(Mismatch::Channels)?;
    let format = Format::ALL.into_iter().find(|&format| space.set_format(format)).ok_or(Mismatch::Format)?;
    let shape = Shape { rate, channels, format };
    let period = space.set_period_near(shape.frames(wish.period)).ok_or(Mismatch::Buffer)?;
    let buffer = space.set_buffer_near(shape.frames(wish.buffer).max(2 * period)).ok_or(Mismatch::Buffer)?;
    if period == 0 || buffer < 2 * period {
        return Err(Mismatch::Buffer);
    }
    Ok(Agreed { shape, period, buffer })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    struct Card {
        rates: Vec<u32>,
        channels: Vec<u16>,
        formats: Vec<Format>,
    }

    impl HwSpace for Card {
        fn has_rate(&self, rate: u32) -> bool {
            self.rates.contains(&rate)
        }
        fn set_rate_near(&mut self, rate: u32) -> Option<u32> {
            self.rates.iter().copied().min_by_key(|r| r.abs_diff(rate))
        }
        fn channels(&self) -> Option<(u16, u16)> {
            Some((*self.channels.iter().min()?, *self.channels.iter().max()?))
        }
        fn set_channels(&mut self, channels: u16) -> bool {
            self.channels.contains(&channels)
        }
        fn set_format(&mut self, format: Format) -> bool {
            self.formats.contains(&format)
        }
        fn set_period_near(&mut self, frames: usize) -> Option<usize> {
            Some(frames)
        }
        fn set_buffer_near(&mut self, frames: usize) -> Option<usize> {
            Some(frames)
        }
    }

    fn shape(rates: &[u32], channels: &[u16], formats: &[Format], wish: &Wish) -> Result<Shape, Mismatch> {
        let mut card = Card { rates: rates.to_vec(), channels: channels.to_vec(), formats: formats.to_vec() };
        negotiate(&mut card, wish).map(|agreed| agreed.shape)
    }

    #[test]
    fn a_microphone_prefers_the_tapes_rate_then_multiples_then_the_nearest_above() {
        let rate = |rates: &[u32]| shape(rates, &[1], &[Format::S16], &CAPTURE).unwrap().rate;
        assert_eq!(rate(&[8_000, 16_000, 44_100, 48_000]), 16_000);
        assert_eq!(rate(&[8_000, 44_100, 48_000, 96_000]), 48_000);
        assert_eq!(rate(&[44_100, 96_000]), 96_000);
        assert_eq!(rate(&[8_000, 44_100, 88_200]), 44_100);
        assert_eq!(rate(&[8_000]), 8_000);
        assert_eq!(rate(&[17_000]), 17_000);
    }

    #[test]
    fn a_loudspeaker_prefers_48_khz() {
        let rate = |rates: &[u32]| shape(rates, &[2], &[Format::S16], &PLAYBACK).unwrap().rate;
        assert_eq!(rate(&[16_000, 44_100, 48_000]), 48_000);
        assert_eq!(rate(&[16_000, 44_100]), 44_100);
    }

    #[test]
    fn the_fewest_channels_and_the_best_format_are_taken() {
        let got = shape(&[48_000], &[8, 4, 6], &[Format::U8, Format::S24, Format::S32], &CAPTURE).unwrap();
        assert_eq!(got, Shape { rate: 48_000, channels: 4, format: Format::S32 });
    }

    #[test]
    fn a_microphone_has_periods_of_10_ms_in_a_200_ms_buffer() {
        let mut card = Card { rates: vec![48_000], channels: vec![2], formats: vec![Format::S16] };
        let agreed = negotiate(&mut card, &CAPTURE).unwrap();
        assert_eq!((agreed.period, agreed.buffer), (480, 9_600));
    }

    #[test]
    fn a_card_without_a_known_format_is_refused_with_the_reason() {
        assert_eq!(shape(&[48_000], &[2], &[], &CAPTURE), Err(Mismatch::Format));
        assert_eq!(shape(&[48_000], &[], &[Format::S16], &CAPTURE), Err(Mismatch::Channels));
        assert_eq!(shape(&[], &[2], &[Format::S16], &CAPTURE), Err(Mismatch::Rate));
    }
}
