#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use proptest::prelude::*;

/// A sine with this amplitude (1 is full scale).
fn tone(rate: u32, hertz: f64, amplitude: f64, seconds: f64) -> Vec<f64> {
    (0..(f64::from(rate) * seconds) as usize)
        .map(|n| amplitude * (std::f64::consts::TAU * hertz * n as f64 / f64::from(rate)).sin())
        .collect()
}

/// Amplitude of `hertz` within `samples`, 1 is full scale.
fn level(samples: &[i16], rate: u32, hertz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, &sample) in samples.iter().enumerate() {
        let phase = std::f64::consts::TAU * hertz * n as f64 / f64::from(rate);
        re += f64::from(sample) * phase.cos();
        im += f64::from(sample) * phase.sin();
    }
    2.0 * re.hypot(im) / samples.len() as f64 / 32_768.0
}

fn encode(format: Format, value: f64) -> Vec<u8> {
    let wide = (value * 2_147_483_648.0).clamp(-2_147_483_648.0, 2_147_483_647.0) as i32;
    match format {
        Format::S16 => ((wide >> 16) as i16).to_le_bytes().to_vec(),
        Format::S32 => wide.to_le_bytes().to_vec(),
        Format::S24Packed => wide.to_le_bytes()[1..].to_vec(),
        // A card may leave anything in the top byte.
        Format::S24 => [&wide.to_le_bytes()[1..], &[0x5a]].concat(),
        Format::Float => (value as f32).to_le_bytes().to_vec(),
        Format::Double => value.to_le_bytes().to_vec(),
        Format::U8 => vec![(value * 127.0 + 128.0) as u8],
    }
}

#[test]
fn mono_16_bit_at_16_khz_passes_bit_for_bit() {
    let samples: Vec<i16> = (0..=u16::MAX).map(|n| n as i16).collect();
    let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    let mut out = Vec::new();
    let mut convert = ToTape::new(16_000, 1, Format::S16, Channel::Auto).unwrap();
    convert.push(&bytes, &mut out);
    assert_eq!(out, samples);
}

