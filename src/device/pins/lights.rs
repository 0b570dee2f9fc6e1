//! The lights of a device: which pins they hang on, and frames on their way there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use auricle_core::lights::{Colour, Fixture, Frame, apa102, ws2812};

use super::bits::Bits;
use super::strip::{Encode, Strip};
use super::{Line, Outputs, PinError, Pins, Place};

/// LEDs that just got their power listen after so long.
const POWER_UP: Duration = Duration::from_millis(20);

/// Where a strip hangs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wire {
    /// On an SPI bus, named by its device file.
    Spi(PathBuf),
    /// On two pins; for chips that have a clock.
    Pins {
        /// The data pin.
        data: u8,
        /// The clock pin.
        clock: u8,
    },
}

/// The LEDs of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leds {
    /// One of one colour.
    Lamp(Line),
    /// One of three colours: red, green, blue.
    Rgb([Line; 3]),
    /// A strip of APA102 (DotStar) or SK9822.
    Apa102 {
        /// How many.
        count: u8,
        /// Where.
        wire: Wire,
    },
    /// A strip of WS2812 (NeoPixel).
    Ws2812 {
        /// How many.
        count: u8,
        /// The SPI bus on whose data line it hangs.
        spi: PathBuf,
    },
}

/// What lights are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LightWant {
    /// Where the pins are.
    pub place: Place,
    /// Which.
    pub leds: Leds,
    /// How bright a strip is, in percent.
    pub brightness: u8,
    /// A pin that gives the LEDs their power while it is on.
    pub power: Option<u8>,
}

impl LightWant {
    /// The SPI bus that they hang on, if they do.
    #[must_use]
    pub fn spi(&self) -> Option<&Path> {
        match &self.leds {
            Leds::Apa102 { wire: Wire::Spi(bus), .. } | Leds::Ws2812 { spi: bus, .. } => Some(bus),
            _ => None,
        }
    }

    /// What the core has to know about them.
    #[must_use]
    pub const fn fixture(&self) -> Fixture {
        match self.leds {
            Leds::Lamp(_) => Fixture::Lamp,
            Leds::Rgb(_) => Fixture::Rgb,
            Leds::Apa102 { count, .. } | Leds::Ws2812 { count, .. } => Fixture::Strip { pixels: count as u16 },
        }
    }
}

/// Lights that can be used. Dropped, they are dark.
pub struct Light {
    shown: Shown,
    /// Let go after the LEDs are dark.
    _power: Option<Box<dyn Outputs>>,
}

enum Shown {
    Pins(Box<dyn Outputs>),
    Strip(Strip),
}

impl Light {
    /// Takes the pins. `lost` is called when a strip fails later.
    ///
    /// # Errors
    /// When something can't be used; it may be tried again.
    pub fn open(
        pins: &dyn Pins,
        want: &LightWant,
        lost: impl FnOnce(PinError) + Send + 'static,
    ) -> Result<Self, PinError> {
        let power = want.power.map(|gpio| power(pins, &want.place, gpio)).transpose()?;
        let brightness = want.brightness;
        let strip = |bus, encode: Encode| {
            let dark = vec![Colour::DARK; want.fixture().pixels()];
            let rest = if want.power.is_some() { POWER_UP } else { Duration::ZERO };
            Strip::start(bus, encode, dark, rest, Box::new(lost)).map(Shown::Strip)
        };
        let shown = match &want.leds {
            Leds::Lamp(line) => Shown::Pins(pins.outputs(&want.place, &[*line])?),
            Leds::Rgb(lines) => Shown::Pins(pins.outputs(&want.place, lines)?),
            Leds::Apa102 { wire, .. } => {
                let bus = match wire {
                    Wire::Spi(device) => pins.bus(device, apa102::CLOCK)?,
                    Wire::Pins { data, clock } => {
                        let lines = [*data, *clock].map(|gpio| Line { gpio, active_low: false });
                        Box::new(Bits(pins.outputs(&want.place, &lines)?))
                    }
                };
                let level = apa102::brightness(brightness);
                strip(bus, Box::new(move |frame| apa102::bytes(frame, level)))?
            }
            Leds::Ws2812 { spi, .. } => {
                let bus = pins.bus(spi, ws2812::CLOCK)?;
                strip(bus, Box::new(move |frame| ws2812::bytes(frame, brightness)))?
            }
        };
        Ok(Self { shown, _power: power })
    }

    /// Shows a frame.
    ///
    /// # Errors
    /// When the pins are gone. A strip tells that later.
    pub fn show(&mut self, frame: Frame) -> Result<(), PinError> {
        match &mut self.shown {
            Shown::Pins(outputs) => {
                let colour = frame.first().copied().unwrap_or_default();
                outputs.set(&[colour.red, colour.green, colour.blue].map(|part| part > 127))
            }
            Shown::Strip(strip) => {
                strip.show(frame);
                Ok(())
            }
        }
    }
}

/// Makes LEDs dark that somebody left on.
///
/// # Errors
/// When something can't be used.
pub fn darken(pins: &dyn Pins, want: &LightWant) -> Result<(), PinError> {
    // Whoever takes outputs turns them off, and a strip's last frame is dark.
    Light::open(pins, want, |_| {}).map(drop)
}

fn power(pins: &dyn Pins, place: &Place, gpio: u8) -> Result<Box<dyn Outputs>, PinError> {
    let mut power = pins.outputs(place, &[Line { gpio, active_low: false }])?;
    power.set(&[true])?;
    Ok(power)
}
