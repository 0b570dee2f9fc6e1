//! A try of a microphone and of a loudspeaker, as `auricle setup` and `auricle doctor` do it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use auricle::sound::inventory::{Condition, Inventory};
use auricle::sound::{AlsaCards, Level, SILENCE_DBFS, SoundError, probe};
use auricle_core::audio::convert::Channel;

use crate::pulse::Pulse;
use crate::speech;

const SPAN: Duration = Duration::from_secs(2);

fn measure(device: &str, span: Duration) -> (Vec<Level>, Result<auricle::sound::Measured, SoundError>) {
    let mut levels = Vec::new();
    let result = probe::measure(Arc::new(AlsaCards), device, span, Channel::Auto, &mut |level| levels.push(level));
    (levels, result)
}

#[test]
fn the_test_sound_is_heard_as_it_was_made() {
    let pulse = Pulse::start();
    let recording = pulse.record();
    let start = Instant::now();
    let device = probe::play(Arc::new(AlsaCards), &pulse.speaker(), 100, &probe::test_sound).unwrap();
    assert_eq!(device, pulse.speaker());
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    let heard = recording.finish();
    let found = speech::find(&probe::test_sound(48_000), &heard);
    assert!(found.score > 0.99, "{found:?}");
}

#[test]
fn the_level_of_a_voice_is_shown_each_100_ms() {
    let pulse = Pulse::start();
    let speech = speech::say("One, two, three, four, five, six, seven, eight.", "en", 16_000);
    let wav = pulse.folder().join("voice.wav");
    speech::write_wav(&wav, 16_000, &speech::after_silence(&speech, 16_000));
    let speaking = pulse.speak(&wav);
    let (levels, measured) = measure(&pulse.mic(), SPAN);
    drop(speaking);
    let measured = measured.unwrap();
    assert_eq!(levels.len(), 20);
    assert_eq!(measured.span, SPAN);
    assert!(measured.loudest > -30.0 && !measured.all_zero && measured.clipped == 0, "{measured:?}");
    assert!(measured.quietest < measured.level.rms && measured.level.rms < measured.loudest, "{measured:?}");
    assert!(levels.iter().all(|level| level.rms <= level.peak), "{levels:?}");
}

#[test]
fn a_silent_microphone_is_all_zero() {
    let pulse = Pulse::start();
    let (levels, measured) = measure(&pulse.mic(), Duration::from_millis(500));
    let measured = measured.unwrap();
    assert!(measured.all_zero, "{measured:?}");
    assert_eq!(levels, [Level { rms: SILENCE_DBFS, peak: SILENCE_DBFS }; 5]);
}

#[test]
fn a_voice_that_is_too_loud_is_counted_as_clipped() {
    let pulse = Pulse::start();
    let square: Vec<i16> = (0..80_000).map(|n| if n / 40 % 2 == 0 { 32_767 } else { -32_768 }).collect();
    let wav = pulse.folder().join("loud.wav");
    speech::write_wav(&wav, 16_000, &square);
    let speaking = pulse.speak(&wav);
    let (_, measured) = measure(&pulse.mic(), SPAN);
    drop(speaking);
    assert!(measured.unwrap().clipped > 10_000);
}

#[test]
fn what_is_not_there_is_named_at_once() {
    let pulse = Pulse::start();
    let gone = format!("testpulse:SERVER={},DEVICE=gone", pulse.server());
    for device in [gone.as_str(), "hw:CARD=nowhere,DEV=0"] {
        let error = probe::play(Arc::new(AlsaCards), device, 100, &probe::test_sound).unwrap_err();
        assert!(matches!(error, SoundError::Missing { .. } | SoundError::Lost { .. }), "{error}");
        let (_, measured) = measure(device, SPAN);
        assert!(matches!(measured, Err(SoundError::Missing { .. } | SoundError::Lost { .. })), "{measured:?}");
    }
    let far = Channel::Index(7);
    let error = probe::measure(Arc::new(AlsaCards), &pulse.mic(), SPAN, far, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("there is no channel 7, it has 1 counted from 0"), "{error}");
}

#[test]
fn a_frozen_sound_server_does_not_hold_the_one_who_asks() {
    let pulse = Pulse::start();
    pulse.freeze();
    let start = Instant::now();
    let played = probe::play(Arc::new(AlsaCards), &pulse.speaker(), 100, &probe::test_sound);
    let (_, measured) = measure(&pulse.mic(), SPAN);
    assert!(matches!(played, Err(SoundError::Stuck { .. })), "{played:?}");
    assert!(matches!(measured, Err(SoundError::Stuck { .. })), "{measured:?}");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    pulse.thaw();
}

#[test]
fn the_inventory_lists_names_of_the_alsa_configuration_for_both_ways() {
    let _pulse = Pulse::start();
    let inventory = Inventory::with_microphones(None);
    for devices in [&inventory.capture, &inventory.playback] {
        let named = devices.iter().filter(|device| device.condition == Condition::Named);
        let names: Vec<_> = named.map(|device| device.name.pcm.as_str()).collect();
        assert!(names.contains(&"pulse"), "{names:?}");
        assert!(!names.contains(&"null") && !names.iter().any(|name| name.contains("CARD=")), "{names:?}");
    }
}

#[test]
fn the_controls_of_a_card_are_listed_as_the_settings_want_them() {
    let pulse = Pulse::start();
    let card = pulse.control("").trim_end_matches('/').to_owned();
    let controls = auricle::sound::mixer::controls(&card).unwrap();
    let names: Vec<_> = controls.iter().map(ToString::to_string).collect();
    assert!(names.contains(&pulse.control("Master")), "{names:?}");
    assert!(controls.iter().all(|control| control.get().is_ok()));
}
