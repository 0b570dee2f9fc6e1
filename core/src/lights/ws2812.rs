//! Frames for WS2812 LEDs (NeoPixel) through the data line of an SPI bus.
//!
//! The chip tells a zero from a one by how long the line is high: 0.4 µs or 0.8 µs of 1.25 µs, each within 150 ns. A bit
//! of theirs is sent as a byte of ours: at 6.4 MHz a bit of ours is 156 ns, so that `11000000` is high for 0.31 µs and
//! `11111000` for 0.78 µs. A Raspberry Pi divides its clock by even numbers and makes 6.25 MHz of that, 160 ns, which
//! fits as well; so does the pause that its bus makes between bytes, since each byte ends low.
//!
//! What a chip has taken is shown when the line was low for 280 µs. Some buses leave the line high between frames, and
//! the end of that would count as a bit: so the same gap comes before the colours, too.

use super::Colour;

/// The clock to ask for, in Hz.
pub const CLOCK: u32 = 6_400_000;

/// The line is low for so long before and after the colours, in µs: 280 by the data sheet, and a margin.
const RESET: u32 = 320;

/// Low bytes for that long at [`CLOCK`].
const GAP: usize = (RESET as u64 * CLOCK as u64 / 8_000_000) as usize;

const ZERO: u8 = 0b1100_0000;
const ONE: u8 = 0b1111_1000;

/// The longest strip: with both gaps it fits into the 4096 bytes that Linux sends at once.
pub const MOST: u8 = 144;

/// The bytes for these LEDs, with `percent` of their light.
#[must_use]
pub fn bytes(pixels: &[Colour], percent: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 * GAP + pixels.len() * 24);
    bytes.resize(GAP, 0);
    for pixel in pixels {
        let pixel = pixel.dimmed(level(percent));
        for colour in [pixel.green, pixel.red, pixel.blue] {
            bytes.extend((0..8).rev().map(|bit| if colour >> bit & 1 == 1 { ONE } else { ZERO }));
        }
    }
    bytes.resize(bytes.len() + GAP, 0);
    bytes
}

/// Percent as a part of 255.
fn level(percent: u8) -> u8 {
    u8::try_from(u16::from(percent.min(100)) * 255 / 100).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// High and low of a bit, in ns, at a clock in Hz.
    fn times(bit: u8, clock: f64) -> (f64, f64) {
        let high = f64::from(bit.leading_ones());
        let period = 1e9 / clock;
        (high * period, (8.0 - high) * period)
    }

    #[test]
    fn both_bits_are_within_the_data_sheet_at_the_clock_asked_for_and_at_that_of_a_pi() {
        for clock in [f64::from(CLOCK), 6_250_000.0] {
            let within = |time: f64, wanted: f64| (time - wanted).abs() <= 150.0;
            let (high, low) = times(ZERO, clock);
            assert!(within(high, 400.0) && within(low, 850.0), "zero: {high} {low}");
            assert!((220.0..=380.0).contains(&high), "zero, newer chips: {high}");
            let (high, low) = times(ONE, clock);
            assert!(within(high, 800.0) && within(low, 450.0), "one: {high} {low}");
            assert!((580.0..=1_000.0).contains(&high), "one, newer chips: {high}");
            let bit = high + low;
            assert!((650.0..=1_850.0).contains(&bit), "1.25 µs ± 600 ns: {bit}");
        }
    }

    #[test]
    fn each_bit_is_one_high_pulse_that_begins_at_once() {
        for bit in [ZERO, ONE] {
            assert_eq!(bit.leading_ones() + bit.trailing_zeros(), 8, "{bit:08b}");
        }
    }

    #[test]
    fn green_comes_first_and_the_highest_bit_first() {
        let frame = bytes(&[Colour::new(0x80, 0x01, 0xF0)], 100);
        let bits: Vec<u8> = frame[GAP..frame.len() - GAP].iter().map(|byte| u8::from(*byte == ONE)).collect();
        assert_eq!(bits[..8], [0, 0, 0, 0, 0, 0, 0, 1], "green");
        assert_eq!(bits[8..16], [1, 0, 0, 0, 0, 0, 0, 0], "red");
        assert_eq!(bits[16..], [1, 1, 1, 1, 0, 0, 0, 0], "blue");
    }

    #[test]
    fn the_line_is_low_long_enough_before_and_after() {
        for clock in [f64::from(CLOCK), 6_250_000.0] {
            assert!(GAP as f64 * 8.0 / clock >= 280e-6);
        }
        let frame = bytes(&[Colour::RED; 3], 100);
        assert_eq!(frame.len(), 2 * GAP + 3 * 24);
        assert!(frame[..GAP].iter().chain(&frame[GAP + 72..]).all(|byte| *byte == 0));
    }

    #[test]
    fn the_longest_strip_fits_into_one_write() {
        assert!(bytes(&[Colour::RED; MOST as usize], 100).len() <= 4_096);
    }

    #[test]
    fn percent_dim_the_colours() {
        let ones = |percent| bytes(&[Colour::RED], percent).iter().filter(|byte| **byte == ONE).count();
        assert_eq!((ones(100), ones(0)), (8, 0));
        let half = bytes(&[Colour::RED], 50);
        let red: u8 = half[GAP + 8..GAP + 16].iter().fold(0, |sum, byte| sum << 1 | u8::from(*byte == ONE));
        assert_eq!(red, 127);
    }
}
