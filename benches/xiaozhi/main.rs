//! How long a frame of speech takes from its last sample, as it was read through ALSA, to its datagram on the way to a
//! server of xiaozhi: the daemon within this program, a PulseAudio server without hardware for a microphone.
//!
//! usage: cargo bench --bench xiaozhi [-- SECONDS]

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "../../tests/channel/cards.rs"]
#[allow(dead_code)]
mod cards;
#[path = "../../tests/support/microphone.rs"]
mod microphone;
#[path = "../../tests/channel/peer.rs"]
#[allow(dead_code)]
mod peer;
#[path = "../../tests/support/pulse.rs"]
#[allow(dead_code)]
mod pulse;
#[path = "../../tests/channel/rig.rs"]
#[allow(dead_code)]
mod rig;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use auricle::sound::AlsaCards;
use auricle_core::dialogue::{Ask, Delivery};
use auricle_core::hearing::{Encoding, Start, UplinkId};
use cards::Room;
use peer::Peer;
use pulse::Pulse;
use rig::Rig;

/// What it must not exceed.
const AIM: u64 = 3_000;

fn main() -> ExitCode {
    // `cargo bench` adds `--bench`.
    let seconds = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(30);
    let pulse = Pulse::start();
    let mut good = true;
    println!("from the last sample of a frame to its datagram, {seconds} s each:");
    for (what, listen) in [
        ("no wake word", "[listen]\ntriggers = []"),
        ("with a wake word", "[listen]\ntriggers = [\"wake\"]\n[wake]\nwords = [\"okay_nabu\"]"),
    ] {
        for frame in [20, 60] {
            let most = measure(&pulse, listen, Duration::from_millis(frame), seconds * 1_000 / frame, what);
            good &= most <= AIM;
        }
    }
    println!("{} µs at the 95th percentile were to be met: {}", AIM, if good { "met" } else { "missed" });
    ExitCode::SUCCESS
}

/// The 95th percentile in µs.
fn measure(pulse: &Pulse, listen: &str, frame: Duration, frames: u64, what: &str) -> u64 {
    let settings = format!("{listen}\n[audio]\ncapture = {:?}\nplayback = {:?}", pulse.mic(), pulse.speaker());
    let rig = Rig::with(Room::default(), Arc::new(AlsaCards), &settings);
    let mut peer = Peer::new();
    rig.open(peer.session());
    let encoding = Encoding::Opus { frame };
    rig.ask([Ask::UplinkStart { uplink: UplinkId(1), from: Start::Now, encoding, to: Delivery::Channel }]);
    for _ in 0..frames {
        peer.next();
    }
    let causes = rig.status()["causes"].clone();
    assert!(causes.as_array().is_some_and(Vec::is_empty), "{causes}");
    let of = |share: &str| rig.count(&format!("test_frame_sent_{share}_us"));
    let (half, most) = (of("p50"), of("p95"));
    println!("  {what}, frames of {} ms: p50 {half} µs, p95 {most} µs", frame.as_millis());
    most
}
