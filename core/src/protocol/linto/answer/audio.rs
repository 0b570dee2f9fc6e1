//! Sound in an answer: a WAV file as base64, as a `data:` URL, or as a serialised buffer.
//!
//! Nothing is fetched: who can send an answer must not be able to make the device open connections or files.

use std::fmt;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::audio::wav;
use crate::protocol::linto::lenient::kind;

/// The largest file that is played, in bytes.
pub const AUDIO_LIMIT: usize = 2 << 20;

/// The longest sound that is played, in seconds.
pub const AUDIO_SECONDS: u64 = 60;

/// Bytes of the file that are looked at in one go.
const PIECE: usize = 16 << 10;

/// Either alphabet is turned into this one first; padding may be there or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Sound in an answer.
#[derive(Clone, PartialEq, Eq)]
pub enum Audio {
    /// A WAV file that [`wav::Reader`] reads, with at least one sample, at most [`AUDIO_LIMIT`] bytes and
    /// [`AUDIO_SECONDS`].
    Wav(Vec<u8>),
    /// Sound that is not played; why.
    Refused(String),
}

/// Without the bytes of the sound, which nobody reads.
impl fmt::Debug for Audio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wav(file) => write!(f, "Wav({} bytes)", file.len()),
            Self::Refused(reason) => f.debug_tuple("Refused").field(reason).finish(),
        }
    }
}

/// Reads `audio`; `None` if nothing is in it.
pub(super) fn audio(raw: &RawValue) -> Option<Audio> {
    #[derive(Deserialize)]
    struct Buffer {
        data: Vec<u8>,
    }
    let found = match kind(raw) {
        "a string" => {
            let text = serde_json::from_str::<String>(raw.get()).unwrap_or_default();
            match text.trim() {
                "" => return None,
                text => decoded(text),
            }
        }
        "an object" => serde_json::from_str::<Buffer>(raw.get())
            .map(|buffer| buffer.data)
            .map_err(|_| "is an object, but not a buffer of bytes; send the WAV file as base64".into()),
        other => Err(format!("is {other}; send the WAV file as base64")),
    };
    Some(match found.and_then(playable) {
        Ok(file) => Audio::Wav(file),
        Err(reason) => Audio::Refused(format!("`audio` {reason}")),
    })
}

/// The bytes in a `data:` URL or in base64.
fn decoded(text: &str) -> Result<Vec<u8>, String> {
    let Some((scheme, rest)) = url(text) else { return base64(text.as_bytes()) };
    if !scheme.eq_ignore_ascii_case("data") {
        return Err(format!(
            "is a `{}:` URL; only `data:` URLs are played, other URLs are refused",
            scheme.to_ascii_lowercase()
        ));
    }
    let (kind, data) = rest.split_once(',').ok_or("is a `data:` URL without a comma before its data")?;
    let data = percent_decoded(data);
    if kind.rsplit(';').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("base64")) {
        return base64(&data);
    }
    Ok(data)
}

/// The scheme of a URL and what follows it. Base64 has no colon.
fn url(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_at_checked(text.bytes().take(32).position(|byte| byte == b':')?)?;
    let valid = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    (valid && !scheme.is_empty()).then(|| (scheme, &rest[1..]))
}

/// Decodes the standard and the URL-safe alphabet, with or without padding and white space.
fn base64(text: &[u8]) -> Result<Vec<u8>, String> {
    if text.len() / 4 > AUDIO_LIMIT {
        return Err(too_large(text.len() / 4 * 3));
    }
    let standard = text.iter().filter(|byte| !byte.is_ascii_whitespace()).map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    });
    LENIENT.decode(standard.collect::<Vec<u8>>()).map_err(|error| format!("is not valid base64: {error}"))
}

/// Resolves `%41`; what is not of this form stays as it is.
fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = if *byte == b'%' { digit(at + 1).zip(digit(at + 2)) } else { None };
        out.push(code.map_or(*byte, |(high, low)| (high * 16 + low) as u8));
        at += if code.is_some() { 3 } else { 1 };
    }
    out
}

/// Checks that `file` is a WAV file within the limits.
fn playable(file: Vec<u8>) -> Result<Vec<u8>, String> {
    if file.len() > AUDIO_LIMIT {
        return Err(too_large(file.len()));
    }
    let mut reader = wav::Reader::new();
    let mut sound = Vec::new();
    let mut samples = 0;
    for piece in file.chunks(PIECE) {
        reader.push(piece, &mut sound).map_err(|error| format!("can't be played: {error}"))?;
        samples += sound.len() as u64;
        sound.clear();
    }
    reader.end().map_err(|error| format!("can't be played: {error}"))?;
    let rate = reader.format().map_or(1, |format| u64::from(format.rate));
    match samples {
        0 => Err("is a WAV file without sound".into()),
        _ if samples > AUDIO_SECONDS * rate => {
            Err(format!("lasts {} s, {AUDIO_SECONDS} s are the most; send a shorter sound", samples.div_ceil(rate)))
        }
        _ => Ok(file),
    }
}