#[test]
fn every_format_comes_out_with_the_right_level() {
    for format in Format::ALL.into_iter().chain([Format::Double]) {
        let wave = tone(16_000, 1_000.0, 0.5, 0.5);
        let bytes: Vec<u8> = wave.iter().flat_map(|&v| encode(format, v)).collect();
        let mut out = Vec::new();
        ToTape::new(16_000, 1, format, Channel::Auto).unwrap().push(&bytes, &mut out);
        assert_eq!(out.len(), 8_000, "{format:?}");
        assert!((level(&out, 16_000, 1_000.0) - 0.5).abs() < 0.01, "{format:?}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    for format in Format::ALL.into_iter().chain([Format::Double]) {
        let steps = if format == Format::U8 { 256 } else { 1 };
        for sample in (i16::MIN..=i16::MAX).step_by(steps) {
            let mut bytes = [0; 8];
            format.write(sample, &mut bytes);
            assert_eq!(format.read(&bytes), f32::from(sample), "{format:?}");
        }
    }
}

#[test]
fn the_wanted_channel_is_picked() {
    let frame: Vec<u8> = [100i16, -200, 300].iter().flat_map(|s| s.to_le_bytes()).collect();
    for (channel, expected) in [(Channel::Auto, 100), (Channel::Index(1), -200), (Channel::Mean, 67)] {
        let mut out = Vec::new();
        ToTape::new(16_000, 3, Format::S16, channel).unwrap().push(&frame, &mut out);
        assert_eq!(out, [expected], "{channel:?}");
    }
}

#[test]
fn the_channel_that_hears_best_is_found_while_it_listens() {
    let mut convert = ToTape::new(48_000, 3, Format::S16, Channel::Best).unwrap();
    let (mut out, mut seed) = (Vec::new(), 7_u32);
    // Bursts of 300 ms each half second, 12 dB louder on the second channel; then a pause.
    for n in 0..4 * 48_000_u32 {
        let speaks = n < 3 * 48_000 && n % 24_000 > 9_600;
        for gain in [2.0, 8.0, 2.0] {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(seed >> 16) / 32_768.0 - 1.0;
            let sample = (noise * 100.0 * if speaks { 5.0 * gain } else { 1.0 }) as i16;
            convert.push(&sample.to_le_bytes(), &mut out);
        }
    }
    out.clear();
    convert.push(&[1_000_i16, -2_000, 3_000].map(i16::to_le_bytes).concat().repeat(48_000), &mut out);
    let level = out[8_000..].iter().map(|&sample| i32::from(sample)).sum::<i32>() / (out.len() as i32 - 8_000);
    assert!((level + 2_000).abs() < 20, "{level}");
}

#[test]
fn a_channel_that_is_not_there_is_named() {
    let error = ToTape::new(16_000, 2, Format::S16, Channel::Index(2)).err().unwrap();
    assert_eq!(error.to_string(), "channel 2 does not exist: the card has 2, counted from 0; choose one below 2");
    assert!(ToTape::new(16_000, 0, Format::S16, Channel::Auto).is_err());
    assert!(ToTape::new(0, 1, Format::S16, Channel::Auto).is_err());
    assert!(ToDevice::new(22_050, u32::MAX).is_err());
}

#[test]
fn every_rate_keeps_pitch_level_and_time() {
    for rate in [8_000, 11_025, 22_050, 32_000, 44_100, 47_999, 48_000, 96_000, 192_000] {
        let bytes: Vec<u8> = tone(rate, 1_000.0, 0.5, 1.0).iter().flat_map(|&v| encode(Format::S16, v)).collect();
        let mut out = Vec::new();
        let mut convert = ToTape::new(rate, 1, Format::S16, Channel::Auto).unwrap();
        for piece in bytes.chunks(501) {
            convert.push(piece, &mut out);
        }
        assert!(out.len() <= 16_001 && out.len() > 16_000 - 800, "{rate}: {}", out.len());
        assert!((level(&out[1_600..14_400], 16_000, 1_000.0) - 0.5).abs() < 0.01, "{rate}");
        // In step with the card: the same tone made at 16 kHz is nearly the same samples.
        let own = tone(16_000, 1_000.0, 0.5, 1.0);
        let worst = (1_600..14_400).map(|n| (f64::from(out[n]) / 32_768.0 - own[n]).abs()).fold(0.0, f64::max);
        // One sample of this tone is 0.2.
        assert!(worst < 0.2, "{rate}: off by {worst}");
    }
}

#[test]
fn sound_above_8_khz_does_not_fold_into_speech() {
    let bytes: Vec<u8> = tone(48_000, 11_000.0, 0.5, 1.0).iter().flat_map(|&v| encode(Format::S16, v)).collect();
    let mut out = Vec::new();
    ToTape::new(48_000, 1, Format::S16, Channel::Auto).unwrap().push(&bytes, &mut out);
    assert!(level(&out[1_600..14_400], 16_000, 5_000.0) < 0.001);
}

#[test]
fn playback_loses_nothing_at_either_end() {
    for (from, to) in [(22_050, 48_000), (16_000, 48_000), (24_000, 44_100), (48_000, 16_000), (16_001, 48_000)] {
        for length in [1usize, 100, 22_050] {
            let input = vec![10_000i16; length];
            let mut out = Vec::new();
            let mut convert = ToDevice::new(from, to).unwrap();
            for piece in input.chunks(77) {
                convert.push(piece, &mut out);
            }
            convert.finish(&mut out);
            let expected = (length as f64 * f64::from(to) / f64::from(from)).round() as usize;
            assert_eq!(out.len(), expected, "{from} to {to}, {length}");
            if length > 1_000 {
                // The step is there at the very first and last sample, all of it a few ms inside.
                assert!(
                    out[0] > 2_000 && out[expected - 1] > 2_000,
                    "{from} to {to}: {} {}",
                    out[0],
                    out[expected - 1]
                );
                let inside = to as usize / 100;
                assert!(out[inside..expected - inside].iter().all(|s| (9_900..10_100).contains(s)), "{from} to {to}");
            }
        }
    }
}

#[test]
fn equal_rates_are_passed_through() {
    let (mut convert, mut out) = (ToDevice::new(48_000, 48_000).unwrap(), Vec::new());
    convert.push(&[1, -2, 3], &mut out);
    convert.finish(&mut out);
    assert_eq!(out, [1, -2, 3]);
}

proptest! {
    #[test]
    fn any_bytes_split_anywhere_give_the_same_samples(
        bytes in proptest::collection::vec(any::<u8>(), 0..4_000),
        cuts in proptest::collection::vec(1usize..97, 1..40),
        format in 0usize..6, channels in 1u16..9, rate in prop_oneof![Just(16_000u32), Just(48_000), 1_000u32..100_000],
        mean: bool,
    ) {
        let format = Format::ALL[format];
        let channel = if mean { Channel::Mean } else { Channel::Index(channels - 1) };
        let mut whole = Vec::new();
        ToTape::new(rate, channels, format, channel).unwrap().push(&bytes, &mut whole);
        let (mut pieces, mut rest, mut convert) = (Vec::new(), &bytes[..], ToTape::new(rate, channels, format, channel).unwrap());
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break; }
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            convert.push(now, &mut pieces);
            rest = later;
        }
        prop_assert_eq!(pieces, whole);
    }
}
