//! Music: chords, a melody, a bass and drums, composed by dice.

use std::f32::consts::TAU;

use crate::hearing_material::{Noise, RATE};

/// One beat in samples: 110 beats per minute.
const BEAT: usize = RATE * 60 / 110;
/// Roots of the chords in Hz, one for four beats.
const ROOTS: [f32; 8] = [110.0, 87.3, 130.8, 98.0, 110.0, 146.8, 87.3, 98.0];
/// Steps of a minor pentatonic scale in half tones.
const SCALE: [f32; 8] = [0.0, 3.0, 5.0, 7.0, 10.0, 12.0, 15.0, 17.0];

/// `len` samples of a song.
pub fn music(seed: u64, len: usize) -> Vec<f32> {
    let mut dice = Noise::new(seed + 11);
    let mut song = vec![0.0; len];
    for (beat, begin) in (0..len).step_by(BEAT).enumerate() {
        let root = ROOTS[beat / 4 % ROOTS.len()];
        if beat % 4 == 0 {
            for third in [2.0, 2.4, 3.0] {
                note(&mut song[begin..], root * third, 0.16, 4 * BEAT, 0.5);
            }
        }
        note(&mut song[begin..], root, 0.35, BEAT, 3.0);
        for half in 0..2 {
            let at = (begin + half * BEAT / 2).min(len);
            if dice.next() > -0.3 {
                let step = SCALE[((dice.next() * 0.5 + 0.5) * 8.0) as usize % 8];
                note(&mut song[at..], root * 4.0 * 2_f32.powf(step / 12.0), 0.3, BEAT / 2, 4.0);
            }
            hit(&mut song[at..], &mut dice, 0.12, 60.0);
        }
        if beat % 2 == 0 { kick(&mut song[begin..]) } else { hit(&mut song[begin..], &mut dice, 0.5, 18.0) }
    }
    song
}

/// A plucked note with six partials that fade at `decay` per second, the higher the faster.
fn note(song: &mut [f32], pitch: f32, loud: f32, len: usize, decay: f32) {
    for (i, into) in song.iter_mut().take(len).enumerate() {
        let t = i as f32 / RATE as f32;
        let vibrato = 0.004 * (TAU * 5.5 * t).sin();
        let partial = |h: f32| (TAU * pitch * h * (t + vibrato / TAU / 5.5)).sin() * (-t * decay * h.sqrt()).exp() / h;
        let swell = (t * 100.0).min(1.0);
        *into += loud * swell * (1..=6).map(|h| partial(h as f32)).sum::<f32>();
    }
}

/// A drum that is all noise: a snare or, short and soft, a cymbal.
fn hit(song: &mut [f32], dice: &mut Noise, loud: f32, decay: f32) {
    for (i, into) in song.iter_mut().take(RATE / 5).enumerate() {
        *into += loud * dice.gauss() * (-(i as f32) / RATE as f32 * decay).exp();
    }
}

/// A bass drum: a tone that falls from 150 to 50 Hz.
fn kick(song: &mut [f32]) {
    let mut phase = 0.0;
    for (i, into) in song.iter_mut().take(RATE / 4).enumerate() {
        let t = i as f32 / RATE as f32;
        phase += TAU * (50.0 + 100.0 * (-t * 30.0).exp()) / RATE as f32;
        *into += 0.9 * phase.sin() * (-t * 14.0).exp();
    }
}
