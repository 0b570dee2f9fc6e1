//! What of the device's own voice is left in what it hears, and what of the person's.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod echo_room;
mod hearing_material;

use std::sync::LazyLock;

use auricle_core::frontend::{FrontEnd, Profile};
use echo_room::{Heard, RATE, Room, at_level, correlation, level};
use hearing_material::{espeak, people, recording};

/// What the device says, 15 s of it.
static DEVICE: LazyLock<Vec<i16>> = LazyLock::new(|| {
    let text = "It is half past seven in the morning. Today will be mostly cloudy, with some rain in the afternoon, and \
                up to fourteen degrees. You have three appointments: the dentist at nine, lunch with Anna at noon, and \
                the garage, where your car will be ready after five. Shall I read the news to you?";
    at_level(&espeak("en-us", text).sound, -20.0).into_iter().take(15 * RATE).collect()
});

/// What a person says, from 3 s on, at a level relative to the echo.
fn person(echo: &[f32], relative: f64) -> Vec<i16> {
    let echo: Vec<i16> = echo.iter().map(|&sample| sample as i16).collect();
    let said: Vec<i16> = people().iter().take(60).flat_map(|path| recording(path).sound).take(12 * RATE).collect();
    let mut person = vec![0; 3 * RATE];
    person.extend(at_level(&said, level(&echo[2 * RATE..14 * RATE]) + relative));
    person
}

fn speaking() -> Room {
    Room { played: vec![(1.0, DEVICE.clone())], seconds: 16.0, ..Room::default() }
}

#[track_caller]
fn gone(heard: &Heard, from: f64, to: f64, decibel: f64) {
    let enhancement = heard.enhancement(from, to);
    assert!(enhancement >= decibel, "{enhancement:.1} dB between {from} and {to} s; {:?}", heard.state);
}

#[test]
fn of_a_clean_loudspeaker_nothing_is_left() {
    let heard = speaking().hear(Profile::Light);
    gone(&heard, 2.0, 4.0, 30.0);
    gone(&heard, 4.0, 15.0, 40.0);
    assert!(heard.state.active);
}

#[test]
fn a_loudspeaker_that_clips_is_softer_by_far() {
    let heard = Room { clip: 0.15, ..speaking() }.hear(Profile::Light);
    gone(&heard, 4.0, 15.0, 15.0);
}

#[test]
fn every_rate_of_a_card_will_do() {
    for rate in [8_000, 16_000, 44_100, 192_000] {
        let heard = Room { rate, ..speaking() }.hear(Profile::Light);
        gone(&heard, 5.0, 15.0, if rate == 8_000 { 18.0 } else { 35.0 });
    }
}

#[test]
fn two_clocks_that_drift_apart_are_found_out() {
    for drift in [-100.0, 100.0, 250.0] {
        let heard = Room { drift, jitter: 0.003, ..speaking() }.hear(Profile::Light);
        gone(&heard, 4.0, 15.0, 38.0);
        assert!((f64::from(heard.state.drift) - drift).abs() < 3.0, "{drift} ppm: {:?}", heard.state);
    }
}

#[test]
fn the_delay_is_found_wherever_it_is() {
    for delay in [-0.05, 0.0, 0.06, 0.15, 0.3] {
        let heard = Room { delays: vec![(0.0, delay)], ..speaking() }.hear(Profile::Light);
        gone(&heard, 4.0, 15.0, 35.0);
        let found = f64::from(heard.state.delay.unwrap());
        assert!((found - delay * 1e3).abs() < 8.0, "{delay} s: {:?}", heard.state);
    }
}

#[test]
fn a_delay_that_jumps_is_found_again_within_five_seconds() {
    let heard = Room { delays: vec![(0.0, 0.02), (7.0, 0.12)], ..speaking() }.hear(Profile::Light);
    gone(&heard, 4.0, 7.0, 35.0);
    gone(&heard, 12.0, 15.0, 30.0);
}

#[test]
fn a_second_sound_is_cancelled_from_its_beginning() {
    let say: Vec<i16> = DEVICE.iter().copied().take(6 * RATE).collect();
    let played = vec![(1.0, say.clone()), (9.0, say)];
    let heard = Room { played, seconds: 15.5, jitter: 0.0001, drift: 40.0, ..Room::default() }.hear(Profile::Light);
    gone(&heard, 9.0, 9.5, 18.0);
    gone(&heard, 9.5, 15.0, 30.0);
}

#[test]
fn who_speaks_at_the_same_time_is_still_there() {
    let room = speaking();
    let echo = room.echo();
    for (relative, similar, softer) in [(0.0, 0.82, 3.0), (-10.0, 0.65, 5.0)] {
        let room = Room { person: person(&echo, relative), ..room.clone() };
        let heard = room.hear_with(&mut FrontEnd::new(Profile::Light), echo.clone());
        let range = 5 * RATE..14 * RATE;
        let (said, out) = (&room.person[range.clone()], &heard.out[range.clone()]);
        let before = correlation(said, &heard.caught[range]);
        let after = correlation(said, out);
        assert!(after > similar && after > before, "{relative} dB: {before:.2} before, {after:.2} now");
        let loss = level(said) - level(out);
        assert!(loss.abs() < softer, "{relative} dB: softer by {loss:.1} dB");
    }
}
