//! A replay opens the turn of a wake word as the assistant does: the same ear, told by the assistant what to do over the
//! same sound, says the same from the word to the end of its utterance.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod hearing_material;
mod support;
mod wake_material;

use std::time::Duration;

use auricle_core::assistant::event::{Effect, Event, Tuning};
use auricle_core::audio::Position;
use auricle_core::frontend::Profile;
use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::replay::{Heard, Replay, What};
use auricle_core::hearing::{EarCommand, EarEvent, Ending, Limits};
use auricle_core::wake::Words;
use hearing_material::{RATE, Voice, espeak, scene};
use support::{Bench, linto_settings, tuning};
use wake_material::word;

const PREROLL: Duration = Duration::from_millis(500);

fn words() -> Words {
    Words::new(vec![word("okay_nabu")], Position(0))
}

/// 2 s of a quiet room, these words, 4 s of room.
fn room(words: &str) -> Vec<i16> {
    let said = espeak("en-us+m3", words);
    scene(&Voice::new(words.into(), said.sound), -24.0, "pink", -60.0, 2 * RATE, 4 * RATE).sound
}

fn limits(cap: u64) -> Limits {
    let ms = Duration::from_millis;
    Limits { hangover: ms(500), no_speech: ms(2_000), max_utterance: ms(cap), answer: false }
}

/// The assistant over the sound, from the word to the end of its turn's utterance.
fn by_the_assistant(sound: &[i16], limits: Limits) -> Vec<Heard> {
    let tuning = Tuning { voice_trigger: false, wake_trigger: true, preroll: PREROLL, limits, ..tuning() };
    let settings = auricle_core::dialogue::linto::LintoSettings { limits, ..linto_settings() };
    let (mut bench, mut ear) = (Bench::linto(settings, tuning), Ear::new());
    ear.set_words(words());
    ear.handle(EarCommand::ArmWake(true));
    let (mut told, mut rest) = (Vec::new(), sound);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.len().min(ear.next_stop()));
        rest = later;
        ear.push(now);
        bench.pass(Position(now.len() as u64).since(Position(0)));
        while let Some(event) = ear.poll() {
            let (at, what, event) = match event {
                EarEvent::Wake { name, score, at, over, cancelled, .. } => {
                    let word = name.clone();
                    (
                        at,
                        What::Wake { word: name, score },
                        Event::Wake { word, score, server: None, at, over, cancelled },
                    )
                }
                EarEvent::SpeechStart { listen, at } => (at, What::SpeechStart, Event::SpeechStart(listen)),
                EarEvent::Ended { listen, at, speech_end, why } => {
                    let what = match why {
                        Ending::Silence => What::SpeechEnd { spoken: speech_end },
                        Ending::NoSpeech => What::NoSpeech,
                        Ending::Cap => What::Cap,
                    };
                    (at, what, Event::Ended { listen, at, why })
                }
                _ => continue,
            };
            let over = matches!(event, Event::Ended { .. });
            told.push(Heard { at, what });
            bench.event(event);
            if over {
                return told;
            }
        }
        for effect in std::mem::take(&mut bench.effects) {
            if let Effect::Ear(command) = effect {
                ear.handle(command);
            }
        }
    }
    told
}

/// The same piece of what a replay hears.
fn by_the_replay(sound: &[i16], limits: Limits) -> Vec<Heard> {
    let mut replay = Replay::new(Profile::Off, words(), limits, PREROLL);
    let mut told = Vec::new();
    replay.push(sound, |heard| told.push(heard));
    let wake = told.iter().position(|heard| matches!(heard.what, What::Wake { .. })).expect("a wake word");
    let ends = |heard: &Heard| !matches!(heard.what, What::Wake { .. } | What::SpeechStart);
    let end = told[wake..].iter().position(ends).map_or(told.len(), |end| wake + end + 1);
    told[wake..end].to_vec()
}

#[test]
fn from_the_word_to_the_end_both_say_the_same() {
    for (said, cap, events) in [
        ("okay nabu. what time is it?", 15_000, 3),
        ("okay nabu", 15_000, 2),
        ("okay nabu. please tell me how the weather will be tomorrow", 1_000, 3),
        // Who is listened to can say the word.
        ("okay nabu. tell me what okay nabu means", 15_000, 3),
    ] {
        let (sound, limits) = (room(said), limits(cap));
        let assistant = by_the_assistant(&sound, limits);
        assert_eq!(assistant.len(), events, "{said}: {assistant:?}");
        assert_eq!(by_the_replay(&sound, limits), assistant, "{said}");
    }
}
