//! What a file plays: by our own readers, and by ffmpeg and sox.

use std::path::Path;
use std::process::Command;

use auricle::services::recorder::Format;
use auricle_core::audio::TAPE_RATE;
use auricle_core::audio::wav::Reader;
use auricle_core::recording::ogg;

/// Sound in which every place can be told from its neighbours: two tones and a slow sweep.
pub fn sound(count: usize) -> Vec<i16> {
    let sample = |n: usize| {
        let t = n as f64 / f64::from(TAPE_RATE);
        let tau = std::f64::consts::TAU;
        (tau * (200.0 * t + 15.0 * t * t)).sin() * 7_000.0 + (tau * 730.0 * t).sin() * 3_000.0
    };
    (0..count).map(|n| sample(n) as i16).collect()
}

/// Plays a file. Says why if it does not play.
pub fn play(file: &[u8], format: Format) -> Result<Vec<i16>, String> {
    match format {
        Format::Wav => play_wav(file),
        Format::Opus => play_opus(file),
    }
}

fn play_wav(file: &[u8]) -> Result<Vec<i16>, String> {
    let (mut reader, mut samples) = (Reader::new(), Vec::new());
    reader.push(file, &mut samples).and_then(|()| reader.end()).map_err(|error| error.to_string())?;
    Ok(samples)
}

/// Plays whole pages in a row; the first one that is not whole ends it.
fn play_opus(file: &[u8]) -> Result<Vec<i16>, String> {
    let (mut pages, mut rest) = (Vec::new(), file);
    while let Some((page, later)) = page(rest, pages.len() as u32) {
        pages.push(page);
        rest = later;
    }
    let [head, tags, sound @ ..] = pages.as_slice() else { return Err(format!("{} pages", pages.len())) };
    if !head.body.starts_with(b"OpusHead") || !tags.body.starts_with(b"OpusTags") {
        return Err("no Opus".into());
    }
    let skip = usize::from(u16::from_le_bytes([head.body[10], head.body[11]])) / 3;
    let mut decoder = opus::Decoder::new(TAPE_RATE, opus::Channels::Mono).unwrap();
    let mut samples = Vec::new();
    for page in sound {
        let mut start = 0;
        for length in &page.packets {
            let mut frame = [0; 320];
            let decoded = decoder.decode(&page.body[start..start + length], &mut frame, false);
            samples.extend(&frame[..decoded.map_err(|error| error.to_string())?]);
            start += length;
        }
        if !page.last && page.granule as usize != samples.len() * 3 {
            return Err(format!("a page ends at {} and says {}", samples.len() * 3, page.granule));
        }
        samples.truncate(page.granule as usize / 3);
    }
    Ok(samples.split_off(skip.min(samples.len())))
}

struct Page<'a> {
    last: bool,
    granule: u64,
    packets: Vec<usize>,
    body: &'a [u8],
}

/// The page at the beginning of `file`, if it is whole and has this number, and what follows.
fn page(file: &[u8], number: u32) -> Option<(Page<'_>, &[u8])> {
    let head = file.get(..27).filter(|head| head.starts_with(b"OggS\0"))?;
    let table = file.get(27..27 + usize::from(head[26]))?;
    let start = 27 + table.len();
    let end = start + table.iter().map(|entry| usize::from(*entry)).sum::<usize>();
    let mut whole = file.get(..end)?.to_vec();
    let sum = u32::from_le_bytes(whole[22..26].try_into().unwrap());
    whole[22..26].fill(0);
    if ogg::checksum(&whole) != sum || head[18..22] != number.to_le_bytes() {
        return None;
    }
    let (mut packets, mut length) = (Vec::new(), 0);
    for entry in table {
        length += usize::from(*entry);
        if *entry < 255 {
            packets.push(std::mem::take(&mut length));
        }
    }
    let granule = u64::from_le_bytes(head[6..14].try_into().unwrap());
    Some((Page { last: head[5] & 4 != 0, granule, packets, body: &file[start..end] }, &file[end..]))
}

/// Panics unless `played` is the beginning of `sound`: to the sample for WAV, to the ear for Opus.
pub fn assert_beginning(played: &[i16], sound: &[i16], format: Format) {
    assert!(played.len() <= sound.len(), "{} samples of {}", played.len(), sound.len());
    match format {
        Format::Wav => assert!(played == &sound[..played.len()], "other samples"),
        Format::Opus => {
            // The codec needs a moment to settle.
            let both = || sound.iter().zip(played).skip(320);
            let power: f64 = both().map(|(a, _)| f64::from(*a).powi(2)).sum();
            let wrong: f64 = both().map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
            assert!(wrong <= power * 0.05, "{:.3} of the power is wrong", wrong / power);
        }
    }
}

/// Whether a file is over, as far as its format can tell.
pub fn is_ended(file: &[u8], format: Format) -> bool {
    match format {
        Format::Wav => file.len() == 44 + u32::from_le_bytes(file[40..44].try_into().unwrap()) as usize,
        Format::Opus => file.windows(6).rposition(|bytes| bytes == b"OggS\0\x04").is_some(),
    }
}

/// What ffmpeg decodes.
pub fn ffmpeg(path: &Path) -> Vec<i16> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-i"]).arg(path).args(["-f", "s16le", "-ar", "16000", "-ac", "1", "-"]);
    decoded(command)
}

/// What sox decodes; it knows WAV only.
pub fn sox(path: &Path) -> Vec<i16> {
    let mut command = Command::new("sox");
    command.arg(path).args(["-t", "raw", "-e", "signed", "-b", "16", "-"]);
    decoded(command)
}

fn decoded(mut command: Command) -> Vec<i16> {
    let output = command.output().expect("it can't be started; scripts/setup.sh test installs it");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}
