//! The ear as a machine: what it hands over, what it forgets, and that the size of the pushes changes nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod hearing_material;

use std::sync::LazyLock;
use std::time::Duration;

use auricle_core::audio::Position;
use auricle_core::hearing::ear::{Ear, MOST_UPLINKS};
use auricle_core::hearing::{EarCommand, EarEvent, Encoding, Ending, Limits, ListenId, Start, UplinkId};
use base64::Engine as _;
use hearing_material::{RATE, Scene, espeak, scene};
use proptest::prelude::*;

const LIMITS: Limits = Limits {
    hangover: Duration::from_millis(500),
    no_speech: Duration::from_secs(4),
    max_utterance: Duration::from_secs(15),
    answer: false,
};

/// 2 s of room, a sentence, 2 s of room.
static SENTENCE: LazyLock<Scene> = LazyLock::new(|| {
    let voice = espeak("en-us+f4", "turn on the light in the kitchen");
    scene(&voice, -24.0, "pink", -55.0, 2 * RATE, 2 * RATE)
});

fn listen(from: Start) -> EarCommand {
    EarCommand::Listen { listen: ListenId(7), from, limits: Some(LIMITS), guard: Duration::ZERO }
}

fn file(uplink: u64, from: Start) -> EarCommand {
    let encoding = Encoding::LintoFile { conversation: serde_json::json!({}) };
    EarCommand::StartUplink { uplink: UplinkId(uplink), from, encoding }
}

fn pcm(uplink: u64, from: Start, chunk: Duration) -> EarCommand {
    EarCommand::StartUplink { uplink: UplinkId(uplink), from, encoding: Encoding::Pcm { chunk } }
}

fn finish(uplink: u64, to: u64) -> EarCommand {
    EarCommand::FinishUplink { uplink: UplinkId(uplink), to: Position(to) }
}

fn poll_all(ear: &mut Ear) -> Vec<EarEvent> {
    std::iter::from_fn(|| ear.poll()).collect()
}

fn hear(ear: &mut Ear, sound: &[i16], block: usize) -> Vec<EarEvent> {
    sound.chunks(block).for_each(|block| ear.push(block));
    poll_all(ear)
}

