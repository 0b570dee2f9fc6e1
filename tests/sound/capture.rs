//! The microphone on PulseAudio.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use auricle::sound::{AlsaCards, Pace, Shape, SoundError};
use auricle_core::audio::convert::Format;

use crate::bench::Ear;
use crate::pulse::{Pulse, until};
use crate::speech;

const SOON: Duration = Duration::from_secs(6);

fn samples(bytes: &[u8]) -> Vec<i16> {
    bytes.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect()
}

fn listening(pulse: &Pulse) -> Ear {
    let ear = Ear::new(AlsaCards, &pulse.mic());
    ear.mic.pace(Pace::Listening);
    ear.mic.open();
    ear
}

#[test]
fn every_sample_that_is_spoken_arrives_unchanged() {
    let pulse = Pulse::start();
    let ear = listening(&pulse);
    let mut open = ear.opened(SOON);
    assert_eq!(open.shape, Shape { rate: 16_000, channels: 1, format: Format::S16 });
    let speech = speech::say("What is the weather like in Toulouse tomorrow?", "en", 16_000);
    let wav = pulse.folder().join("question.wav");
    speech::write_wav(&wav, 16_000, &speech::after_silence(&speech, 16_000));
    let speaking = pulse.speak(&wav);
    let first = speech.iter().position(|&s| s.abs() > 500).unwrap();
    let mut bytes = Vec::new();
    let enough = |bytes: &[u8]| {
        let heard = samples(bytes);
        heard.iter().position(|&s| s.abs() > 500).is_some_and(|at| heard.len() > at + speech.len() - first + 1_600)
    };
    ear.hear(&mut open, &mut bytes, Duration::from_secs(15), enough);
    speaking.finish();
    let heard = samples(&bytes);
    let found = speech::find(&speech, &heard);
    let at = usize::try_from(found.at).unwrap();
    let wrong = heard[at..].iter().zip(&speech).filter(|(a, b)| a != b).count();
    assert!(found.score > 0.9999 && wrong == 0, "{found:?}, {wrong} of {} samples differ", speech.len());
    assert_eq!((ear.mic.counters().xruns.load(Relaxed), ear.mic.counters().overflow_bytes.load(Relaxed)), (0, 0));
}

#[test]
fn blocks_come_each_10_ms_while_listening_and_rarely_while_idle() {
    let pulse = Pulse::start();
    let ear = listening(&pulse);
    let mut open = ear.opened(SOON);
    for (pace, longest, shortest) in [(Pace::Listening, 15, 7), (Pace::Idle, 90, 60)] {
        ear.mic.pace(pace);
        let counters = ear.mic.counters();
        let count = || (counters.periods.load(Relaxed), counters.polls.load(Relaxed), Instant::now());
        let (blocks, polls, start) = count();
        let until = blocks + 40;
        ear.hear(&mut open, &mut Vec::new(), SOON, |_| counters.periods.load(Relaxed) >= until);
        let (now_blocks, now_polls, end) = count();
        let (blocks, polls) = (now_blocks - blocks, now_polls - polls);
        let each = (end - start).as_millis() as u64 / blocks;
        assert!((shortest..=longest).contains(&each), "{pace:?}: a block each {each} ms");
        assert!(polls * 10 <= blocks * 12, "{pace:?}: {polls} polls for {blocks} blocks");
    }
}

#[test]
fn an_unplugged_microphone_is_told_and_found_again() {
    let pulse = Pulse::start();
    let ear = listening(&pulse);
    let mut open = ear.opened(SOON);
    ear.hears(&mut open);
    pulse.unplug("mic");
    let error = ear.failed(Duration::from_secs(2));
    assert!(matches!(error, SoundError::Lost { .. } | SoundError::Silent { .. }), "{error}");
    pulse.replug("mic");
    let mut open = ear.opened_again(SOON);
    ear.hears(&mut open);
    assert_eq!(ear.mic.counters().reopens.load(Relaxed), 1);
}

#[test]
fn a_microphone_unplugged_while_nobody_listens_is_noticed_too() {
    let pulse = Pulse::start();
    let ear = Ear::new(AlsaCards, &pulse.mic());
    ear.mic.open();
    let mut open = ear.opened(SOON);
    ear.hears(&mut open);
    pulse.unplug("mic");
    ear.failed(Duration::from_secs(2));
}

#[test]
fn a_frozen_sound_server_is_told_and_found_again_after_the_thaw() {
    let pulse = Pulse::start();
    let ear = listening(&pulse);
    let mut open = ear.opened(SOON);
    ear.hears(&mut open);
    pulse.freeze();
    let error = ear.failed(Duration::from_secs(2));
    assert!(matches!(error, SoundError::Silent { seconds: 1, .. }), "{error}");
    // The thread now hangs in closing the device.
    until("the thread is seen to be stuck", || matches!(ear.mic.check(), Err(SoundError::Stuck { .. })));
    pulse.thaw();
    let mut open = ear.opened_again(SOON);
    ear.hears(&mut open);
    assert_eq!(ear.mic.check(), Ok(()));
}

#[test]
fn a_server_that_is_frozen_when_the_microphone_is_opened_is_seen() {
    let pulse = Pulse::start();
    pulse.freeze();
    let ear = listening(&pulse);
    until("the thread is seen to be stuck", || matches!(ear.mic.check(), Err(SoundError::Stuck { .. })));
    pulse.thaw();
    let mut open = ear.opened_again(SOON);
    ear.hears(&mut open);
}

#[test]
fn closed_means_that_nothing_records() {
    let pulse = Pulse::start();
    let ear = listening(&pulse);
    let mut open = ear.opened(SOON);
    ear.hears(&mut open);
    assert!(!pulse.streams("source-outputs").is_empty());
    ear.mic.close();
    ear.closed(SOON);
    assert_eq!(pulse.streams("source-outputs"), "");
    assert!(open.ring.is_abandoned());
    ear.mic.close();
    ear.closed(SOON);
    ear.mic.open();
    ear.opened(SOON);
}

#[test]
fn closing_and_opening_at_once_still_closes() {
    let pulse = Pulse::start();
    let ear = listening(&pulse);
    let open = ear.opened(SOON);
    ear.mic.close();
    ear.mic.open();
    ear.closed(SOON);
    ear.opened(SOON);
    assert!(open.ring.is_abandoned());
}

#[test]
fn a_pcm_that_does_not_exist_is_named() {
    let _pulse = Pulse::start();
    let ear = Ear::new(AlsaCards, "nosuchcard");
    ear.mic.open();
    let error = ear.failed(SOON);
    assert!(error.to_string().starts_with("`nosuchcard` is not there ("), "{error}");
}
