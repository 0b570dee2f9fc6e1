//! What is no speech opens nothing: a minute of each kind of noise at three levels, armed and listening.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod hearing_material;

use std::time::Duration;

use auricle_core::audio::chime::Chime;
use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::{EarCommand, ListenId, Start};
use hearing_material::{Noise, RATE, clip, espeak, noise, scene};

/// An ear that tells both what the voice trigger and what the endpointer believe.
fn alert() -> Ear {
    let mut ear = Ear::new();
    ear.handle(EarCommand::ArmVoice(true));
    ear.handle(EarCommand::Listen { listen: ListenId(1), from: Start::Now, limits: None, guard: Duration::ZERO });
    ear
}

fn is_ignored(what: &str, sound: &[i16]) {
    let mut ear = alert();
    for period in sound.chunks(1_600) {
        ear.push(period);
        if let Some(event) = ear.poll() {
            panic!("{what} opened: {event:?}");
        }
    }
}

/// Melodies and chords are not among them: held notes look like vowels to every small detector.
#[test]
fn a_minute_of_noise_opens_nothing() {
    let kinds = ["white", "pink", "brown", "hum", "fan", "sine", "beep", "bell", "keys", "breath", "dishes", "knock"];
    for kind in kinds {
        for level in [-20.0, -35.0, -50.0] {
            let loud = 32_768.0 * 10_f32.powf(level / 20.0);
            let sound: Vec<f32> = noise(kind, 40, 60 * RATE).iter().map(|s| s * loud).collect();
            is_ignored(&format!("{kind} at {level} dBFS"), &clip(&sound));
        }
    }
}

#[test]
fn silence_opens_nothing() {
    is_ignored("digital silence", &vec![0; 60 * RATE]);
    is_ignored("direct current", &vec![1_500; 60 * RATE]);
    let mut dice = Noise::new(5);
    let dither: Vec<i16> = (0..60 * RATE).map(|_| (dice.next() * 1.4) as i16).collect();
    is_ignored("dither", &dither);
}

#[test]
fn clicks_open_nothing() {
    let mut sound = vec![0_i16; 60 * RATE];
    for (count, at) in (RATE..60 * RATE - 10).step_by(RATE * 2 / 3).enumerate() {
        // From one sample to ten, up to full scale.
        sound[at..at + 1 + count % 10].fill(if count % 2 == 0 { 32_767 } else { 9_000 });
    }
    is_ignored("clicks", &sound);
}

#[test]
fn a_noise_that_is_switched_on_opens_nothing() {
    for kind in ["white", "pink", "fan", "hum"] {
        let loud: Vec<f32> = noise(kind, 8, 20 * RATE).iter().map(|s| s * 1_500.0).collect();
        let sound = [vec![0; 3 * RATE], clip(&loud), vec![0; 3 * RATE], clip(&loud)].concat();
        is_ignored(&format!("{kind} switched on"), &sound);
    }
}

#[test]
fn the_own_chimes_are_over_within_the_guard() {
    for chime in [Chime::Listening, Chime::Done, Chime::Cancelled, Chime::Error] {
        let mut ear = Ear::new();
        ear.push(&vec![0; 2 * RATE]);
        let guard = Duration::from_millis(300);
        ear.handle(EarCommand::Listen { listen: ListenId(1), from: Start::Now, limits: None, guard });
        ear.push(&[chime.render(16_000), vec![0; 2 * RATE]].concat());
        assert_eq!(ear.poll(), None, "{chime:?}");
    }
}

/// The control: the same ear opens to a voice.
#[test]
fn a_voice_opens_both() {
    let voice = espeak("nl", "hoe laat is het nu");
    let mut ear = alert();
    ear.push(&scene(&voice, -26.0, "pink", -46.0, 2 * RATE, RATE).sound);
    assert!(ear.poll().is_some() && ear.poll().is_some());
}
