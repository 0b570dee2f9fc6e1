//! Voices and noises to listen to: espeak-ng, Debian's recordings of people, and generated noise.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub const RATE: usize = 16_000;

/// Something that is said, cut to its sound, with the place of its beginning and end.
#[derive(Clone)]
pub struct Voice {
    pub name: String,
    pub sound: Vec<i16>,
    pub onset: usize,
    pub end: usize,
    pub longest_pause: usize,
}

impl Voice {
    pub fn new(name: String, sound: Vec<i16>) -> Self {
        let (onset, end, longest_pause) = outline(&sound);
        Self { name, sound, onset, end, longest_pause }
    }
}

/// `text` in the words of espeak-ng's `voice`, 16 kHz.
pub fn espeak(voice: &str, text: &str) -> Voice {
    let spoken = Command::new("espeak-ng").args(["-v", voice, "--stdout", text]).output().expect("espeak-ng");
    assert!(spoken.status.success(), "espeak-ng -v {voice}: {}", String::from_utf8_lossy(&spoken.stderr));
    Voice::new(format!("{voice}: {text}"), convert(&["-f", "wav", "-i", "-"], &spoken.stdout))
}

/// A recording, 16 kHz mono.
pub fn recording(path: &Path) -> Voice {
    let file = path.to_str().unwrap();
    let input: &[&str] = if file.ends_with("g722") { &["-f", "g722", "-i", file] } else { &["-i", file] };
    Voice::new(file.to_owned(), convert(input, &[]))
}

fn convert(input: &[&str], bytes: &[u8]) -> Vec<i16> {
    let mut ffmpeg = Command::new("ffmpeg")
        .args(["-loglevel", "error"])
        .args(input)
        .args(["-f", "s16le", "-ar", "16000", "-ac", "1", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg");
    let mut stdin = ffmpeg.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let out = ffmpeg.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    assert!(out.status.success(), "ffmpeg {input:?}");
    out.stdout.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// Recordings of people that Debian ships, in a fixed order.
pub fn people() -> Vec<PathBuf> {
    people_in(&["/usr/share/sounds/alsa", "/usr/share/asterisk/sounds/en_US_f_Allison"])
}

/// The same of other folders.
pub fn people_in(folders: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in folders {
        let files = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
        found.extend(files.map(|file| file.unwrap().path()));
    }
    let speaks = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let sound = ["Noise", "beep", "tone", "monkeys", "weasels"].iter().any(|other| name.contains(other));
        path.extension().is_some_and(|kind| kind == "g722" || kind == "wav") && !sound
    };
    found.retain(speaks);
    found.sort();
    found
}

/// Levels in dB of 10 ms blocks.
pub fn levels(sound: &[i16]) -> Vec<f32> {
    let mean = sound.iter().map(|&s| f32::from(s)).sum::<f32>() / sound.len().max(1) as f32;
    let power = |block: &[i16]| block.iter().map(|&s| (f32::from(s) - mean).powi(2)).sum::<f32>() / block.len() as f32;
    sound.chunks(160).map(|block| 10.0 * (power(block) / 32_768_f32.powi(2)).max(1e-12).log10()).collect()
}

/// Onset, end and longest pause of clean speech: blocks within 32 dB of the loudest.
fn outline(sound: &[i16]) -> (usize, usize, usize) {
    let levels = levels(sound);
    let loudest = levels.iter().copied().fold(-120.0, f32::max);
    let loud: Vec<usize> = (0..levels.len()).filter(|&i| levels[i] > loudest - 32.0).collect();
    let pause = loud.windows(2).map(|pair| pair[1] - pair[0] - 1).max().unwrap_or(0);
    let (first, last) = (loud.first().copied().unwrap_or(0), loud.last().copied().unwrap_or(0));
    (first * 160, ((last + 1) * 160).min(sound.len()), pause * 160)
}

/// A small generator of noise that gives the same noise each time.
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// -1 to 1, even.
    pub fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / 8_388_608.0 - 1.0
    }

    pub fn gauss(&mut self) -> f32 {
        (0..6).map(|_| self.next()).sum::<f32>() / 1.414
    }
}

pub const NOISES: [&str; 14] = [
    "knock", "dishes", "sine", "beep", "bell", "white", "pink", "brown", "hum", "fan", "tones", "chords", "keys",
    "breath",
];

