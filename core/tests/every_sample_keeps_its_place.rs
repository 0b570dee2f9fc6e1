//! The front end moves nothing on the tape, and touches nothing where there is nothing to be done.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod echo_room;
mod hearing_material;

use std::sync::LazyLock;

use auricle_core::frontend::{DeviceTime, FrontEnd, Profile};
use echo_room::{Dice, RATE, Room, at_level, correlation, level};
use hearing_material::{espeak, people, recording};
use proptest::prelude::*;

static DEVICE: LazyLock<Vec<i16>> =
    LazyLock::new(|| at_level(&espeak("en-us", "Here are the first two of your messages.").sound, -20.0));

static PERSON: LazyLock<Vec<i16>> = LazyLock::new(|| {
    let said: Vec<i16> = people().iter().take(40).flat_map(|path| recording(path).sound).take(12 * RATE).collect();
    at_level(&said, -24.0)
});

/// The loudspeaker plays from 4 s on for 2 to 3 s, but nobody hears it: what is to come out is what was said.
fn muted() -> Room {
    let played = vec![(4.0, DEVICE.clone())];
    Room { played, person: PERSON.clone(), seconds: 12.0, loss: 200.0, ..Room::default() }
}

/// By how many samples `b` is late, up to 200, found where both are most similar.
fn shift(a: &[i16], b: &[i16]) -> i64 {
    let range = 200..a.len().min(b.len()) - 200;
    let at = |lag: i64| {
        let from = (range.start as i64 + lag) as usize;
        correlation(&a[range.clone()], &b[from..from + range.len()])
    };
    let similar: Vec<(i64, f64)> = (-200..200).map(|lag| (lag, at(lag))).collect();
    similar.iter().max_by(|x, y| x.1.total_cmp(&y.1)).unwrap().0
}

#[test]
fn off_is_bit_for_bit_and_knows_what_was_played() {
    let room = Room { loss: 6.0, ..muted() };
    let heard = room.hear(Profile::Off);
    assert_eq!(heard.out, heard.caught[..heard.out.len()]);
    assert!(heard.caught.len() - heard.out.len() < 64);
    assert!(level(&heard.reference[4 * RATE..6 * RATE]) > -25.0);
}

#[test]
fn light_is_bit_for_bit_before_and_after_a_sound() {
    let heard = muted().hear(Profile::Light);
    assert_eq!(heard.caught.len(), heard.out.len(), "nothing is held back at rest");
    let end = 4 * RATE + DEVICE.len() + RATE;
    assert_eq!(heard.out[..4 * RATE - RATE / 5], heard.caught[..4 * RATE - RATE / 5]);
    assert_eq!(heard.out[end..], heard.caught[end..]);
    assert_ne!(heard.out, heard.caught, "it worked in between");
}

#[test]
fn beginning_and_ending_leave_no_step_and_no_gap() {
    let heard = muted().hear(Profile::Light);
    let steepest = |sound: &[i16]| sound.windows(2).map(|pair| (pair[0] - pair[1]).unsigned_abs()).max().unwrap();
    let range = 3 * RATE..8 * RATE;
    let (before, after) = (steepest(&heard.caught[range.clone()]), steepest(&heard.out[range]));
    assert!(after <= before + before / 4, "{before}, now {after}");
    for from in [4, 5, 6] {
        let range = from * RATE..(from + 1) * RATE;
        assert_eq!(shift(&heard.caught[range.clone()], &heard.out[range]), 0, "second {from}");
    }
}

#[test]
fn full_moves_nothing_either() {
    let heard = muted().hear(Profile::Full);
    assert!(heard.caught.len() - heard.out.len() <= 384, "{}", heard.caught.len() - heard.out.len());
    for from in [1, 3, 5, 9] {
        let range = from * RATE..(from + 2) * RATE;
        assert_eq!(shift(&heard.caught[range.clone()], &heard.out[range]), 0, "second {from}");
    }
}

#[test]
fn full_lowers_noise_and_lifts_a_soft_voice() {
    let person = at_level(&PERSON, -42.0);
    let heard = Room { person, seconds: 12.0, noise: -62.0, ..Room::default() }.hear(Profile::Full);
    let ratio = |sound: &[i16]| {
        let mut levels: Vec<f64> = sound[6 * RATE..11 * RATE].chunks(320).map(level).collect();
        levels.sort_by(f64::total_cmp);
        (levels[levels.len() * 9 / 10], levels[levels.len() / 10])
    };
    let ((loud, soft), (louder, softer)) = (ratio(&heard.caught), ratio(&heard.out));
    assert!(louder > loud + 3.0, "{loud:.1} dBFS, now {louder:.1}");
    assert!(louder - softer > loud - soft + 4.0, "{:.1} dB apart, now {:.1}", loud - soft, louder - softer);
}

