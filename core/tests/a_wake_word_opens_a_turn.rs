//! What a wake word does: when it counts, what it opens, where the utterance begins, and what it stops.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod support;

use std::time::Duration;

use auricle_core::assistant::cause::Cause;
use auricle_core::assistant::event::{By, Effect, Event, ServerId, Tuning};
use auricle_core::assistant::report::Report;
use auricle_core::assistant::shown::State;
use auricle_core::audio::Position;
use auricle_core::dialogue::{Dialogue, PlayEnd, Source};
use auricle_core::hearing::{EarCommand, Ending, Start};
use auricle_core::sentences::Sentence;
use support::toy::Toy;
use support::{Bench, S0, limits, linto_settings, tuning};

const AT: Position = Position(160_000);
const BEFORE: Duration = Duration::from_millis(500);
/// The word was over so much before.
const LEAD: Duration = Duration::from_millis(60);

fn with_words() -> Tuning {
    Tuning { voice_trigger: false, wake_trigger: true, ..tuning() }
}

fn linto() -> Bench {
    Bench::linto(linto_settings(), with_words())
}

/// Servers of the second kind; `realtime` ones listen while they speak.
fn toys(count: usize, realtime: bool) -> Bench {
    let toys = (0..count).map(|_| Box::new(Toy::new(realtime)) as Box<dyn Dialogue>);
    let mut bench = Bench::unstarted(toys.collect(), with_words());
    bench.event(Event::Started(auricle_core::assistant::event::Remembered::default()));
    bench.event(Event::MicFlowing);
    bench.pass(Duration::from_secs(5));
    bench
}

fn wake(bench: &mut Bench, server: Option<ServerId>) {
    hear(bench, server, false);
}

/// `cancelled`: as the canceller takes the device's own voice away.
fn hear(bench: &mut Bench, server: Option<ServerId>, cancelled: bool) {
    let (word, over) = ("okay_nabu".into(), AT.back(LEAD));
    bench.event(Event::Wake { word, score: 0.91, server, at: AT, over, cancelled });
}

/// The last that hearing was told about the words.
fn armed(bench: &Bench) -> Option<bool> {
    bench.effects.iter().rev().find_map(|effect| match effect {
        Effect::Ear(EarCommand::ArmWake(on)) => Some(*on),
        _ => None,
    })
}

/// Where the utterance begins, how long speech is not believed, and how long it is waited for.
fn opened(bench: &Bench) -> (Start, Duration, Duration) {
    let last = bench.effects.iter().rev().find_map(|effect| match effect {
        Effect::Ear(EarCommand::Listen { from, guard, limits, .. }) => Some((*from, *guard, limits.unwrap().no_speech)),
        _ => None,
    });
    last.expect("nobody listens")
}

fn heard_words(bench: &Bench) -> Vec<(Option<ServerId>, String)> {
    let reports = bench.effects.iter().filter_map(|effect| match effect {
        Effect::Report(server, Report::Wake { word, score }) if *score == 0.91 => Some((*server, word.clone())),
        _ => None,
    });
    reports.collect()
}

fn flushes(bench: &Bench) -> usize {
    bench.effects.iter().filter(|effect| matches!(effect, Effect::Flush(_))).count()
}

#[test]
fn it_opens_a_turn_from_half_a_second_before_and_makes_no_sound() {
    let mut bench = linto();
    wake(&mut bench, None);
    assert_eq!(bench.assistant.state(), State::Listening);
    assert_eq!(heard_words(&bench), [(Some(S0), "okay_nabu".to_owned())]);
    let (from, guard, no_speech) = opened(&bench);
    assert_eq!(from, Start::At(AT.back(BEFORE)));
    assert_eq!(guard, BEFORE - LEAD, "the word itself is no speech, what is said at once is");
    assert_eq!(no_speech, limits().no_speech + BEFORE, "counted from the word");
    assert!(!bench.effects.iter().any(|effect| matches!(effect, Effect::Play { .. })), "somebody speaks already");
    assert_eq!(armed(&bench), Some(false), "somebody is listened to");
}

