//! The table, and what becomes of it in virtual time.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::assistant::shown::{Mood, State};

const STRIP: Fixture = Fixture::Strip { pixels: 12 };
const FIXTURES: [Fixture; 5] =
    [Fixture::Lamp, Fixture::Rgb, Fixture::Strip { pixels: 1 }, Fixture::Strip { pixels: 3 }, STRIP];

const STATES: [State; 7] =
    [State::Idle, State::Connecting, State::Listening, State::Waiting, State::Speaking, State::Muted, State::Degraded];

fn scene(state: State) -> Scene {
    Scene { state, muted: state == State::Muted, ..Scene::IDLE }
}

/// What is seen in the first four seconds, one character per 50 ms: the first letter of the colour of each LED.
fn film(picture: Picture, fixture: Fixture) -> Vec<String> {
    let name = |colour: &Colour| match (colour.red > 99, colour.green > 99, colour.blue > 99) {
        (false, false, false) => '.',
        (true, false, false) => 'r',
        (false, true, false) => 'g',
        (false, false, true) => 'b',
        (true, true, false) => 'y',
        (true, false, true) => 'm',
        (false, true, true) => 'c',
        (true, true, true) => 'w',
    };
    let frames = (0..80).map(|n| picture.frame(fixture, Duration::from_millis(n * 50)).0);
    let mut rows = vec![String::new(); fixture.pixels()];
    for frame in frames {
        rows.iter_mut().zip(&frame).for_each(|(row, pixel)| row.push(name(pixel)));
    }
    rows
}

#[test]
fn the_table_is_in_the_order_of_the_activities_and_each_has_a_picture_of_its_own() {
    for (place, row) in TABLE.iter().enumerate() {
        assert_eq!(row.activity as usize, place, "{row:?}");
    }
    let colours: BTreeSet<_> =
        TABLE.iter().map(|row| format!("{:?} {:?} {:?}", row.colour, row.rgb, row.strip)).collect();
    assert_eq!(colours.len(), TABLE.len(), "with colours, no two look the same");
    let lamps: BTreeSet<_> = TABLE.iter().map(|row| format!("{:?}", row.lamp)).collect();
    assert_eq!(lamps.len(), TABLE.len() - 1, "a lamp shows the same for `connecting` and `waiting` only");
}

#[test]
fn a_lamp_tells_by_rhythm() {
    let film = |activity: Activity| {
        let row = activity.row();
        film(Picture { colour: Colour::new(255, 255, 255), motion: row.lamp, recording: false }, Fixture::Lamp)[0][..40]
            .replace('w', "#")
    };
    for (activity, seen) in [
        (Activity::Idle, "........................................"),
        (Activity::Connecting, "###..###..###..###..###..###..###..###.."),
        (Activity::Listening, "########################################"),
        (Activity::Waiting, "###..###..###..###..###..###..###..###.."),
        (Activity::Speaking, "##############..##############..########"),
        (Activity::Muted, "####################...................."),
        (Activity::Recording, "#################################..###.."),
        (Activity::Degraded, "##...##................................."),
        (Activity::Updating, "##...##...##............................"),
    ] {
        assert_eq!(film(activity), seen, "{activity:?}");
    }
}

#[test]
fn what_lasts_costs_no_wake_up() {
    for (state, fixture) in [
        (State::Idle, Fixture::Lamp),
        (State::Idle, STRIP),
        (State::Listening, Fixture::Lamp),
        (State::Listening, STRIP),
        (State::Muted, Fixture::Rgb),
        (State::Muted, STRIP),
    ] {
        let mut lights = Lights::new(fixture);
        lights.handle(Tick::ZERO, scene(state));
        assert!(lights.poll().is_some());
        assert_eq!(lights.deadline(), None, "{state:?} on {fixture:?}");
    }
    let recording = Scene { recording: true, ..Scene::IDLE };
    assert_eq!(Picture::of(recording, STRIP).frame(STRIP, Duration::ZERO).1, None);
}

#[test]
fn a_closed_microphone_is_red_whatever_else_happens_and_has_a_rhythm_of_its_own() {
    for state in STATES {
        let muted = Scene { muted: true, ..scene(state) };
        assert_eq!(Picture::of(muted, Fixture::Lamp).motion, Motion::Slow, "{state:?}");
        for fixture in &FIXTURES[1..] {
            let seen: String = film(Picture::of(muted, *fixture), *fixture).concat();
            assert!(seen.chars().all(|c| c == 'r' || c == '.'), "{state:?} on {fixture:?}: {seen}");
            assert!(seen.contains('r') || state == State::Idle, "{state:?} on {fixture:?}: {seen}");
        }
    }
}

#[test]
fn a_recording_is_seen_beside_everything() {
    for state in STATES.into_iter().filter(|state| *state != State::Muted) {
        let recording = Scene { recording: true, ..scene(state) };
        assert_eq!(Picture::of(recording, Fixture::Lamp).motion, Motion::DoubleGap, "{state:?}");
        for fixture in &FIXTURES[1..] {
            let with = film(Picture::of(recording, *fixture), *fixture);
            let without = film(Picture::of(scene(state), *fixture), *fixture);
            assert!(with.concat().contains('m') && !without.concat().contains('m'), "{state:?} on {fixture:?}");
            let own: String = without.concat().replace('.', "").chars().take(1).collect();
            assert!(with.concat().contains(&own), "{state:?} on {fixture:?}: the state is seen as well");
            if fixture.pixels() > 1 {
                let always = with.iter().filter(|row| row.chars().all(|c| c == 'm')).count();
                assert!(always >= 1, "{state:?} on {fixture:?}: {with:?}");
            }
        }
    }
}