#[test]
fn the_reference_lies_beside_what_is_heard() {
    for (profile, drift) in [(Profile::Off, 0.0), (Profile::Light, 80.0), (Profile::Full, -80.0)] {
        let room = Room { loss: 0.0, person: Vec::new(), delays: vec![(0.0, 0.005)], drift, ..muted() };
        let heard = room.hear(profile);
        assert_eq!(heard.reference.len(), heard.out.len());
        let range = 4 * RATE..6 * RATE;
        let late = shift(&heard.reference[range.clone()], &heard.caught[range]);
        assert!((late - 80).abs() <= 32, "{profile:?}: {late} samples");
        assert!(level(&heard.reference[..3 * RATE]) < -90.0);
    }
}

#[test]
fn an_offset_is_taken_away_slowly_and_none_is_left_alone() {
    let with = |offset: i16| -> Vec<i16> {
        let mut dice = Dice::new(3);
        (0..12 * RATE).map(|n| PERSON[n % PERSON.len()] / 2 + (dice.next() * 30.0) as i16 + offset).collect()
    };
    let heard = |sound: &[i16]| {
        let (mut front, mut out) = (FrontEnd::new(Profile::Light), Vec::new());
        for (n, period) in sound.chunks(320).enumerate() {
            front.heard(DeviceTime(n as u64 * 20_000_000), period, &mut out);
        }
        (out, front.state().offset)
    };
    assert_eq!(heard(&with(0)).0, with(0));
    for offset in [-3_000, 900] {
        let (out, known) = heard(&with(offset));
        assert!((known - i32::from(offset)).abs() < 60, "{known} of {offset}");
        let last = &out[11 * RATE..];
        let mean = last.iter().map(|&s| i64::from(s)).sum::<i64>() / last.len() as i64;
        assert!(mean.abs() < 60, "{offset}: {mean} is left");
    }
}

#[test]
fn a_stopped_loudspeaker_is_not_waited_for() {
    let (mut front, mut out) = (FrontEnd::new(Profile::Light), Vec::new());
    let quiet = vec![5_i16; 320];
    front.heard(DeviceTime(0), &quiet, &mut out);
    for block in 0..100 {
        front.played(DeviceTime(20_000_000 + block * 20_000_000), 16_000, &vec![8_000; 320]);
    }
    front.stopped(DeviceTime(40_000_000));
    for block in 1..60 {
        front.heard(DeviceTime(block * 20_000_000), &quiet, &mut out);
    }
    assert!(!front.state().active, "0.8 s after the stop it rests: {:?}", front.state());
}

#[test]
fn what_is_held_back_comes_out_at_the_end() {
    for profile in [Profile::Off, Profile::Light, Profile::Full] {
        let room = Room { seconds: 5.003, ..muted() };
        let mut front = FrontEnd::new(profile);
        let mut heard = room.hear_with(&mut front, room.echo());
        assert!(heard.out.len() < heard.caught.len(), "{profile:?}");
        front.finish(&mut heard.out);
        assert_eq!(heard.out.len(), heard.caught.len(), "{profile:?}");
        let range = 9 * RATE / 2..5 * RATE;
        assert_eq!(shift(&heard.caught[range.clone()], &heard.out[range]), 0, "{profile:?}");
    }
}

/// Switched at these times, in seconds, while the device plays and at rest, in pieces that fill no block.
fn switched(switches: &[(f64, Profile)]) -> (Vec<i16>, Vec<i16>, Vec<i16>) {
    let room = muted();
    let (mut front, mut reference, mut n) = (FrontEnd::new(Profile::Light), Vec::new(), 0);
    let mut switches = switches.iter().peekable();
    let (caught, mut out) = room.feed(&room.echo(), &mut front, |front, at, period, out| {
        for part in [&period[..111], &period[111..]] {
            let at = DeviceTime(at.0 + if part.len() == 111 { 0 } else { 111 * 62_500 });
            front.heard(at, part, out);
            reference.extend_from_slice(front.reference());
            n += part.len();
            if let Some((_, profile)) = switches.next_if(|(when, _)| when * RATE as f64 <= n as f64) {
                front.change(*profile, out);
                reference.extend_from_slice(front.reference());
            }
        }
    });
    front.finish(&mut out);
    reference.extend_from_slice(front.reference());
    (caught, out, reference)
}

