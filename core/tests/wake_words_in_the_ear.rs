//! Wake words with the real models: when a word counts, that the size of the pushes changes nothing, and that the word
//! itself is not the utterance.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod hearing_material;
mod wake_material;

use std::time::Duration;

use auricle_core::audio::Position;
use auricle_core::frontend::Profile;
use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::replay::{Heard, Replay, What};
use auricle_core::hearing::{EarCommand, EarEvent, Ending, Limits, ListenId, Start};
use auricle_core::wake::{Word, Words};
use hearing_material::{RATE, Voice, espeak, scene};
use wake_material::word;

const PREROLL: Duration = Duration::from_millis(500);
const LIMITS: Limits = Limits {
    hangover: Duration::from_millis(500),
    no_speech: Duration::from_secs(3),
    max_utterance: Duration::from_secs(15),
    answer: false,
};

/// 2 s of a quiet room, what is said without a pause in between, 4 s of room.
fn room(voice: &str, words: &[&str]) -> Vec<i16> {
    let said = words.iter().map(|words| espeak(voice, words));
    let sound: Vec<i16> = said.flat_map(|said| said.sound[said.onset..said.end].to_vec()).collect();
    scene(&Voice::new(voice.into(), sound), -24.0, "pink", -60.0, 2 * RATE, 4 * RATE).sound
}

fn ear(words: &[&str]) -> Ear {
    let mut ear = Ear::new();
    ear.set_words(Words::new(words.iter().map(|name| word(name)).collect(), Position(0)));
    ear
}

fn hear(ear: &mut Ear, sound: &[i16], block: usize) -> Vec<EarEvent> {
    sound.chunks(block).for_each(|block| ear.push(block));
    std::iter::from_fn(|| ear.poll()).collect()
}

#[test]
fn a_word_is_heard_while_armed_wherever_the_sound_is_cut() {
    let sound = room("en-us+m3", &["okay nabu"]);
    let mut told = Vec::new();
    for block in [1, 37, 320, 1_120, 1_600, sound.len()] {
        let mut ear = ear(&["alexa", "okay_nabu"]);
        ear.handle(EarCommand::ArmWake(true));
        told.push(hear(&mut ear, &sound, block));
    }
    let [EarEvent::Wake { word: 1, name, score, at, .. }] = &told[0][..] else { panic!("{:?}", told[0]) };
    assert!(name == "okay_nabu" && *score > 0.85 && *score <= 1.0, "{name} {score}");
    assert!(at.0 as usize > 2 * RATE && at.0 as usize <= sound.len() - 3 * RATE, "{at:?}");
    assert!(told.iter().all(|other| *other == told[0]), "{told:?}");
}

#[test]
fn not_armed_it_is_listened_for_and_does_not_count() {
    let sound = room("en-us+m3", &["okay nabu"]);
    let mut ear = ear(&["okay_nabu"]);
    assert!(!ear.busy());
    assert_eq!(hear(&mut ear, &sound, 320), []);
    ear.handle(EarCommand::ArmWake(true));
    assert!(ear.busy() && !ear.wants_short_periods());
    assert_eq!(hear(&mut ear, &sound, 320).len(), 1);
    ear.handle(EarCommand::ArmWake(false));
    assert_eq!(hear(&mut ear, &sound, 320), []);
}

#[test]
fn who_arms_in_the_middle_of_the_word_still_hears_it() {
    let sound = room("en-us+m3", &["okay nabu"]);
    let mut ear = ear(&["okay_nabu"]);
    let (before, after) = sound.split_at(2 * RATE + RATE / 3);
    assert_eq!(hear(&mut ear, before, 320), []);
    ear.handle(EarCommand::ArmWake(true));
    assert_eq!(hear(&mut ear, after, 320).len(), 1);
}

#[test]
fn one_utterance_wakes_once_also_where_two_words_answer_to_it() {
    let sound = room("en-us+m3", &["okay nabu"]);
    let mut words = vec![word("okay_nabu"), word("okay_nabu")];
    // The second one decides some 30 ms before the first.
    words[1].sensitivity = 1.0;
    let mut ear = Ear::new();
    ear.set_words(Words::new(words, Position(0)));
    ear.handle(EarCommand::ArmWake(true));
    let told = hear(&mut ear, &sound, 320);
    assert!(matches!(told[..], [EarEvent::Wake { .. }]), "{told:?}");
    // Said again after a while, it wakes again.
    assert_eq!(hear(&mut ear, &sound, 320).len(), 1);
}

#[test]
fn a_microphone_that_was_closed_remembers_no_half_word() {
    let sound = room("en-us+m3", &["okay nabu"]);
    let mut ear = ear(&["okay_nabu"]);
    ear.handle(EarCommand::ArmWake(true));
    let (before, after) = sound.split_at(2 * RATE + RATE / 2);
    assert_eq!(hear(&mut ear, before, 320), []);
    ear.handle(EarCommand::Closed);
    assert_eq!(hear(&mut ear, after, 320), []);
    assert_eq!(hear(&mut ear, &sound, 320).len(), 1);
}

