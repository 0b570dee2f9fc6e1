//! From the microphone's samples to what is decided nothing is allocated, as long as nothing is decided: the device hears
//! for months.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod counting;
mod hearing_material;
mod wake_material;

use std::time::Duration;

use auricle_core::audio::Position;
use auricle_core::frontend::{DeviceTime, FrontEnd, Profile};
use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::{EarCommand, ListenId, Start};
use auricle_core::wake::Words;
use counting::counted;
use hearing_material::{RATE, clip, noise};
use wake_material::{positive, word};

/// A room: quiet, a voice that says the word, loud.
fn sound() -> Vec<i16> {
    let hum = |level: f32, seconds| noise("pink", 3, seconds * RATE).into_iter().map(move |sample| sample * level);
    [clip(&hum(30.0, 4).collect::<Vec<_>>()), positive("okay_nabu"), clip(&hum(3_000.0, 4).collect::<Vec<_>>())]
        .concat()
}

/// Allocations while the ear hears the sound, and what it says.
fn hear(front: &mut FrontEnd, ear: &mut Ear, sound: &[i16]) -> (u64, usize) {
    let mut cleaned = Vec::with_capacity(2 * 320);
    let (events, counted) = counted(|| {
        let mut events = 0;
        for (n, period) in sound.chunks(320).enumerate() {
            front.heard(DeviceTime(n as u64 * 20_000_000), period, &mut cleaned);
            ear.push(&cleaned);
            cleaned.clear();
            while ear.poll().is_some() {
                events += 1;
            }
        }
        events
    });
    (counted.calls, events)
}

/// Front end and ear that have heard a second of sound: buffers have their size.
fn settled(profile: Profile) -> (FrontEnd, Ear) {
    let (mut front, mut ear) = (FrontEnd::new(profile), Ear::new());
    ear.set_words(Words::new(vec![word("okay_nabu"), word("alexa")], Position(0)));
    hear(&mut front, &mut ear, &sound()[..RATE]);
    (front, ear)
}

/// A turn whose end the server decides.
fn listen(ear: &mut Ear, from: Start) {
    let (listen, guard) = (ListenId(1), Duration::ZERO);
    ear.handle(EarCommand::Listen { listen, from, limits: None, guard });
}

#[test]
fn at_rest_nothing_is_allocated_with_or_without_the_front_end() {
    let sound = sound();
    for profile in [Profile::Off, Profile::Light] {
        // Nothing is armed: words are heard and do not count. The tape wraps around in the second round.
        let (mut front, mut ear) = settled(profile);
        for _ in 0..3 {
            assert_eq!(hear(&mut front, &mut ear, &sound), (0, 0), "{profile:?}");
        }
    }
}

#[test]
fn a_wake_word_costs_its_name_and_an_utterance_nothing() {
    let (mut front, mut ear) = settled(Profile::Light);
    ear.handle(EarCommand::ArmWake(true));
    listen(&mut ear, Start::Now);
    // The word's name, which is dropped with the event.
    let (calls, events) = hear(&mut front, &mut ear, &sound());
    assert!(events >= 2, "a word and the beginning of speech: {events}");
    assert_eq!(calls, 2);
}
