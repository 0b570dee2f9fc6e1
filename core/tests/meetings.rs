//! Recordings: one at a time, never silent about themselves, ended by mute, beside the conversation.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use auricle_core::assistant::cause::Cause;
use auricle_core::assistant::event::{By, Effect, Event, Recording, Tuning};
use auricle_core::assistant::report::Report;
use auricle_core::assistant::shown::State;
use auricle_core::audio::chime::Chime;
use auricle_core::dialogue::Source;
use auricle_core::wish::{Outcome, Wish};
use support::{Bench, linto_settings, tuning};

const START: &str = r#"{"sessionname":"Budget","command":"startlocalrecording"}"#;
const STOP: &str = r#"{"sessionname":"Budget","command":"stoplocalrecording"}"#;

fn bench() -> Bench {
    Bench::linto(linto_settings(), Tuning { remote_meeting: true, ..tuning() })
}

fn start() -> Wish {
    Wish::MeetingStart { name: "Budget".into() }
}

fn started() -> Event {
    Event::Recording(Recording::Started { file: "/m/budget.wav".into() })
}

fn ended(why: Option<&str>) -> Event {
    Event::Recording(Recording::Ended { seconds: 61.0, why: why.map(String::from) })
}

fn running() -> Bench {
    let mut bench = bench();
    bench.wish(1, start());
    bench.event(started());
    bench
}

fn count(bench: &Bench, which: impl Fn(&Effect) -> bool) -> usize {
    bench.effects.iter().filter(|effect| which(effect)).count()
}

fn records(bench: &Bench) -> usize {
    count(bench, |effect| matches!(effect, Effect::Record(_)))
}

fn stops(bench: &Bench) -> usize {
    count(bench, |effect| *effect == Effect::RecordStop)
}

/// What was announced: the recording's file and whether it runs.
fn told(bench: &Bench) -> Vec<(String, bool)> {
    let told = bench.effects.iter().filter_map(|effect| match effect {
        Effect::Report(_, Report::Meeting { file, on }) => Some((file.clone(), *on)),
        _ => None,
    });
    told.collect()
}

fn chimes(bench: &Bench) -> Vec<Chime> {
    let chimes = bench.effects.iter().filter_map(|effect| match effect {
        Effect::Play { source: Source::Chime(chime), .. } => Some(*chime),
        _ => None,
    });
    chimes.collect()
}

