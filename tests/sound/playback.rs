//! The loudspeaker on PulseAudio.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use auricle::sound::{AlsaCards, SoundError, SpeakerNotice};
use auricle_core::dialogue::PlayEnd;

use crate::bench::{Mouth, write};
use crate::pulse::{Pulse, until};
use crate::speech;

const RATE: u32 = 48_000;
const SOON: Duration = Duration::from_secs(6);

/// Part of the recording in which something is heard, from the first to the last loud sample.
fn audible(recording: &[i16]) -> &[i16] {
    let loud = |sample: &i16| sample.abs() > 1_000;
    let (Some(first), Some(last)) = (recording.iter().position(loud), recording.iter().rposition(loud)) else {
        return &[];
    };
    &recording[first..=last]
}

fn seconds(samples: &[i16]) -> f64 {
    samples.len() as f64 / f64::from(RATE)
}

fn long_tone() -> Vec<i16> {
    speech::tone(RATE, 440.0, 10_000.0, 1.5)
}

#[test]
fn a_sentence_arrives_complete() {
    let pulse = Pulse::start();
    let recording = pulse.record();
    let mouth = Mouth::new(AlsaCards, &pulse.speaker());
    assert!(mouth.speaker.play(7));
    let (rate, mut ring) = mouth.ready(7);
    assert_eq!(rate, RATE);
    let sentence = speech::say("It will be sunny, with a light breeze in the evening.", "en", RATE);
    write(&mut ring, &sentence);
    drop(ring);
    mouth.started(7, SOON);
    let (end, heard) = mouth.ended(7, SOON);
    let length = seconds(&sentence);
    assert_eq!(end, PlayEnd::Finished);
    assert!((heard.as_secs_f64() - length).abs() < 0.001, "{heard:?} of {length} s");
    let recorded = recording.finish();
    let found = speech::find(&sentence, &recorded);
    assert!(found.score > 0.999, "{found:?}");
    let at = usize::try_from(found.at).unwrap();
    assert!(audible(&recorded[..at]).is_empty() && audible(&recorded[at + sentence.len()..]).is_empty());
    let counters = mouth.speaker.counters();
    assert_eq!((counters.underruns.load(Relaxed), counters.xruns.load(Relaxed)), (0, 0));
    assert_eq!(counters.frames.load(Relaxed), sentence.len() as u64);
}

#[test]
fn the_end_is_told_when_the_last_sample_was_played() {
    let pulse = Pulse::start();
    let mouth = Mouth::new(AlsaCards, &pulse.speaker());
    mouth.speaker.play(1);
    let (_, mut ring) = mouth.ready(1);
    let start = Instant::now();
    write(&mut ring, &long_tone());
    drop(ring);
    mouth.started(1, SOON);
    mouth.ended(1, SOON);
    let took = start.elapsed().as_secs_f64();
    assert!((1.5..1.9).contains(&took), "1.5 s took {took} s");
}

#[test]
fn a_voice_that_stalls_is_heard_at_once_and_goes_on_later() {
    let pulse = Pulse::start();
    let recording = pulse.record();
    let mouth = Mouth::new(AlsaCards, &pulse.speaker());
    let before = recording.so_far().len();
    let start = Instant::now();
    mouth.speaker.play(1);
    let (_, mut ring) = mouth.ready(1);
    let tone = long_tone();
    write(&mut ring, &tone[..9_600]);
    until("the beginning is heard", || !audible(&recording.so_far()[before..]).is_empty());
    // The recording itself comes up to 50 ms late.
    assert!(start.elapsed() < Duration::from_millis(350), "heard after {:?}", start.elapsed());
    until("the stall is counted", || mouth.speaker.counters().underruns.load(Relaxed) == 1);
    let stall = recording.so_far().len() + RATE as usize / 2;
    until("half a second passed", || recording.so_far().len() > stall);
    write(&mut ring, &tone[9_600..]);
    drop(ring);
    mouth.started(1, SOON);
    let (end, heard) = mouth.ended(1, SOON);
    assert_eq!((end, heard.as_millis()), (PlayEnd::Finished, 1_500));
    assert_eq!(mouth.speaker.counters().underruns.load(Relaxed), 1);
    let recorded = recording.finish();
    for part in [&tone[..9_600], &tone[9_600..]] {
        let found = speech::find(part, &recorded);
        assert!(found.score > 0.99, "{found:?}");
    }
}

#[test]
fn a_flush_stops_within_50_ms_and_touches_nothing_else() {
    let pulse = Pulse::start();
    let recording = pulse.record();
    let mouth = Mouth::new(AlsaCards, &pulse.speaker());
    mouth.speaker.play(1);
    let (_, mut ring) = mouth.ready(1);
    write(&mut ring, &long_tone());
    mouth.started(1, SOON);
    mouth.speaker.flush(2);
    until("half a second is heard", || seconds(audible(&recording.so_far())) > 0.5);
    let order = Instant::now();
    mouth.speaker.flush(1);
    let (end, heard) = mouth.ended(1, SOON);
    assert_eq!(end, PlayEnd::Flushed);
    assert!(order.elapsed() < Duration::from_millis(50), "{:?}", order.elapsed());
    let recorded = seconds(audible(&recording.finish()));
    assert!((recorded - heard.as_secs_f64()).abs() < 0.1, "{recorded} s heard, {heard:?} told");
    assert!(ring.is_abandoned());
}

