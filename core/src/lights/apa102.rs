//! Frames for APA102 LEDs (DotStar) and their twins SK9822: clock and data.
//!
//! A frame begins with 32 zero bits. Each LED takes the first 32 bits that it sees: three ones, five bits of brightness,
//! then blue, green and red. Each LED passes the data on half a clock late, so that the last of N needs N/2 more edges
//! of the clock than there are bits; an SK9822 shows new colours only with another 32 zero bits. The data sheet fills
//! the end with ones, which a longer strip would take for a white LED; zeros give the same edges and are taken for
//! nothing.

use super::Colour;

/// The clock that is used, in Hz. The chip takes more; short wires without a resistor do not.
pub const CLOCK: u32 = 4_000_000;

/// The highest brightness.
pub const BRIGHTEST: u8 = 31;

/// The bytes for these LEDs, all with `brightness` (0–31).
#[must_use]
pub fn bytes(pixels: &[Colour], brightness: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + pixels.len() * 4 + end(pixels.len()));
    bytes.extend([0; 4]);
    for pixel in pixels {
        bytes.extend([0xE0 | brightness.min(BRIGHTEST), pixel.blue, pixel.green, pixel.red]);
    }
    bytes.resize(bytes.len() + 4 + end(pixels.len()), 0);
    bytes
}

/// The brightness for so many percent; never nothing.
#[must_use]
pub fn brightness(percent: u8) -> u8 {
    let level = (u16::from(percent.min(100)) * u16::from(BRIGHTEST)).div_ceil(100);
    u8::try_from(level).unwrap_or(BRIGHTEST).max(1)
}

/// Bytes of clock that the data needs to arrive: half a bit for each LED.
const fn end(pixels: usize) -> usize {
    pixels.div_ceil(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_led_is_start_led_and_end() {
        let frame = bytes(&[Colour::new(0x11, 0x22, 0x33)], 31);
        assert_eq!(frame, [0, 0, 0, 0, 0xFF, 0x33, 0x22, 0x11, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn brightness_is_in_the_lower_five_bits_and_the_upper_three_are_ones() {
        for level in 0..=u8::MAX {
            let frame = bytes(&[Colour::DARK], level);
            assert_eq!(frame[4] >> 5, 0b111);
            assert_eq!(frame[4] & 31, level.min(31));
        }
    }

    #[test]
    fn the_last_led_sees_its_last_bit() {
        for count in 0..=300 {
            let frame = bytes(&vec![Colour::RED; count], 1);
            assert_eq!(frame[..4], [0; 4]);
            let end = &frame[4 + 4 * count..];
            // 32 bits for an SK9822, and N/2 edges of the clock for the way.
            assert!(end.len() * 8 >= 32 + count / 2 && end.len() * 8 < 32 + count / 2 + 9, "{count}");
            assert!(end.iter().all(|byte| *byte == 0), "nothing that a longer strip would show");
        }
    }

    #[test]
    fn percent_become_steps_and_never_darkness() {
        assert_eq!([0, 1, 3, 4, 50, 100, 255].map(brightness), [1, 1, 1, 2, 16, 31, 31]);
    }
}