#[test]
fn another_profile_tears_nothing_while_it_plays_and_at_rest() {
    use Profile::{Full, Light, Off};
    let all =
        [(2.0, Full), (3.0, Off), (4.6, Light), (5.1, Full), (5.6, Off), (6.0, Light), (10.0, Full), (11.0, Light)];
    let (caught, out, reference) = switched(&all);
    assert_eq!((out.len(), reference.len()), (caught.len(), caught.len()));
    for from in [1, 4, 5, 6, 8, 10] {
        let range = from * RATE..(from + 2) * RATE;
        assert_eq!(shift(&caught[range.clone()], &out[range]), 0, "second {from}");
    }
    let played = muted().hear(Profile::Light).reference;
    let range = 4 * RATE..6 * RATE;
    assert!(shift(&played[range.clone()], &reference[range]).abs() <= 32);
    for quiet in
        [0..2 * RATE - 500, 3 * RATE + 500..4 * RATE - 500, 8 * RATE..10 * RATE - 500, 11 * RATE + 500..12 * RATE]
    {
        assert_eq!(out[quiet.clone()], caught[quiet.clone()], "{quiet:?}");
    }
}

#[test]
fn what_a_stop_took_back_is_not_told_either() {
    for profile in [Profile::Off, Profile::Light, Profile::Full] {
        let (mut front, mut out, mut reference) = (FrontEnd::new(profile), Vec::new(), Vec::new());
        for block in 0..80 {
            let now = DeviceTime(block * 20_000_000);
            // 100 ms ahead; at 1 s it is stopped, told 10 ms later, before the sound of that time.
            if (10..50).contains(&block) {
                front.played(DeviceTime(now.0 + 100_000_000), 16_000, &[8_000; 320]);
            }
            if block == 50 {
                front.stopped(now);
            }
            front.heard(now, &[5; 320], &mut out);
            reference.extend_from_slice(front.reference());
        }
        let last = reference.iter().rposition(|&sample| sample.abs() > 100).unwrap();
        assert!((15_900..16_020).contains(&last), "{profile:?}: {last}");
    }
}

#[derive(Clone, Debug)]
enum Op {
    Played(u64, u32, usize, i16),
    Heard(u64, usize, i16),
    Stopped(u64),
    Finish,
    Change(Profile),
    Restart,
}

fn profile() -> impl Strategy<Value = Profile> {
    prop_oneof![Just(Profile::Off), Just(Profile::Light), Just(Profile::Full)]
}

fn op() -> impl Strategy<Value = Op> {
    let time = || prop_oneof![4 => 0..5_000_000_000_u64, 1 => any::<u64>()];
    let rate =
        || prop_oneof![Just(0), Just(7_999), Just(8_000), Just(44_100), Just(48_000), Just(192_000), any::<u32>()];
    prop_oneof![
        3 => (time(), rate(), 0..5_000_usize, any::<i16>()).prop_map(|(at, rate, len, value)| Op::Played(at, rate, len, value)),
        6 => (time(), 0..3_000_usize, any::<i16>()).prop_map(|(at, len, value)| Op::Heard(at, len, value)),
        1 => time().prop_map(Op::Stopped),
        1 => Just(Op::Finish),
        1 => profile().prop_map(Op::Change),
        1 => Just(Op::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_cards_tell_as_many_samples_come_out(
        ops in prop::collection::vec(op(), 1..40),
        profile in profile(),
    ) {
        let mut front = FrontEnd::new(profile);
        let (mut came, mut out) = (0_usize, Vec::new());
        for op in ops {
            match op {
                Op::Played(at, rate, len, value) => {
                    let sound: Vec<i16> = (0..len).map(|n| if n % 5 < 3 { value } else { value / 2 }).collect();
                    front.played(DeviceTime(at), rate, &sound);
                }
                Op::Heard(at, len, value) => {
                    let before = out.len();
                    front.heard(DeviceTime(at), &vec![value; len], &mut out);
                    came += len;
                    prop_assert_eq!(front.reference().len(), out.len() - before);
                }
                Op::Stopped(at) => front.stopped(DeviceTime(at)),
                Op::Finish => {
                    front.finish(&mut out);
                    prop_assert_eq!(out.len(), came);
                }
                Op::Change(profile) => {
                    let before = out.len();
                    front.change(profile, &mut out);
                    prop_assert_eq!((out.len(), front.reference().len()), (came, out.len() - before));
                }
                Op::Restart => {
                    front.restart();
                    came = out.len();
                }
            }
            prop_assert!(out.len() <= came && came - out.len() <= 384, "{} of {}", out.len(), came);
            let _ = (front.state(), front.microphone());
        }
    }
}
