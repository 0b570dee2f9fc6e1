//! Voices that the thresholds were not chosen on: espeak-ng in seven languages and recordings of people.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod hearing_material;

use std::sync::LazyLock;
use std::time::Duration;

use auricle_core::audio::Position;
use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::{EarCommand, EarEvent, Ending, Limits, ListenId, Start};
use hearing_material::{Part, RATE, Scene, Voice, clip, espeak, noise, scene, voices};

const HANGOVER: usize = RATE / 2;
/// The hangover where it is sure that nobody speaks.
const SHORTEST: usize = HANGOVER * 85 / 100;
const LIMITS: Limits = Limits {
    hangover: Duration::from_millis(500),
    no_speech: Duration::from_secs(10),
    max_utterance: Duration::from_secs(15),
    answer: false,
};

/// Made once: each takes a process.
static VOICES: LazyLock<Vec<Voice>> = LazyLock::new(|| voices(Part::Check, 3));

/// What was heard of a scene, in samples.
#[derive(Debug, Default)]
struct Heard {
    start: Option<usize>,
    ended: Option<(usize, usize, Ending)>,
}

fn listen(sound: &[i16]) -> Heard {
    let mut ear = Ear::new();
    let from = Start::Now;
    ear.handle(EarCommand::Listen { listen: ListenId(1), from, limits: Some(LIMITS), guard: Duration::ZERO });
    let mut heard = Heard::default();
    for period in sound.chunks(320) {
        ear.push(period);
        while let Some(event) = ear.poll() {
            match event {
                EarEvent::SpeechStart { at, .. } => heard.start = Some(at.0 as usize),
                EarEvent::Ended { at, speech_end, why, .. } => {
                    assert!(ear.position() - at < 320, "told in the push in which it was decided");
                    heard.ended = Some((at.0 as usize, speech_end.0 as usize, why));
                }
                other => panic!("{other:?}"),
            }
        }
    }
    heard
}

/// Milliseconds by which `a` lies behind `b`.
fn later(a: usize, b: usize) -> i64 {
    (a as i64 - b as i64) / 16
}

/// By so many ms the hangover may be longer where the speech hardly rises above the noise.
const FAINT: i64 = 150;
/// By so many ms it is longer after a word shorter than half a second.
const SHORT: i64 = 200;

/// Every voice is heard from its first 50 ms on and ends one hangover after its end, give or take.
fn all_are_heard(voices: &[Voice], make: impl Fn(&Voice) -> Scene, end_within: std::ops::RangeInclusive<i64>) {
    for voice in voices {
        let scene = make(voice);
        let heard = listen(&scene.sound);
        let late = later(heard.start.unwrap_or_else(|| panic!("not heard: {}", voice.name)), scene.onset);
        assert!((-400..=50).contains(&late), "{} begins {late} ms late", voice.name);
        let (at, speech_end, why) = heard.ended.unwrap_or_else(|| panic!("never ends: {}", voice.name));
        assert_eq!(why, Ending::Silence, "{}", voice.name);
        assert!(speech_end + SHORTEST <= at, "{}", voice.name);
        let delay = later(at, scene.end + HANGOVER);
        let short = if scene.end - scene.onset < RATE / 2 { SHORT } else { 0 };
        let end_within = *end_within.start()..=*end_within.end() + short;
        assert!(end_within.contains(&delay), "{} ends {delay} ms late", voice.name);
    }
}

#[test]
fn clean_voices_with_digital_silence_around_them() {
    all_are_heard(&VOICES, |voice| scene(voice, -20.0, "none", -100.0, RATE, 2 * RATE), -400..=50);
}

#[test]
fn voices_from_the_first_sample_on() {
    let short = |voice: &Voice| scene(voice, -20.0, "pink", -60.0, 0, 2 * RATE);
    all_are_heard(&VOICES[..25], short, -400..=120);
}

#[test]
fn voices_in_a_quiet_room() {
    all_are_heard(&VOICES, |voice| scene(voice, -20.0, "pink", -60.0, RATE, 2 * RATE), -400..=120);
}

#[test]
fn voices_in_noise_of_20_db() {
    all_are_heard(&VOICES, |voice| scene(voice, -26.0, "pink", -46.0, 2 * RATE, 2 * RATE), -400..=150);
}