#[test]
fn the_next_opening_of_the_microphone_knows_nothing_of_the_word() {
    let mut bench = linto();
    wake(&mut bench, None);
    bench.speak();
    bench.finish_playing();
    bench.reply(r#"{"ask":{"text":"which?"},"conversationData":{}}"#);
    bench.effects.clear();
    let play = bench.assistant.state();
    assert_eq!(play, State::Speaking);
    bench.event(Event::Tick);
    finish(&mut bench);
    let (from, _, no_speech) = opened(&bench);
    assert_eq!((from, no_speech), (Start::Now, limits().no_speech));
}

/// Whatever plays has come to its end.
fn finish(bench: &mut Bench) {
    for number in 0..40 {
        let play = auricle_core::assistant::event::PlayNumber(number);
        bench.event(Event::Played { play, end: PlayEnd::Finished, heard: Duration::from_secs(1) });
    }
}

#[test]
fn two_words_open_two_servers() {
    let mut bench = toys(2, false);
    wake(&mut bench, Some(ServerId(1)));
    assert_eq!(bench.assistant.turn(), Some(ServerId(1)));
    bench.message(ServerId(1), "toy", "end");
    wake(&mut bench, None);
    assert_eq!(bench.assistant.turn(), Some(S0));
    assert_eq!(heard_words(&bench), [(Some(ServerId(1)), "okay_nabu".to_owned()), (Some(S0), "okay_nabu".to_owned())]);
}

#[test]
fn muted_or_gone_it_is_not_listened_for_and_what_was_on_its_way_does_nothing() {
    let mut bench = linto();
    bench.event(Event::Mute(By::Local));
    assert_eq!(armed(&bench), Some(false));
    wake(&mut bench, None);
    assert_eq!((bench.assistant.state(), heard_words(&bench)), (State::Muted, vec![]));
    bench.event(Event::Unmute(By::Local));
    assert_eq!(armed(&bench), Some(false), "nothing is heard yet");
    bench.event(Event::MicFlowing);
    assert_eq!(armed(&bench), Some(true));
    bench.event(Event::MicLost(Cause::MicGone { detail: "unplugged".into() }));
    assert_eq!(armed(&bench), Some(false));
    wake(&mut bench, None);
    assert_eq!((bench.assistant.turn(), heard_words(&bench)), (None, vec![]));
}

#[test]
fn while_the_microphone_is_measured_it_is_for_the_meter() {
    let mut bench = linto();
    bench.event(Event::Measured(true));
    assert_eq!(armed(&bench), Some(false));
    wake(&mut bench, None);
    assert_eq!(bench.assistant.turn(), None);
    bench.event(Event::Measured(false));
    assert_eq!(armed(&bench), Some(true));
}

#[test]
fn a_server_can_keep_it_off() {
    let mut bench = toys(1, false);
    bench.message(S0, "toy", "gate off");
    assert_eq!(armed(&bench), Some(false));
    wake(&mut bench, None);
    assert_eq!((bench.assistant.turn(), heard_words(&bench)), (None, vec![]));
    bench.message(S0, "toy", "gate on");
    assert_eq!(armed(&bench), Some(true));
    wake(&mut bench, None);
    assert_eq!(bench.assistant.turn(), Some(S0));
}

#[test]
fn without_the_trigger_it_is_never_armed_and_the_settings_change_that_at_once() {
    let mut bench = Bench::linto(linto_settings(), Tuning { wake_trigger: false, ..with_words() });
    assert_eq!(armed(&bench), None);
    bench.event(Event::Tuned(with_words()));
    assert_eq!(armed(&bench), Some(true));
    bench.event(Event::Tuned(Tuning { wake_trigger: false, ..with_words() }));
    assert_eq!(armed(&bench), Some(false));
}

#[test]
fn somebody_who_is_listened_to_is_not_interrupted() {
    let mut bench = linto();
    bench.listen();
    let (listen, before) = (bench.last_listen(), bench.effects.len());
    assert_eq!(armed(&bench), Some(false));
    wake(&mut bench, None);
    assert_eq!((bench.last_listen(), bench.effects.len()), (listen, before));
    bench.event(Event::Ended { listen, at: Position(208_000), why: Ending::Silence });
    assert_eq!(armed(&bench), Some(true), "while the server thinks, a new question may come");
}

#[test]
fn while_the_server_thinks_it_opens_a_new_turn_instead() {
    let mut bench = linto();
    bench.listen();
    bench.speak();
    let first = bench.last_listen();
    finish(&mut bench);
    bench.pass(Duration::from_secs(1));
    wake(&mut bench, None);
    assert_ne!(bench.last_listen(), first);
    assert_eq!((bench.assistant.state(), opened(&bench).0), (State::Listening, Start::At(AT.back(BEFORE))));
}

/// An answer is being spoken.
fn speaking(tuning: Tuning) -> Bench {
    let mut bench = Bench::linto(linto_settings(), tuning);
    bench.listen();
    bench.finish_playing();
    bench.speak();
    bench.finish_playing();
    bench.reply(r#"{"say":{"text":"it is a long story"}}"#);
    assert_eq!(bench.assistant.state(), State::Speaking);
    assert_eq!(armed(&bench), Some(true), "armed while it speaks");
    bench.effects.clear();
    bench
}

#[test]
fn in_the_middle_of_an_answer_it_stops_the_loudspeaker_at_once_and_listens() {
    let mut bench = speaking(with_words());
    wake(&mut bench, None);
    assert_eq!((flushes(&bench), bench.assistant.state()), (1, State::Listening));
    let flush = bench.effects.iter().position(|effect| matches!(effect, Effect::Flush(_)));
    let listen = bench.effects.iter().position(|effect| matches!(effect, Effect::Ear(EarCommand::Listen { .. })));
    assert!(flush < listen, "first silence, then ears");
    let (from, guard, _) = opened(&bench);
    assert_eq!(from, Start::At(AT), "the device's own voice is on the tape before");
    assert!(guard >= Duration::from_millis(300), "{guard:?}: the room still rings");
}

#[test]
fn where_its_voice_is_taken_away_the_utterance_begins_before_the_word_and_what_is_said_at_once_counts() {
    let mut bench = speaking(with_words());
    hear(&mut bench, None, true);
    let (from, guard, _) = opened(&bench);
    assert_eq!((flushes(&bench), from), (1, Start::At(AT.back(BEFORE))));
    assert_eq!(guard, BEFORE - LEAD, "nothing rings on this tape");
    // Shortly after its last word it is the same; without the canceller the room still rings then.
    for (cancelled, from) in [(true, AT.back(BEFORE)), (false, AT)] {
        let mut bench = speaking(with_words());
        finish(&mut bench);
        bench.pass(Duration::from_millis(100));
        hear(&mut bench, None, cancelled);
        let (began, guard, _) = opened(&bench);
        assert_eq!(began, Start::At(from));
        let rings = Duration::from_millis(200);
        assert_eq!(guard, if cancelled { BEFORE - LEAD } else { rings });
    }
}

#[test]
fn it_stops_an_announcement_too() {
    let mut bench = linto();
    bench.event(Event::Say("dinner is ready".into()));
    assert_ne!(armed(&bench), Some(false), "armed while it speaks");
    wake(&mut bench, None);
    assert_eq!((flushes(&bench), bench.assistant.state()), (1, State::Listening));
}

#[test]
fn a_server_that_listens_while_it_speaks_is_interrupted() {
    let mut bench = toys(1, true);
    bench.listen();
    bench.message(S0, "toy", "ready");
    bench.message(S0, "toy", "speak 7");
    assert_eq!(armed(&bench), Some(true));
    bench.effects.clear();
    wake(&mut bench, None);
    let told = bench.effects.iter().any(|effect| {
        format!("{effect:?}").contains("abort") || format!("{effect:?}").contains("97, 98, 111, 114, 116")
    });
    assert!(told, "{:?}", bench.effects);
}

#[test]
fn without_a_server_it_says_so() {
    let mut bench = Bench::unstarted(vec![], with_words());
    bench.event(Event::Started(auricle_core::assistant::event::Remembered::default()));
    bench.event(Event::MicFlowing);
    wake(&mut bench, None);
    assert_eq!(heard_words(&bench), [(None, "okay_nabu".to_owned())]);
    let said = |e: &Effect| matches!(e, Effect::Play { source: Source::Sentence(Sentence::NotSetUp), .. });
    assert!(bench.effects.iter().any(said));
}

#[test]
fn a_missing_model_is_said_once_and_shown_until_it_is_there() {
    let mut bench = linto();
    let cause = Cause::WakeMissing { detail: "no model `okay_nabu` is installed".into() };
    for _ in 0..2 {
        bench.event(Event::WakeMissing(Some(cause.clone())));
    }
    let spoken = |e: &&Effect| matches!(e, Effect::Play { source: Source::Sentence(Sentence::WakeMissing), .. });
    assert_eq!(bench.effects.iter().filter(spoken).count(), 1);
    finish(&mut bench);
    assert_eq!(bench.assistant.state(), State::Degraded);
    // Whoever has a button, or another word, is served.
    wake(&mut bench, None);
    assert_eq!(bench.assistant.state(), State::Listening);
    bench.event(Event::Cancel);
    bench.event(Event::WakeMissing(None));
    finish(&mut bench);
    assert_eq!(bench.assistant.state(), State::Idle);
    assert!(bench.effects.contains(&Effect::Report(None, Report::CauseCleared(cause))));
}