#[test]
fn one_led_in_three_belongs_to_the_recording() {
    let listening = Scene { recording: true, ..scene(State::Listening) };
    let columns = |fixture: Fixture| {
        let rows = film(Picture::of(listening, fixture), fixture);
        rows.iter().map(|row| row.chars().next().unwrap()).collect::<String>()
    };
    assert_eq!(columns(STRIP), "bbmbbmbbmbbm");
    assert_eq!(columns(Fixture::Strip { pixels: 3 }), "bbm");
    assert_eq!(columns(Fixture::Strip { pixels: 2 }), "bm");
    let idle = Scene { recording: true, ..Scene::IDLE };
    assert_eq!(film(Picture::of(idle, STRIP), STRIP).concat().replace('m', ""), "", "alone it has them all");
}

#[test]
fn idle_without_a_server_connects_and_what_is_wrong_goes_before_it() {
    let connecting = Scene { connecting: true, ..Scene::IDLE };
    assert_eq!(Activity::of(connecting), Activity::Connecting);
    assert_eq!(Activity::of(Scene { state: State::Degraded, ..connecting }), Activity::Degraded);
}

#[test]
fn a_waiting_strip_goes_around() {
    let picture = Picture::of(scene(State::Waiting), STRIP);
    let brightest = |ms: u64| {
        let (frame, _) = picture.frame(STRIP, Duration::from_millis(ms));
        frame.iter().position(|pixel| pixel.blue == 255).unwrap()
    };
    let heads: Vec<usize> = (0..12).map(|n| brightest(n * 100)).collect();
    assert_eq!(heads, (0..12).collect::<Vec<_>>());
    assert_eq!(brightest(1_200), 0);
}

#[test]
fn a_change_is_drawn_at_once_and_the_same_is_not_drawn_again() {
    let mut lights = Lights::new(STRIP);
    assert_eq!(lights.poll(), None, "nothing was told yet");
    lights.handle(Tick::ZERO, scene(State::Speaking));
    assert!(lights.poll().is_some());
    let now = Tick::from_millis(7);
    lights.handle(now, scene(State::Listening));
    assert_eq!(lights.poll(), Some(vec![Colour::new(0, 0, 255); 12]));
    lights.handle(now, scene(State::Listening));
    lights.tick(Tick::from_millis(60_000));
    assert_eq!(lights.poll(), None);
    lights.forget(now);
    assert!(lights.poll().is_some(), "a strip that lost its power is told again");
}

#[test]
fn an_update_is_shown_but_hides_no_open_or_closed_microphone() {
    let updating = Scene { updating: true, connecting: true, ..Scene::IDLE };
    assert_eq!(Activity::of(updating), Activity::Updating);
    assert_eq!(Activity::of(Scene { state: State::Degraded, ..updating }), Activity::Updating);
    assert_eq!(Activity::of(Scene { recording: true, ..updating }), Activity::Recording);
    for state in [State::Listening, State::Waiting, State::Speaking, State::Muted] {
        let busy = scene(state);
        assert_eq!(Activity::of(Scene { updating: true, ..busy }), Activity::of(busy), "{state:?}");
    }
    let muted = Scene { state: State::Degraded, muted: true, ..updating };
    assert_eq!(Activity::of(muted), Activity::Degraded, "in red");
}

#[test]
fn a_strip_speaks_in_the_colour_of_the_mood_and_nothing_else_has_one() {
    let moods = [Mood::Even, Mood::Bright, Mood::Warm, Mood::Low, Mood::Stirred];
    let colour = |scene: Scene, fixture| Picture::of(scene, fixture).colour;
    let seen: BTreeSet<_> = moods
        .map(|mood| format!("{:?}", colour(Scene { mood, ..scene(State::Speaking) }, STRIP)))
        .into_iter()
        .collect();
    assert_eq!(seen.len(), moods.len());
    let stirred = |state| Scene { mood: Mood::Stirred, ..scene(state) };
    assert_eq!(colour(scene(State::Speaking), STRIP), Activity::Speaking.row().colour, "even is the table's colour");
    assert_eq!(colour(stirred(State::Listening), STRIP), colour(scene(State::Listening), STRIP));
    assert_eq!(colour(stirred(State::Speaking), Fixture::Rgb), colour(scene(State::Speaking), Fixture::Rgb));
    assert_eq!(colour(Scene { muted: true, ..stirred(State::Speaking) }, STRIP), Colour::RED);
}

fn some_scene() -> impl Strategy<Value = Scene> {
    (0..STATES.len(), any::<[bool; 4]>()).prop_map(|(state, [muted, recording, connecting, updating])| Scene {
        state: STATES[state],
        muted,
        recording,
        connecting,
        updating,
        mood: Mood::Even,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is shown, on whatever: a frame has a colour for every LED, and the next is neither late nor a busy loop.
    #[test]
    fn frames_fit_and_come_in_time(
        scenes in prop::collection::vec((some_scene(), 0_u64..5_000), 1..10),
        pixels in 0_u16..200,
        kind in 0..3,
    ) {
        let fixture = match kind { 0 => Fixture::Lamp, 1 => Fixture::Rgb, _ => Fixture::Strip { pixels } };
        let (mut lights, mut now) = (Lights::new(fixture), Tick::from_millis(3_600_000));
        for (scene, pause) in scenes {
            lights.handle(now, scene);
            let end = now + Duration::from_millis(pause);
            let mut woken = 0;
            while let Some(due) = lights.deadline().filter(|due| *due <= end) {
                prop_assert!(due > now);
                woken += 1;
                now = due;
                lights.tick(now);
                if let Some(frame) = lights.poll() {
                    prop_assert_eq!(frame.len(), fixture.pixels());
                }
            }
            prop_assert!(woken <= pause / 50 + 1, "{} times in {} ms", woken, pause);
            now = end;
        }
    }
}