/// `len` samples of a kind of noise; its mean power is 1.
pub fn noise(kind: &str, seed: u64, len: usize) -> Vec<f32> {
    let mut dice = Noise::new(seed + 1);
    let mut pink = [0.0_f32; 3];
    let mut state = 0.0_f32;
    let tau = std::f32::consts::TAU;
    let phase: Vec<f32> = (0..8).map(|_| dice.next() * 3.0).collect();
    let mut hits: Vec<(f32, f32, f32)> = Vec::new();
    let mut out: Vec<f32> = (0..len)
        .map(|i| {
            let t = i as f32 / RATE as f32;
            let white = dice.gauss();
            pink[0] = 0.99765 * pink[0] + white * 0.0990460;
            pink[1] = 0.96300 * pink[1] + white * 0.2965164;
            pink[2] = 0.57000 * pink[2] + white * 1.0526913;
            let pinkish = pink.iter().sum::<f32>() + white * 0.1848;
            match kind {
                "white" => white,
                "pink" => pinkish,
                "brown" => {
                    state = 0.998 * state + white;
                    state
                }
                "hum" => (1..8).map(|h| (tau * (50 * h) as f32 * (t % 1.0) + phase[h]).sin() / h as f32).sum::<f32>(),
                "fan" => pinkish * (1.0 + 0.3 * (tau * 0.7 * t).sin()) + 2.0 * (tau * 118.0 * (t % 1.0)).sin(),
                "knock" | "drum" | "dishes" => {
                    let (pitch, decay) = if kind == "dishes" { (1_500.0, 12.0) } else { (150.0, 40.0) };
                    let often = if kind == "drum" { 0.9996 } else { 0.9999 };
                    // Who knocks at a door does not knock twice within a quarter of a second.
                    let rests = kind == "knock" && hits.first().is_some_and(|hit| t - hit.0 < 0.25);
                    if dice.next() > often && !rests {
                        hits = (0..4).map(|_| (t, pitch * (1.5 + dice.next()), decay * (2.0 + dice.next()))).collect();
                    }
                    let ring = |&(at, f, d): &(f32, f32, f32)| (tau * f * (t - at)).sin() * (-(t - at) * d).exp();
                    hits.iter().map(ring).sum::<f32>() + 0.001 * white
                }
                "sine" => (tau * 440.0 * (t % 1.0)).sin(),
                "beep" => {
                    if (t * 2.0).fract() < 0.4 {
                        (tau * 2_000.0 * (t % 1.0)).sin()
                    } else {
                        0.0
                    }
                }
                "bell" => {
                    let at = (t * 0.5).fract() * 2.0;
                    let part = |f: f32, d: f32| (tau * f * at).sin() * (-at * d).exp();
                    part(587.0, 2.0) + part(1_180.0, 3.0) + part(1_762.0, 4.0) + part(2_510.0, 6.0)
                }
                "tones" => {
                    let step = [262.0, 330.0, 392.0, 523.0, 440.0, 349.0, 294.0, 494.0][(t * 4.0) as usize % 8];
                    let decay = (-(t * 4.0).fract() * 3.0).exp() * ((t * 4.0).fract() * 40.0).min(1.0);
                    decay * (1..5).map(|h| (tau * step * h as f32 * t.fract()).sin() / (h * h) as f32).sum::<f32>()
                }
                "chords" => {
                    let root = [220.0_f32, 174.6, 261.6, 196.0][(t * 0.5) as usize % 4];
                    let swell = (((t * 0.5).fract() * 10.0).min(1.0)) * (1.0 - 0.6 * (t * 0.5).fract());
                    let organ =
                        |f: f32| (1..6).map(|h| (tau * f * h as f32 * (t % 10.0)).sin() / h as f32).sum::<f32>();
                    swell * (organ(root) + organ(root * 1.26) + organ(root * 1.5))
                }
                "keys" => {
                    let beat = (t * 6.0).fract() / 6.0;
                    white * (-beat * 400.0).exp() * 8.0 + white * 0.02
                }
                "breath" => pinkish * (0.05 + (tau * 0.25 * t).sin().max(0.0).powi(2)),
                other => panic!("no noise `{other}`"),
            }
        })
        .collect();
    let power = out.iter().map(|s| s * s).sum::<f32>() / len.max(1) as f32;
    let gain = power.max(1e-12).sqrt().recip();
    out.iter_mut().for_each(|s| *s *= gain);
    out
}

/// A scene: `lead` of noise, the voice, `tail` of noise.
pub struct Scene {
    pub sound: Vec<i16>,
    pub onset: usize,
    pub end: usize,
}

/// The level of the louder blocks of speech in dBFS.
pub fn speech_level(sound: &[i16]) -> f32 {
    let levels = levels(sound);
    let loudest = levels.iter().copied().fold(-120.0, f32::max);
    let loud: Vec<f32> = levels.into_iter().filter(|&l| l > loudest - 25.0).map(|l| 10_f32.powf(l / 10.0)).collect();
    10.0 * (loud.iter().sum::<f32>() / loud.len().max(1) as f32).log10()
}

