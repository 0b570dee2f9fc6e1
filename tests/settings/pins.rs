//! Button and lights: what boards have, what fits together, and the words where it does not.

use std::path::PathBuf;

use auricle::config::explain;
use auricle::device::pins::lights::{Leds, Wire};
use auricle::device::pins::{Backend, Line, Pull};

use super::{loaded, refused};

fn high(gpio: u8) -> Line {
    Line { gpio, active_low: false }
}

fn spi(count: u8) -> Leds {
    Leds::Apa102 { count, wire: Wire::Spi(PathBuf::from("/dev/spidev0.0")) }
}

#[test]
fn without_sections_there_is_neither_button_nor_light() {
    let settings = loaded("").settings;
    assert!(settings.buttons().is_empty() && settings.leds.want().is_none());
    let agreed = loaded("[button]\ngpio = 17\n[leds]\nkind = \"none\"\npreset = \"\"\n").settings;
    assert!(agreed.leds.want().is_none());
    let [button] = agreed.buttons().try_into().unwrap();
    assert_eq!((button.line, button.pull), (Line { gpio: 17, active_low: true }, Pull::Up), "to ground, pulled up");
    assert_eq!((button.server, button.place.backend), (None, Backend::Auto));
}

#[test]
fn a_board_brings_its_lights_its_power_and_its_button() {
    let voice_bonnet = Leds::Apa102 { count: 3, wire: Wire::Pins { data: 5, clock: 6 } };
    for (preset, leds, power, button) in [
        ("respeaker-2mic", Some(spi(3)), None, Some(17)),
        ("respeaker-4mic", Some(spi(12)), Some(5), None),
        ("respeaker-6mic", Some(spi(12)), Some(5), Some(26)),
        ("adafruit-voice-bonnet", Some(voice_bonnet), None, Some(17)),
        ("google-aiy-v1", Some(Leds::Lamp(high(25))), None, Some(23)),
        ("google-aiy-v2", None, None, Some(23)),
    ] {
        let settings = loaded(&format!("[leds]\npreset = \"{preset}\"\n")).settings;
        let want = settings.leds.want();
        assert_eq!(want.as_ref().map(|want| &want.leds), leds.as_ref(), "{preset}");
        assert_eq!(want.and_then(|want| want.power), power, "{preset}");
        let buttons: Vec<u8> = settings.buttons().iter().map(|button| button.line.gpio).collect();
        assert_eq!(buttons, button.into_iter().collect::<Vec<_>>(), "{preset}");
    }
}

#[test]
fn what_is_written_goes_before_what_a_board_has() {
    let text = "[leds]\npreset = \"respeaker-2mic\"\ncount = 1\nspi = \"/dev/spidev1.0\"\n[button]\ngpio = 4\n";
    let settings = loaded(text).settings;
    let wire = Wire::Spi(PathBuf::from("/dev/spidev1.0"));
    assert_eq!(settings.leds.want().unwrap().leds, Leds::Apa102 { count: 1, wire });
    assert_eq!(settings.buttons()[0].line.gpio, 4);
    assert_eq!(settings.buttons().len(), 1, "the button of the board is another one's now");
}

#[test]
fn each_kind_of_light_can_be_wired_by_hand() {
    let leds = |text: &str| loaded(&format!("[leds]\n{text}")).settings.leds.want().unwrap().leds;
    assert_eq!(leds("kind = \"gpio\"\ngpio = 25"), Leds::Lamp(high(25)));
    let low = |gpio| Line { gpio, active_low: true };
    let rgb = "kind = \"rgb\"\nred = 17\ngreen = 27\nblue = 22\nactive_low = true";
    assert_eq!(leds(rgb), Leds::Rgb([low(17), low(27), low(22)]));
    assert_eq!(leds("kind = \"apa102\"\ncount = 8"), spi(8));
    let wire = Wire::Pins { data: 20, clock: 21 };
    assert_eq!(leds("kind = \"apa102\"\ncount = 8\ndata = 20\nclock = 21"), Leds::Apa102 { count: 8, wire });
    let strip = Leds::Ws2812 { count: 144, spi: PathBuf::from("/dev/spidev0.0") };
    assert_eq!(leds("kind = \"ws2812\"\ncount = 144"), strip);
}

#[test]
fn buttons_know_their_servers() {
    let text = "[[linto]]\nname = \"home\"\nbroker = \"mqtt://a\"\n[[linto]]\nname = \"work\"\nbroker = \"mqtt://b\"\n\
                [[button]]\ngpio = 17\n[[button]]\ngpio = 27\nserver = \"work\"\n";
    let servers: Vec<_> = loaded(text).settings.buttons().iter().map(|button| button.server).collect();
    assert_eq!(servers, [None, Some(1)]);
}

