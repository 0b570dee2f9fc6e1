//! An uplink in frames: each is handed over with its last sample, and what lies on the tape is caught up with in time.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use auricle_core::audio::Position;
use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::{EarCommand, EarEvent, Encoding, Start, UplinkId};
use proptest::prelude::*;

const RATE: usize = 16_000;
const UPLINK: UplinkId = UplinkId(1);

fn frames(from: Start, ms: u64) -> EarCommand {
    let encoding = Encoding::Opus { frame: Duration::from_millis(ms), raw: false };
    EarCommand::StartUplink { uplink: UPLINK, from, encoding }
}

fn finish(to: u64) -> EarCommand {
    EarCommand::FinishUplink { uplink: UPLINK, to: Position(to) }
}

/// Sound that is never steady.
fn voice(samples: usize) -> Vec<i16> {
    (0..samples).map(|n| (6_000.0 * (n as f64 * 0.1 + 3.0 * (n as f64 * 0.001).sin()).sin()) as i16).collect()
}

/// How much sound is in what was told, where it ends, and whether that was all.
fn told(ear: &mut Ear) -> Vec<(u64, u64, bool)> {
    let chunk = |event| match event {
        EarEvent::UplinkChunk { samples, at, last, body, .. } => {
            assert_eq!(body.is_empty(), samples == 0);
            (samples, at.0, last)
        }
        other => panic!("{other:?}"),
    };
    std::iter::from_fn(|| ear.poll()).map(chunk).collect()
}

#[test]
fn a_frame_is_handed_over_with_its_last_sample() {
    let mut ear = Ear::new();
    ear.handle(frames(Start::Now, 60));
    let sound = voice(2_000);
    ear.push(&sound[..959]);
    assert_eq!(told(&mut ear), []);
    assert_eq!(ear.next_stop(), 1);
    ear.push(&sound[959..960]);
    assert_eq!(told(&mut ear), [(960, 960, false)]);
    ear.push(&sound[960..2_000]);
    assert_eq!(told(&mut ear), [(960, 1_920, false)]);
    ear.handle(finish(2_000));
    assert_eq!(told(&mut ear), [(80, 2_000, true)]);
}

#[test]
fn the_tape_is_caught_up_with_at_sixteen_times_the_pace() {
    for ms in [20, 40, 60] {
        let mut ear = Ear::new();
        let (frame, sound) = (ms * 16, voice(12 * RATE));
        ear.push(&sound[..10 * RATE]);
        ear.handle(frames(Start::At(Position(0)), ms));
        let at_once = told(&mut ear);
        assert_eq!(at_once.len() as u64, 4_000 / frame);
        let (mut all, mut caught_up) = (at_once, None);
        for (n, block) in sound[10 * RATE..].chunks(160).enumerate() {
            ear.push(block);
            let few = told(&mut ear);
            let most = if caught_up.is_none() { 160 * 16 / frame + 1 } else { 1 };
            assert!(few.len() as u64 <= most, "{} frames at once", few.len());
            all.extend(few);
            let behind = ear.position().0 - all.last().unwrap().1;
            if behind < frame {
                caught_up.get_or_insert((n + 1) * 10);
            }
        }
        assert!((600..=700).contains(&caught_up.unwrap()), "after {caught_up:?} ms");
        assert!(all.iter().zip(1..).all(|(told, n)| *told == (frame, frame * n, false)), "none is missing");
    }
}

#[test]
fn an_uplink_that_ends_while_it_catches_up_is_whole() {
    let mut ear = Ear::new();
    let sound = voice(6 * RATE);
    ear.push(&sound[..5 * RATE]);
    ear.handle(frames(Start::At(Position(0)), 60));
    ear.handle(finish(5 * RATE as u64));
    let mut all = told(&mut ear);
    assert!(!all.last().unwrap().2, "not at once");
    for block in sound[5 * RATE..].chunks(160) {
        ear.push(block);
        all.extend(told(&mut ear));
    }
    assert_eq!(all.iter().map(|(samples, ..)| samples).sum::<u64>(), 5 * RATE as u64);
    let lasts: Vec<bool> = all.iter().map(|(.., last)| *last).collect();
    assert!(lasts.iter().rev().skip(1).all(|last| !last) && lasts.last() == Some(&true));
    assert_eq!(told(&mut ear), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_size_of_the_pushes_changes_nothing(
        blocks in prop::collection::vec(1_usize..2_000, 1..40), ms in prop::sample::select(vec![20, 40, 60]),
        begun in 1_000_usize..30_000, end in 0_u64..60_000,
    ) {
        let sound = voice(3 * RATE);
        let run = |blocks: &[usize]| {
            let mut ear = Ear::new();
            ear.push(&sound[..begun]);
            ear.handle(frames(Start::At(Position(0)), ms));
            ear.handle(finish(end));
            let (mut rest, mut all) = (&sound[begun..], told(&mut ear));
            for block in blocks.iter().cycle() {
                let (now, later) = rest.split_at(rest.len().min(*block));
                ear.push(now);
                all.extend(told(&mut ear));
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            all
        };
        prop_assert_eq!(run(&blocks), run(&[160]));
    }
}
