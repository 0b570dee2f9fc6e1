//! What is said and heard.

use std::process::Command;

use crate::speech;

/// Samples per second of the microphone.
pub const MIC_RATE: u32 = 16_000;

/// Samples per second of the loudspeaker.
pub const SPEAKER_RATE: u32 = 48_000;

/// Softer than this counts as silence, in steps of 16 bits.
const SILENCE: i16 = 200;

/// The loudspeaker may end so much off the length of a text, in samples: 300 ms.
const OFF: usize = 14_400;

/// A person who asks something, in a voice that is not the device's.
pub fn question() -> Vec<i16> {
    speech::say("What is the time, please?", "en-gb", MIC_RATE)
}

/// A person who answers something.
pub fn reply() -> Vec<i16> {
    speech::say("Yes, tell me about tomorrow.", "en-gb", MIC_RATE)
}

/// A real person: one of the recorded voices of asterisk.
pub fn recorded(name: &str) -> Vec<i16> {
    let file = format!("/usr/share/asterisk/sounds/en_US_f_Allison/{name}.g722");
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i", &file, "-f", "s16le", "-ac", "1", "-ar", "16000", "-"])
        .output()
        .expect("ffmpeg can't be started; `apt install ffmpeg`");
    assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect()
}

/// The part between the first and the last audible sample.
pub fn audible(sound: &[i16]) -> &[i16] {
    let loud = |sample: &i16| sample.saturating_abs() > SILENCE;
    match (sound.iter().position(loud), sound.iter().rposition(loud)) {
        (Some(first), Some(last)) => &sound[first..=last],
        _ => &[],
    }
}

/// How alike `pattern` and the beginning of `sound` are: 1 is the same at any loudness.
pub fn likeness(sound: &[i16], pattern: &[i16]) -> f64 {
    let pairs = sound.iter().zip(pattern).map(|(s, p)| (f64::from(*s), f64::from(*p)));
    let (product, energy, wanted) = pairs.fold((0.0, 0.0, 0.0), |(c, e, w), (s, p)| (c + s * p, e + s * s, w + p * p));
    product / (energy * wanted).sqrt().max(1.0)
}

/// Where in a recording of the loudspeaker a text was said, in samples of it. Panics if it was not, word for word.
#[track_caller]
pub fn said(text: &str, recording: &[i16]) -> std::ops::Range<usize> {
    let whole = speech::say(text, "en-us", SPEAKER_RATE);
    let whole = audible(&whole);
    let narrow = |sound: &[i16]| speech::resample(sound, SPEAKER_RATE, MIC_RATE);
    let found = speech::find(&narrow(whole), &narrow(recording));
    assert!(found.score > 0.9, "the loudspeaker did not say `{text}`: {found:?}");
    let from = usize::try_from(found.at).expect("the first word is whole") * (SPEAKER_RATE / MIC_RATE) as usize;
    from..from + whole.len()
}

/// Panics unless a recording of the loudspeaker holds this text and nothing else.
#[track_caller]
pub fn said_only(text: &str, recording: &[i16]) {
    let place = said(text, recording);
    let all = audible(recording).len();
    assert!(all.abs_diff(place.len()) < OFF, "`{text}` has {} samples, the loudspeaker played {all}", place.len());
}
