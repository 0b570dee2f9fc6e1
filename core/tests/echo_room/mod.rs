//! A room with a loudspeaker and a microphone, each on a clock of its own. Everything is computed and seeded.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, missing_docs)]

use auricle_core::audio::convert::ToDevice;
use auricle_core::frontend::{DeviceTime, EchoState, FrontEnd, Profile};

pub const RATE: usize = 16_000;
/// Periods of both cards: 20 ms.
const PERIOD: usize = RATE / 50;
/// How far ahead the loudspeaker tells what it plays, in seconds.
const AHEAD: f64 = 0.1;
/// When the microphone's first sample is caught, in nanoseconds.
const EPOCH: f64 = 5e9;

/// A small generator of noise that gives the same noise each time.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// −1 to 1, even.
    pub fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}

/// What is played and said, and what is wrong with it.
#[derive(Clone)]
pub struct Room {
    /// What the device plays: when it begins, in seconds, and 16 kHz.
    pub played: Vec<(f64, Vec<i16>)>,
    /// What the person says, as it arrives at the microphone.
    pub person: Vec<i16>,
    pub seconds: f64,
    /// Of the loudspeaker's card.
    pub rate: u32,
    /// How much faster the loudspeaker's clock runs, in millionths.
    pub drift: f64,
    /// From when on the sound is how late, both in seconds: what the told times do not know.
    pub delays: Vec<(f64, f64)>,
    /// How far a told time is off, in seconds.
    pub jitter: f64,
    /// The loudspeaker can't go beyond this share of full scale.
    pub clip: f32,
    /// How much softer the echo is than what was played, in dB.
    pub loss: f32,
    /// Noise of the room in dBFS.
    pub noise: f32,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            played: Vec::new(),
            person: Vec::new(),
            seconds: 10.0,
            rate: 48_000,
            drift: 0.0,
            delays: vec![(0.0, 0.01)],
            jitter: 0.002,
            clip: 1.0,
            loss: 6.0,
            noise: -75.0,
        }
    }
}

/// What came of it, in samples of the microphone.
pub struct Heard {
    pub caught: Vec<i16>,
    pub echo: Vec<f32>,
    pub out: Vec<i16>,
    pub reference: Vec<i16>,
    pub state: EchoState,
}

impl Heard {
    /// How much of the echo is gone between two times, in dB. What is left is noise too.
    pub fn enhancement(&self, from: f64, to: f64) -> f64 {
        let end = ((to * RATE as f64) as usize).min(self.out.len());
        let range = (from * RATE as f64) as usize..end;
        let echo = self.echo[range.clone()].iter().map(|&s| f64::from(s).powi(2)).sum::<f64>();
        let left = self.out[range].iter().map(|&s| f64::from(s).powi(2)).sum::<f64>();
        10.0 * (echo / left.max(1.0)).log10()
    }
}

/// How much of `a` is in `b`, −1 to 1.
pub fn correlation(a: &[i16], b: &[i16]) -> f64 {
    let product = |a: &[i16], b: &[i16]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt().max(1.0)
}

/// Mean level in dBFS.
pub fn level(sound: &[i16]) -> f64 {
    let power = sound.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / sound.len().max(1) as f64;
    10.0 * (power / 32_768_f64.powi(2)).max(1e-12).log10()
}

/// `sound` at a mean level in dBFS.
pub fn at_level(sound: &[i16], wanted: f64) -> Vec<i16> {
    let gain = 10_f64.powf((wanted - level(sound)) / 20.0);
    sound.iter().map(|&s| (f64::from(s) * gain) as i16).collect()
}

impl Room {
    pub fn samples(&self) -> usize {
        (self.seconds * RATE as f64) as usize
    }

    /// What of the loudspeaker arrives at the microphone.
    pub fn echo(&self) -> Vec<f32> {
        let mut dry = vec![0.0_f32; self.samples()];
        for (start, sound) in &self.played {
            let reach = |s: f32| (s / 32_768.0).clamp(-self.clip, self.clip) * 32_768.0;
            let sound: Vec<f32> = sound.iter().map(|&s| reach(f32::from(s))).collect();
            for (n, dry) in dry.iter_mut().enumerate() {
                let time = n as f64 / RATE as f64;
                let delay = self.delays.iter().rev().find(|(from, _)| time >= *from).map_or(0.0, |(_, delay)| *delay);
                *dry += between(&sound, (time - delay - start) * RATE as f64 * (1.0 + self.drift * 1e-6));
            }
        }
        let answer = self.answer();
        (0..dry.len())
            .map(|n| answer.iter().enumerate().take(n + 1).map(|(k, &h)| h * dry[n - k]).sum::<f32>())
            .collect()
    }