fn refusal(bench: &Bench, request: u64) -> String {
    match bench.answer(request) {
        Outcome::Refused(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_recording_from_start_to_end() {
    let mut bench = bench();
    bench.wish(1, start());
    assert_eq!(bench.effects, [Effect::Record("Budget".into())]);
    assert!(!bench.assistant.recording(), "not before its file is open");
    bench.event(started());
    assert!(bench.assistant.recording());
    assert_eq!(bench.answer(1).result(), "recording to /m/budget.wav");
    bench.finish_playing();
    bench.pass(Duration::from_secs(60));
    bench.wish(2, Wish::MeetingStop);
    assert_eq!(stops(&bench), 1);
    assert!(!bench.assistant.recording());
    bench.event(ended(None));
    bench.finish_playing();
    assert_eq!(bench.answer(2).result(), "/m/budget.wav has 61.0 s of sound");
    assert_eq!(told(&bench), [("/m/budget.wav".into(), true), ("/m/budget.wav".into(), false)]);
    assert_eq!(chimes(&bench), [Chime::Recording, Chime::Recorded]);
}

#[test]
fn its_sound_is_heard_also_where_sounds_are_off() {
    let mut bench = Bench::linto(linto_settings(), Tuning { sounds: false, ..tuning() });
    bench.wish(1, start());
    bench.event(started());
    bench.finish_playing();
    bench.wish(2, Wish::MeetingStop);
    bench.event(ended(None));
    assert_eq!(chimes(&bench), [Chime::Recording, Chime::Recorded]);
}

#[test]
fn the_light_shows_it_beside_the_state() {
    let mut bench = running();
    let shown = |bench: &Bench| {
        bench.effects.iter().rev().find_map(|effect| match effect {
            Effect::Show(scene) => Some((scene.state, scene.recording)),
            _ => None,
        })
    };
    assert_eq!(shown(&bench), Some((State::Idle, true)));
    bench.finish_playing();
    bench.listen();
    assert_eq!(shown(&bench), Some((State::Listening, true)));
    bench.event(Event::Cancel);
    bench.wish(2, Wish::MeetingStop);
    bench.event(ended(None));
    assert_eq!(shown(&bench), Some((State::Idle, false)));
}

#[test]
fn never_two_at_once() {
    let mut bench = bench();
    bench.wish(1, start());
    bench.wish(2, start());
    assert_eq!(refusal(&bench, 2), "a recording is just being started");
    bench.event(started());
    bench.wish(3, start());
    assert_eq!(refusal(&bench, 3), "a recording runs already: /m/budget.wav");
    bench.wish(4, Wish::MeetingStop);
    bench.wish(5, start());
    assert_eq!(refusal(&bench, 5), "the recording before is still being closed; try again in a moment");
    assert_eq!(records(&bench), 1);
    bench.event(ended(None));
    bench.wish(6, start());
    assert_eq!(records(&bench), 2);
}

#[test]
fn without_one_there_is_nothing_to_end() {
    let mut bench = bench();
    bench.wish(1, Wish::MeetingStop);
    assert_eq!(refusal(&bench, 1), "no recording runs");
    assert_eq!(stops(&bench), 0);
}

#[test]
fn muted_or_without_a_microphone_it_is_refused() {
    let mut muted = bench();
    muted.event(Event::Mute(By::Local));
    muted.wish(1, start());
    assert!(refusal(&muted, 1).contains("`auricle unmute`"));
    let mut gone = bench();
    gone.event(Event::MicLost(Cause::MicGone { detail: "unplugged".into() }));
    gone.wish(1, start());
    assert!(refusal(&gone, 1).contains("`auricle status`"));
    assert_eq!(records(&muted) + records(&gone), 0);
}

#[test]
fn mute_ends_it() {
    let mut bench = running();
    bench.event(Event::Mute(By::Remote));
    assert_eq!(stops(&bench), 1);
    assert!(!bench.assistant.recording());
    bench.event(ended(None));
    assert_eq!(told(&bench).last(), Some(&("/m/budget.wav".into(), false)));
    bench.event(Event::Unmute(By::Local));
    bench.event(Event::MicFlowing);
    assert_eq!(records(&bench), 1, "it does not begin again by itself");
}

#[test]
fn mute_ends_one_that_is_just_being_started() {
    let mut bench = bench();
    bench.wish(1, start());
    bench.event(Event::Mute(By::Local));
    assert_eq!(stops(&bench), 1);
    bench.event(started());
    assert!(!bench.assistant.recording(), "the order to end it is under way");
    bench.event(ended(None));
    assert_eq!(bench.answer(1), Outcome::Failed("it was ended at once".into()));
    bench.event(Event::Unmute(By::Local));
    bench.event(Event::MicFlowing);
    bench.wish(2, start());
    assert_eq!(records(&bench), 2);
}

#[test]
fn a_server_may_record_only_if_the_owner_allows_it_and_is_never_answered() {
    let mut off = Bench::linto(linto_settings(), tuning());
    off.command("managemeeting", START);
    assert_eq!(records(&off), 0);
    let audit = |bench: &Bench| {
        let audits = bench.effects.iter().filter_map(|effect| match effect {
            Effect::Report(_, Report::Audit { what, result }) => Some(format!("{what}: {result}")),
            _ => None,
        });
        audits.collect::<Vec<_>>().join("\n")
    };
    assert!(audit(&off).contains(r#"refused: a server may not record here; the owner allows it with meeting = "on""#));
    let mut on = bench();
    on.command("managemeeting", START);
    on.event(started());
    on.command("managemeeting", STOP);
    on.event(ended(None));
    assert_eq!(
        audit(&on),
        "recording `Budget` by blk/tolinto/raspberry1/managemeeting: recording to /m/budget.wav\n\
         end of the recording by blk/tolinto/raspberry1/managemeeting: /m/budget.wav has 61.0 s of sound"
    );
    for bench in [&off, &on] {
        assert!(bench.published("muteack").is_empty() && bench.published("managemeeting").is_empty());
    }
}

#[test]
fn a_server_may_end_what_a_person_started() {
    let mut bench = Bench::linto(linto_settings(), tuning());
    bench.wish(1, start());
    bench.event(started());
    bench.command("managemeeting", STOP);
    assert_eq!(stops(&bench), 1);
}

#[test]
fn a_recorder_that_refuses_is_told() {
    let mut bench = bench();
    bench.wish(1, start());
    bench.event(Event::Recording(Recording::Refused("the disk is full".into())));
    assert_eq!(refusal(&bench, 1), "the disk is full");
    assert!(told(&bench).is_empty() && chimes(&bench).is_empty(), "there was nothing");
    bench.wish(2, start());
    assert_eq!(records(&bench), 2);
}

#[test]
fn a_recorder_that_ends_by_itself_is_told_and_heard() {
    let mut bench = running();
    bench.finish_playing();
    bench.effects.clear();
    bench.event(ended(Some("the disk is full")));
    bench.finish_playing();
    assert!(!bench.assistant.recording());
    assert_eq!(chimes(&bench), [Chime::Error, Chime::Recorded]);
    let dropped = |effect: &Effect| matches!(effect, Effect::Report(_, Report::Drop { what: "meeting", detail, .. }) if detail == "the disk is full");
    assert_eq!(count(&bench, dropped), 1);
    bench.wish(2, Wish::MeetingStop);
    assert_eq!(refusal(&bench, 2), "no recording runs");
}

#[test]
fn a_recorder_that_ends_before_it_began_is_told() {
    let mut bench = bench();
    bench.wish(1, start());
    bench.event(ended(Some("the card was pulled")));
    assert_eq!(bench.answer(1), Outcome::Failed("the card was pulled".into()));
    assert!(told(&bench).is_empty());
}

#[test]
fn a_recorder_that_hangs_at_the_start_is_told_and_does_not_begin_later() {
    let mut bench = bench();
    bench.wish(1, start());
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.answer(1), Outcome::Failed("the recorder does not answer".into()));
    assert_eq!(stops(&bench), 1, "whoever was told no must not be recorded after all");
    bench.event(started());
    assert!(!bench.assistant.recording());
    bench.event(ended(None));
    bench.wish(2, start());
    assert_eq!(records(&bench), 2);
    assert_eq!(bench.answers().len(), 1);
}

#[test]
fn a_recorder_that_hangs_at_the_end_is_told() {
    let mut bench = running();
    bench.wish(2, Wish::MeetingStop);
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.answer(2), Outcome::Failed("the recorder does not answer".into()));
    assert!(!bench.assistant.recording());
    bench.event(ended(None));
    bench.wish(3, start());
    assert_eq!(records(&bench), 2);
}

#[test]
fn ended_while_it_starts_both_are_answered_once() {
    let mut bench = bench();
    bench.wish(1, start());
    bench.wish(2, Wish::MeetingStop);
    bench.wish(3, Wish::MeetingStop);
    bench.event(started());
    bench.event(ended(None));
    assert!(matches!(bench.answer(1), Outcome::Failed(_) | Outcome::Answer { .. }));
    for request in [2, 3] {
        assert_eq!(bench.answer(request).result(), "/m/budget.wav has 61.0 s of sound");
    }
    bench.pass(Duration::from_secs(60));
    assert_eq!(bench.answers().len(), 3);
}

#[test]
fn a_start_that_nobody_ordered_is_ended() {
    let mut bench = bench();
    bench.event(started());
    assert_eq!(stops(&bench), 1);
    assert!(!bench.assistant.recording());
}

#[test]
fn a_conversation_goes_on_beside_it() {
    let mut bench = running();
    bench.finish_playing();
    bench.listen();
    bench.finish_playing();
    bench.speak();
    bench.finish_playing();
    bench.reply(r#"{"say":"It is noon."}"#);
    assert_eq!(bench.assistant.state(), State::Speaking);
    assert!(bench.assistant.recording());
    bench.finish_playing();
    assert!(bench.assistant.turn().is_none() && bench.assistant.recording());
    assert_eq!(stops(&bench), 0);
}

#[test]
fn cancel_does_not_end_it() {
    let mut bench = running();
    bench.event(Event::Cancel);
    assert!(bench.assistant.recording());
}
