#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::audio::wav::Reader;

/// A tone that a person could speak, of `count` samples.
fn tone(count: usize) -> Vec<i16> {
    (0..count).map(|n| ((n as f64 * 0.09).sin() * 9_000.0 + (n as f64 * 0.41).sin() * 3_000.0) as i16).collect()
}

fn write(format: Format, pieces: &[&[i16]]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = Writer::begin(format, 7, &mut file).unwrap();
    for piece in pieces {
        writer.push(piece, &mut file).unwrap();
    }
    writer.finish(&mut file).unwrap();
    if let Some(head) = writer.head(file.len() as u64) {
        file[..head.len()].copy_from_slice(&head);
    }
    file
}

/// A page as a reader sees it.
struct Page {
    flags: u8,
    granule: u64,
    sequence: u32,
    packets: Vec<Vec<u8>>,
}

/// All whole pages; panics at anything else.
fn pages(mut file: &[u8]) -> Vec<Page> {
    let mut pages = Vec::new();
    while !file.is_empty() {
        assert_eq!(&file[..5], b"OggS\0");
        let table = &file[27..27 + usize::from(file[26])];
        let start = 27 + table.len();
        let end = start + table.iter().map(|entry| usize::from(*entry)).sum::<usize>();
        let mut copy = file[..end].to_vec();
        copy[22..26].fill(0);
        assert_eq!(checksum_bit_by_bit(&copy).to_le_bytes(), file[22..26], "the checksum");
        assert_eq!(file[14..18], 7_u32.to_le_bytes(), "the serial number");
        let (mut packets, mut packet, mut body) = (Vec::new(), Vec::new(), &file[start..end]);
        for entry in table {
            let (now, later) = body.split_at(usize::from(*entry));
            packet.extend(now);
            body = later;
            if *entry < 255 {
                packets.push(std::mem::take(&mut packet));
            }
        }
        assert!(packet.is_empty(), "no packet runs over the end of its page");
        pages.push(Page {
            flags: file[5],
            granule: u64::from_le_bytes(file[6..14].try_into().unwrap()),
            sequence: u32::from_le_bytes(file[18..22].try_into().unwrap()),
            packets,
        });
        file = &file[end..];
    }
    pages
}

/// The checksum by its definition: division of polynomials.
fn checksum_bit_by_bit(bytes: &[u8]) -> u32 {
    let mut sum = 0_u32;
    for bit in bytes.iter().flat_map(|byte| (0..8).rev().map(move |n| u32::from(byte >> n & 1))) {
        sum = (sum << 1) ^ if sum >> 31 ^ bit == 1 { 0x04c1_1db7 } else { 0 };
    }
    sum
}

/// What a player plays: everything decoded, without the delay, up to the last granule.
fn play(pages: &[Page]) -> Vec<i16> {
    let mut decoder = ::opus::Decoder::new(TAPE_RATE, ::opus::Channels::Mono).unwrap();
    let mut sound = Vec::new();
    for packet in pages[2..].iter().flat_map(|page| &page.packets) {
        let mut frame = [0; FRAME];
        assert_eq!(decoder.decode(packet, &mut frame, false).unwrap(), FRAME);
        sound.extend(frame);
    }
    let skip = usize::from(u16::from_le_bytes(pages[0].packets[0][10..12].try_into().unwrap())) / 3;
    sound.truncate(pages[pages.len() - 1].granule as usize / 3);
    sound.split_off(skip)
}

#[test]
fn a_wav_file_is_what_went_in() {
    let sound = tone(5_001);
    let (mut reader, mut read) = (Reader::new(), Vec::new());
    reader.push(&write(Format::Wav, &[&sound]), &mut read).unwrap();
    assert_eq!((reader.end(), read), (Ok(()), sound));
}

#[test]
fn an_opus_file_has_the_pages_that_players_want() {
    let sound = tone(PAGE * 3 + 100);
    let pages = pages(&write(Format::Opus, &[&sound]));
    let flags: Vec<_> = pages.iter().map(|page| page.flags).collect();
    assert_eq!(flags, [2, 0, 0, 0, 0, 4], "first, comment, three of 200 ms, last");
    assert!(pages.iter().map(|page| page.sequence).eq(0..6));
    assert!(pages[0].packets[0].starts_with(b"OpusHead\x01\x01") && pages[0].packets[0].len() == 19);
    assert!(pages[1].packets[0].starts_with(b"OpusTags"));
    let granules: Vec<_> = pages.iter().map(|page| page.granule).collect();
    assert_eq!(granules[..5], [0, 0, 9_600, 19_200, 28_800], "at 48 kHz, at the end of each page");
    assert!(pages[2..5].iter().all(|page| page.packets.len() == 10));
}