#[test]
fn what_does_not_fit_is_refused_with_its_line_and_what_to_do() {
    for (text, message) in [
        ("[button]\n", "line 1: [button] has no `gpio`; add one, for example gpio = 17"),
        (
            "[button]\ngpio = 17\nserver = \"x\"\n",
            "line 3: `server` in [button] is \"x\"; there is no server in the settings; remove it",
        ),
        (
            "[linto]\nbroker = \"mqtt://h\"\n[button]\ngpio = 17\nserver = \"x\"\n",
            "line 5: `server` in [button] is \"x\"; the servers are \"linto\"",
        ),
        (
            "[[button]]\ngpio = 17\n[[button]]\ngpio = 17\n",
            "line 4: `gpio` in [button] is 17, which is also the pin of `gpio` in [button]; give each a pin of its own",
        ),
        (
            "[leds]\nkind = \"gpio\"\ngpio = 17\n[button]\ngpio = 17\n",
            "line 5: `gpio` in [button] is 17, which is also the pin of `gpio` in [leds]; give each a pin of its own",
        ),
        (
            "[leds]\npreset = \"respeaker-4mic\"\n[button]\ngpio = 5\n",
            "line 4: `gpio` in [button] is 5, which is also the pin of `power` in [leds]; give each a pin of its own",
        ),
        (
            "[leds]\nkind = \"gpio\"\n",
            "line 2: `kind` in [leds] is \"gpio\"; add for example gpio = 25, the pin of the LED",
        ),
        (
            "[leds]\nkind = \"rgb\"\nred = 1\nblue = 2\n",
            "line 2: `kind` in [leds] is \"rgb\"; add for example green = 27, the pin of the green LED",
        ),
        (
            "[leds]\nkind = \"ws2812\"\n",
            "line 2: `kind` in [leds] is \"ws2812\"; add for example count = 12, the number of LEDs",
        ),
        (
            "[leds]\nkind = \"gpio\"\npreset = \"respeaker-2mic\"\ngpio = 25\n",
            "line 2: `kind` in [leds] is \"gpio\", but `preset` \"respeaker-2mic\" has apa102; remove one of the two",
        ),
        (
            "[leds]\nkind = \"gpio\"\ngpio = 25\ncount = 3\n",
            "line 4: `count` in [leds] is for strips, and `kind` is \"gpio\"; remove one of the two",
        ),
        (
            "[leds]\nkind = \"ws2812\"\ncount = 3\ndata = 5\nclock = 6\n",
            "line 4: `data` in [leds] is for kind \"apa102\", and `kind` is \"ws2812\"; remove one of the two\n\
             line 5: `clock` in [leds] is for kind \"apa102\", and `kind` is \"ws2812\"; remove one of the two",
        ),
        (
            "[leds]\nkind = \"apa102\"\ncount = 3\ndata = 5\n",
            "line 4: `data` in [leds] needs `clock` beside it; add it, or remove `data`",
        ),
        (
            "[leds]\npreset = \"respeaker-2mic\"\npower = 17\n",
            "line 3: `power` in [leds] is 17, which is also the pin of the button of `preset` in [leds]; give each a pin of its own",
        ),
        (
            "[leds]\nkind = \"apa102\"\ncount = 25\ndata = 5\nclock = 6\n",
            "line 3: `count` in [leds] is 25; on two pins it must be 1 to 24, longer strips need SPI",
        ),
        ("[leds]\nkind = \"apa102\"\ncount = 145\n", "line 3: `count` in [leds] is 145; it must be 1 to 144"),
    ] {
        assert_eq!(refused(text).to_string(), message, "\n{text}");
    }
}

#[test]
fn the_same_number_on_another_chip_is_another_pin() {
    let text = "[leds]\nkind = \"gpio\"\ngpio = 17\nchip = \"expander\"\n[button]\ngpio = 17\n";
    assert_eq!(loaded(text).settings.buttons().len(), 1);
}

#[test]
fn a_pin_of_the_bus_of_the_lights_is_a_warning() {
    let text = "[leds]\nkind = \"ws2812\"\ncount = 8\n[button]\ngpio = 11\n";
    let warning = "`gpio` in [button] is 11, which on a Raspberry Pi belongs to the SPI bus of the lights (GPIO10 and GPIO11); use another pin there";
    assert_eq!(loaded(text).warnings, [warning]);
    assert!(loaded(&text.replace("gpio = 11", "gpio = 12")).warnings.is_empty());
}

#[test]
fn what_stays_dark_is_a_warning() {
    for (text, warning) in [
        (
            "kind = \"none\"\npreset = \"respeaker-2mic\"",
            "[leds] `kind` is \"none\", so that the lights of `preset` \"respeaker-2mic\" stay dark; remove `kind` to use them",
        ),
        (
            "preset = \"google-aiy-v2\"",
            "[leds] `preset` \"google-aiy-v2\" has a button only: its light hangs on a chip behind I²C, which GPIO can't drive",
        ),
    ] {
        assert_eq!(loaded(&format!("[leds]\n{text}\n")).warnings, [warning]);
    }
}

#[test]
fn check_tells_of_the_button_that_a_board_brings() {
    let text = explain(&loaded("[leds]\npreset = \"respeaker-6mic\"\n"));
    assert!(text.contains("  → The button of this board, on GPIO26, is used.\n"), "{text}");
}

#[test]
fn other_pins_count_after_a_restart() {
    let old = loaded("[button]\ngpio = 17\n").settings;
    let new = loaded("[button]\ngpio = 27\n[leds]\npreset = \"respeaker-2mic\"\n").settings;
    assert_eq!(new.needs_restart(&old), ["leds.preset", "button.gpio"]);
    assert_eq!(loaded("").settings.needs_restart(&old), ["button"]);
}
