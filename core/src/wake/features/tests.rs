#![allow(clippy::unwrap_used)]
use sha2::{Digest, Sha256};

use super::*;

pub fn sha256(bytes: impl IntoIterator<Item = u8>) -> String {
    let digest = Sha256::digest(bytes.into_iter().collect::<Vec<u8>>());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn of_words(words: impl IntoIterator<Item = u16>) -> String {
    sha256(words.into_iter().flat_map(u16::to_le_bytes))
}

fn of_samples(samples: impl IntoIterator<Item = i16>) -> String {
    sha256(samples.into_iter().flat_map(i16::to_le_bytes))
}

fn features(sound: &[i16]) -> Vec<Frame> {
    let (mut front, mut left) = (Features::new(), sound);
    std::iter::from_fn(|| front.next(&mut left)).collect()
}

#[test]
fn the_window_is_the_trainers() {
    assert_eq!(of_samples(tables::window()), "30870f54ac86078d3168b2f399e6cb2f16f69639ff33651c2c17b195f0ddf60b");
}

#[test]
fn the_twiddles_are_the_trainers() {
    let circle = |count: usize, angle: fn(f64) -> f64| {
        of_samples((0..count).flat_map(|k| <[i16; 2]>::from(tables::turn(angle(k as f64)))))
    };
    let full = circle(256, |k| -2.0 * std::f64::consts::PI * k / 256.0);
    assert_eq!(full, "4b56f701b01897a431ca59c48aaff00b3b5991900491c07cde4565e6907c955c");
    let split = circle(128, |k| -std::f64::consts::PI * ((k + 1.0) / 256.0 + 0.5));
    assert_eq!(split, "9dfaa08d6a48e7931c19aa23d7c3b311c6da51fcf3477ccc6894a951378e14bc");
}

#[test]
fn the_mel_scale_is_the_trainers() {
    let (flanks, ends) = tables::mel();
    // The last bin of the table lies on the edge, where nothing of it counts.
    let pairs = flanks.iter().map(|f| [f.falling, f.rising]).chain([[0, 4_096]]);
    let hash = of_words(pairs.flatten().map(|part| part as u16));
    assert_eq!(hash, "4fcbf94879ae4e478ae9f9ca30eae13e38ac58cb727bb12b5bd96637fedd6a8d");
    let ends = ends.map(|end| end + FIRST_BIN);
    let expected = [
        6, 8, 9, 11, 13, 15, 17, 19, 22, 24, 27, 30, 33, 36, 39, 43, 47, 50, 55, 59, 64, 69, 74, 79, 85, 91, 98, 105,
        112, 120, 128, 137, 146, 155, 166, 176, 188, 200, 213, 226, 240,
    ];
    assert_eq!(ends, expected);
}

#[test]
fn the_curves_are_the_trainers() {
    let gain = tables::gain();
    let pieces = gain[2..].iter().flat_map(|piece| [piece.start, piece.slope, piece.bend]);
    let all = [gain[0].start, gain[1].start].into_iter().chain(pieces).map(|value| value as i16);
    assert_eq!(of_samples(all), "93a8c0d2bf971bf29ae0f173281e145093436d2c35244b461d19858ef3982599");
    assert_eq!(of_words(tables::log()), "46410aa4bd2519966f1962eda39c76496f4d52c9b944a2214460570f2b3b94be");
}

/// Every gain of every piece, by its beginning, its end and every hundredth of it.
#[test]
fn no_gain_is_below_zero() {
    let curves = Curves::new();
    for octave in 0..32 {
        let (begin, wide) = (1_u64 << octave, 1_u64 << octave);
        for part in 0..=100 {
            let noise = begin + (wide - 1) * part / 100;
            assert!(curves.gain(noise as u32) >= 0, "the gain at {noise}");
        }
    }
}

#[test]
fn roots_are_rounded_to_the_nearest() {
    let exact = |x: u64| (0_u64..).find(|r| (2 * r + 1).pow(2) > 4 * x).unwrap() as u32;
    (0..3_000).for_each(|x| assert_eq!(root(x), exact(x), "{x}"));
    for r in [0x1234_u64, 0xFFFF, 0xABCDEF, 0x3FF_FFFF] {
        assert_eq!(
            [r * r - r, r * r - r + 1, r * r, r * r + r].map(root),
            [r as u32 - 1, r as u32, r as u32, r as u32]
        );
    }
    assert_eq!([0xFFFF_FFFF, 0x1_0000_0000].map(root), [0xFFFF, 0x1_0000]);
}

/// Rises from low to high and again.
pub fn chirp() -> Vec<i16> {
    let mut phase = 0_u32;
    let sample = |n: u32| {
        let t = (phase >> 16) as i32;
        phase = phase.wrapping_add(26_843_546).wrapping_add(n.wrapping_mul(231_526));
        let triangle = if t < 32_768 { 2 * t - 32_768 } else { 98_303 - 2 * t };
        ((triangle * 8_192) >> 15) as i16
    };
    (0..8_000).map(sample).collect()
}

/// A linear congruential generator.
pub fn dice(start: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(start), |x| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223))).skip(1)
}

/// Noise that fades, silence, full squares, the lowest sample held, clicks.
fn mix() -> Vec<i16> {
    let noise = dice(12_345).zip(0..16_000).map(|(x, n)| ((x >> 16) as i16) >> (n / 2_000));
    let square = (0..8_000).map(|n| if n / 20 % 2 == 0 { i16::MAX } else { i16::MIN });
    let clicks = (0..4_000).map(|n| if n % 719 == 0 { i16::MIN } else { 0 });
    noise.chain([0; 4_000]).chain(square).chain([i16::MIN; 4_000]).chain(clicks).collect()
}

#[test]
fn a_chirp_gives_the_known_features() {
    let sound = chirp();
    let hash = of_samples(sound.clone());
    assert_eq!(hash, "21155bdd22c52736b3b06d47aca7c13bd0fb9897f4ebef5b7de6f94e43701c48");
    let frames = features(&sound);
    assert_eq!(frames.len(), 48);
    assert_eq!(frames[0][..8], [660, 605, 662, 606, 663, 603, 653, 593]);
    assert_eq!(frames.as_flattened().iter().map(|x| u32::from(*x)).sum::<u32>(), 277_100);
    let hash = of_words(frames.into_flattened());
    assert_eq!(hash, "9c381afec20f6a6a5104a3823b8450eab495a61a583326130e90ca4c438d0c2f");
}

#[test]
fn extremes_give_the_known_features() {
    let sound = mix();
    let hash = of_samples(sound.clone());
    assert_eq!(hash, "8d3ae7c1310b423342e138966729f499c111001714cb9df75a950466d9f5a8b0");
    let frames = features(&sound);
    assert_eq!((frames.len(), frames[0][0], frames[0][39]), (223, 663, 607));
    let hash = of_words(frames.into_flattened());
    assert_eq!(hash, "a271e566c7fa8fd90ae5f1f0e2de88c40075b88c2777590fe81e63cc3622c911");
}

#[test]
fn pieces_change_nothing_and_a_restart_forgets() {
    let sound = mix();
    let mut front = Features::new();
    for round in 0..2 {
        let mut frames = Vec::new();
        for mut piece in sound.chunks(37 + 700 * round) {
            frames.extend(std::iter::from_fn(|| front.next(&mut piece)));
        }
        assert_eq!(frames, features(&sound), "round {round}");
        front.restart();
        assert_eq!(front.missing(), WINDOW);
    }
}