fn samples_of(bytes: &[u8]) -> Vec<i16> {
    bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// The sound in a LinTO message, behind the 44 bytes of its WAV header.
fn sound_of(event: &EarEvent) -> Vec<i16> {
    let EarEvent::UplinkReady { body, samples, .. } = event else { panic!("{event:?}") };
    let message: serde_json::Value = serde_json::from_slice(body).unwrap();
    let wav = base64::engine::general_purpose::STANDARD.decode(message["audio"].as_str().unwrap()).unwrap();
    let sound = samples_of(&wav[44..]);
    assert_eq!(sound.len() as u64, *samples);
    sound
}

/// A sound in which every place is different.
fn ramp(len: usize) -> Vec<i16> {
    (0..len).map(|i| (i * 7 % 60_013) as u16 as i16).collect()
}

#[test]
fn an_utterance_comes_as_start_end_and_a_message_with_exactly_its_sound() {
    let sound = &SENTENCE.sound;
    let mut ear = Ear::new();
    ear.handle(EarCommand::ArmVoice(true));
    let mut told = Vec::new();
    let mut ended_at = 0;
    for period in sound.chunks(320) {
        ear.push(period);
        while let Some(event) = ear.poll() {
            match &event {
                EarEvent::Voice { at, earliest } => {
                    assert_eq!(*earliest, Position(0));
                    let from = Start::At(at.back(Duration::from_millis(500)));
                    ear.handle(listen(from));
                    ear.handle(file(1, from));
                }
                EarEvent::Ended { at, why, .. } => {
                    assert_eq!(*why, Ending::Silence);
                    ended_at = at.0;
                    ear.handle(finish(1, at.0));
                }
                _ => {}
            }
            told.push(event);
        }
    }
    let [EarEvent::Voice { at, .. }, EarEvent::SpeechStart { at: start, .. }, EarEvent::Ended { .. }, ready] =
        &told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!(at, start, "both believe in the same beginning");
    let from = at.0 as usize - RATE / 2;
    assert_eq!(sound_of(ready), sound[from..ended_at as usize]);
    assert!(!ear.busy());
}

#[test]
fn a_late_listen_catches_up_at_once() {
    let mut live = Ear::new();
    live.handle(listen(Start::Now));
    let expected = hear(&mut live, &SENTENCE.sound, 320);
    let mut late = Ear::new();
    assert_eq!(hear(&mut late, &SENTENCE.sound, 320), []);
    late.handle(listen(Start::At(Position(0))));
    let caught_up = poll_all(&mut late);
    assert_eq!(caught_up, expected);
    assert!(matches!(caught_up[..], [EarEvent::SpeechStart { .. }, EarEvent::Ended { .. }]));
}

#[test]
fn a_listen_in_the_middle_of_speech_hears_the_rest_and_goes_on_live() {
    let sound = &SENTENCE.sound;
    let (said, to_come) = sound.split_at((SENTENCE.onset + SENTENCE.end) / 2);
    let mut ear = Ear::new();
    ear.push(said);
    ear.handle(listen(Start::At(Position(RATE as u64))));
    assert!(matches!(poll_all(&mut ear)[..], [EarEvent::SpeechStart { .. }]));
    assert!(matches!(hear(&mut ear, to_come, 320)[..], [EarEvent::Ended { why: Ending::Silence, .. }]));
}

#[test]
fn speech_before_the_listen_does_not_count() {
    let mut ear = Ear::new();
    ear.push(&SENTENCE.sound[..SENTENCE.end + 8_000]);
    ear.handle(listen(Start::Now));
    let told = hear(&mut ear, &vec![0; 5 * RATE], 320);
    assert!(matches!(told[..], [EarEvent::Ended { why: Ending::NoSpeech, .. }]), "{told:?}");
}

#[test]
fn a_guard_ends_at_its_sample() {
    let guard = Duration::from_millis(2_500);
    let mut ear = Ear::new();
    ear.handle(EarCommand::Listen { listen: ListenId(1), from: Start::Now, limits: None, guard });
    let [EarEvent::SpeechStart { at, .. }] = hear(&mut ear, &SENTENCE.sound, 320)[..] else { panic!("no start") };
    assert!(at >= Position(0) + guard && at < Position(0) + guard + Duration::from_millis(300), "{at:?}");
}

#[test]
fn the_voice_trigger_disarms_itself_and_counts_only_from_where_it_was_armed() {
    let mut ear = Ear::new();
    ear.push(&SENTENCE.sound[..SENTENCE.onset + 6_400]);
    ear.handle(EarCommand::ArmVoice(true));
    let armed = ear.position();
    assert!(ear.busy() && !ear.wants_short_periods());
    let rest = &SENTENCE.sound[SENTENCE.onset + 6_400..];
    let [EarEvent::Voice { at, earliest }] = hear(&mut ear, rest, 960)[..] else { panic!("not once") };
    assert_eq!(earliest, armed);
    assert!(at >= armed);
    assert_eq!(hear(&mut ear, &SENTENCE.sound, 960), [], "disarmed");
    ear.handle(EarCommand::ArmVoice(true));
    ear.handle(EarCommand::ArmVoice(false));
    assert_eq!(hear(&mut ear, &SENTENCE.sound, 960), [], "disarmed by hand");
}

#[test]
fn closing_forgets_everything_but_the_trigger() {
    let mut ear = Ear::new();
    ear.handle(EarCommand::ArmVoice(true));
    ear.handle(listen(Start::Now));
    ear.handle(file(1, Start::Now));
    ear.push(&SENTENCE.sound[..SENTENCE.onset + 500]);
    ear.handle(EarCommand::Closed);
    let closed = ear.position();
    assert_eq!(closed, Position(SENTENCE.onset as u64 + 500), "positions go on");
    assert_eq!(ear.tape().oldest(), closed);
    assert!(ear.busy() && !ear.wants_short_periods());
    ear.handle(finish(1, closed.0));
    ear.handle(listen(Start::At(Position(0))));
    assert_eq!(poll_all(&mut ear), [], "nothing is left to be told");
    ear.handle(EarCommand::StopListening { listen: ListenId(7) });
    let told = hear(&mut ear, &SENTENCE.sound, 320);
    let [EarEvent::Voice { at, earliest }] = told[..] else { panic!("{told:?}") };
    assert_eq!(earliest, closed);
    assert!(at > closed);
}

#[test]
fn a_new_listen_replaces_the_old_and_only_the_right_name_stops_it() {
    let mut ear = Ear::new();
    ear.handle(listen(Start::Now));
    let new = EarCommand::Listen { listen: ListenId(8), from: Start::Now, limits: None, guard: Duration::ZERO };
    ear.handle(new);
    ear.handle(EarCommand::StopListening { listen: ListenId(7) });
    assert!(ear.wants_short_periods());
    let told = hear(&mut ear, &SENTENCE.sound, 320);
    assert!(matches!(told[..], [EarEvent::SpeechStart { listen: ListenId(8), .. }]), "{told:?}");
    ear.handle(EarCommand::StopListening { listen: ListenId(8) });
    assert!(!ear.wants_short_periods());
}

#[test]
fn a_file_ends_exactly_even_if_the_decision_comes_back_late() {
    let sound = ramp(5 * RATE);
    let mut ear = Ear::new();
    ear.push(&sound[..10_000]);
    ear.handle(file(1, Start::At(Position(3_333))));
    ear.push(&sound[10_000..60_000]);
    ear.handle(finish(1, 56_789));
    assert_eq!(sound_of(&poll_all(&mut ear)[0]), sound[3_333..56_789]);
}

#[test]
fn a_file_whose_end_was_encoded_already_keeps_the_little_more() {
    let sound = ramp(5 * RATE);
    let mut ear = Ear::new();
    ear.handle(file(1, Start::Now));
    ear.push(&sound[..60_000]);
    ear.handle(finish(1, 30_000));
    let sent = sound_of(&poll_all(&mut ear)[0]);
    assert!((30_000..=56_000).contains(&sent.len()));
    assert_eq!(sent, sound[..sent.len()]);
}

#[test]
fn an_end_that_lies_ahead_is_waited_for_at_most_a_second() {
    let sound = ramp(5 * RATE);
    let mut ear = Ear::new();
    ear.push(&sound[..8_000]);
    ear.handle(file(1, Start::At(Position(100))));
    ear.handle(finish(1, 9_001));
    ear.handle(file(2, Start::At(Position(200))));
    ear.handle(finish(2, 1_000_000));
    assert_eq!(hear(&mut ear, &sound[8_000..9_000], 7), []);
    assert_eq!(sound_of(&hear(&mut ear, &sound[9_000..9_001], 7)[0]), sound[100..9_001]);
    assert_eq!(hear(&mut ear, &sound[9_001..23_999], 320), []);
    assert_eq!(sound_of(&hear(&mut ear, &sound[23_999..], 320)[0]), sound[200..24_000]);
    assert!(!ear.busy());
}

#[test]
fn an_uplink_from_forgotten_sound_begins_with_the_oldest() {
    let sound = ramp(25 * RATE);
    let mut ear = Ear::new();
    ear.push(&sound);
    ear.handle(file(1, Start::At(Position(0))));
    ear.handle(finish(1, sound.len() as u64));
    let told = poll_all(&mut ear);
    assert_eq!(told.len(), 1, "nothing is lost: that much was never promised");
    assert_eq!(sound_of(&told[0]), sound[5 * RATE..]);
}

#[test]
fn a_stream_comes_in_full_chunks_and_a_last_rest() {
    let sound = ramp(RATE);
    let mut ear = Ear::new();
    ear.handle(pcm(3, Start::Now, Duration::from_millis(60)));
    let mut told = hear(&mut ear, &sound[..5_000], 77);
    ear.handle(finish(3, 5_000));
    told.extend(poll_all(&mut ear));
    let mut all = Vec::new();
    for (i, event) in told.iter().enumerate() {
        let EarEvent::UplinkChunk { uplink: UplinkId(3), body, last, .. } = event else { panic!("{event:?}") };
        assert_eq!(*last, i == told.len() - 1);
        assert!(*last || body.len() == 1_920);
        all.extend(samples_of(body));
    }
    assert_eq!(all, sound[..5_000]);
}

#[test]
fn an_aborted_uplink_says_nothing_and_a_fifth_is_refused() {
    let mut ear = Ear::new();
    (1..=5).for_each(|uplink| ear.handle(file(uplink, Start::Now)));
    assert_eq!(poll_all(&mut ear), [EarEvent::UplinkRefused { uplink: UplinkId(5) }]);
    assert_eq!((ear.drops().uplinks, MOST_UPLINKS), (1, 4));
    ear.handle(EarCommand::AbortUplink { uplink: UplinkId(2) });
    ear.handle(finish(2, 0));
    ear.handle(file(6, Start::Now));
    assert_eq!(poll_all(&mut ear), []);
}

#[test]
fn a_file_holds_125_seconds_at_most_and_a_stream_has_no_end() {
    let mut ear = Ear::new();
    ear.handle(file(1, Start::Now));
    ear.handle(pcm(2, Start::Now, Duration::from_secs(1)));
    let told = hear(&mut ear, &vec![3; 130 * RATE], 16_000);
    let streamed: usize = told
        .iter()
        .map(|event| match event {
            EarEvent::UplinkChunk { body, last: false, .. } => body.len() / 2,
            other => panic!("{other:?}"),
        })
        .sum();
    assert_eq!(streamed, 130 * RATE);
    ear.handle(finish(1, 130 * RATE as u64));
    assert_eq!(sound_of(&poll_all(&mut ear)[0]).len(), 125 * RATE);
}

#[test]
fn a_stream_that_ends_in_the_past_hands_over_what_was_heard_until_now() {
    let mut ear = Ear::new();
    ear.handle(pcm(1, Start::Now, Duration::from_secs(1)));
    assert_eq!(hear(&mut ear, &[5; 1_000], 1_000), []);
    ear.handle(finish(1, 0));
    let told = poll_all(&mut ear);
    let [EarEvent::UplinkChunk { body, last: true, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(samples_of(body), [5; 1_000]);
}

#[test]
fn events_that_nobody_fetches_are_bounded_and_counted() {
    let mut ear = Ear::new();
    ear.handle(pcm(1, Start::Now, Duration::from_millis(10)));
    let told = hear(&mut ear, &vec![0; 10 * RATE], 320);
    assert_eq!(told.len() as u64 + ear.drops().events, 1_000);
    assert_eq!(told.len(), 256);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The same samples and commands at the same places give the same events, however the sound is cut up.
    #[test]
    fn the_size_of_the_pushes_changes_nothing(blocks in prop::collection::vec(1_usize..3_000, 1..40), arm in any::<bool>()) {
        let run = |blocks: &[usize]| {
            let mut ear = Ear::new();
            if arm {
                ear.handle(EarCommand::ArmVoice(true));
            }
            ear.handle(listen(Start::Now));
            ear.handle(pcm(1, Start::Now, Duration::from_millis(130)));
            ear.handle(pcm(2, Start::Now, Duration::from_millis(70)));
            ear.handle(file(3, Start::Now));
            let mut told = Vec::new();
            let mut rest = &SENTENCE.sound[..];
            for block in blocks.iter().cycle() {
                let (now, later) = rest.split_at(rest.len().min(*block));
                ear.push(now);
                told.extend(poll_all(&mut ear));
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            ear.handle(finish(3, SENTENCE.sound.len() as u64));
            told.extend(poll_all(&mut ear));
            told
        };
        prop_assert_eq!(run(&blocks), run(&[320]));
    }

    /// No order of commands and no place on the tape makes it stumble.
    #[test]
    fn any_commands_are_survived(ops in prop::collection::vec((0_u8..8, 0_u64..6, 0_u64..400_000, 1_usize..9_000), 1..60)) {
        let mut ear = Ear::new();
        let mut pushed = 0;
        for (what, id, place, len) in ops {
            let from = if place % 3 == 0 { Start::Now } else { Start::At(Position(place)) };
            match what {
                0 => ear.handle(listen(from)),
                1 => ear.handle(file(id, from)),
                2 => ear.handle(pcm(id, from, Duration::from_micros(place))),
                3 => ear.handle(finish(id, if place % 5 == 0 { u64::MAX } else { place })),
                4 => ear.handle(EarCommand::Closed),
                5 => ear.handle(EarCommand::ArmVoice(place % 2 == 0)),
                6 => ear.handle(EarCommand::AbortUplink { uplink: UplinkId(id) }),
                _ => {
                    ear.push(&SENTENCE.sound[..len * 10 % SENTENCE.sound.len()]);
                    pushed += (len * 10 % SENTENCE.sound.len()) as u64;
                }
            }
            prop_assert_eq!(ear.position(), Position(pushed));
            for event in poll_all(&mut ear) {
                if let EarEvent::SpeechStart { at, .. } | EarEvent::Voice { at, .. } | EarEvent::Ended { at, .. } = event {
                    prop_assert!(at.0 <= pushed);
                }
            }
        }
    }
}
