#![allow(clippy::unwrap_used)]

use opus::{Application, Channels, Encoder};
use proptest::prelude::*;

use super::*;

/// 60 ms of raw sound, told apart by their level.
fn raw(level: i16) -> Vec<u8> {
    (0..960).flat_map(|at| (if at % 40 < 20 { level } else { -level }).to_le_bytes()).collect()
}

fn ms(at: u64) -> Tick {
    Tick::from_millis(at)
}

/// A downlink that has been started, with packets 1 to `count` of it, all there at once.
fn filled(count: u32) -> Downlink {
    let mut downlink = Downlink::raw();
    downlink.start(ms(0));
    for sequence in 1..=count {
        downlink.push(ms(0), sequence, &raw(1_000));
    }
    downlink
}

/// All that is given between two moments, asked for every 10 ms, with the places.
fn run(downlink: &mut Downlink, from: u64, to: u64) -> Vec<(u64, Pulled, Option<u32>)> {
    let mut seen = Vec::new();
    let mut out = Vec::new();
    for now in (from..to).step_by(10) {
        loop {
            let pulled = downlink.pull(ms(now), &mut out);
            match pulled {
                Pulled::Sound | Pulled::Concealed => seen.push((now, pulled, downlink.place())),
                Pulled::Ended => {
                    seen.push((now, pulled, None));
                    return seen;
                }
                Pulled::Wait => break,
            }
        }
    }
    seen
}

fn places(seen: &[(u64, Pulled, Option<u32>)]) -> Vec<u32> {
    seen.iter().filter(|(_, pulled, _)| *pulled == Pulled::Sound).filter_map(|(.., place)| *place).collect()
}

#[test]
fn a_rate_that_opus_has_not_is_an_error_that_says_so() {
    let error = Downlink::new(44_100).unwrap_err().to_string();
    assert!(error.contains("44100") && error.contains("48000"), "{error}");
    assert_eq!(Downlink::new(48_000).unwrap().rate(), 48_000);
    assert_eq!(Downlink::raw().rate(), 16_000);
}

#[test]
fn pieces_are_given_a_little_before_they_are_due() {
    let mut downlink = filled(5);
    let given: Vec<u64> = run(&mut downlink, 0, 250).iter().map(|(at, ..)| *at).collect();
    assert_eq!(given, [0, 20, 80, 140, 200]);
}

#[test]
fn nothing_is_given_while_it_holds_and_only_the_last_second_is_kept() {
    let mut downlink = Downlink::raw();
    for sequence in 1..=20 {
        downlink.push(ms(0), sequence, &raw(1_000));
    }
    assert!(run(&mut downlink, 0, 100).is_empty());
    let Counters { depth, overflowed, .. } = downlink.counters();
    assert_eq!((depth, overflowed), (960, 4));
    downlink.start(ms(100));
    assert_eq!(places(&run(&mut downlink, 100, 200)), [5, 6, 7]);
}

#[test]
fn what_was_held_for_long_is_not_played() {
    let mut downlink = Downlink::raw();
    downlink.push(ms(0), 1, &raw(1_000));
    downlink.push(ms(5_000), 2, &raw(1_000));
    downlink.start(ms(5_100));
    downlink.drain(ms(5_100));
    assert_eq!(places(&run(&mut downlink, 5_100, 6_000)), [2]);
}

#[test]
fn more_than_three_seconds_are_refused() {
    let mut downlink = filled(60);
    assert_eq!(downlink.counters().depth, 3_000);
    assert_eq!(downlink.counters().overflowed, 10);
    downlink.drain(ms(0));
    assert_eq!(places(&run(&mut downlink, 0, 4_000)), (1..=50).collect::<Vec<_>>());
}

