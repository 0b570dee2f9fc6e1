//! Whoever wishes something of the device gets exactly one answer, when it took effect or will not.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use auricle_core::assistant::cause::Cause;
use auricle_core::assistant::event::{By, Effect, Event, Memory, Remembered, ServiceId, Tuning, UnmuteRule};
use auricle_core::assistant::report::Report;
use auricle_core::voices::Voices;
use auricle_core::wish::{Outcome, Wish};
use support::toy::Toy;
use support::{Bench, linto_settings, tuning};

fn bench() -> Bench {
    Bench::linto(linto_settings(), tuning())
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn volume(percent: u8, keep: bool) -> Wish {
    Wish::Volume { percent, keep }
}

/// What the servers' commands came to, as the log tells it.
fn results(bench: &Bench, command: &str) -> Vec<String> {
    let results = bench.effects.iter().filter_map(|effect| match effect {
        Effect::Report(_, Report::Command { topic, result }) if topic == command => Some(result.clone()),
        _ => None,
    });
    results.collect()
}

fn services(bench: &Bench) -> Vec<ServiceId> {
    let services = bench.effects.iter().filter_map(|effect| match effect {
        Effect::Serve { service, .. } => Some(*service),
        _ => None,
    });
    services.collect()
}

fn espeak() -> Voices {
    Voices::new(Some(vec!["en-us".into(), "fr-fr".into(), "de".into()]))
}

#[test]
fn a_thousand_volumes_in_two_seconds_set_the_mixer_some_forty_times_and_the_last_one_right() {
    let mut bench = bench();
    for n in 0..1_000_u64 {
        let percent = (n % 101) as u8;
        if n % 2 == 0 {
            bench.command("volume", &format!(r#"{{"value":"{percent}"}}"#));
        } else {
            bench.wish(n, volume(percent, false));
        }
        bench.pass(Duration::from_millis(2));
    }
    bench.command("volume", r#"{"value":"37"}"#);
    bench.pass(seconds(1));
    let volumes = bench.volumes();
    assert!((20..=42).contains(&volumes.len()), "{} changes", volumes.len());
    assert_eq!((volumes.last(), bench.assistant.volume()), (Some(&37), 37));
    for n in (1..1_000).step_by(2) {
        assert!(matches!(bench.answer(n), Outcome::Done | Outcome::Superseded));
    }
    assert_eq!(bench.answers().len(), 500);
    assert!(results(&bench, "volume").len() <= volumes.len() + 1, "what was superseded is not told");
    assert_eq!(bench.published("status").len(), 0, "a slider that still moves is told to nobody");
    assert!(bench.memories().is_empty());
}

#[test]
fn the_volume_at_which_the_slider_is_let_go_is_heard_remembered_and_told() {
    for (payload, percent) in [(r#"{"value":"40"}"#, 40), (r#"{"value":0}"#, 0), (r#"{"value":"100"}"#, 100)] {
        let mut bench = bench();
        bench.command("volume", payload);
        bench.command("endvolume", payload);
        bench.pass(seconds(10));
        assert_eq!(bench.volumes(), [percent]);
        assert_eq!(bench.memories(), [&Memory::Volume(percent)]);
        let statuses = bench.published("status");
        assert_eq!(statuses.len(), 2, "one on each scope");
        let expected = format!(r#""sound":{{"volume":{percent},"#);
        assert!(statuses.iter().all(|status| String::from_utf8_lossy(&status.payload).contains(&expected)));
        assert_eq!(results(&bench, "endvolume"), ["done"]);
        bench.effects.clear();
        bench.command("endvolume", payload);
        bench.pass(seconds(10));
        assert!(bench.published("status").is_empty() && bench.memories().is_empty(), "nothing is new");
    }
}

#[test]
fn a_slider_that_is_let_go_again_and_again_spares_the_memory_card() {
    let mut bench = bench();
    for n in 0..500_u64 {
        bench.wish(n, volume((n % 101) as u8, true));
        bench.pass(Duration::from_millis(20));
    }
    bench.pass(seconds(10));
    let memories = bench.memories();
    assert!((2..=7).contains(&memories.len()), "{memories:?}");
    assert_eq!(memories.last(), Some(&&Memory::Volume(95)));
    for n in 0..500 {
        assert!(matches!(bench.answer(n), Outcome::Done | Outcome::Superseded));
    }
}

#[test]
fn the_remembered_volume_holds_over_a_restart_and_over_the_setting() {
    for remembered in [None, Some(0), Some(40)] {
        let mut bench = Bench::unstarted(vec![Box::new(Toy::new(false))], tuning());
        bench.event(Event::Started(Remembered { volume: remembered, ..Remembered::default() }));
        assert_eq!(bench.volumes(), [remembered.unwrap_or(80)]);
        bench.effects.clear();
        bench.event(Event::Tuned(Tuning { volume: 60, ..tuning() }));
        assert_eq!(bench.volumes(), if remembered.is_none() { vec![60] } else { vec![] });
    }
}

#[test]
fn a_language_that_is_known_is_spoken_remembered_and_told_once() {
    let mut bench = bench();
    bench.event(Event::Voices(espeak()));
    bench.command("tts_lang", r#"{"value":"fr-fr"}"#);
    bench.pass(seconds(10));
    assert_eq!(bench.assistant.language(), "fr-FR");
    assert!(bench.effects.contains(&Effect::Language("fr-FR".into())));
    assert_eq!(bench.memories(), [&Memory::Language("fr-FR".into())]);
    assert_eq!(bench.published("status").len(), 2);
    assert_eq!(results(&bench, "tts_lang"), ["done"]);
}

#[test]
fn the_same_language_and_one_that_nobody_speaks_change_nothing() {
    for (tag, result) in
        [("en-US", "done"), ("EN_us", "done"), ("xx-XX", "refused: the voice does not speak `xx-XX`; it stays `en-US`")]
    {
        let mut bench = bench();
        bench.event(Event::Voices(espeak()));
        bench.command("tts_lang", &format!(r#"{{"value":"{tag}"}}"#));
        bench.pass(seconds(60));
        assert_eq!(results(&bench, "tts_lang"), [result]);
        assert_eq!(bench.assistant.language(), "en-US");
        assert!(bench.published("status").is_empty() && bench.memories().is_empty(), "{tag}");
    }
}

#[test]
fn a_language_waits_until_it_is_known_what_can_be_spoken() {
    let mut bench = bench();
    bench.wish(1, Wish::Language("fr-FR".into()));
    bench.wish(2, Wish::Language("xx-XX".into()));
    assert!(bench.answers().is_empty());
    bench.pass(seconds(5));
    bench.event(Event::Voices(espeak()));
    assert_eq!(bench.answer(1), Outcome::Done);
    assert!(matches!(bench.answer(2), Outcome::Refused(_)));
    assert_eq!(bench.assistant.language(), "fr-FR");
}

#[test]
fn an_engine_that_never_says_what_it_can_speak_is_told() {
    let mut bench = bench();
    bench.wish(1, Wish::Language("fr-FR".into()));
    bench.pass(Duration::from_millis(9_999));
    assert!(bench.answers().is_empty());
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.answer(1), Outcome::Failed("the speech engine does not say what it can speak".into()));
    bench.event(Event::Voices(espeak()));
    assert_eq!(bench.answers().len(), 1, "nobody waits any more");
    assert_eq!(bench.assistant.language(), "en-US");
}

/// How far a turn may have come.
const PHASES: [&str; 5] = ["idle", "listening", "waiting", "speaking", "listening again"];

fn reached(phase: &str) -> Bench {
    let mut bench = bench();
    if phase == "idle" {
        return bench;
    }
    bench.listen();
    bench.finish_playing();
    if phase != "listening" {
        bench.speak();
        bench.finish_playing();
    }
    if phase == "speaking" {
        bench.reply(r#"{"say":"Once upon a time"}"#);
    }
    if phase == "listening again" {
        bench.reply(r#"{"ask":"And you?","conversationData":{"intent":"x"}}"#);
        bench.finish_playing();
        assert!(bench.assistant.listening());
    }
    bench.effects.clear();
    bench
}

#[test]
fn mute_is_acknowledged_in_every_phase_of_a_turn_once_the_device_is_closed() {
    for phase in PHASES {
        let mut bench = reached(phase);
        bench.command("mute", "{}");
        bench.wish(1, Wish::Mute);
        assert!(bench.effects.contains(&Effect::Mic(false)), "{phase}");
        bench.pass(seconds(3));
        assert!(bench.published("muteack").is_empty() && bench.answers().is_empty(), "{phase}: it is still open");
        bench.event(Event::MicClosed);
        assert_eq!(bench.published("muteack").len(), 1, "{phase}");
        assert_eq!(bench.answer(1), Outcome::Done, "{phase}");
        bench.pass(seconds(300));
        assert!(!bench.assistant.listening() && bench.assistant.turn().is_none(), "{phase}");
        assert_eq!(bench.published("muteack").len(), 1, "{phase}");
    }
}

#[test]
fn a_device_that_does_not_close_is_not_acknowledged() {
    let mut bench = bench();
    bench.command("mute", "{}");
    bench.pass(seconds(10));
    assert_eq!(results(&bench, "mute"), ["failed: the sound device does not answer"]);
    bench.event(Event::MicClosed);
    assert!(bench.published("muteack").is_empty(), "nobody waits any more");
    bench.command("mute", "{}");
    assert_eq!(bench.published("muteack").len(), 1, "now it is closed");
}

#[test]
fn whoever_mutes_what_is_closed_is_answered_at_once() {
    let mut bench = bench();
    bench.event(Event::Mute(By::Local));
    bench.event(Event::MicClosed);
    bench.effects.clear();
    bench.command("mute", "{}");
    assert_eq!(bench.published("muteack").len(), 1);
    assert!(!bench.effects.contains(&Effect::Mic(false)));
}

#[test]
fn unmute_lifts_what_the_rule_allows() {
    use By::{Local, Remote};
    use UnmuteRule::{Always, Never, Own};
    for (rule, muted_by, lifted) in [
        (Own, Remote, true),
        (Own, Local, false),
        (Always, Local, true),
        (Always, Remote, true),
        (Never, Local, false),
        (Never, Remote, false),
    ] {
        let mut bench = Bench::linto(linto_settings(), Tuning { unmute: rule, ..tuning() });
        bench.event(Event::Mute(muted_by));
        bench.event(Event::MicClosed);
        bench.effects.clear();
        bench.command("unmute", "{}");
        bench.event(Event::MicFlowing);
        let what = format!("{rule:?}, muted by {muted_by:?}");
        assert_eq!(bench.assistant.muted().is_none(), lifted, "{what}");
        assert_eq!(bench.published("unmuteack").len(), usize::from(lifted), "{what}");
        let audit = bench.effects.iter().find_map(|effect| match effect {
            Effect::Report(_, Report::Audit { what, result }) => Some(format!("{what}: {result}")),
            _ => None,
        });
        let audit = audit.expect("a line for the audit");
        assert!(audit.starts_with("unmute by blk/tolinto/raspberry1/unmute: "), "{audit}");
        assert_eq!(audit.ends_with("done"), lifted, "{audit}");
        assert!(lifted || audit.contains("[remote]"), "a remedy: {audit}");
        bench.wish(1, Wish::Unmute);
        bench.event(Event::MicFlowing);
        assert_eq!(bench.answer(1), Outcome::Done, "at the device everything can be unmuted");
    }
}

#[test]
fn unmute_is_answered_when_sound_comes_or_it_is_known_why_not() {
    let muted = || {
        let mut bench = bench();
        bench.event(Event::Mute(By::Local));
        bench.event(Event::MicClosed);
        bench.effects.clear();
        bench.wish(1, Wish::Unmute);
        bench.pass(seconds(2));
        assert!(bench.answers().is_empty(), "it is not open yet");
        bench
    };
    let mut flows = muted();
    flows.event(Event::MicFlowing);
    assert_eq!(flows.answer(1), Outcome::Done);
    let mut gone = muted();
    gone.event(Event::MicLost(Cause::MicGone { detail: "unplugged".into() }));
    assert_eq!(gone.answer(1), Outcome::Done, "it is no longer muted; the cause says the rest");
    let mut hangs = muted();
    hangs.pass(seconds(60));
    assert_eq!(hangs.answer(1), Outcome::Failed("the sound device does not answer".into()));
}

#[test]
fn unmute_of_an_open_microphone_is_done_already() {
    let mut bench = bench();
    bench.command("unmute", "{}");
    assert_eq!(bench.published("unmuteack").len(), 1);
}

#[test]
fn whoever_is_overruled_before_it_took_effect_is_told_so_and_not_acknowledged() {
    let mut bench = bench();
    bench.command("mute", "{}");
    bench.wish(1, Wish::Unmute);
    bench.event(Event::MicClosed);
    bench.event(Event::MicFlowing);
    assert!(bench.published("muteack").is_empty(), "it is open");
    assert_eq!(results(&bench, "mute"), ["refused: it was unmuted again"]);
    assert_eq!(bench.answer(1), Outcome::Done);
    bench.effects.clear();

    bench.event(Event::Mute(By::Remote));
    bench.event(Event::MicClosed);
    bench.command("unmute", "{}");
    bench.wish(2, Wish::Mute);
    // What was on its way from the device that is closed again.
    bench.event(Event::MicFlowing);
    bench.event(Event::MicClosed);
    assert!(bench.published("unmuteack").is_empty(), "it is closed");
    assert_eq!(results(&bench, "unmute"), ["refused: it was muted again"]);
    assert_eq!(bench.answer(2), Outcome::Done);
}

#[test]
fn too_much_at_once_is_refused_and_later_there_is_room_again() {
    let mut bench = bench();
    for n in 0..40 {
        bench.wish(n, Wish::Shell("uptime".into()));
    }
    let served = services(&bench);
    assert_eq!((served.len(), bench.answers().len()), (32, 8));
    for n in 32..40 {
        assert_eq!(bench.answer(n), Outcome::Refused("too much at once; try again later".into()));
    }
    bench.event(Event::Served { service: served[5], outcome: Outcome::Done });
    assert_eq!(bench.answer(5), Outcome::Done);
    bench.wish(40, Wish::TunnelStop);
    assert_eq!(services(&bench).len(), 33);
    bench.effects.clear();
    for service in served {
        bench.event(Event::Served { service, outcome: Outcome::Done });
    }
    assert_eq!(bench.answers().len(), 31);
}

#[test]
fn a_server_that_wishes_too_much_is_answered_too() {
    let mut bench = bench();
    for _ in 0..40 {
        bench.command("shellexec", r#"{"cmd":"uptime"}"#);
    }
    let answers = bench.published("shellexec");
    assert_eq!(answers.len(), 8);
    assert!(String::from_utf8_lossy(&answers[0].payload).contains("too much at once"));
    assert_eq!(services(&bench).len(), 32);
}

#[test]
fn what_is_served_outside_is_answered_once_whatever_comes_later() {
    let mut bench = bench();
    bench.wish(1, Wish::Shell("uptime".into()));
    bench.wish(2, Wish::Shell("sleep 9999".into()));
    let served = services(&bench);
    for outcome in [Outcome::Failed("exit 1".into()), Outcome::Done] {
        bench.event(Event::Served { service: served[0], outcome });
    }
    bench.event(Event::Served { service: ServiceId(999), outcome: Outcome::Done });
    assert_eq!(bench.answers(), [(1, Outcome::Failed("exit 1".into()))]);
    bench.pass(seconds(15 * 60));
    assert_eq!(bench.answer(2), Outcome::Failed("it never ended".into()));
    bench.event(Event::Served { service: served[1], outcome: Outcome::Done });
    assert_eq!(bench.answers().len(), 2);
}
