//! A wake word that the device says itself, through its own loudspeaker, does not wake it; a person's does.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod echo_room;
mod hearing_material;
mod wake_material;

use auricle_core::audio::Position;
use auricle_core::frontend::{FrontEnd, Profile};
use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::{EarCommand, EarEvent};
use auricle_core::wake::{Word, Words};
use echo_room::{Heard, RATE, Room, at_level};
use hearing_material::espeak;
use wake_material::word;

/// Voices whose word the model hears.
const VOICES: [&str; 4] = ["en-us", "en-us+m3", "en-gb", "en-gb+m5"];

fn words(sensitivity: f32) -> Words {
    let word = |name| Word { sensitivity, ..word(name) };
    Words::new(vec![word("okay_nabu"), word("alexa")], Position(0))
}

/// An armed ear in this room: the places of the words that count, and how many were its own.
fn wakes(heard: &Heard, told: bool) -> (Vec<f64>, u64) {
    wakes_in(heard, told, RATE / 100, 0.5)
}

fn wakes_in(heard: &Heard, told: bool, chunk: usize, sensitivity: f32) -> (Vec<f64>, u64) {
    let mut ear = Ear::new();
    ear.set_words(words(sensitivity));
    ear.handle(EarCommand::ArmWake(true));
    let mut wakes = Vec::new();
    for (sound, reference) in heard.out.chunks(chunk).zip(heard.reference.chunks(chunk)) {
        if told {
            ear.played(reference);
        }
        ear.push(sound);
        while let Some(event) = ear.poll() {
            if let EarEvent::Wake { at, .. } = event {
                wakes.push(at.0 as f64 / RATE as f64);
            }
        }
    }
    (wakes, ear.own_words())
}

/// The device says this, 2 s from the beginning.
fn device(voice: &str, text: &str) -> Room {
    let said = at_level(&espeak(voice, text).sound, -20.0);
    Room { played: vec![(2.0, said)], seconds: 7.0, ..Room::default() }
}

#[test]
fn the_devices_own_word_does_not_count_however_it_comes_back() {
    let mut lured = 0;
    for voice in VOICES {
        let room = device(voice, "If you need me, just say: okay nabu. I am here.");
        // A near loudspeaker, one behind a sound server, a loud and late one, one whose times are told too late.
        for (delay, loss) in [(0.01, 6.0), (0.1, 12.0), (0.3, 0.0), (-0.06, 6.0)] {
            let room = Room { delays: vec![(0.0, delay)], loss, ..room.clone() };
            let heard = room.hear(Profile::Off);
            let (unknowing, _) = wakes(&heard, false);
            let (wakes, own) = wakes(&heard, true);
            assert!(wakes.is_empty(), "{voice}, {delay} s: {wakes:?}");
            assert_eq!(own as usize, unknowing.len(), "{voice}, {delay} s: each was its own");
            lured += unknowing.len();
        }
    }
    assert_eq!(lured, 4 * VOICES.len(), "who does not know what was played is woken each time");
}

#[test]
fn what_only_sounds_alike_hides_no_persons_word() {
    let text = "This is a long story, and nobody wants to hear all of it. ".repeat(3);
    for start in [2.5, 3.0, 3.5, 4.0, 4.5] {
        let mut person = vec![0; (start * RATE as f64) as usize];
        person.extend(at_level(&espeak("en-us+m3", "okay nabu").sound, -22.0));
        let room = Room { person, loss: 60.0, ..device("en-us", &text) };
        let (wakes, own) = wakes(&room.hear(Profile::Off), true);
        assert_eq!((wakes.len(), own), (1, 0), "{start} s: {wakes:?}");
    }
}

#[test]
fn a_sensitive_device_knows_its_own_word_too() {
    for voice in VOICES {
        let heard = device(voice, "If you need me, just say: alexa.").hear(Profile::Off);
        let (unknowing, _) = wakes_in(&heard, false, 160, 1.0);
        let (wakes, own) = wakes_in(&heard, true, 160, 1.0);
        assert!(!unknowing.is_empty() && wakes.is_empty(), "{voice}: {unknowing:?}, {wakes:?}");
        assert_eq!(own as usize, unknowing.len(), "{voice}");
    }
}

#[test]
fn how_the_sound_is_cut_into_pieces_changes_nothing() {
    // A person is first, and the device says the same 0.15 to 0.3 s later, so softly that only the person is heard.
    let said = at_level(&espeak(VOICES[1], "okay nabu").sound, -20.0);
    for later in [0.15, 0.2, 0.3] {
        let person = [vec![0; 2 * RATE], said.clone()].concat();
        let room =
            Room { person, played: vec![(2.0 + later, said.clone())], loss: 60.0, seconds: 6.0, ..Room::default() };
        let heard = room.hear(Profile::Off);
        let alone = wakes_in(&heard, false, 160, 0.5);
        assert_eq!(alone.0.len(), 1);
        for chunk in [7, 160, 1_120, 5_000, usize::MAX] {
            assert_eq!(wakes_in(&heard, true, chunk, 0.5), alone, "{later} s, pieces of {chunk}");
        }
    }
}