#[test]
fn after_a_drain_it_ends_when_nothing_has_come_for_a_while() {
    let mut downlink = filled(3);
    downlink.drain(ms(0));
    run(&mut downlink, 0, 190);
    downlink.push(ms(190), 4, &raw(1_000));
    let seen = run(&mut downlink, 190, 2_000);
    assert_eq!(places(&seen), [4]);
    assert_eq!(seen.last().map(|(at, pulled, _)| (*at, *pulled)), Some((490, Pulled::Ended)));
    assert_eq!(downlink.pull(ms(3_000), &mut Vec::new()), Pulled::Ended);
    // The next answer.
    downlink.push(ms(3_000), 5, &raw(1_000));
    downlink.start(ms(3_010));
    downlink.drain(ms(3_010));
    assert_eq!(places(&run(&mut downlink, 3_010, 3_300)), [5]);
}

#[test]
fn what_is_thrown_away_is_not_heard_and_not_lost() {
    let mut downlink = filled(10);
    run(&mut downlink, 0, 100);
    downlink.clear();
    assert_eq!(downlink.counters().depth, 0);
    assert!(run(&mut downlink, 100, 300).is_empty());
    for sequence in 11..=13 {
        downlink.push(ms(300), sequence, &raw(1_000));
    }
    downlink.start(ms(300));
    assert_eq!(places(&run(&mut downlink, 300, 400)), [11, 12, 13]);
    assert_eq!(downlink.counters().lost, 0);
}

#[test]
fn late_and_doubled_packets_are_told_apart() {
    let mut downlink = filled(2);
    for sequence in [4, 5, 6] {
        downlink.push(ms(0), sequence, &raw(1_000));
    }
    let seen = run(&mut downlink, 0, 250);
    assert_eq!(places(&seen), [1, 2, 4, 5]);
    assert_eq!((downlink.counters().lost, downlink.counters().concealed), (1, 1));
    downlink.push(ms(250), 3, &raw(1_000));
    downlink.push(ms(250), 2, &raw(1_000));
    downlink.push(ms(250), 6, &raw(1_000));
    let Counters { late, duplicate, .. } = downlink.counters();
    assert_eq!((late, duplicate), (1, 2));
    assert_eq!(places(&run(&mut downlink, 250, 400)), [6]);
}

#[test]
fn a_packet_that_is_only_late_is_not_lost_when_nothing_else_was_there() {
    let mut downlink = filled(3);
    run(&mut downlink, 0, 300);
    for sequence in 4..=8 {
        downlink.push(ms(300), sequence, &raw(1_000));
    }
    assert_eq!(places(&run(&mut downlink, 300, 600)), [4, 5, 6, 7, 8]);
    assert_eq!((downlink.counters().lost, downlink.counters().stalls), (0, 1));
}

#[test]
fn a_stall_ends_in_silence() {
    let mut downlink = filled(3);
    let seen = run(&mut downlink, 0, 5_000);
    let put_in = seen.iter().filter(|(_, pulled, _)| *pulled == Pulled::Concealed).count();
    assert!((5..=20).contains(&put_in), "{put_in} pieces of 20 ms");
}

#[test]
fn a_count_that_jumps_ahead_is_followed_at_once() {
    let mut downlink = filled(3);
    for sequence in 1_000_000..1_000_004 {
        downlink.push(ms(0), sequence, &raw(1_000));
    }
    let seen = run(&mut downlink, 0, 480);
    assert_eq!(places(&seen), [1, 2, 3, 1_000_000, 1_000_001, 1_000_002, 1_000_003]);
    assert!(downlink.counters().lost <= 1);
}

#[test]
fn a_count_that_begins_anew_is_followed_after_a_few_packets() {
    let mut downlink = Downlink::raw();
    downlink.start(ms(0));
    for sequence in 5_000..5_005 {
        downlink.push(ms(0), sequence, &raw(1_000));
    }
    run(&mut downlink, 0, 200);
    let mut heard = Vec::new();
    for number in 0..20 {
        let now = 200 + u64::from(number) * 60;
        downlink.push(ms(now), number, &raw(1_000));
        heard.extend(places(&run(&mut downlink, now, now + 60)));
    }
    assert!(heard.contains(&10) && heard.contains(&18), "{heard:?}");
}