    /// The way from the loudspeaker to the microphone: direct sound, some walls, a tail of 60 ms.
    fn answer(&self) -> Vec<f32> {
        let mut dice = Dice::new(7);
        let mut answer: Vec<f32> =
            (0..960).map(|n| (dice.next() * 0.12 * (-(f64::from(n)) / 160.0).exp()) as f32).collect();
        for (place, gain) in [(0, 1.0), (23, -0.35), (61, 0.3), (140, -0.2), (260, 0.12)] {
            answer[place] += gain;
        }
        let gain = 10_f32.powf(-self.loss / 20.0);
        answer.iter().map(|tap| tap * gain).collect()
    }

    /// What the microphone catches.
    pub fn caught(&self, echo: &[f32]) -> Vec<i16> {
        let mut dice = Dice::new(11);
        let noise = 32_768.0 * 10_f64.powf(f64::from(self.noise) / 20.0) * 3_f64.sqrt();
        let person = |n: usize| self.person.get(n).map_or(0.0, |&s| f32::from(s));
        echo.iter()
            .enumerate()
            .map(|(n, echo)| (echo + person(n) + (dice.next() * noise) as f32).round() as i16)
            .collect()
    }

    /// Everything that the loudspeaker tells: when it tells it (s), the told time, the samples.
    fn told(&self) -> Vec<(f64, DeviceTime, Vec<i16>)> {
        let mut dice = Dice::new(13);
        let mut told = Vec::new();
        for (start, sound) in &self.played {
            let (mut device, mut at_rate) = (ToDevice::new(RATE as u32, self.rate).unwrap(), Vec::new());
            device.push(sound, &mut at_rate);
            device.finish(&mut at_rate);
            let period = self.rate as usize / 50;
            for (n, block) in at_rate.chunks(period).enumerate() {
                let leaves = start + (n * period) as f64 / (f64::from(self.rate) * (1.0 + self.drift * 1e-6));
                let time = EPOCH + (leaves + dice.next() * self.jitter) * 1e9;
                told.push((leaves - AHEAD, DeviceTime(time as u64), block.to_vec()));
            }
        }
        told
    }

    /// The front end in this room.
    pub fn hear(&self, profile: Profile) -> Heard {
        let echo = self.echo();
        self.hear_with(&mut FrontEnd::new(profile), echo)
    }

    pub fn hear_with(&self, front: &mut FrontEnd, echo: Vec<f32>) -> Heard {
        let mut reference = Vec::new();
        let (caught, out) = self.feed(&echo, front, |front, at, period, out| {
            front.heard(at, period, out);
            reference.extend_from_slice(front.reference());
        });
        Heard { caught, echo, out, reference, state: front.state() }
    }

    /// Tells the front end what is played and lets `hear` give it what is caught. Returns that and what came out.
    pub fn feed(
        &self,
        echo: &[f32],
        front: &mut FrontEnd,
        mut hear: impl FnMut(&mut FrontEnd, DeviceTime, &[i16], &mut Vec<i16>),
    ) -> (Vec<i16>, Vec<i16>) {
        let caught = self.caught(echo);
        let (mut dice, mut out) = (Dice::new(17), Vec::with_capacity(caught.len()));
        let mut told = self.told().into_iter().peekable();
        for (n, period) in caught.chunks(PERIOD).enumerate() {
            let now = ((n + 1) * PERIOD) as f64 / RATE as f64;
            while let Some((_, at, samples)) = told.next_if(|(when, ..)| *when <= now) {
                front.played(at, self.rate, &samples);
            }
            let at = EPOCH + (now - PERIOD as f64 / RATE as f64 + dice.next() * self.jitter) * 1e9;
            hear(front, DeviceTime(at as u64), period, &mut out);
        }
        (caught, out)
    }
}

/// `sound` at a place between its samples.
fn between(sound: &[f32], at: f64) -> f32 {
    const HALF: i64 = 24;
    let (base, fraction) = (at.floor() as i64, at - at.floor());
    if base < -HALF || base > sound.len() as i64 + HALF {
        return 0.0;
    }
    let sample = |n: i64| usize::try_from(n).ok().and_then(|n| sound.get(n)).map_or(0.0, |&s| f64::from(s));
    if fraction < 1e-9 {
        return sample(base) as f32;
    }
    let pi = std::f64::consts::PI;
    let mut sum = 0.0;
    for k in 1 - HALF..=HALF {
        let x = fraction - k as f64;
        let window = (0.5 * pi * x / (HALF as f64 + 1.0)).cos().powi(2);
        sum += sample(base + k) * (pi * x).sin() / (pi * x) * window;
    }
    sum as f32
}
