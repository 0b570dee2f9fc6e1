//! The chat server's ears and mouth: Opus, and who speaks when.

use std::time::Duration;

use opus::{Application, Channels, Decoder, Encoder};

use crate::speech::resample;

/// Samples per second of what it hears.
pub const HEARS: u32 = 16_000;

/// Samples per second of what it says.
pub const SAYS: u32 = 24_000;

/// The longest packet that it decodes, in samples: 60 ms.
const LONGEST: usize = 960;

/// Louder than this is a voice: root mean square of a packet.
const VOICE: f64 = 300.0;

/// The end of an utterance: so much silence has to arrive.
const END: usize = HEARS as usize;

/// How much is kept before a voice begins and after it ends.
const BEFORE: usize = HEARS as usize * 3 / 10;
const AFTER: usize = HEARS as usize / 5;

/// Packets of 60 ms at 24 kHz, the last one filled up with silence.
pub fn packets(sound: &[i16]) -> Vec<Vec<u8>> {
    let length = (SAYS as usize / 1_000) * FRAME.as_millis() as usize;
    let mut encoder = Encoder::new(SAYS, Channels::Mono, Application::Audio).expect("an encoder");
    let packet = |chunk: &[i16]| {
        let mut frame = chunk.to_vec();
        frame.resize(length, 0);
        encoder.encode_vec(&frame, 1_275).expect("a packet")
    };
    sound.chunks(length).map(packet).collect()
}

/// What the server says comes in packets of this length.
pub const FRAME: Duration = Duration::from_millis(60);

/// Packets from a device, one after the other, 16 kHz. One that can't be decoded is `None`.
pub struct Decoded(Decoder);

impl Decoded {
    pub fn new() -> Self {
        Self(Decoder::new(HEARS, Channels::Mono).expect("a decoder"))
    }

    pub fn next(&mut self, packet: &[u8]) -> Option<Vec<i16>> {
        let mut sound = vec![0; LONGEST];
        let length = if packet.is_empty() { 0 } else { self.0.decode(packet, &mut sound, false).ok()? };
        sound.truncate(length);
        Some(sound)
    }
}

/// Listens for an utterance: a voice, and a second of silence after it that really arrives.
pub struct Ears {
    decoded: Decoded,
    heard: Vec<i16>,
    /// From the first voice to the end of the last one, in samples of what was heard.
    voice: Option<(usize, usize)>,
}

impl Ears {
    pub fn new() -> Self {
        Self { decoded: Decoded::new(), heard: Vec::new(), voice: None }
    }

    /// Forgets what it has heard.
    pub fn clear(&mut self) {
        self.heard.clear();
        self.voice = None;
    }

    /// Takes a packet; whether it was a voice.
    pub fn hear(&mut self, packet: &[u8]) -> bool {
        let sound = self.decoded.next(packet).unwrap_or_default();
        let energy: f64 = sound.iter().map(|&sample| f64::from(sample) * f64::from(sample)).sum();
        let voice = (energy / sound.len().max(1) as f64).sqrt() > VOICE;
        let start = self.heard.len();
        self.heard.extend(sound);
        if voice {
            self.voice = Some((self.voice.map_or(start, |(first, _)| first), self.heard.len()));
        }
        voice
    }

    /// The utterance, once it has ended; at once when somebody says that it has.
    pub fn utterance(&mut self, over: bool) -> Option<Vec<i16>> {
        let (first, last) = self.voice?;
        if !over && self.heard.len() < last + END {
            return None;
        }
        let to = (last + AFTER).min(self.heard.len());
        let utterance = self.heard[first.saturating_sub(BEFORE)..to].to_vec();
        self.clear();
        Some(utterance)
    }
}

/// What was heard, as it is said back.
pub fn repeated(utterance: &[i16]) -> Vec<i16> {
    resample(utterance, HEARS, SAYS)
}
