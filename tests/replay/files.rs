//! Any WAV file is heard, and the same sound gives the same lines whatever it is stored in.

use super::material::{RATE, chunk, events, format, heard, plain, silence, two_utterances, wav};
use super::speech;

/// A sample as the bytes of one form, from 16 bits.
type Store = fn(i16) -> Vec<u8>;

/// Tag, bits and form.
const FORMS: [(u16, u16, Store); 6] = [
    (1, 8, |s| vec![((s >> 8) + 128) as u8]),
    (1, 16, |s| s.to_le_bytes().to_vec()),
    (1, 24, |s| (i32::from(s) << 8).to_le_bytes()[..3].to_vec()),
    (1, 32, |s| (i32::from(s) << 16).to_le_bytes().to_vec()),
    (3, 32, |s| (f32::from(s) / 32_768.0).to_le_bytes().to_vec()),
    (3, 64, |s| (f64::from(s) / 32_768.0).to_le_bytes().to_vec()),
];

fn extensible(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let classic = format(0xFFFE, channels, rate, bits);
    let extension = [22, bits, 0, 0, tag].map(u16::to_le_bytes).concat();
    [&classic[..], &extension, b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"].concat()
}

#[test]
fn two_utterances_are_two_beginnings_and_two_ends() {
    let sound = two_utterances();
    let told = events(&heard(&plain(sound), &[]));
    let names: Vec<&str> = told.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["speech_start", "speech_end", "speech_start", "speech_end"]);
    assert!((0.9..1.2).contains(&told[0].0), "it begins after 1 s: {told:?}");
    let second = sound.len() as f64 / f64::from(RATE) - 1.5;
    // The hangover is half a second, a tenth less where it is surely quiet; the voice itself ends a little earlier.
    assert!((second + 0.1..second + 0.8).contains(&told[3].0), "it ends 1.5 s before the end: {told:?}");
}

#[test]
fn the_form_of_a_sample_changes_nothing() {
    let sound = two_utterances();
    let expected = heard(&plain(sound), &[]);
    for (tag, bits, store) in &FORMS[1..] {
        let data: Vec<u8> = sound.iter().flat_map(|&sample| store(sample)).collect();
        for format in [format(*tag, 1, RATE, *bits), extensible(*tag, 1, RATE, *bits)] {
            assert_eq!(heard(&wav(&format, data.len() as u32, &data), &[]), expected, "{tag} with {bits} bits");
        }
    }
}

#[test]
fn eight_bits_are_enough_to_hear_when_somebody_speaks() {
    let (_, bits, store) = FORMS[0];
    let data: Vec<u8> = two_utterances().iter().flat_map(|&sample| store(sample)).collect();
    let told = events(&heard(&wav(&format(1, 1, RATE, bits), data.len() as u32, &data), &[]));
    let names: Vec<&str> = told.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["speech_start", "speech_end", "speech_start", "speech_end"]);
}

#[test]
fn any_rate_is_heard_at_the_same_times() {
    let expected = events(&heard(&plain(two_utterances()), &[]));
    for rate in [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000, 768_000, 47_999] {
        let sound = speech::resample(two_utterances(), RATE, rate);
        let data: Vec<u8> = sound.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let told = events(&heard(&wav(&format(1, 1, rate, 16), data.len() as u32, &data), &[]));
        assert_eq!(told.len(), expected.len(), "{rate} Hz: {told:?}");
        for ((t, name), (expected_t, expected_name)) in told.iter().zip(&expected) {
            assert_eq!(name, expected_name, "{rate} Hz");
            assert!((t - expected_t).abs() < 0.1, "{rate} Hz: {name} at {t}, not at {expected_t}");
        }
    }
}

#[test]
fn one_thousand_hertz_are_heard_without_a_word() {
    let data: Vec<u8> = silence(1.0).iter().flat_map(|sample| sample.to_le_bytes()).collect();
    assert_eq!(heard(&wav(&format(1, 1, 1_000, 16), data.len() as u32, &data), &["--set", "listen.no_speech=60s"]), "");
}

#[test]
fn of_many_channels_the_wanted_one_is_heard() {
    let sound = two_utterances();
    let expected = heard(&plain(sound), &[]);
    for (channels, spoken) in [(2_u16, 0_u16), (2, 1), (6, 3), (31, 17), (300, 0)] {
        let frame = |&sample| (0..channels).flat_map(move |at| if at == spoken { sample } else { 0_i16 }.to_le_bytes());
        let data: Vec<u8> = sound.iter().flat_map(frame).collect();
        let file = wav(&format(1, channels, RATE, 16), data.len() as u32, &data);
        let channel = format!("audio.channel={spoken}");
        assert_eq!(heard(&file, &["--set", &channel]), expected, "channel {spoken} of {channels}");
    }
}

#[test]
fn sizes_that_can_not_be_end_with_the_bytes() {
    let data: Vec<u8> = two_utterances().iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let expected = heard(&plain(two_utterances()), &[]);
    for claimed in [0, 0x7FFF_F000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FF9B, u32::MAX] {
        assert_eq!(heard(&wav(&format(1, 1, RATE, 16), claimed, &data), &[]), expected, "{claimed:#x}");
    }
}

#[test]
fn chunks_of_other_programs_are_passed_over() {
    let data: Vec<u8> = two_utterances().iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let expected = heard(&plain(two_utterances()), &[]);
    let sound = chunk(b"data", &data);
    let (notes, large) = (chunk(b"LIST", b"INFOodd"), chunk(b"iXML", &vec![b'x'; 3 << 20]));
    let unfilled = [b"note".as_slice(), &[3, 0, 0, 0], b"odd"].concat();
    let form = chunk(b"fmt ", &format(1, 1, RATE, 16));
    for before in [vec![&notes, &form], vec![&form, &notes, &large], vec![&unfilled, &form], vec![&form, &unfilled]] {
        let before: Vec<u8> = before.into_iter().flatten().copied().collect();
        let file = [b"RIFF\0\0\0\0WAVE".as_slice(), &before, &sound, &notes].concat();
        assert_eq!(heard(&file, &[]), expected);
    }
}

#[test]
fn files_beyond_four_gigabytes_tell_their_length_elsewhere() {
    let data: Vec<u8> = two_utterances().iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let expected = heard(&plain(two_utterances()), &[]);
    let sizes = chunk(b"ds64", &[0, data.len() as u64, 0, 0].map(u64::to_le_bytes).concat()[..28]);
    let form = chunk(b"fmt ", &format(1, 1, RATE, 16));
    let sound = [b"data".as_slice(), &u32::MAX.to_le_bytes(), &data].concat();
    // What stands behind the sound is not heard.
    let behind = chunk(b"LIST", &plain(two_utterances()));
    for name in [b"RF64", b"BW64"] {
        let file = [name.as_slice(), &u32::MAX.to_le_bytes(), b"WAVE", &sizes, &form, &sound, &behind].concat();
        assert_eq!(heard(&file, &[]), expected);
    }
}

#[test]
fn what_a_speech_program_writes_into_a_pipe_is_heard() {
    let espeak = std::process::Command::new("espeak-ng").args(["--stdout", "What time is it?"]).output();
    let told = events(&heard(&espeak.expect("espeak-ng is installed").stdout, &[]));
    assert_eq!(told.first().map(|(_, name)| name.as_str()), Some("speech_start"));
}