/// Puts a voice, brought to `level` dBFS, into noise of `noise_level` dBFS.
pub fn scene(voice: &Voice, level: f32, kind: &str, noise_level: f32, lead: usize, tail: usize) -> Scene {
    let gain = 10_f32.powf((level - speech_level(&voice.sound)) / 20.0);
    let body = &voice.sound[voice.onset..voice.end];
    let (len, seed) = (lead + body.len() + tail, voice.name.len() as u64);
    let mut sound: Vec<f32> = if kind == "none" { vec![0.0; len] } else { noise(kind, seed, len) };
    let loud = 32_768.0 * 10_f32.powf(noise_level / 20.0);
    sound.iter_mut().for_each(|s| *s *= loud);
    for (into, &s) in sound[lead..].iter_mut().zip(body) {
        *into += f32::from(s) * gain;
    }
    Scene { sound: clip(&sound), onset: lead, end: lead + body.len() }
}

pub fn clip(sound: &[f32]) -> Vec<i16> {
    sound.iter().map(|s| s.round().clamp(-32_768.0, 32_767.0) as i16).collect()
}

/// Which part of the voices: the thresholds were chosen on one, and are judged on the other.
#[derive(Clone, Copy, PartialEq)]
pub enum Part {
    Choose,
    Check,
}

const CHOOSE: [(&str, &str); 24] = [
    ("en-us", "turn on the light in the kitchen"),
    ("en-us+f2", "what is the weather like tomorrow"),
    ("fr-fr", "allume la lumière du salon"),
    ("fr-fr+m3", "quelle heure est-il"),
    ("de", "wie spät ist es in Berlin"),
    ("de+f2", "schalte das Licht aus"),
    ("es", "apaga la luz del salón"),
    ("es+m3", "qué tiempo hace mañana"),
    ("it", "accendi la luce in cucina"),
    ("it+f2", "che ore sono"),
    ("en-gb", "stop"),
    ("en-gb+m3", "yes"),
    ("fr-fr+f2", "oui"),
    ("fr-fr", "non merci"),
    ("de+m3", "ja bitte"),
    ("de", "nein"),
    ("it+m3", "sì"),
    ("it", "suona un po di musica"),
    ("es+f2", "sube el volumen"),
    ("es", "hola"),
    ("en-us+m3", "set a timer for five minutes"),
    ("en-us", "she sells sea shells"),
    ("fr-fr+f2", "cherche une chanson française"),
    ("fr-fr+m3", "six"),
];

const CHECK: [(&str, &str); 20] = [
    ("en-us+f4", "play the next song"),
    ("en-gb-scotland", "how far is it to Glasgow"),
    ("en-us+m7", "call my brother"),
    ("en-gb+f5", "no"),
    ("en-us+f3", "thank you"),
    ("fr-be", "baisse le volume"),
    ("fr-fr+m7", "éteins la télévision"),
    ("fr-fr+f4", "d'accord"),
    ("fr-ch", "quel temps fait-il à Genève"),
    ("de+m7", "stelle einen Wecker auf sieben Uhr"),
    ("de+f5", "spiel etwas Musik"),
    ("de+f3", "danke"),
    ("es-419", "pon un poco de música"),
    ("es+f4", "gracias"),
    ("es+m7", "cuánto falta para las ocho"),
    ("it+m7", "abbassa il riscaldamento"),
    ("it+f5", "grazie"),
    ("it+f4", "quanto fa sette per otto"),
    ("pt", "acende a luz da sala"),
    ("nl", "hoe laat is het nu"),
];

/// The voices of one part that have no pause longer than 300 ms; of the recordings of people every `every`th.
pub fn voices(part: Part, every: usize) -> Vec<Voice> {
    let sentences: &[(&str, &str)] = if part == Part::Choose { &CHOOSE } else { &CHECK };
    let mut all: Vec<Voice> = sentences.iter().map(|(voice, text)| espeak(voice, text)).collect();
    let mine = |i: usize| (i % 4 == 3) == (part == Part::Check);
    let people: Vec<PathBuf> = people().into_iter().enumerate().filter(|(i, _)| mine(*i)).map(|(_, p)| p).collect();
    all.extend(people.iter().step_by(every).map(|path| recording(path)));
    all.retain(|voice| voice.longest_pause <= 4_800 && (3_200..14 * RATE).contains(&(voice.end - voice.onset)));
    all
}