#[test]
fn the_count_goes_over_its_end() {
    let mut downlink = Downlink::raw();
    downlink.start(ms(0));
    for sequence in [u32::MAX - 1, 0, u32::MAX, 1] {
        downlink.push(ms(0), sequence, &raw(1_000));
    }
    assert_eq!(places(&run(&mut downlink, 0, 250)), [u32::MAX - 1, u32::MAX, 0, 1]);
    assert_eq!(downlink.counters().lost, 0);
}

#[test]
fn stereo_is_mixed_down_and_lengths_may_change() {
    let mut downlink = Downlink::new(24_000).unwrap();
    downlink.start(ms(0));
    let mut sequence = 0;
    for (channels, frame) in [(Channels::Stereo, 480), (Channels::Mono, 60), (Channels::Stereo, 2_880)] {
        let mut encoder = Encoder::new(24_000, channels, Application::Audio).unwrap();
        let packet = encoder.encode_vec(&vec![500; frame * channels as usize], 1_500).unwrap();
        sequence += 1;
        downlink.push(ms(0), sequence, &packet);
    }
    downlink.drain(ms(0));
    let mut out = Vec::new();
    for now in 0..100 {
        while matches!(downlink.pull(ms(now * 10), &mut out), Pulled::Sound) {}
    }
    assert_eq!(out.len(), 480 + 60 + 2_880);
    assert_eq!(downlink.counters().damaged, 0);
}

#[test]
fn pauses_give_back_what_a_stall_has_added() {
    let mut downlink = Downlink::raw();
    downlink.start(ms(0));
    let (mut sequence, mut depths) = (0, Vec::new());
    for now in (0..20_000_u64).step_by(60) {
        // For one second nothing comes through; then all of it at once. Every second packet pair is a pause.
        let held_up = (6_000..7_000).contains(&now);
        while !held_up && u64::from(sequence) * 60 <= now {
            sequence += 1;
            downlink.push(ms(now), sequence, &raw(if sequence % 8 < 4 { 0 } else { 3_000 }));
        }
        run(&mut downlink, now, now + 60);
        depths.push(downlink.counters().depth);
    }
    let (after, end) = (depths[125], depths[depths.len() - 5]);
    assert!(after > 600, "{after} ms after the stall");
    assert!(end < 400, "{end} ms at the end");
}

proptest! {
    #[test]
    fn nothing_that_comes_breaks_it(
        packets in prop::collection::vec((0..400_u64, any::<u32>(), prop::collection::vec(any::<u8>(), 0..60), 0..12_u8), 1..200),
        opus in any::<bool>(),
    ) {
        let mut downlink = if opus { Downlink::new(48_000).unwrap() } else { Downlink::raw() };
        let (mut now, mut out) = (0, Vec::new());
        for (wait, sequence, bytes, what) in packets {
            now += wait;
            match what {
                0 => downlink.start(ms(now)),
                1 => downlink.hold(),
                2 => downlink.drain(ms(now)),
                3 => downlink.clear(),
                4 => downlink.push(ms(now), sequence, &bytes),
                _ => downlink.push(ms(now), sequence % 200, &bytes),
            }
            out.clear();
            let mut pulls = 0;
            while matches!(downlink.pull(ms(now), &mut out), Pulled::Sound | Pulled::Concealed) {
                pulls += 1;
                // 40 ms of the shortest pieces: one sample each.
                prop_assert!(pulls < 2_000);
            }
            prop_assert!(u64::from(downlink.counters().depth) <= BOUND.as_millis() as u64 + 120);
        }
        downlink.start(ms(now));
        downlink.drain(ms(now));
        let end = now + 20_000;
        let ended = (now..end).step_by(20).any(|now| {
            let pulled = downlink.pull(ms(now), &mut out);
            pulled == Pulled::Ended
        });
        prop_assert!(ended);
    }
}