fn too_large(bytes: usize) -> String {
    format!("has {bytes} bytes, {AUDIO_LIMIT} are the most; send a shorter sound or a lower rate")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    /// A WAV file of so many samples; the values use every letter of the alphabet.
    fn file(samples: usize, rate: u32) -> Vec<u8> {
        let mut file = wav::header(samples as u64, rate).to_vec();
        file.extend((0..samples).flat_map(|n| (n as u16).wrapping_mul(40_503).to_le_bytes()));
        file
    }

    fn read(json: &str) -> Option<Audio> {
        audio(&RawValue::from_string(json.into()).unwrap())
    }

    fn of(text: &str) -> Audio {
        read(&serde_json::to_string(text).unwrap()).unwrap()
    }

    fn refused(text: &str) -> String {
        match of(text) {
            Audio::Refused(reason) => reason,
            played => panic!("{} is played: {played:?}", &text[..text.len().min(80)]),
        }
    }

    #[test]
    fn base64_of_either_alphabet_with_or_without_padding_is_played() {
        for samples in 400..403 {
            let file = file(samples, 16_000);
            let (standard, url_safe) = (STANDARD.encode(&file), URL_SAFE_NO_PAD.encode(&file));
            assert!(standard.contains(['+', '/']) && url_safe.contains(['-', '_']));
            let lines: Vec<&str> = standard.as_bytes().chunks(76).map(|line| str::from_utf8(line).unwrap()).collect();
            for text in
                [&standard, &url_safe, standard.trim_end_matches('='), &format!("\n {}\r\n", lines.join("\r\n"))]
            {
                assert_eq!(of(text), Audio::Wav(file.clone()), "{samples}");
            }
        }
    }

    #[test]
    fn data_urls_are_played() {
        let file = file(100, 22_050);
        let base64 = STANDARD.encode(&file);
        let percent: String = file.iter().map(|byte| format!("%{byte:02X}")).collect();
        for url in [
            format!("data:audio/wav;base64,{base64}"),
            format!(
                "DATA:audio/x-wav; codecs=1 ;BASE64,{}",
                base64.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D")
            ),
            format!("data:;base64,{base64}"),
            format!("data:audio/wav,{percent}"),
        ] {
            assert_eq!(of(&url), Audio::Wav(file.clone()), "{url}");
        }
    }

    #[test]
    fn a_serialised_buffer_is_played() {
        let file = file(10, 8_000);
        let json = format!(r#"{{"type":"Buffer","data":{}}}"#, serde_json::to_string(&file).unwrap());
        assert_eq!(read(&json), Some(Audio::Wav(file)));
    }

    #[test]
    fn other_urls_are_refused_without_being_repeated() {
        for (url, scheme) in [
            ("http://user:secret@example.org/a.wav", "http"),
            ("HTTPS://example.org/a.wav", "https"),
            ("file:///etc/shadow", "file"),
            ("blob:x", "blob"),
        ] {
            let expected =
                format!("`audio` is a `{scheme}:` URL; only `data:` URLs are played, other URLs are refused");
            assert_eq!(refused(url), expected);
        }
    }

    #[test]
    fn what_is_no_sound_is_refused_with_its_reason() {
        assert!(refused("not base64!").starts_with("`audio` is not valid base64: "));
        assert!(refused("/sounds/a.wav").starts_with("`audio` is not valid base64: "));
        assert!(refused("data:audio/wav;base64,%%%").starts_with("`audio` is not valid base64: "));
        assert!(refused("data:audio/wav").contains("without a comma"));
        assert!(refused(&STANDARD.encode(b"ID3\x04 and so on")).contains("can't be played: expected a WAV file"));
        assert!(refused("data:audio/mpeg,ID3xxxx").contains("MP3"));
        assert!(refused(&STANDARD.encode(&file(10, 16_000)[..30])).contains("before any sound"));
        assert_eq!(refused(&STANDARD.encode(file(0, 16_000))), "`audio` is a WAV file without sound");
        let of = |json: &str| match read(json) {
            Some(Audio::Refused(reason)) => reason,
            other => panic!("{json}: {other:?}"),
        };
        assert_eq!(of("7"), "`audio` is a number; send the WAV file as base64");
        assert!(of("{}").contains("not a buffer of bytes"));
        assert!(of(r#"{"data":[1000]}"#).contains("not a buffer of bytes"));
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(read(r#""""#), None);
        assert_eq!(read(r#"" \n""#), None);
    }

    #[test]
    fn a_sound_that_is_too_long_or_too_large_is_refused() {
        assert!(matches!(of(&STANDARD.encode(file(60 * 8_000, 8_000))), Audio::Wav(_)));
        let long = refused(&STANDARD.encode(file(60 * 8_000 + 1, 8_000)));
        assert_eq!(long, "`audio` lasts 61 s, 60 s are the most; send a shorter sound");
        let large = vec![0; AUDIO_LIMIT + 1];
        assert!(refused(&STANDARD.encode(&large)).contains("2097153 bytes, 2097152 are the most"));
        assert!(refused(&"A".repeat(9 << 20)).contains("are the most"));
    }

    #[test]
    fn the_bytes_of_a_sound_are_not_printed() {
        assert_eq!(format!("{:?}", Audio::Wav(vec![0; 46])), "Wav(46 bytes)");
    }
}
