//! Who stops the device by the wake word and says what he wants in the same breath is heard: where the device's own voice
//! is taken away, nothing has to ring out first.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod echo_room;
mod hearing_material;
mod support;
mod wake_material;

use std::time::Duration;

use auricle_core::assistant::event::{Effect, Event, Tuning};
use auricle_core::audio::Position;
use auricle_core::frontend::{FrontEnd, Profile};
use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::{EarCommand, EarEvent, Ending, Start};
use auricle_core::wake::Words;
use echo_room::{RATE, Room, at_level, correlation};
use hearing_material::espeak;
use support::{Bench, linto_settings, tuning};
use wake_material::word;

/// When the person begins, in samples.
const CALL: usize = 6 * RATE;
/// From the decision to the last sound of the loudspeaker, in samples.
const STOPS: usize = RATE / 20;
/// Voices whose word the model hears.
const VOICES: [&str; 3] = ["en-us+m3", "en-us", "en-gb+m5"];

fn words() -> Words {
    Words::new(vec![word("okay_nabu")], Position(0))
}

/// Without the silence around it.
fn said(voice: &str, words: &str) -> Vec<i16> {
    let said = espeak(voice, words);
    at_level(&said.sound[said.onset..said.end], -20.0)
}

/// What became of a turn.
struct Turn {
    woken: Position,
    /// Whether the device's own voice was known to be gone.
    cancelled: bool,
    /// The utterance, as the server gets it.
    from: Position,
    end: Option<(Position, Ending)>,
    /// The tape.
    heard: Vec<i16>,
}

/// Front end, ear and assistant in this room, while the device speaks.
fn turn(room: &Room, profile: Profile) -> Turn {
    let tuning = Tuning { voice_trigger: false, wake_trigger: true, ..tuning() };
    let mut bench = Bench::linto(linto_settings(), tuning);
    bench.event(Event::Say("a long story".into()));
    let (mut ear, mut front) = (Ear::new(), FrontEnd::new(profile));
    ear.set_words(words());
    ear.handle(EarCommand::ArmWake(true));
    let (mut woken, mut from, mut end) = (None, None, None);
    let (_, heard) = room.feed(&room.echo(), &mut front, |front, at, caught, out| {
        let before = out.len();
        front.heard(at, caught, out);
        let state = front.state();
        ear.played(front.reference());
        ear.cancels(state.active && state.converged);
        ear.learns(state.active && !state.converged);
        ear.push(&out[before..]);
        bench.pass(Duration::from_millis(20));
        while let Some(event) = ear.poll() {
            match event {
                EarEvent::Wake { name, score, at, over, cancelled, .. } => {
                    woken = Some((at, cancelled));
                    bench.event(Event::Wake { word: name, score, server: None, at, over, cancelled });
                }
                EarEvent::Ended { at, why, .. } => end = end.or(Some((at, why))),
                _ => {}
            }
        }
        for effect in std::mem::take(&mut bench.effects) {
            let Effect::Ear(command) = effect else { continue };
            if let EarCommand::Listen { from: Start::At(place), .. } = &command {
                from = Some(*place);
            }
            ear.handle(command);
        }
    });
    let (woken, cancelled) = woken.expect("the word was heard");
    Turn { woken, cancelled, from: from.unwrap(), end, heard }
}

/// The device tells a long story until it is interrupted by this voice with the word and, at once, an order.
fn interrupted(story: &[i16], voice: &str, order: &[i16], profile: Profile) -> Turn {
    let person = [vec![0; CALL], said(voice, "okay nabu"), order.to_vec()].concat();
    // Long enough for the 10 s in which nothing may be said.
    let mut room = Room { played: vec![(1.0, story.to_vec())], person, seconds: 18.0, loss: 12.0, ..Room::default() };
    let silent = turn(&room, profile).woken.0 as usize + STOPS;
    room.played[0].1.truncate(silent - RATE);
    turn(&room, profile)
}

#[test]
fn an_order_of_one_word_right_behind_the_wake_word_is_in_the_request_and_ends_it() {
    let text = "It is half past seven in the morning. Today will be mostly cloudy, with some rain in the afternoon. ";
    let story = at_level(&espeak("en-gb", &text.repeat(2)).sound, -20.0);
    let mut found = 0;
    for voice in VOICES {
        for words in ["stop", "louder"] {
            let order = said(voice, words);
            let begins = CALL + said(voice, "okay nabu").len();
            let told = interrupted(&story, voice, &order, Profile::Light);
            assert!(told.cancelled, "{voice}, {words}: the echo is known to be gone");
            let (to, why) = told.end.expect("an end");
            let complete = told.from.0 <= begins as u64 && to.0 >= (begins + order.len()) as u64;
            assert!(complete, "{voice}, {words}: {:?} to {to:?}, said from {begins} on", told.from);
            let there = correlation(&told.heard[begins..begins + order.len()], &order);
            assert!(there > 0.7, "{voice}, {words}: {there}");
            found += usize::from(why == Ending::Silence);
            println!("{voice}, {words}: {:?}, {there:.2}", why);
        }
    }
    assert!(found >= 5, "{found} of 6 were found by the endpointer");
}

#[test]
fn a_canceller_that_knows_nothing_yet_is_not_trusted() {
    let story = at_level(&espeak("en-gb", "It is half past seven in the morning, and it rains.").sound, -14.0);
    let (voice, order) = (VOICES[0], [vec![0; RATE / 2], said(VOICES[0], "what time is it?")].concat());
    let person = [vec![0; CALL], said(voice, "okay nabu"), order].concat();
    // It begins to speak within the word; and without the canceller nothing is known at all.
    for (begins, profile) in [(6.6, Profile::Light), (4.0, Profile::Off)] {
        let played = vec![(begins, story.clone())];
        let room = Room { played, person: person.clone(), seconds: 13.0, loss: 20.0, ..Room::default() };
        let told = turn(&room, profile);
        assert!(!told.cancelled && told.from == told.woken, "{profile:?}: {:?} {:?}", told.from, told.woken);
    }
}
