//! The settings of button and lights.

use std::path::PathBuf;

use super::define::Initial::{Default, Required, Unset};
use super::define::section;
use super::kind::{Choice, Flag, Optional, Whole};
use super::kinds::{AbsolutePath, LINE, NAME};
use crate::device::pins::{Backend, Pull};

/// What lights there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// None.
    None,
    /// One LED on a pin.
    Gpio,
    /// One LED of three colours on three pins.
    Rgb,
    /// A strip of APA102 (DotStar) or SK9822.
    Apa102,
    /// A strip of WS2812 (NeoPixel).
    Ws2812,
}

/// A board whose lights and button are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// ReSpeaker 2-Mics Pi HAT.
    ReSpeaker2,
    /// ReSpeaker 4-Mic Array.
    ReSpeaker4,
    /// ReSpeaker 6-Mic Circular Array.
    ReSpeaker6,
    /// Adafruit Voice Bonnet.
    AdafruitVoice,
    /// Google AIY Voice HAT.
    GoogleAiy1,
    /// Google AIY Voice Bonnet.
    GoogleAiy2,
}

impl Kind {
    /// The word in the settings.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gpio => "gpio",
            Self::Rgb => "rgb",
            Self::Apa102 => "apa102",
            Self::Ws2812 => "ws2812",
        }
    }
}

/// The number of a pin.
const GPIO: Whole = Whole(0, 127);

const BACKEND: Choice<Backend> =
    Choice(&[("auto", Some(Backend::Auto)), ("gpiocdev", Some(Backend::Gpiocdev)), ("rppal", Some(Backend::Rppal))]);

section! {
    /// A button. A short press talks, stops the loudspeaker and talks, or ends the listening; a press of two seconds mutes and
    /// unmutes; two presses cancel. For several buttons write `[[button]]` once per button.
    pub struct Button = "button" {
        /// The pin of the button: on a Raspberry Pi its GPIO (BCM) number, not its place on the header.
        gpio: u8 = GPIO, Required("17"), Restart;
        /// The server that the button is for: the `name` of its section. Empty: the first one.
        server: Option<String> = Optional(NAME), Unset("\"linto\""), Restart;
        /// Whether the pin is low while the button is pressed: a button between pin and ground.
        active_low: bool = Flag, Default("true"), Restart;
        /// What holds the pin while nobody presses: the chip's resistor to 3.3 V ("up") or to ground ("down"), or a resistor
        /// of yours ("off").
        pull: Pull = Choice(&[("up", Some(Pull::Up)), ("down", Some(Pull::Down)), ("off", Some(Pull::Off))]),
            Default("\"up\""), Restart;
        /// How the pin is reached: "gpiocdev" by the kernel, on any board; "rppal" by the registers of a Raspberry Pi; "auto"
        /// by the kernel, and by the registers where it offers no known chip.
        backend: Backend = BACKEND, Default("\"auto\""), Restart;
        /// The label of the kernel's GPIO chip (`gpiodetect` lists them). Empty: that of a Raspberry Pi, or the only one.
        chip: Option<String> = Optional(LINE), Unset("\"pinctrl-rp1\""), Restart;
    }
}

section! {
    /// Lights that show what the device does.
    pub struct Leds = "leds" {
        /// What lights there are: one LED on a pin, one LED of three colours on three pins, or a strip. Empty: those of the
        /// `preset`, or none.
        kind: Option<Kind> = Optional(Choice(&[
            ("none", Some(Kind::None)),
            ("gpio", Some(Kind::Gpio)),
            ("rgb", Some(Kind::Rgb)),
            ("apa102", Some(Kind::Apa102)),
            ("ws2812", Some(Kind::Ws2812)),
        ])), Unset("\"none\""), Restart;
        /// A board whose lights and button are known; its button works without a [button] section. Empty: none of them.
        preset: Option<Preset> = Optional(Choice(&[
            ("respeaker-2mic", Some(Preset::ReSpeaker2)),
            ("respeaker-4mic", Some(Preset::ReSpeaker4)),
            ("respeaker-6mic", Some(Preset::ReSpeaker6)),
            ("adafruit-voice-bonnet", Some(Preset::AdafruitVoice)),
            ("google-aiy-v1", Some(Preset::GoogleAiy1)),
            ("google-aiy-v2", Some(Preset::GoogleAiy2)),
        ])), Default("\"\""), Restart;
        /// Kind "gpio": the pin of the LED.
        gpio: Option<u8> = Optional(GPIO), Unset("25"), Restart;
        /// Kind "rgb": the pin of the red LED.
        red: Option<u8> = Optional(GPIO), Unset("17"), Restart;
        /// Kind "rgb": the pin of the green LED.
        green: Option<u8> = Optional(GPIO), Unset("27"), Restart;
        /// Kind "rgb": the pin of the blue LED.
        blue: Option<u8> = Optional(GPIO), Unset("22"), Restart;
        /// Kinds "gpio" and "rgb": whether an LED is lit while its pin is low: an LED between 3.3 V and pin.
        active_low: bool = Flag, Default("false"), Restart;
        /// Strips: how many LEDs.
        count: Option<u8> = Optional(Whole(1, auricle_core::lights::ws2812::MOST)), Unset("12"), Restart;
        /// Strips: how bright, in percent.
        brightness: u8 = Whole(1, 100), Default("30"), Restart;
        /// Strips: the SPI bus.
        spi: PathBuf = AbsolutePath, Default("\"/dev/spidev0.0\""), Restart;
        /// Kind "apa102" on two pins instead of SPI, up to 24 LEDs: the pin of the data line.
        data: Option<u8> = Optional(GPIO), Unset("5"), Restart;
        /// Kind "apa102" on two pins instead of SPI: the pin of the clock line.
        clock: Option<u8> = Optional(GPIO), Unset("6"), Restart;
        /// A pin that gives the LEDs their power while it is high.
        power: Option<u8> = Optional(GPIO), Unset("13"), Restart;
        /// How the pins are reached, as in [button].
        backend: Backend = BACKEND, Default("\"auto\""), Restart;
        /// The label of the kernel's GPIO chip, as in [button].
        chip: Option<String> = Optional(LINE), Unset("\"pinctrl-rp1\""), Restart;
    }
}
