//! A server that cancels the echo itself gets the sound as the microphone caught it, and every sample of it has the place
//! that it has on the tape of all others.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use auricle_core::audio::Position;
use auricle_core::audio::frames::FrameEncoder;
use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::{EarCommand, EarEvent, Encoding, Start, UplinkId};

const FRAME: Duration = Duration::from_millis(60);

/// The front end holds back so much.
const HELD: usize = 128;

fn uplink(number: u64, from: Start, raw: bool) -> EarCommand {
    EarCommand::StartUplink { uplink: UplinkId(number), from, encoding: Encoding::Opus { frame: FRAME, raw } }
}

/// Sound that is never steady, different for each `pitch`.
fn voice(samples: usize, pitch: f64) -> Vec<i16> {
    (0..samples).map(|n| (6_000.0 * (n as f64 * pitch + 3.0 * (n as f64 * 0.001).sin()).sin()) as i16).collect()
}

/// The packets of an uplink so far, and those of others.
fn packets(ear: &mut Ear) -> [Vec<Vec<u8>>; 2] {
    let mut all = [vec![], vec![]];
    while let Some(event) = ear.poll() {
        let EarEvent::UplinkChunk { uplink, body, .. } = event else { panic!("{event:?}") };
        all[usize::try_from(uplink.0).unwrap() - 1].push(body);
    }
    all
}

/// What this sound becomes.
fn encoded(sound: &[i16]) -> Vec<Vec<u8>> {
    let mut encoder = FrameEncoder::new(FRAME).unwrap();
    sound.chunks_exact(960).map(|frame| encoder.push(frame).unwrap()).collect()
}

/// Hears `raw` in chunks, of which a front end makes `clean`, a little later.
fn hear(ear: &mut Ear, raw: &[i16], clean: &[i16], held: usize) {
    let mut given = 0;
    for (number, chunk) in raw.chunks(160).enumerate() {
        ear.caught(chunk);
        let end = (number * 160 + chunk.len()).saturating_sub(held);
        ear.push(&clean[given..end.max(given)]);
        given = end.max(given);
    }
}

#[test]
fn each_uplink_gets_the_sound_that_it_wants_from_the_same_place() {
    let mut ear = Ear::keeping_raw();
    let (raw, clean) = (voice(16_000, 0.1), voice(16_000, 0.3));
    hear(&mut ear, &raw, &clean, HELD);
    let from = Start::At(Position(5_000));
    ear.handle(uplink(1, from, false));
    ear.handle(uplink(2, from, true));
    let (more_raw, more_clean) = (voice(32_000, 0.15), voice(32_000, 0.35));
    let (raw, clean) = ([raw, more_raw].concat(), [clean, more_clean].concat());
    // What was held back comes first.
    ear.push(&clean[16_000 - HELD..16_000]);
    hear(&mut ear, &raw[16_000..], &clean[16_000..], 0);
    let [first, second] = packets(&mut ear);
    assert_eq!(first, encoded(&clean[5_000..]));
    assert_eq!(second, encoded(&raw[5_000..]));
}

#[test]
fn after_a_restart_of_the_front_end_the_places_are_the_same_again() {
    let mut ear = Ear::keeping_raw();
    let (raw, clean) = (voice(16_000, 0.1), voice(16_000, 0.3));
    hear(&mut ear, &raw, &clean, HELD);
    ear.restart();
    ear.handle(uplink(1, Start::Now, false));
    ear.handle(uplink(2, Start::Now, true));
    let (raw, clean) = (voice(16_000, 0.2), voice(16_000, 0.4));
    hear(&mut ear, &raw, &clean, 0);
    assert_eq!(packets(&mut ear), [encoded(&clean), encoded(&raw)]);
}

#[test]
fn a_muted_microphone_leaves_nothing_raw_behind() {
    let mut ear = Ear::keeping_raw();
    hear(&mut ear, &voice(16_000, 0.1), &voice(16_000, 0.3), HELD);
    ear.handle(EarCommand::Closed);
    ear.handle(uplink(2, Start::At(Position(0)), true));
    let (raw, clean) = (voice(9_600, 0.2), voice(9_600, 0.4));
    hear(&mut ear, &raw, &clean, 0);
    assert_eq!(packets(&mut ear)[1], encoded(&raw));
}

#[test]
fn without_a_second_tape_it_is_what_everybody_gets() {
    let mut ear = Ear::new();
    ear.handle(uplink(2, Start::Now, true));
    let (raw, clean) = (voice(9_600, 0.1), voice(9_600, 0.3));
    hear(&mut ear, &raw, &clean, 0);
    assert_eq!(packets(&mut ear)[1], encoded(&clean));
}
