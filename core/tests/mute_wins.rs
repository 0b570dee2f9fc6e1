//! Muted means closed, and only who muted at the device may open again.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use auricle_core::assistant::event::{By, Effect, Event, Remembered};
use auricle_core::assistant::shown::State;
use auricle_core::dialogue::Source;
use auricle_core::sentences::Sentence;
use support::toy::Toy;
use support::{Bench, tuning};

fn bench() -> Bench {
    Bench::new(vec![Box::new(Toy::new(false))])
}

#[test]
fn a_server_can_not_lift_what_was_muted_at_the_device() {
    let mut bench = bench();
    bench.event(Event::Mute(By::Remote));
    bench.event(Event::Mute(By::Local));
    bench.effects.clear();
    bench.event(Event::Unmute(By::Remote));
    assert_eq!(bench.assistant.muted(), Some(By::Local));
    assert!(!bench.effects.contains(&Effect::Mic(true)));
    bench.event(Event::Unmute(By::Local));
    assert!(bench.effects.contains(&Effect::Mic(true)));
    assert_eq!(bench.assistant.muted(), None);
}

#[test]
fn a_server_lifts_its_own_mute() {
    let mut bench = bench();
    bench.event(Event::Mute(By::Remote));
    assert!(bench.effects.contains(&Effect::Mic(false)));
    bench.event(Event::Unmute(By::Remote));
    assert_eq!(bench.assistant.muted(), None);
}

#[test]
fn muted_is_remembered_and_ready_without_a_sample() {
    let mut bench = Bench::unstarted(vec![Box::new(Toy::new(false))], tuning());
    bench.event(Event::Started(Remembered { muted: Some(By::Local), ..Remembered::default() }));
    assert!(bench.effects.contains(&Effect::Ready));
    assert!(!bench.effects.contains(&Effect::Mic(true)), "the device stays closed");
    assert_eq!(bench.assistant.state(), State::Muted);
}

#[test]
fn a_trigger_while_muted_is_answered_with_the_reason() {
    let mut bench = bench();
    bench.event(Event::Mute(By::Local));
    bench.effects.clear();
    bench.listen();
    let said =
        bench.effects.iter().any(|e| matches!(e, Effect::Play { source: Source::Sentence(Sentence::Muted), .. }));
    assert!(said);
    assert!(bench.assistant.turn().is_none());
}

#[test]
fn speaking_goes_on_while_muted() {
    let mut bench = bench();
    bench.event(Event::Say("hello".into()));
    bench.event(Event::Mute(By::Local));
    assert!(!bench.effects.iter().any(|e| matches!(e, Effect::Flush(_))));
    assert_eq!(bench.assistant.state(), State::Speaking);
    bench.finish_playing();
    assert_eq!(bench.assistant.state(), State::Muted);
}

#[test]
fn a_known_silence_feeds_the_watchdog_and_an_unknown_one_starves_it() {
    let mut bench = bench();
    bench.effects.clear();
    bench.event(Event::Token { token: 1, flowing: false });
    assert!(!bench.effects.contains(&Effect::Healthy(1)), "deaf without a known reason");
    bench.event(Event::Token { token: 2, flowing: true });
    assert!(bench.effects.contains(&Effect::Healthy(2)));
    bench.event(Event::Mute(By::Local));
    bench.event(Event::Token { token: 3, flowing: false });
    assert!(bench.effects.contains(&Effect::Healthy(3)), "muted is a known reason");
    bench.event(Event::Unmute(By::Local));
    bench.event(Event::Token { token: 4, flowing: false });
    assert!(!bench.effects.contains(&Effect::Healthy(4)));
    bench.event(Event::MicLost(auricle_core::assistant::cause::Cause::MicGone { detail: "unplugged".into() }));
    bench.event(Event::Token { token: 5, flowing: false });
    assert!(bench.effects.contains(&Effect::Healthy(5)), "gone is a known reason");
}
