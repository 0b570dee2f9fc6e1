//! It hears what the daemon's ear hears, and the same each time.

use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::{EarCommand, EarEvent, Ending, Limits, ListenId, Start};

use super::material::{NO_WORDS, argument, events, file, heard, plain, replay, silence, two_utterances};

/// What the daemon's ear says over periods of 20 ms, each opening begun when the one before has ended.
fn daemon(limits: Limits) -> Vec<(f64, String)> {
    let (mut ear, mut told, mut number) = (Ear::new(), Vec::new(), 0);
    let mut listen = |ear: &mut Ear, from| {
        number += 1;
        let guard = std::time::Duration::ZERO;
        ear.handle(EarCommand::Listen { listen: ListenId(number), from, limits: Some(limits), guard });
    };
    listen(&mut ear, Start::Now);
    for period in two_utterances().chunks(320) {
        ear.push(period);
        while let Some(event) = ear.poll() {
            let (at, name) = match event {
                EarEvent::SpeechStart { at, .. } => (at, "speech_start"),
                EarEvent::Ended { at, why, .. } => {
                    listen(&mut ear, Start::At(at));
                    let names =
                        [(Ending::Silence, "speech_end"), (Ending::NoSpeech, "no_speech"), (Ending::Cap, "cap")];
                    (at, names.into_iter().find(|(ending, _)| *ending == why).unwrap().1)
                }
                other => panic!("{other:?}"),
            };
            told.push((((at.0 as f64 / 16.0).round()) / 1_000.0, name.to_owned()));
        }
    }
    told
}

#[test]
fn it_hears_what_the_daemons_ear_hears() {
    for (hangover, no_speech, cap) in [(500, 10_000, 15_000), (100, 1_000, 15_000), (300, 1_000, 1_000)] {
        let ms = std::time::Duration::from_millis;
        let limits = Limits { hangover: ms(hangover), no_speech: ms(no_speech), max_utterance: ms(cap), answer: false };
        let settings = [
            format!("listen.hangover={hangover}ms"),
            format!("listen.no_speech={no_speech}ms"),
            format!("listen.max_utterance={cap}ms"),
        ];
        let arguments: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
        assert_eq!(events(&heard(&plain(two_utterances()), &arguments)), daemon(limits), "{settings:?}");
    }
}

#[test]
fn a_recording_without_a_voice_says_so_again_and_again() {
    let lines = heard(&plain(&silence(3.5)), &["--set", "listen.no_speech=1s"]);
    // Decisions are made at the ends of frames of 16 ms.
    let told = "{\"t\":1.008,\"event\":\"no_speech\"}\n{\"t\":2.016,\"event\":\"no_speech\"}\n{\"t\":3.024,\"event\":\"no_speech\"}\n";
    assert_eq!(lines, told);
}

#[test]
fn a_long_utterance_is_capped_and_the_next_begins_there() {
    let told = events(&heard(&plain(two_utterances()), &["--set", "listen.max_utterance=1s"]));
    let cap = told.iter().position(|(_, name)| name == "cap").expect("an utterance of more than 1 s");
    assert!((told[cap].0 - told[cap - 1].0 - 1.0).abs() < 0.02, "{told:?}");
}

#[test]
fn the_same_file_gives_the_same_bytes_each_time() {
    let (_folder, path) = file("two.wav", &plain(two_utterances()));
    let once = || replay(&[&[argument(&path), "--json"], &NO_WORDS[..]].concat());
    let (first, second) = (once(), once());
    assert!(first.status.success() && !first.stdout.is_empty());
    assert_eq!(first.stdout, second.stdout);
}

#[test]
fn people_read_columns_and_a_summary() {
    let (_folder, path) = file("two.wav", &plain(two_utterances()));
    let output = replay(&[&[argument(&path)], &NO_WORDS[..]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert!(lines[0].ends_with(" s  speech_start") && lines[1].ends_with(" s  speech_end"), "{text}");
    assert!(lines[4].ends_with(" s heard: 2 utterances"), "{text}");
    assert!(lines[5].contains(" ms of CPU per second of sound ("), "{text}");
    assert!(output.stderr.is_empty());
}
