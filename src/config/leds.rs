//! What the settings of button and lights mean together.

use super::pins::{Button, Kind, Leds, Preset};
use super::problem::{Place as Where, quote};
use super::read::Reading;
use crate::device::pins::lights::{self, LightWant, Wire};
use crate::device::pins::{Line, Place, Pull};

/// A button that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ButtonWant {
    /// Where the pins are.
    pub place: Place,
    /// Its pin.
    pub line: Line,
    /// What holds the pin while nobody presses.
    pub pull: Pull,
    /// Which server it is for, by its place in the settings.
    pub server: Option<usize>,
}

/// What is on a board.
struct Facts {
    name: &'static str,
    kind: Kind,
    count: Option<u8>,
    /// The pin of a single LED.
    gpio: Option<u8>,
    /// Data and clock, where the strip does not hang on SPI.
    pins: Option<[u8; 2]>,
    power: Option<u8>,
    button: Option<u8>,
}

const NOTHING: Facts =
    Facts { name: "", kind: Kind::None, count: None, gpio: None, pins: None, power: None, button: None };

impl Preset {
    fn facts(self) -> Facts {
        let strip = |name, count| Facts { name, kind: Kind::Apa102, count: Some(count), ..NOTHING };
        match self {
            Self::ReSpeaker2 => Facts { button: Some(17), ..strip("respeaker-2mic", 3) },
            Self::ReSpeaker4 => Facts { power: Some(5), ..strip("respeaker-4mic", 12) },
            Self::ReSpeaker6 => Facts { power: Some(5), button: Some(26), ..strip("respeaker-6mic", 12) },
            // Its LEDs do not hang on the pins of SPI.
            Self::AdafruitVoice => Facts { pins: Some([5, 6]), button: Some(17), ..strip("adafruit-voice-bonnet", 3) },
            Self::GoogleAiy1 => {
                Facts { name: "google-aiy-v1", kind: Kind::Gpio, gpio: Some(25), button: Some(23), ..NOTHING }
            }
            // Its light hangs on a chip behind I²C, out of reach of GPIO.
            Self::GoogleAiy2 => Facts { name: "google-aiy-v2", button: Some(23), ..NOTHING },
        }
    }
}

impl Leds {
    /// The lights that are wanted; `None` for none.
    #[must_use]
    pub fn want(&self) -> Option<LightWant> {
        let facts = self.facts();
        let line = |gpio| Line { gpio, active_low: self.active_low };
        let count = self.count.or(facts.count);
        let leds = match self.wanted_kind() {
            Kind::None => return None,
            Kind::Gpio => lights::Leds::Lamp(line(self.gpio.or(facts.gpio)?)),
            Kind::Rgb => lights::Leds::Rgb([line(self.red?), line(self.green?), line(self.blue?)]),
            Kind::Apa102 => {
                let own = self.data.zip(self.clock).map(|(data, clock)| [data, clock]);
                let wire = match own.or(facts.pins) {
                    Some([data, clock]) => Wire::Pins { data, clock },
                    None => Wire::Spi(self.spi.clone()),
                };
                lights::Leds::Apa102 { count: count?, wire }
            }
            Kind::Ws2812 => lights::Leds::Ws2812 { count: count?, spi: self.spi.clone() },
        };
        let place = Place { backend: self.backend, chip: self.chip.clone().unwrap_or_default() };
        Some(LightWant { place, leds, brightness: self.brightness, power: self.power.or(facts.power) })
    }

    /// The pin of the button that is on the board of the preset.
    #[must_use]
    pub fn button_on_board(&self) -> Option<u8> {
        self.facts().button
    }

    fn facts(&self) -> Facts {
        self.preset.map_or(NOTHING, Preset::facts)
    }

    fn wanted_kind(&self) -> Kind {
        self.kind.unwrap_or(self.facts().kind)
    }
}

/// The buttons that are wanted: those of the settings, else the one on the board of the preset.
#[must_use]
pub(super) fn buttons(buttons: &[Button], leds: &Leds, servers: &[&str]) -> Vec<ButtonWant> {
    if let ([], Some(gpio)) = (buttons, leds.button_on_board()) {
        let place = Place { backend: leds.backend, chip: leds.chip.clone().unwrap_or_default() };
        return vec![ButtonWant { place, line: Line { gpio, active_low: true }, pull: Pull::Up, server: None }];
    }
    let want = |button: &Button| ButtonWant {
        place: Place { backend: button.backend, chip: button.chip.clone().unwrap_or_default() },
        line: Line { gpio: button.gpio, active_low: button.active_low },
        pull: button.pull,
        server: button.server.as_ref().and_then(|name| servers.iter().position(|server| server == name)),
    };
    buttons.iter().map(want).collect()
}