#[test]
fn without_words_nothing_is_heard_and_nobody_waits() {
    let sound = room("en-us+m3", &["okay nabu"]);
    let mut ear = ear(&[]);
    ear.handle(EarCommand::ArmWake(true));
    assert!(!ear.busy());
    assert_eq!(hear(&mut ear, &sound, 320), []);
    ear.set_words(Words::new(vec![word("okay_nabu")], Position(0)));
    let [EarEvent::Wake { at, .. }] = hear(&mut ear, &sound, 320)[..] else { panic!("not heard") };
    assert!(at.0 as usize > sound.len(), "{at:?}: places go on");
}

/// How the turn ends that a word opens: the place of the word, and the end.
fn turn(word: Word, sound: &[i16]) -> Option<(Position, Heard)> {
    let mut replay = Replay::new(Profile::Off, Words::new(vec![word], Position(0)), LIMITS, PREROLL);
    let mut told = Vec::new();
    replay.push(sound, |heard| told.push(heard));
    let mut told = told.into_iter().skip_while(|heard| !matches!(heard.what, What::Wake { .. }));
    let woken = told.next()?.at;
    let end = told.find(|heard| heard.what != What::SpeechStart);
    Some((woken, end.unwrap_or_else(|| panic!("woken at {woken:?}, and no end"))))
}

/// Each word in voices that its model hears.
const VOICES: [(&str, &str, &[&str]); 4] = [
    ("okay_nabu", "okay nabu", &["en-us+m3", "en-us", "en-gb"]),
    ("alexa", "alexa", &["en-us+m3", "en-us", "en-gb"]),
    ("hey_jarvis", "hey jarvis", &["en-us+f4"]),
    ("hey_mycroft", "hey mycroft", &["en-us+m3", "en-gb-x-rp"]),
];

#[test]
fn the_word_itself_is_no_utterance_and_silence_is_counted_from_it() {
    for (name, text, voices) in VOICES {
        for (voice, sensitivity) in voices.iter().flat_map(|voice| [0.5, 0.7, 1.0].map(|easily| (voice, easily))) {
            let word = Word { sensitivity, ..word(name) };
            let (woken, end) = turn(word, &room(voice, &[text])).expect("its model hears it");
            assert_eq!(end.what, What::NoSpeech, "{name} by {voice} at {sensitivity}");
            let waited = end.at.since(woken);
            let late = waited.saturating_sub(LIMITS.no_speech);
            assert!(waited >= LIMITS.no_speech && late < Duration::from_millis(300), "{name} by {voice}: {waited:?}");
        }
    }
}

#[test]
fn a_single_word_right_behind_it_is_the_utterance() {
    for voice in ["en-us+m3", "en-us", "en-gb+m1"] {
        for order in ["yes", "louder"] {
            let (_, end) = turn(word("okay_nabu"), &room(voice, &["okay nabu", order])).expect("its model hears it");
            assert!(matches!(end.what, What::SpeechEnd { .. }), "{order} by {voice}: {end:?}");
        }
    }
}

#[test]
fn what_the_tape_has_no_more_does_not_put_off_what_is_said() {
    let mut ear = ear(&[]);
    let sound = room("en-us+m3", &["yes"]);
    let (silence, yes) = sound.split_at(2 * RATE);
    assert_eq!(hear(&mut ear, silence, 320), []);
    ear.handle(EarCommand::Closed);
    // 0.3 s of sound, and a guard that ends with it: more than that is asked for.
    assert_eq!(hear(&mut ear, &silence[..RATE * 3 / 10], 320), []);
    let from = Start::At(ear.position().back(Duration::from_secs(2)));
    let guard = Duration::from_secs(2);
    ear.handle(EarCommand::Listen { listen: ListenId(1), from, limits: Some(LIMITS), guard });
    let told = hear(&mut ear, yes, 320);
    let [EarEvent::SpeechStart { .. }, EarEvent::Ended { why: Ending::Silence, .. }] = told[..] else {
        panic!("{told:?}")
    };
    // Nobody speaks: it is given up when it would be with all of the tape.
    let opened = ear.position();
    let limits = Limits { no_speech: guard + LIMITS.no_speech, ..LIMITS };
    ear.handle(EarCommand::Closed);
    let from = Start::At(opened.back(guard));
    ear.handle(EarCommand::Listen { listen: ListenId(2), from, limits: Some(limits), guard });
    let told = hear(&mut ear, &silence.repeat(2), 320);
    let [EarEvent::Ended { at, why: Ending::NoSpeech, .. }] = told[..] else { panic!("{told:?}") };
    assert!(at.since(opened) < LIMITS.no_speech + Duration::from_millis(100), "{:?}", at.since(opened));
}

#[test]
fn a_new_sensitivity_in_the_middle_of_the_word_loses_nothing_of_it() {
    let sound = room("en-us+m3", &["okay nabu"]);
    let mut ear = ear(&["okay_nabu"]);
    ear.handle(EarCommand::ArmWake(true));
    let mut told = Vec::new();
    for (number, block) in sound.chunks(1_600).enumerate() {
        ear.set_sensitivity(0, if number % 2 == 0 { 0.6 } else { 0.55 });
        told.extend(hear(&mut ear, block, 320));
    }
    assert_eq!(told.len(), 1, "{told:?}");
}
