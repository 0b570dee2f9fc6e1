//! Speech in packets of Opus.

use std::path::Path;
use std::process::Command;

use opus::{Application, Bitrate, Channels, Decoder, Encoder, Signal};

/// Samples per second of the servers' voices, and of what is heard.
pub const RATE: usize = 24_000;

/// How a server encodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As the open-source server: for any sound, no redundancy.
    Plain,
    /// For voices, with a copy of each frame in the next one.
    Fec,
}

/// What a server sends: packets, and what they are when none is missing.
pub struct Answer {
    pub packets: Vec<Vec<u8>>,
    pub reference: Vec<i16>,
    /// Samples in a packet.
    pub span: usize,
}

impl Answer {
    pub fn new(sound: &[i16], coding: Coding, ms: usize) -> Self {
        let span = RATE * ms / 1_000;
        let mut encoder = encoder(coding);
        let mut frame = vec![0; span];
        let mut packets = Vec::new();
        for chunk in sound.chunks(span) {
            frame.fill(0);
            frame[..chunk.len()].copy_from_slice(chunk);
            packets.push(encoder.encode_vec(&frame, 1_500).unwrap());
        }
        let mut decoder = Decoder::new(RATE as u32, Channels::Mono).unwrap();
        let mut reference = vec![0; packets.len() * span];
        for (packet, piece) in packets.iter().zip(reference.chunks_mut(span)) {
            decoder.decode(packet, piece, false).unwrap();
        }
        Self { packets, reference, span }
    }
}

fn encoder(coding: Coding) -> Encoder {
    if coding == Coding::Plain {
        return Encoder::new(RATE as u32, Channels::Mono, Application::Audio).unwrap();
    }
    let mut encoder = Encoder::new(RATE as u32, Channels::Mono, Application::Voip).unwrap();
    encoder.set_signal(Signal::Voice).unwrap();
    encoder.set_bitrate(Bitrate::Bits(28_000)).unwrap();
    encoder.set_inband_fec(true).unwrap();
    encoder.set_packet_loss_perc(15).unwrap();
    encoder
}

/// A text in a voice of espeak-ng.
pub fn espeak(voice: &str, text: &str) -> Vec<i16> {
    let file = std::env::temp_dir().join(format!("auricle-answer-{}.wav", std::process::id()));
    let done = Command::new("espeak-ng").args(["-v", voice, "-w"]).arg(&file).arg(text).status().expect("espeak-ng");
    assert!(done.success(), "espeak-ng -v {voice}");
    let sound = recording(&file);
    std::fs::remove_file(&file).unwrap();
    sound
}

/// A recording.
pub fn recording(path: &Path) -> Vec<i16> {
    let file = path.to_str().unwrap();
    let kind: &[&str] = if file.ends_with("g722") { &["-f", "g722"] } else { &[] };
    let out = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error"])
        .args(kind)
        .args(["-i", file, "-f", "s16le", "-ar", &RATE.to_string(), "-ac", "1", "-"])
        .output()
        .expect("ffmpeg");
    assert!(out.status.success(), "ffmpeg {file}: {}", String::from_utf8_lossy(&out.stderr));
    out.stdout.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}