/// Checks button and lights together. Returns warnings.
pub(super) fn check(buttons: &[Button], leds: &Leds, servers: &[&str], reading: &mut Reading<'_, '_>) -> Vec<String> {
    check_servers(buttons, servers, reading);
    check_kind(leds, reading);
    check_strays(leds, reading);
    check_count(leds, reading);
    let mut warnings = check_pins(buttons, leds, reading);
    if leds.preset == Some(Preset::GoogleAiy2) && leds.kind.is_none() {
        warnings.push(
            "[leds] `preset` \"google-aiy-v2\" has a button only: its light hangs on a chip behind I²C, which GPIO can't drive"
                .into(),
        );
    }
    if let (Some(Kind::None), Some(preset)) = (leds.kind, leds.preset) {
        warnings.push(format!(
            "[leds] `kind` is \"none\", so that the lights of `preset` \"{}\" stay dark; remove `kind` to use them",
            preset.facts().name
        ));
    }
    warnings
}

fn check_servers(buttons: &[Button], servers: &[&str], reading: &mut Reading<'_, '_>) {
    for (nth, button) in buttons.iter().enumerate() {
        let Some(name) = &button.server else { continue };
        if servers.contains(&name.as_str()) {
            continue;
        }
        let names: Vec<String> = servers.iter().map(|server| format!("\"{}\"", quote(server))).collect();
        let remedy = if names.is_empty() {
            "there is no server in the settings; remove it".to_owned()
        } else {
            format!("the servers are {}", names.join(", "))
        };
        let place = reading.origin(("button", nth, "server")).place();
        reading.problems.add(place, || format!("`server` in [button] is \"{}\"; {remedy}", quote(name)));
    }
}

/// Everything that the kind needs is there, and it is the preset's.
fn check_kind(leds: &Leds, reading: &mut Reading<'_, '_>) {
    let facts = leds.facts();
    let (key, value) = match leds.kind {
        Some(kind) => ("kind", kind.name()),
        None => ("preset", facts.name),
    };
    let place = reading.origin(("leds", 0, key)).place();
    if leds.kind.is_some_and(|kind| leds.preset.is_some() && kind != Kind::None && kind != facts.kind) {
        let has = if facts.kind == Kind::None { "no lights" } else { facts.kind.name() };
        return reading.problems.add(place, || {
            format!("`kind` in [leds] is \"{value}\", but `preset` \"{}\" has {has}; remove one of the two", facts.name)
        });
    }
    let lacks = |present: bool, what: &'static str| (!present).then_some(what);
    let missing = match leds.wanted_kind() {
        Kind::None => None,
        Kind::Gpio => lacks(leds.gpio.or(facts.gpio).is_some(), "gpio = 25, the pin of the LED"),
        Kind::Rgb => lacks(leds.red.is_some(), "red = 17, the pin of the red LED")
            .or(lacks(leds.green.is_some(), "green = 27, the pin of the green LED"))
            .or(lacks(leds.blue.is_some(), "blue = 22, the pin of the blue LED")),
        Kind::Apa102 | Kind::Ws2812 => lacks(leds.count.or(facts.count).is_some(), "count = 12, the number of LEDs"),
    };
    if let Some(missing) = missing {
        reading.problems.add(place, || format!("`{key}` in [leds] is \"{value}\"; add for example {missing}"));
    }
}

/// What is set must be of use for the kind. Without lights everything may stay.
fn check_strays(leds: &Leds, reading: &mut Reading<'_, '_>) {
    let kind = leds.wanted_kind();
    let strip = matches!(kind, Kind::Apa102 | Kind::Ws2812);
    let pins = kind == Kind::Apa102;
    let uses = [
        ("gpio", leds.gpio.is_some(), kind == Kind::Gpio, "kind \"gpio\""),
        ("red", leds.red.is_some(), kind == Kind::Rgb, "kind \"rgb\""),
        ("green", leds.green.is_some(), kind == Kind::Rgb, "kind \"rgb\""),
        ("blue", leds.blue.is_some(), kind == Kind::Rgb, "kind \"rgb\""),
        ("count", leds.count.is_some(), strip, "strips"),
        ("data", leds.data.is_some(), pins, "kind \"apa102\""),
        ("clock", leds.clock.is_some(), pins, "kind \"apa102\""),
    ];
    if kind == Kind::None {
        return;
    }
    for (key, set, useful, what) in uses {
        if set && !useful {
            let place = reading.origin(("leds", 0, key)).place();
            reading.problems.add(place, || {
                format!("`{key}` in [leds] is for {what}, and `kind` is \"{}\"; remove one of the two", kind.name())
            });
        }
    }
    if leds.data.is_some() != leds.clock.is_some() {
        let (key, other) = if leds.data.is_some() { ("data", "clock") } else { ("clock", "data") };
        let place = reading.origin(("leds", 0, key)).place();
        reading
            .problems
            .add(place, || format!("`{key}` in [leds] needs `{other}` beside it; add it, or remove `{key}`"));
    }
}

