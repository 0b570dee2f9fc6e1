//! From percent to what a control wants, and back.
//!
//! Loudness is felt in ratios, so a control that is moved evenly in amplitude does everything in its lowest tenth. Where
//! the card tells its range in decibels, percent are the cube root of the amplitude, as in PulseAudio and in the
//! mixers of desktops: half of the way is 18 dB down. A control with less than 24 dB of range is even in decibels as it
//! is. A card that tells no decibels is moved evenly over its own numbers.

/// Below this a range in decibels is even enough, in hundredths of a decibel.
const NARROW: i64 = 2400;

/// What drivers give for "silent" instead of a number, in hundredths of a decibel.
const SILENT: i64 = -99_999;

/// Ten times the amplitude is 20 dB; a cube makes 60 of it.
const CUBE: f64 = 6000.0;

/// A range in hundredths of a decibel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Decibels {
    min: i64,
    max: i64,
}

impl Decibels {
    /// `None` if the card tells nothing that can be used.
    pub(super) fn new(min: i64, max: i64) -> Option<Self> {
        (min < max && max > SILENT).then_some(Self { min, max })
    }

    /// At `percent`.
    pub(super) fn at(self, percent: u8) -> i64 {
        let part = f64::from(percent.min(100)) / 100.0;
        if self.is_narrow() {
            return self.min + (self.span() * part).round() as i64;
        }
        let level = self.floor() + part * (1.0 - self.floor());
        let below = (CUBE * level.log10()).round();
        (self.max + below as i64).max(self.min)
    }

    /// The percent that come closest.
    pub(super) fn percent(self, value: i64) -> u8 {
        let below = (value.clamp(self.min, self.max) - self.max) as f64;
        let part = if self.is_narrow() {
            1.0 + below / self.span()
        } else {
            (10_f64.powf(below / CUBE) - self.floor()) / (1.0 - self.floor())
        };
        whole(part)
    }

    fn is_narrow(self) -> bool {
        self.min > SILENT && self.max - self.min <= NARROW
    }

    fn span(self) -> f64 {
        (self.max - self.min) as f64
    }

    /// The level at the lowest end, so that 0 percent are there.
    fn floor(self) -> f64 {
        if self.min <= SILENT { 0.0 } else { 10_f64.powf(-self.span() / CUBE) }
    }
}

/// The number of a control at `percent` of its range.
pub(super) fn raw(percent: u8, (min, max): (i64, i64)) -> i64 {
    let part = f64::from(percent.min(100)) / 100.0;
    min + ((max - min) as f64 * part).round() as i64
}

/// Where in its range a control's number is.
pub(super) fn percent_of_raw(value: i64, (min, max): (i64, i64)) -> u8 {
    if max <= min { 0 } else { whole((value - min) as f64 / (max - min) as f64) }
}

fn whole(part: f64) -> u8 {
    (part.clamp(0.0, 1.0) * 100.0).round() as u8
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn half_of_the_way_is_eighteen_decibels_down() {
        let range = Decibels::new(-9_999_999, 0).unwrap();
        assert_eq!(range.at(50), -1806);
        assert_eq!(range.at(100), 0);
        // A USB dongle: the lowest end is not silent, and lies at 0 percent.
        let range = Decibels::new(-6000, 400).unwrap();
        assert_eq!((range.at(0), range.at(100)), (-6000, 400));
        assert!((-1250..-1150).contains(&range.at(50)), "{}", range.at(50));
    }

    #[test]
    fn a_narrow_range_is_even_in_decibels() {
        let range = Decibels::new(-2000, 0).unwrap();
        assert_eq!([0, 25, 50, 100].map(|percent| range.at(percent)), [-2000, -1500, -1000, 0]);
    }

    #[test]
    fn a_card_that_tells_nothing_has_no_decibels() {
        for (min, max) in [(0, 0), (5, 5), (100, -100), (-9_999_999, -9_999_999)] {
            assert_eq!(Decibels::new(min, max), None);
        }
    }

    #[test]
    fn plain_numbers_are_even() {
        assert_eq!([0, 35, 50, 100].map(|percent| raw(percent, (0, 65_536))), [0, 22_938, 32_768, 65_536]);
        assert_eq!([0, 50, 100].map(|percent| raw(percent, (-10, 10))), [-10, 0, 10]);
        assert_eq!((percent_of_raw(3, (3, 3)), percent_of_raw(99, (0, 10))), (0, 100));
    }

    proptest::proptest! {
        #[test]
        fn louder_is_louder_and_what_was_set_is_read(min in -12_000_i64..-200, span in 200_i64..12_000, percent in 0_u8..100) {
            let range = Decibels::new(min, min + span).unwrap();
            proptest::prop_assert!(range.at(percent) <= range.at(percent + 1));
            proptest::prop_assert!((min..=min + span).contains(&range.at(percent)));
            proptest::prop_assert!(range.percent(range.at(percent)).abs_diff(percent) <= 1);
            let numbers = (min, min + span);
            proptest::prop_assert_eq!(percent_of_raw(raw(percent, numbers), numbers), percent);
        }
    }
}
