//! Noise and rooms around the phrases.

use super::music::music;
use super::{Phrase, Speech};
use crate::hearing_material::{Noise, RATE, clip, noise};

/// What is heard beside the speech.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    Nothing,
    White,
    Pink,
    Hum,
    Music,
    Babble,
}

/// How a track sounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sounds {
    pub around: Around,
    /// Level of the active speech above that of the noise, in dB.
    pub snr: f32,
    /// Level of the active speech in dBFS.
    pub level: f32,
    /// Whether the speech comes through a room.
    pub room: bool,
}

/// A finished track.
pub struct Track {
    pub sound: Vec<i16>,
    pub phrases: Vec<std::ops::Range<usize>>,
}

/// Length of the noise that is repeated, in samples.
const LOOP: usize = 40 * RATE;

/// Mixes a track. `crowd` are the phrases that babble is made of: other people than those who speak.
pub fn mix(speech: &Speech, sounds: Sounds, crowd: &[Phrase], seed: u64) -> Track {
    let mut sound = if sounds.room { reverberate(&speech.sound) } else { speech.sound.clone() };
    let gain = 32_768.0 * 10_f32.powf(sounds.level / 20.0);
    sound.iter_mut().for_each(|sample| *sample *= gain);
    let loud = gain * 10_f32.powf(-sounds.snr / 20.0);
    for (into, other) in sound.iter_mut().zip(around(sounds.around, crowd, seed).iter().cycle()) {
        *into += other * loud;
    }
    Track { sound: clip(&sound), phrases: speech.phrases.clone() }
}

/// Noise with a mean power of 1.
fn around(kind: Around, crowd: &[Phrase], seed: u64) -> Vec<f32> {
    match kind {
        Around::Nothing => vec![0.0],
        Around::White => noise("white", seed, LOOP),
        Around::Pink => noise("pink", seed, LOOP),
        Around::Hum => noise("hum", seed, LOOP),
        Around::Music => of_power_one(music(seed, LOOP)),
        Around::Babble => of_power_one(babble(crowd, LOOP)),
    }
}

fn of_power_one(mut sound: Vec<f32>) -> Vec<f32> {
    let power = sound.iter().map(|sample| sample * sample).sum::<f32>() / sound.len().max(1) as f32;
    let gain = power.max(1e-12).sqrt().recip();
    sound.iter_mut().for_each(|sample| *sample *= gain);
    sound
}

/// How many people talk at once in babble.
const TALKERS: usize = 6;

/// Several people who talk without a pause, all equally loud.
fn babble(crowd: &[Phrase], len: usize) -> Vec<f32> {
    let mut sound = vec![0.0; len];
    for talker in 0..TALKERS {
        let own = crowd.iter().skip(talker).step_by(TALKERS).flatten().copied().cycle();
        for (into, sample) in sound.iter_mut().zip(own.skip(talker * RATE / 3)) {
            *into += sample;
        }
    }
    sound
}

/// Time in which the room's echo fades by 60 dB, in seconds.
const FADES_IN: f32 = 0.45;
/// Reflections in a second.
const REFLECTIONS: f32 = 1_200.0;

/// A room of our own: the direct sound and sparse reflections that fade exponentially, together as loud as the direct
/// sound, as about two metres from the microphone.
fn reverberate(sound: &[f32]) -> Vec<f32> {
    let taps = reflections();
    let mut wet = sound.to_vec();
    for &(delay, gain) in &taps {
        for (into, sample) in wet[delay..].iter_mut().zip(sound) {
            *into += sample * gain;
        }
    }
    wet
}

fn reflections() -> Vec<(usize, f32)> {
    let mut dice = Noise::new(3);
    let count = (FADES_IN * REFLECTIONS) as usize;
    let mut taps: Vec<(usize, f32)> = (0..count)
        .map(|number| {
            let at = 0.004 + (number as f32 + dice.next() * 0.5 + 0.5) / REFLECTIONS;
            let sign = if dice.next() > 0.0 { 1.0 } else { -1.0 };
            ((at * RATE as f32) as usize, sign * 10_f32.powf(-3.0 * at / FADES_IN))
        })
        .collect();
    let power = taps.iter().map(|(_, gain)| gain * gain).sum::<f32>();
    taps.iter_mut().for_each(|(_, gain)| *gain /= power.sqrt());
    taps
}