/// A pin, the label of its chip, whose it is, and where that is written.
type Use = (u8, Option<String>, String, Where);

/// No pin serves two purposes.
fn check_pins(buttons: &[Button], leds: &Leds, reading: &mut Reading<'_, '_>) -> Vec<String> {
    let mut pins = pins_of_leds(buttons, leds, reading);
    for (nth, button) in buttons.iter().enumerate() {
        let place = reading.origin(("button", nth, "gpio")).place();
        pins.push((button.gpio, button.chip.clone(), "`gpio` in [button]".into(), place));
    }
    for (nth, (gpio, chip, what, place)) in pins.iter().enumerate() {
        let same = |other: &&Use| other.0 == *gpio && other.1 == *chip;
        if let Some((_, _, before, _)) = pins[..nth].iter().find(same) {
            reading.problems.add(place.clone(), || {
                format!("{what} is {gpio}, which is also the pin of {before}; give each a pin of its own")
            });
        }
    }
    let spi = leds
        .want()
        .is_some_and(|want| want.spi().is_some_and(|bus| bus.to_string_lossy().starts_with("/dev/spidev0.")));
    let on_bus = pins.iter().filter(|(gpio, chip, ..)| spi && chip.is_none() && BUS.contains(gpio));
    on_bus.map(|(gpio, _, what, _)| {
        format!("{what} is {gpio}, which on a Raspberry Pi belongs to the SPI bus of the lights (GPIO10 and GPIO11); use another pin there")
    }).collect()
}

/// MOSI and SCLK of the first SPI bus of a Raspberry Pi.
const BUS: [u8; 2] = [10, 11];

/// The pins of the lights, and that of the button on their board.
fn pins_of_leds(buttons: &[Button], leds: &Leds, reading: &Reading<'_, '_>) -> Vec<Use> {
    let place = |key| reading.origin(("leds", 0, key)).place();
    let mut pins: Vec<Use> = Vec::new();
    if let ([], Some(gpio)) = (buttons, leds.button_on_board()) {
        pins.push((gpio, leds.chip.clone(), "the button of `preset` in [leds]".into(), place("preset")));
    }
    let Some(want) = leds.want() else { return pins };
    let on_board = |own: Option<u8>, key: &'static str| if own.is_some() { place(key) } else { place("preset") };
    let mut lights: Vec<(u8, &'static str, Where)> = match want.leds {
        lights::Leds::Lamp(line) => vec![(line.gpio, "gpio", on_board(leds.gpio, "gpio"))],
        lights::Leds::Rgb([red, green, blue]) => {
            vec![
                (red.gpio, "red", place("red")),
                (green.gpio, "green", place("green")),
                (blue.gpio, "blue", place("blue")),
            ]
        }
        lights::Leds::Apa102 { wire: Wire::Pins { data, clock }, .. } => {
            vec![(data, "data", on_board(leds.data, "data")), (clock, "clock", on_board(leds.clock, "clock"))]
        }
        lights::Leds::Apa102 { .. } | lights::Leds::Ws2812 { .. } => Vec::new(),
    };
    lights.extend(want.power.map(|gpio| (gpio, "power", on_board(leds.power, "power"))));
    let whose = |(gpio, key, place)| (gpio, leds.chip.clone(), format!("`{key}` in [leds]"), place);
    pins.extend(lights.into_iter().map(whose));
    pins
}

/// Two pins are slow: each bit takes two calls of the system.
const ON_PINS: u8 = 24;

fn check_count(leds: &Leds, reading: &mut Reading<'_, '_>) {
    if let Some(lights::Leds::Apa102 { count, wire: Wire::Pins { .. } }) = leds.want().map(|want| want.leds)
        && count > ON_PINS
    {
        let place = reading.origin(("leds", 0, "count")).place();
        reading.problems.add(place, || {
            format!("`count` in [leds] is {count}; on two pins it must be 1 to {ON_PINS}, longer strips need SPI")
        });
    }
}