#[test]
fn one_plays_one_waits_and_a_third_is_refused() {
    let pulse = Pulse::start();
    let mouth = Mouth::new(AlsaCards, &pulse.speaker());
    mouth.speaker.play(1);
    let (_, mut first) = mouth.ready(1);
    mouth.speaker.play(2);
    mouth.speaker.play(3);
    assert_eq!(mouth.failed(Some(3), SOON), SoundError::Full);
    write(&mut first, &long_tone()[..9_600]);
    drop(first);
    mouth.started(1, SOON);
    assert_eq!(mouth.ended(1, SOON).0, PlayEnd::Finished);
    let (_, second) = mouth.ready(2);
    mouth.speaker.play(4);
    mouth.speaker.flush(4);
    assert_eq!(mouth.ended(4, SOON), (PlayEnd::Flushed, Duration::ZERO));
    drop(second);
    assert_eq!(mouth.ended(2, SOON), (PlayEnd::Finished, Duration::ZERO));
}

#[test]
fn the_device_is_closed_a_second_after_the_last_sound() {
    let pulse = Pulse::start();
    let mouth = Mouth::new(AlsaCards, &pulse.speaker());
    mouth.speaker.play(1);
    let (_, mut ring) = mouth.ready(1);
    write(&mut ring, &long_tone()[..9_600]);
    drop(ring);
    mouth.started(1, SOON);
    mouth.ended(1, SOON);
    assert!(!pulse.streams("sink-inputs").is_empty());
    until("the device is closed", || pulse.streams("sink-inputs").is_empty());
    let polls = mouth.speaker.counters().polls.load(Relaxed);
    mouth.speaker.play(2);
    mouth.ready(2);
    assert_eq!(mouth.speaker.counters().polls.load(Relaxed), polls + 1, "it slept until it was called");
}

#[test]
fn a_quieter_voice_is_quieter() {
    let pulse = Pulse::start();
    let recording = pulse.record();
    let mouth = Mouth::new(AlsaCards, &pulse.speaker());
    mouth.speaker.volume(80);
    mouth.speaker.play(1);
    let (_, mut ring) = mouth.ready(1);
    write(&mut ring, &long_tone());
    drop(ring);
    mouth.started(1, SOON);
    mouth.ended(1, SOON);
    let recorded = recording.finish();
    let loudness = speech::amplitude(&audible(&recorded)[4_800..67_200], RATE, 440.0);
    assert!((loudness - 5_120.0).abs() < 100.0, "80 % is a gain of 0.512: {loudness}");
}

#[test]
fn an_unplugged_loudspeaker_is_told_and_found_again() {
    let pulse = Pulse::start();
    let mouth = Mouth::new(AlsaCards, &pulse.speaker());
    mouth.speaker.play(1);
    let (_, mut ring) = mouth.ready(1);
    write(&mut ring, &long_tone());
    mouth.started(1, SOON);
    pulse.unplug("spk");
    let error = mouth.failed(Some(1), Duration::from_secs(2));
    assert!(matches!(error, SoundError::Lost { .. } | SoundError::Silent { .. }), "{error}");
    mouth.speaker.probe();
    mouth.failed(None, SOON);
    pulse.replug("spk");
    mouth.speaker.probe();
    assert!(matches!(mouth.next(SOON), SpeakerNotice::Back));
    mouth.speaker.play(2);
    mouth.ready(2);
}

#[test]
fn a_frozen_sound_server_ends_the_sound_and_plays_again_after_the_thaw() {
    let pulse = Pulse::start();
    let recording = pulse.record();
    let mouth = Mouth::new(AlsaCards, &pulse.speaker());
    mouth.speaker.play(1);
    let (_, mut ring) = mouth.ready(1);
    write(&mut ring, &long_tone());
    mouth.started(1, SOON);
    until("it is heard", || !audible(&recording.so_far()).is_empty());
    pulse.freeze();
    let error = mouth.failed(Some(1), Duration::from_millis(2_500));
    assert!(matches!(error, SoundError::Silent { .. }), "{error}");
    until("the thread is seen to be stuck", || matches!(mouth.speaker.check(), Err(SoundError::Stuck { .. })));
    mouth.speaker.play(2);
    let ordered = Instant::now();
    until("the order is no longer fresh", || ordered.elapsed() > Duration::from_millis(2_100));
    assert!(mouth.silent());
    pulse.thaw();
    // A sentence that nobody waits for any more is not said.
    assert!(matches!(mouth.failed(Some(2), SOON), SoundError::Stuck { .. }));
    mouth.speaker.play(3);
    let (_, mut ring) = mouth.ready(3);
    write(&mut ring, &long_tone()[..9_600]);
    drop(ring);
    mouth.started(3, SOON);
    assert_eq!(mouth.ended(3, SOON).0, PlayEnd::Finished);
}