#[test]
fn most_voices_in_noise_of_5_db() {
    let heard = VOICES.iter().filter(|voice| {
        let scene = scene(voice, -26.0, "white", -31.0, 2 * RATE, 2 * RATE);
        let heard = listen(&scene.sound);
        let began = heard.start.is_some_and(|at| later(at, scene.onset) < 300);
        let ended = heard.ended.is_some_and(|(at, _, why)| {
            why == Ending::Silence && (-450..=200 + FAINT).contains(&later(at, scene.end + HANGOVER))
        });
        began && ended
    });
    let (heard, all) = (heard.count(), VOICES.len());
    assert!(heard * 20 >= all * 19, "{heard} of {all}");
}

#[test]
fn soft_voices_30_db_below_the_usual() {
    let soft = |voice: &Voice| scene(voice, -50.0, "pink", -80.0, 2 * RATE, 2 * RATE);
    let sentences: Vec<Voice> = VOICES.iter().filter(|v| v.sound.len() > RATE / 2).cloned().collect();
    assert!(sentences.len() > 30);
    all_are_heard(&sentences, soft, -425..=80);
}

#[test]
fn a_direct_current_changes_nothing() {
    let voice = espeak("fr-fr+m7", "éteins la télévision");
    let clean = scene(&voice, -20.0, "pink", -60.0, RATE, 2 * RATE);
    let shifted: Vec<i16> = clean.sound.iter().map(|s| s.saturating_add(2_000)).collect();
    let (clean, shifted) = (listen(&clean.sound), listen(&shifted));
    assert!(later(clean.start.unwrap(), shifted.start.unwrap()).abs() <= 50);
    assert!(later(clean.ended.unwrap().0, shifted.ended.unwrap().0).abs() <= 50);
}

#[test]
fn a_sentence_with_a_pause_of_300_ms_is_not_cut() {
    for (name, first, second) in
        [("en-us+f4", "what is the weather", "in London"), ("de+f5", "stelle den Wecker", "auf sieben")]
    {
        let cut = |voice: Voice| voice.sound[voice.onset..voice.end].to_vec();
        let sound = [cut(espeak(name, first)), vec![0; 4_800], cut(espeak(name, second))].concat();
        let voice = Voice::new(format!("{first} … {second}"), sound);
        assert!(voice.longest_pause >= 4_640);
        all_are_heard(std::slice::from_ref(&voice), |v| scene(v, -20.0, "none", -100.0, RATE, 2 * RATE), -400..=50);
        all_are_heard(&[voice], |v| scene(v, -26.0, "pink", -46.0, 2 * RATE, 2 * RATE), -400..=150);
    }
}

/// A television: somebody always speaks, with music-like tones below.
#[test]
fn endless_speech_is_capped() {
    let words: Vec<i16> = VOICES.iter().flat_map(|v| v.sound[v.onset..v.end].to_vec()).collect();
    let programme = Voice::new("television".into(), words);
    assert!(programme.sound.len() > 25 * RATE);
    let loud = scene(&programme, -24.0, "tones", -44.0, 0, 0);
    let heard = listen(&loud.sound);
    let (at, speech_end, why) = heard.ended.unwrap();
    assert_eq!(why, Ending::Cap);
    let length = Position(at as u64).since(Position(heard.start.unwrap() as u64));
    assert!((Duration::from_secs(15)..Duration::from_millis(15_020)).contains(&length), "{length:?}");
    assert!(speech_end <= at);
}

#[test]
fn speech_that_fades_into_steady_noise_ends() {
    for kind in ["hum", "fan", "white"] {
        let voice = espeak("it+m7", "abbassa il riscaldamento");
        let scene = scene(&voice, -26.0, kind, -36.0, 3 * RATE, 3 * RATE);
        let (at, _, why) = listen(&scene.sound).ended.unwrap();
        assert_eq!(why, Ending::Silence);
        let delay = later(at, scene.end + HANGOVER);
        assert!((-300..=600).contains(&delay), "{kind}: {delay} ms");
    }
}

#[test]
fn noise_alone_ends_as_no_speech() {
    let loud: Vec<f32> = noise("pink", 3, 11 * RATE).iter().map(|s| s * 1_000.0).collect();
    let (at, _, why) = listen(&clip(&loud)).ended.unwrap();
    assert_eq!(why, Ending::NoSpeech);
    assert!((10 * RATE..10 * RATE + 4_400).contains(&at), "{at}");
}
