//! Speech that follows a wake word at once is not lost: what a turn sends is compared with the recording, sample by
//! sample.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod hearing_material;
mod support;
mod wake_material;

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use auricle_core::assistant::event::{Effect, Event, Tuning};
use auricle_core::audio::Position;
use auricle_core::frontend::{DeviceTime, FrontEnd, Profile};
use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::{EarCommand, EarEvent};
use auricle_core::wake::Words;
use base64::Engine as _;
use hearing_material::{RATE, clip, espeak, noise};
use support::{Bench, linto_settings, tuning};
use wake_material::word;

/// A period of the microphone: 20 ms.
const PERIOD: usize = 320;

/// In a quiet room of 2 s: the word, so much silence, the order. And where the order is.
fn room(word: &str, voice: &str, pause: usize, order: &str) -> (Vec<i16>, Range<usize>) {
    let [word, order] = [word, order].map(|text| espeak(voice, text));
    let (word, order) = (&word.sound[word.onset..word.end], &order.sound[order.onset..order.end]);
    let from = 2 * RATE + word.len() + pause;
    let mut sound: Vec<f32> = noise("pink", 5, from + order.len() + 3 * RATE).iter().map(|n| n * 30.0).collect();
    for (at, voice) in [(2 * RATE, word), (from, order)] {
        sound[at..].iter_mut().zip(voice).for_each(|(sample, voice)| *sample += f32::from(*voice) * 0.5);
    }
    (clip(&sound), from..from + order.len())
}

/// Front end, ear and assistant over the sound, until a request is complete: its samples. What the ear says reaches the
/// assistant `late` periods later, as over the channels between the threads of the daemon.
fn sent(name: &str, sound: &[i16], profile: Profile, late: usize) -> Vec<i16> {
    let tuning = Tuning { voice_trigger: false, wake_trigger: true, ..tuning() };
    let mut bench = Bench::linto(linto_settings(), tuning);
    let (mut front, mut ear, mut cleaned) = (FrontEnd::new(profile), Ear::new(), Vec::new());
    ear.set_words(Words::new(vec![word(name)], Position(0)));
    ear.handle(EarCommand::ArmWake(true));
    let mut on_the_way: VecDeque<Vec<Event>> = vec![Vec::new(); late].into();
    for (n, period) in sound.chunks(PERIOD).enumerate() {
        front.heard(DeviceTime(n as u64 * 20_000_000), period, &mut cleaned);
        ear.push(&cleaned);
        cleaned.clear();
        bench.pass(Duration::from_millis(20));
        let mut told = Vec::new();
        while let Some(event) = ear.poll() {
            match event {
                EarEvent::UplinkReady { body, .. } => return samples(&body),
                EarEvent::Lost { samples } => panic!("{samples} samples were lost"),
                other => told.extend(for_the_assistant(other)),
            }
        }
        on_the_way.push_back(told);
        on_the_way.pop_front().into_iter().flatten().for_each(|event| bench.event(event));
        for effect in bench.effects.drain(..) {
            if let Effect::Ear(command) = effect {
                ear.handle(command);
            }
        }
    }
    panic!("{name}: no request")
}

fn for_the_assistant(event: EarEvent) -> Option<Event> {
    match event {
        EarEvent::Wake { name, score, at, over, cancelled, .. } => {
            Some(Event::Wake { word: name, score, server: None, at, over, cancelled })
        }
        EarEvent::SpeechStart { listen, .. } => Some(Event::SpeechStart(listen)),
        EarEvent::Ended { listen, at, why, .. } => Some(Event::Ended { listen, at, why }),
        _ => None,
    }
}

/// The sound in a request.
fn samples(body: &[u8]) -> Vec<i16> {
    let message: serde_json::Value = serde_json::from_slice(body).unwrap();
    let file = base64::engine::general_purpose::STANDARD.decode(message["audio"].as_str().unwrap()).unwrap();
    file[44..].as_chunks().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
}

/// Where these samples stand in the recording, every one of them.
fn place(sent: &[i16], recording: &[i16]) -> Option<Range<usize>> {
    let at = recording.windows(sent.len()).position(|piece| piece == sent)?;
    Some(at..at + sent.len())
}

#[test]
fn every_sample_behind_the_word_is_sent_however_soon_the_order_comes() {
    for (name, said, voice) in [
        ("okay_nabu", "okay nabu", "en-us+m3"),
        ("alexa", "alexa", "en-gb"),
        ("hey_jarvis", "hey jarvis", "en-us+f4"),
        ("hey_mycroft", "hey mycroft", "en-gb-scotland"),
    ] {
        for (pause, profile, late) in
            [(0, Profile::Off, 0), (0, Profile::Light, 0), (0, Profile::Light, 25), (RATE / 5, Profile::Light, 5)]
        {
            let (sound, order) = room(said, voice, pause, "what time is it in New York");
            let sent = sent(name, &sound, profile, late);
            let what = format!("{name}, {pause} samples between, {profile:?}, {late} periods late");
            let place = place(&sent, &sound).unwrap_or_else(|| panic!("{what}: not the recording's samples"));
            println!("{what}: {place:?} of {order:?}");
            assert!(place.start <= order.start, "{what}: {} samples lost", place.start - order.start);
            assert!(place.end >= order.end, "{what}: it ends {} samples too early", order.end - place.end);
        }
    }
}
