#![allow(clippy::unwrap_used)]
use super::format::{EXTENSIBLE, FLOAT};
use super::*;
use crate::audio::convert::Channel;
use proptest::prelude::*;

/// A file with this format chunk, `other` chunks before the sound, and a claimed size of the sound.
fn file(format: &[u8], other: &[u8], claimed: u32, data: &[u8]) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVE".to_vec();
    file.extend(chunk(b"fmt ", format));
    file.extend_from_slice(other);
    file.extend_from_slice(b"data");
    file.extend_from_slice(&claimed.to_le_bytes());
    file.extend_from_slice(data);
    file
}

fn chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut chunk = id.to_vec();
    chunk.extend_from_slice(&(body.len() as u32).to_le_bytes());
    chunk.extend_from_slice(body);
    chunk.resize(chunk.len() + body.len() % 2, 0);
    chunk
}

fn format(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let block = channels.wrapping_mul(bits / 8);
    let mut format = [tag.to_le_bytes(), channels.to_le_bytes()].concat();
    format.extend_from_slice(&rate.to_le_bytes());
    format.extend_from_slice(&rate.wrapping_mul(u32::from(block)).to_le_bytes());
    format.extend_from_slice(&block.to_le_bytes());
    format.extend_from_slice(&bits.to_le_bytes());
    format
}

