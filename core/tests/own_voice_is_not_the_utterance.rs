//! What the device says itself is not taken for what the person says.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use auricle_core::assistant::event::{By, Effect, Event};
use auricle_core::assistant::shown::State;
use auricle_core::audio::Position;
use auricle_core::dialogue::Source;
use auricle_core::hearing::{EarCommand, Start};
use support::toy::Toy;
use support::{Bench, S0};

fn opened_from(bench: &mut Bench) -> Start {
    bench.effects.clear();
    bench.listen();
    bench.message(S0, "toy", "ready");
    let starts = bench.effects.iter().find_map(|effect| match effect {
        Effect::Ear(EarCommand::StartUplink { from, .. }) => Some(*from),
        _ => None,
    });
    starts.expect("an uplink")
}

fn bench() -> Bench {
    let mut bench = Bench::new(vec![Box::new(Toy::new(false))]);
    bench.pass(Duration::from_secs(5));
    bench
}

#[test]
fn a_command_in_the_quiet_takes_the_half_second_before_it() {
    assert_eq!(opened_from(&mut bench()), Start::At(Position(160_000 - 8_000)));
}

#[test]
fn a_command_while_the_device_speaks_takes_nothing_from_before() {
    let mut bench = bench();
    bench.event(Event::Say("dinner is ready".into()));
    assert_eq!(opened_from(&mut bench), Start::At(Position(160_000)));
}

#[test]
fn nor_right_after_it_has_spoken() {
    let mut bench = bench();
    bench.event(Event::Say("dinner is ready".into()));
    bench.finish_playing();
    bench.pass(Duration::from_millis(400));
    assert_eq!(opened_from(&mut bench), Start::At(Position(160_000)));
}

#[test]
fn whatever_is_spoken_stops_when_somebody_opens_a_turn() {
    let mut bench = bench();
    bench.event(Event::Mute(By::Local));
    bench.listen();
    bench.event(Event::Unmute(By::Local));
    bench.event(Event::MicFlowing);
    assert_eq!(bench.assistant.state(), State::Speaking, "the device says why it did not listen");
    bench.effects.clear();
    bench.listen();
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::Flush(_))), "its own sentence gives way");
}

#[test]
fn a_flood_of_announcements_does_not_cost_the_answer() {
    let mut bench = bench();
    bench.listen();
    bench.message(S0, "toy", "ready");
    bench.finish_playing();
    for _ in 0..20 {
        bench.event(Event::Say("dinner is ready".into()));
    }
    assert!(!bench.assistant.has_room_to_say());
    bench.message(S0, "toy", "heard");
    bench.message(S0, "toy", "speak 7");
    assert!(bench.effects.iter().any(|effect| matches!(effect, Effect::Play { source: Source::Stream(7), .. })));
}

#[test]
fn the_voice_trigger_is_armed_only_when_the_room_has_stopped_ringing() {
    let mut bench = bench();
    bench.event(Event::Say("dinner is ready".into()));
    assert!(bench.effects.contains(&Effect::Ear(EarCommand::ArmVoice(false))));
    bench.finish_playing();
    bench.effects.clear();
    bench.pass(Duration::from_millis(299));
    assert!(!bench.effects.contains(&Effect::Ear(EarCommand::ArmVoice(true))));
    bench.pass(Duration::from_millis(1));
    assert!(bench.effects.contains(&Effect::Ear(EarCommand::ArmVoice(true))));
}
