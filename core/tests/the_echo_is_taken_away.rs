//! What of the device's own voice is left in what it hears.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod echo_room;
mod hearing_material;

use std::sync::LazyLock;

use auricle_core::frontend::Profile;
use echo_room::{Heard, RATE, Room, at_level, correlation, level};
use hearing_material::{espeak, people, recording};

/// The device says something for 20 s.
static DEVICE: LazyLock<Vec<i16>> = LazyLock::new(|| {
    let text = "It is half past seven in the morning. Today will be mostly cloudy, with some rain in the afternoon, and \
                up to fourteen degrees. You have three appointments: the dentist at nine, lunch with Anna at noon, and \
                the garage, where your car will be ready after five. The first train that runs on time leaves from \
                platform four. Shall I read the news to you, or would you rather have some music with your coffee?";
    at_level(&espeak("en-us", text).sound, -20.0)
});

fn speaking(room: Room) -> Room {
    Room { played: vec![(1.0, DEVICE.clone())], seconds: 16.0, ..room }
}

fn print(name: &str, heard: &Heard) {
    let each: Vec<String> =
        (1..8).map(|n| format!("{:.0}", heard.enhancement(2.0 * f64::from(n), 2.0 * f64::from(n + 1)))).collect();
    eprintln!("{name}: {} {:?}", each.join(" "), heard.state);
}

#[test]
fn sketch() {
    eprintln!("device {} s", DEVICE.len() / RATE);
    print("linear", &speaking(Room::default()).hear(Profile::Light));
    print("linear, no jitter", &speaking(Room { jitter: 0.0, ..Room::default() }).hear(Profile::Light));
    for drift in [-100.0, 100.0, 300.0] {
        print(&format!("{drift} ppm"), &speaking(Room { drift, ..Room::default() }).hear(Profile::Light));
        print(
            &format!("{drift} ppm j0"),
            &speaking(Room { drift, jitter: 0.0, ..Room::default() }).hear(Profile::Light),
        );
    }
    for delay in [-0.06, -0.03, 0.0, 0.03, 0.1, 0.2, 0.3] {
        let delays = vec![(0.0, delay)];
        print(&format!("delay {delay}"), &speaking(Room { delays, ..Room::default() }).hear(Profile::Light));
    }
    let delays = vec![(0.0, 0.02), (8.0, 0.12)];
    print("jump", &speaking(Room { delays, ..Room::default() }).hear(Profile::Light));
    print("clipped", &speaking(Room { clip: 0.15, ..Room::default() }).hear(Profile::Light));
    let person: Vec<i16> = people().iter().take(60).flat_map(|path| recording(path).sound).take(12 * RATE).collect();
    let echo = speaking(Room::default()).echo();
    let echo: Vec<i16> = echo.iter().map(|&s| s as i16).collect();
    let person = at_level(&person, level(&echo[2 * RATE..14 * RATE]));
    let mut late = vec![0; 3 * RATE];
    late.extend(&person);
    let room = speaking(Room { person: late.clone(), ..Room::default() });
    let heard = room.hear(Profile::Light);
    for from in [3, 5, 7, 9, 11, 12] {
        let range = from * RATE..(from + 2) * RATE;
        let mean = |s: &[i16]| level(&s[range.clone()]);
        eprintln!(
            "double talk: {:.2} (before {:.2}) {:.1} of {:.1}",
            correlation(&late[range.clone()], &heard.out[range.clone()]),
            correlation(&late[range.clone()], &heard.caught[range.clone()]),
            mean(&heard.out),
            mean(&late)
        );
    }
}