#[test]
fn an_opus_file_plays_as_long_as_it_was_and_sounds_the_same() {
    for count in [0, 1, FRAME - 1, FRAME, PAGE - 1, PAGE, PAGE + 1, PAGE * 5 - 104, PAGE * 5 + 3] {
        let sound = tone(count);
        let played = play(&pages(&write(Format::Opus, &[&sound])));
        assert_eq!(played.len(), count, "no sample more or less");
        // The codec needs a moment to settle; a shift by one sample would already fail.
        let both = || sound.iter().zip(&played).skip(FRAME);
        let power: f64 = both().map(|(a, _)| f64::from(*a).powi(2)).sum();
        let wrong: f64 = both().map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
        assert!(wrong <= power * 0.05, "{count} samples: {:.3} of the power is wrong", wrong / power);
    }
}

#[test]
fn even_noise_stays_small_as_opus() {
    let mut seed = 1_u32;
    let noise = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 18) as i16
    });
    let noise: Vec<i16> = noise.take(60 * 16_000).collect();
    let bytes = write(Format::Opus, &[&noise]).len() as f64 / 60.0;
    assert!((2_500.0..4_000.0).contains(&bytes), "{bytes} bytes per second");
}

#[test]
fn names_are_made_safe() {
    for (name, stem) in [
        ("Team weekly", "Team-weekly"),
        ("Réunion d'équipe nº 3", "Réunion-d-équipe-nº-3"),
        ("हिन्दी बैठक", "हिन्दी-बैठक"),
        ("会議", "会議"),
        ("", "meeting"),
        ("   ", "meeting"),
        ("../../etc/passwd", "etc-passwd"),
        ("/dev/sda", "dev-sda"),
        ("--force", "force"),
        (".hidden", "hidden"),
        ("a\0b\nc\u{7f}d", "a-b-c-d"),
        ("$(reboot); `id` | x && y", "reboot-id-x-y"),
        ("C:\\CON*?<>\"", "C-CON"),
        ("trailing. . .", "trailing"),
        ("\u{202e}gpj.exe", "gpj.exe"),
        ("a\u{200b}b\u{feff}c\u{2028}d", "a-b-c-d"),
    ] {
        assert_eq!(safe_name(name), stem, "{name:?}");
    }
    assert_eq!(safe_name(&"é".repeat(100)), "é".repeat(40), "cut between two letters");
    assert_eq!(file_name("A b", "2026-11-20T21:56:24", Format::Opus, 1), "A-b-2026-11-20T21-56-24.opus");
    assert_eq!(file_name("A b", "2026-11-20T21-56-24", Format::Wav, 3), "A-b-2026-11-20T21-56-24-3.wav");
    assert_eq!(file_name("", "../..", Format::Wav, 0), "meeting-meeting.wav");
}

proptest! {
    #[test]
    fn no_name_is_too_strange(name in "\\PC*|.{0,200}|(?s)[./\\\\\\-~\\x00-\\x20\u{202e}é]{0,120}") {
        let stem = safe_name(&name);
        prop_assert!(!stem.is_empty() && stem.len() <= 80, "{stem:?}");
        prop_assert!(!stem.starts_with(['-', '.']) && !stem.ends_with(['-', '.']), "{stem:?}");
        prop_assert!(!stem.contains(|c: char| c.is_control() || c.is_whitespace()), "{stem:?}");
        prop_assert!(!stem.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|', '\'', '$', '`', ';', '&']), "{stem:?}");
        prop_assert_eq!(safe_name(&stem), stem.clone(), "what is safe stays as it is");
        let kept = name.chars().filter(|c| c.is_ascii_alphanumeric()).count();
        prop_assert!(kept == 0 || name.len() > 80 || stem.chars().filter(char::is_ascii_alphanumeric).count() == kept);
    }

    #[test]
    fn how_the_sound_is_cut_does_not_change_the_file(cuts in proptest::collection::vec(0..4_000_usize, 0..40)) {
        let sound = tone(12_345);
        let (mut pieces, mut rest) = (Vec::new(), &sound[..]);
        for cut in cuts {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            pieces.push(now);
            rest = later;
        }
        pieces.push(rest);
        for format in [Format::Wav, Format::Opus] {
            prop_assert!(write(format, &pieces) == write(format, &[&sound]), "{format:?}");
        }
    }
}