fn extensible(sub: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let mut extensible = format(EXTENSIBLE, channels, rate, bits);
    extensible.extend_from_slice(&22u16.to_le_bytes());
    extensible.extend_from_slice(&bits.to_le_bytes());
    extensible.extend_from_slice(&3u32.to_le_bytes());
    extensible.extend_from_slice(&sub.to_le_bytes());
    extensible.extend_from_slice(b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71");
    extensible
}

fn read(file: &[u8]) -> Result<(Format, Vec<i16>), WavError> {
    let mut reader = Reader::new();
    let mut sound = Vec::new();
    reader.push(file, &mut sound)?;
    reader.end()?;
    Ok((reader.format().unwrap(), sound))
}

fn pcm(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

#[test]
fn what_we_write_we_read() {
    let mut file = header(4, 16_000).to_vec();
    file.extend(pcm(&[0, i16::MAX, i16::MIN, -1]));
    assert_eq!(file.len() - 8, u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize);
    let (format, sound) = read(&file).unwrap();
    assert_eq!(format, Format { rate: 16_000, channels: 1, stored: Stored::S16 });
    assert_eq!(sound, [0, i16::MAX, i16::MIN, -1]);
}

#[test]
fn a_header_for_more_than_four_gigabytes_saturates() {
    assert_eq!(header(u64::MAX, 48_000)[40..], u32::MAX.to_le_bytes());
}

#[test]
fn every_stored_form_gives_the_same_sound() {
    let s24 = |v: i32| v.to_le_bytes()[..3].to_vec();
    let cases: Vec<(u16, u16, Vec<u8>, Stored)> = vec![
        (PCM, 8, vec![128, 255, 0, 64], Stored::U8),
        (PCM, 16, pcm(&[0, 0x7F00, -0x8000, -0x4000]), Stored::S16),
        (PCM, 24, [0, 0x7F_0000, -0x80_0000, -0x40_0000].into_iter().flat_map(s24).collect(), Stored::S24),
        (PCM, 32, [0, 0x7F00_0000, i32::MIN, -0x4000_0000].iter().flat_map(|v| v.to_le_bytes()).collect(), Stored::S32),
        (FLOAT, 32, [0.0f32, 127.0 / 128.0, -1.0, -0.5].iter().flat_map(|v| v.to_le_bytes()).collect(), Stored::F32),
        (FLOAT, 64, [0.0f64, 127.0 / 128.0, -1.0, -0.5].iter().flat_map(|v| v.to_le_bytes()).collect(), Stored::F64),
    ];
    for (tag, bits, data, stored) in cases {
        for format in [format(tag, 1, 22_050, bits), extensible(tag, 1, 22_050, bits)] {
            let (found, sound) = read(&file(&format, &[], data.len() as u32, &data)).unwrap();
            assert_eq!(found, Format { rate: 22_050, channels: 1, stored });
            assert_eq!(sound, [0, 0x7F00, i16::MIN, -0x4000], "{stored:?}");
        }
    }
}

#[test]
fn samples_beyond_full_scale_saturate_and_nan_is_silence() {
    let data: Vec<u8> = [2.0f32, -2.0, f32::NAN, f32::INFINITY].iter().flat_map(|v| v.to_le_bytes()).collect();
    let (_, sound) = read(&file(&format(FLOAT, 1, 8_000, 32), &[], data.len() as u32, &data)).unwrap();
    assert_eq!(sound, [i16::MAX, i16::MIN, 0, i16::MAX]);
}

#[test]
fn channels_give_their_mean() {
    for channels in 1..=8u16 {
        let frame: Vec<i16> = (0..channels as i16).map(|c| c * 100).collect();
        let data = pcm(&frame.repeat(3));
        let (_, sound) = read(&file(&format(PCM, channels, 48_000, 16), &[], data.len() as u32, &data)).unwrap();
        assert_eq!(sound, [(channels as i16 - 1) * 50; 3], "{channels}");
    }
}

#[test]
fn a_size_that_can_not_be_is_replaced_by_the_bytes_that_are_there() {
    let data = pcm(&[1, 2, 3]);
    for claimed in [0, 0x7FFF_F000, 0x7FFF_FFFF, 0xFFFF_FF9B, 0xFFFF_FFFF, 1_000_000] {
        let (_, sound) = read(&file(&format(PCM, 1, 16_000, 16), &[], claimed, &data)).unwrap();
        assert_eq!(sound, [1, 2, 3], "{claimed:#x}");
    }
}

#[test]
fn what_follows_the_sound_is_not_sound() {
    let mut data = pcm(&[1, 2]);
    data.extend(chunk(b"LIST", b"INFOISFT"));
    let (_, sound) = read(&file(&format(PCM, 1, 16_000, 16), &[], 4, &data)).unwrap();
    assert_eq!(sound, [1, 2]);
}

#[test]
fn unknown_chunks_of_odd_size_are_skipped_with_their_filling() {
    let other = [chunk(b"LIST", b"odd"), chunk(b"fact", b"4444"), chunk(b"\0\0\0\0", b"")].concat();
    let mut long_format = extensible(PCM, 1, 16_000, 16);
    long_format.extend_from_slice(b"odd");
    for format in [format(PCM, 1, 16_000, 16), long_format] {
        let (_, sound) = read(&file(&format, &other, 4, &pcm(&[5, 6]))).unwrap();
        assert_eq!(sound, [5, 6]);
    }
}

#[test]
fn a_filling_that_its_writer_forgot_is_not_missed() {
    let unfilled = [b"note".as_slice(), &3u32.to_le_bytes(), b"odd"].concat();
    let (_, sound) = read(&file(&format(PCM, 1, 16_000, 16), &unfilled, 4, &pcm(&[5, 6]))).unwrap();
    assert_eq!(sound, [5, 6]);
}

#[test]
fn a_large_file_tells_its_length_in_a_chunk_of_its_own() {
    let sizes = |data: u64| chunk(b"ds64", &[0, data, 0].map(u64::to_le_bytes).concat());
    let large = |sizes: &[u8]| {
        let head = [b"RF64\xff\xff\xff\xffWAVE", sizes, &chunk(b"fmt ", &format(PCM, 1, 16_000, 16))].concat();
        let mut reader = Reader::new();
        let mut sound = Vec::new();
        reader.push(&[&head, b"data\xff\xff\xff\xff".as_slice(), &pcm(&[1, 2, 3])].concat(), &mut sound).unwrap();
        sound
    };
    assert_eq!(large(&sizes(4)), [1, 2]);
    assert_eq!(large(&sizes(u64::MAX)), [1, 2, 3]);
    assert_eq!(large(&sizes(0)), [1, 2, 3]);
    assert_eq!(large(&chunk(b"ds64", &[0; 8])), [1, 2, 3]);
}

#[test]
fn a_recording_becomes_the_tape_of_its_channel_to_the_sample() {
    let data = pcm(&(0..4_800).flat_map(|n| [n, -n]).collect::<Vec<i16>>());
    let (mut recording, mut sound) = (Recording::new(Channel::Index(1)), Vec::new());
    recording.push(&file(&format(PCM, 2, 48_000, 16), &[], data.len() as u32 + 8, &data), &mut sound).unwrap();
    recording.finish(&mut sound).unwrap();
    assert_eq!((sound.len(), recording.missing()), (1_600, 8));
    assert!((sound[800] + 2_400).abs() <= 2, "{}", sound[800]);
}

#[test]
fn a_recording_may_have_what_a_message_may_not() {
    let many = file(&format(PCM, 40, 400_000, 16), &chunk(b"junk", &vec![0; 2 << 20]), 0, &[0; 800]);
    assert!(read(&many).is_err());
    let (mut recording, mut sound) = (Recording::new(Channel::Mean), Vec::new());
    recording.push(&many, &mut sound).unwrap();
    assert_eq!(recording.finish(&mut sound), Ok(()));
    let error = Recording::new(Channel::Index(40)).push(&many, &mut sound).unwrap_err();
    assert_eq!(error.to_string(), "channel 40 does not exist: the card has 40, counted from 0; choose one below 40");
}

#[test]
fn an_incomplete_last_frame_is_left_out() {
    let (_, sound) = read(&file(&format(PCM, 2, 16_000, 16), &[], 0, &[1, 0, 1, 0, 9, 9, 9])).unwrap();
    assert_eq!(sound, [1]);
}

#[test]
fn garbage_is_named() {
    let text = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    let unusable = |format: &[u8]| text(&file(format, &[], 0, &[]));
    let mut odd_block = format(PCM, 1, 16_000, 16);
    odd_block[12] = 4;
    insta::assert_snapshot!([
        text(b"OggS\0\x02"),
        text(b"ID3\x04\0\0\0\0"),
        text(b"espeak: no such voice"),
        text(b"RIFF\x04\0\0\0AVI LIST"),
        text(b"\0\x01\x02\x03"),
        text(b""),
        text(b"RIFF"),
        text(b"RIFF\0\0\0\0WAVEdata\0\0\0\0"),
        text(b"RIFF\0\0\0\0WAVEfmt \x04\0\0\0"),
        text(b"RIFF\0\0\0\0WAVELIST\xff\xff\xff\xff"),
        unusable(&format(0x55, 1, 16_000, 0)),
        unusable(&format(PCM, 1, 16_000, 12)),
        unusable(&format(PCM, 0, 16_000, 16)),
        unusable(&format(PCM, 9, 16_000, 16)),
        unusable(&format(PCM, 1, 3_999, 16)),
        unusable(&format(PCM, 1, u32::MAX, 16)),
        unusable(&odd_block),
    ].join("\n"), @r"
    expected a WAV file, which begins with `RIFF` and `WAVE`, but found the bytes 4f 67 67 53 00 02 (Ogg); let the program write WAV
    expected a WAV file, which begins with `RIFF` and `WAVE`, but found the bytes 49 44 33 04 00 00 00 00 (MP3); let the program write WAV
    expected a WAV file, which begins with `RIFF` and `WAVE`, but found `espeak: no s`; let the program write WAV
    expected a WAV file, which begins with `RIFF` and `WAVE`, but found the bytes 52 49 46 46 04 00 00 00 41 56 49 20 (not a sound); let the program write WAV
    expected a WAV file, which begins with `RIFF` and `WAVE`, but found the bytes 00 01 02 03; let the program write WAV
    the WAV file ended after 0 bytes, before any sound; the program that wrote it failed
    the WAV file ended after 4 bytes, before any sound; the program that wrote it failed
    the WAV file's header is damaged: the sound comes before its format; write the file anew
    the WAV file's header is damaged: its format chunk has 4 bytes, 16 are the fewest; write the file anew
    the WAV file's header is damaged: more than 1048576 bytes before the sound, the last in chunk `LIST`; write the file anew
    the WAV file has MP3 (format 0x0055); write PCM with 8, 16, 24 or 32 bits or floating point with 32 or 64 bits, 1 to 8 channels, 4000 to 192000 Hz
    the WAV file has PCM with 12 bits; write PCM with 8, 16, 24 or 32 bits or floating point with 32 or 64 bits, 1 to 8 channels, 4000 to 192000 Hz
    the WAV file has 0 channels; write PCM with 8, 16, 24 or 32 bits or floating point with 32 or 64 bits, 1 to 8 channels, 4000 to 192000 Hz
    the WAV file has 9 channels; write PCM with 8, 16, 24 or 32 bits or floating point with 32 or 64 bits, 1 to 8 channels, 4000 to 192000 Hz
    the WAV file has 3999 samples per second; write PCM with 8, 16, 24 or 32 bits or floating point with 32 or 64 bits, 1 to 8 channels, 4000 to 192000 Hz
    the WAV file has 4294967295 samples per second; write PCM with 8, 16, 24 or 32 bits or floating point with 32 or 64 bits, 1 to 8 channels, 4000 to 192000 Hz
    the WAV file has frames of 4 bytes instead of 2; write PCM with 8, 16, 24 or 32 bits or floating point with 32 or 64 bits, 1 to 8 channels, 4000 to 192000 Hz
    ");
}

#[test]
fn garbage_is_told_from_the_first_byte_and_stays_garbage() {
    let mut reader = Reader::new();
    let mut sound = Vec::new();
    let error = reader.push(b"x", &mut sound).unwrap_err();
    assert_eq!(reader.push(b"RIFF", &mut sound), Err(error.clone()));
    assert_eq!(reader.end(), Err(error));
}

#[test]
fn a_header_that_promises_a_lot_gets_no_memory_for_it() {
    let mut reader = Reader::new();
    let mut sound = Vec::new();
    reader.push(&file(&format(PCM, 1, 16_000, 16), &[], 0x7FFE_FFFF, &[1, 0]), &mut sound).unwrap();
    assert!(sound.capacity() < 1_000, "{}", sound.capacity());
}

proptest! {
    #[test]
    fn any_split_gives_the_same_sound(
        channels in 1u16..=8, form in 0usize..6, float in any::<bool>(), sizes in proptest::collection::vec(0usize..50, 1..60),
        data in proptest::collection::vec(any::<u8>(), 0..600), claimed in prop_oneof![Just(0u32), 0u32..700, Just(u32::MAX)],
    ) {
        let (tag, bits) = [(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64)][form];
        let format = if float { extensible(tag, channels, 44_100, bits) } else { format(tag, channels, 44_100, bits) };
        let file = file(&format, &chunk(b"LIST", b"abc"), claimed, &data);
        let (_, whole) = read(&file).unwrap();
        let mut reader = Reader::new();
        let mut sound = Vec::new();
        let mut rest = &file[..];
        for size in sizes.iter().cycle().map(|size| size + 1) {
            let (now, later) = rest.split_at(size.min(rest.len()));
            reader.push(now, &mut sound).unwrap();
            rest = later;
            if rest.is_empty() { break }
        }
        prop_assert_eq!(sound, whole);
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        exercise(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_valid_beginning_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        exercise(&[b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0", &bytes[..]].concat());
        exercise(&file(&format(PCM, 2, 16_000, 16), &bytes, 0, &[]));
    }
}
