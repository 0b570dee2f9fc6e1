//! What stands on the wire, and what is heard.

use serde_json::Value;

use crate::broker::{Probe, SOON, Seen};
use crate::daemon::SERIAL;
use crate::flow::ADMIN;
use crate::pulse::Pulse;
use crate::speech::{self, Found};
use crate::words::{MIC_RATE, SPEAKER_RATE, audible};

/// The topic of what the device says.
pub fn said(leaf: &str) -> String {
    format!("{ADMIN}/fromlinto/{SERIAL}/{leaf}")
}

/// Waits for the first message of the device on this leaf since the probe has forgotten.
#[track_caller]
pub fn wait(probe: &Probe, leaf: &str) -> Seen {
    probe.wait_for(|seen| seen.topic == said(leaf), SOON)
}

/// How often something came on this leaf.
pub fn count(probe: &Probe, leaf: &str) -> usize {
    probe.seen().iter().filter(|seen| seen.topic == said(leaf)).count()
}

/// Waits for a status whose `config.sound` is as wanted.
#[track_caller]
pub fn wait_sound(probe: &Probe, fits: impl Fn(&Value) -> bool) {
    let sound =
        |seen: &Seen| serde_json::from_slice::<Value>(&seen.payload).map(|status| status["config"]["sound"].clone());
    probe.wait_for(|seen| seen.topic == said("status") && sound(seen).is_ok_and(|sound| fits(&sound)), SOON);
}

/// Whether anybody holds the microphone. The recordings of [`Pulse`], at 48 kHz, do not count.
pub fn records(pulse: &Pulse) -> bool {
    pulse.streams("source-outputs").lines().any(|stream| !stream.contains(" 48000Hz"))
}

/// Looks for what was spoken, 16 kHz, in what the loudspeaker has played.
pub fn find_played(words: &[i16], recording: &[i16]) -> Found {
    speech::find(audible(words), &speech::resample(recording, SPEAKER_RATE, MIC_RATE))
}

/// The loudest sample.
pub fn peak(sound: &[i16]) -> u16 {
    sound.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0)
}

/// Standard base64 with padding.
pub fn to_base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| -> String {
        let bits = (0..3).fold(0_u32, |bits, n| bits << 8 | u32::from(three.get(n).copied().unwrap_or(0)));
        let letter = |n: usize| char::from(ALPHABET[(bits >> (18 - 6 * n) & 63) as usize]);
        (0..4).map(|n| if n <= three.len() { letter(n) } else { '=' }).collect()
    };
    bytes.chunks(3).map(group).collect()
}