#[test]
fn the_canceller_takes_the_word_away_before_it_is_heard() {
    let room = device(VOICES[0], "If you need me, just say: okay nabu. I am here.");
    let heard = room.hear(Profile::Light);
    assert_eq!((wakes(&heard, false).0, wakes(&heard, true)), (vec![], (vec![], 0)));
}

/// An ear that is told everything in this room, also what the canceller knows: the places of the words that count.
fn wakes_knowingly(room: &Room, profile: Profile) -> Vec<f64> {
    let (mut ear, mut front, mut wakes) = (Ear::new(), FrontEnd::new(profile), Vec::new());
    ear.set_words(words(0.5));
    ear.handle(EarCommand::ArmWake(true));
    room.feed(&room.echo(), &mut front, |front, at, caught, out| {
        let before = out.len();
        front.heard(at, caught, out);
        let state = front.state();
        ear.played(front.reference());
        ear.cancels(state.active && state.converged);
        ear.learns(state.active && !state.converged);
        ear.push(&out[before..]);
        while let Some(event) = ear.poll() {
            if let EarEvent::Wake { at, .. } = event {
                wakes.push(at.0 as f64 / RATE as f64);
            }
        }
    });
    wakes
}

#[test]
fn the_first_moments_of_a_story_before_the_canceller_knows_the_room_do_not_wake_it() {
    // What is left of them was taken for `okay_nabu`.
    let text = "It is half past seven in the morning. Today will be mostly cloudy, with some rain in the afternoon.";
    let played = vec![(1.0, at_level(&espeak("en-gb", text).sound, -20.0))];
    for loss in [0.0, 6.0, 12.0] {
        let room = Room { played: played.clone(), loss, seconds: 3.5, ..Room::default() };
        assert_eq!(wakes_knowingly(&room, Profile::Light), Vec::<f64>::new(), "{loss} dB");
    }
}

#[test]
fn who_interrupts_in_the_first_moments_is_heard_over_a_soft_echo() {
    let text = "This is a long story, and nobody wants to hear all of it.";
    for (start, loss) in [(2.6, 20.0), (2.6, 200.0), (3.0, 20.0), (2.2, 200.0)] {
        let mut person = vec![0; (start * RATE as f64) as usize];
        person.extend(at_level(&espeak("en-us+m3", "okay nabu").sound, -22.0));
        let room = Room { person, loss, seconds: 5.0, ..device("en-us", text) };
        let wakes = wakes_knowingly(&room, Profile::Light);
        assert!(wakes.len() == 1 && wakes[0] > start, "{start} s, {loss} dB: {wakes:?}");
    }
}

#[test]
fn a_person_wakes_it_while_it_says_something_else() {
    let text = "It is half past seven in the morning. Today will be mostly cloudy, with some rain in the afternoon.";
    let mut person = vec![0; 4 * RATE];
    person.extend(at_level(&espeak("en-us+m3", "okay nabu").sound, -22.0));
    let room = Room { person, loss: 20.0, ..device("en-gb", text) };
    for profile in [Profile::Off, Profile::Light] {
        let (wakes, own) = wakes(&room.hear(profile), true);
        assert!(
            wakes.len() == 1 && (4.3..6.0).contains(&wakes[0]) && own == 0,
            "{profile:?}: {wakes:?}, {own} its own"
        );
    }
}

#[test]
fn with_headphones_a_person_is_heard_from_the_first_moment_on() {
    let text = "This is a long story, and nobody wants to hear all of it.";
    for start in [2.2, 2.6, 3.0] {
        let mut person = vec![0; (start * RATE as f64) as usize];
        person.extend(at_level(&espeak("en-us+m3", "okay nabu").sound, -26.0));
        let room = Room { person, loss: 200.0, ..device("en-us", text) };
        let (wakes, own) = wakes(&room.hear(Profile::Light), true);
        assert_eq!((wakes.len(), own), (1, 0), "{start} s: {wakes:?}");
    }
}

#[test]
fn a_persons_word_counts_again_shortly_after_the_devices_own() {
    let mut person = vec![0; 5 * RATE];
    person.extend(at_level(&espeak("en-us+m3", "okay nabu").sound, -22.0));
    let room = Room { person, ..device("en-us+m3", "okay nabu") };
    let (later, own) = wakes(&room.hear(Profile::Off), true);
    assert!(later.len() == 1 && later[0] > 5.3 && own == 1, "{later:?}, {own} its own");
}
