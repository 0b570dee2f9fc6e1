//! Whole turns on real sound: from the decision that the person has finished to the first byte of the request.

use std::path::PathBuf;
use std::time::Duration;

use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::{EarCommand, EarEvent, Limits, ListenId, Start};
use rumqttc::QoS;

use crate::Bed;
use crate::broker::SOON;
use crate::clock::{Micros, Spread, now};
use crate::daemon::Daemon;
use crate::hearing_material::{Part, RATE, Scene, scene, voices};
use crate::report::{Report, Row, millis};
use crate::speech::write_wav;

/// So many turns; the voices are those on which the endpointer's thresholds were not chosen.
const TURNS: usize = 24;

/// As in the daemon's settings.
const HANGOVER: Duration = Duration::from_millis(500);

/// What is allowed between decision and first byte, in milliseconds.
const TARGET: f64 = 15.0;

/// One turn as it was seen from outside.
struct Turn {
    /// When hearing decided, by the daemon's log.
    decided: Micros,
    /// The sample at which it decided.
    at: i64,
    /// Samples that had come in by then.
    heard: i64,
    /// When the first byte of the PUBLISH passed the proxy.
    published: Micros,
}

/// Speaks, and looks at what comes.
pub fn measure(bed: &Bed, daemon: &Daemon, report: &mut Report) {
    let scenes = scenes();
    let turns: Vec<Turn> = scenes.iter().enumerate().map(|(n, scene)| turn(bed, daemon, n, scene)).collect();
    let after = Spread::of(turns.iter().map(|turn| millis(turn.published - turn.decided)));
    report.add(Row {
        what: format!("decision → first byte of the PUBLISH, {} turns", turns.len()),
        ours: format!("{:.2} ms / {:.2} ms (most {:.2})", after.p50(), after.p95(), after.most()),
        target: format!("p95 ≤ {TARGET} ms"),
        met: Some(after.p95() <= TARGET),
        how: "From the line in the daemon's log that hearing writes when its endpointer lets go, before it tells anybody, \
              to the moment at which a TCP proxy in front of mosquitto reads the first byte of the PUBLISH. In between: \
              hearing → control → the dialogue's decision → hearing, which encodes what is missing → control → socket."
            .into(),
        ..Row::default()
    });
    let strictly = Spread::of(from_the_sample(&turns));
    report.add(Row {
        what: "the decision's sample → first byte of the PUBLISH".into(),
        ours: format!("{:.1} ms / {:.1} ms (most {:.1})", strictly.p50(), strictly.p95(), strictly.most()),
        target: format!("p95 ≤ {TARGET} ms, if the card's period counts"),
        met: Some(strictly.p95() <= TARGET),
        how: "The same, from the moment at which that sample could be had at the earliest. This adds the wait for the end \
              of the card's period in which it lies: periods have 10 ms and decisions come every 16 ms, so it is 0, 2, 4, \
              6 or 8 ms. The card's clock is taken from the block that came fastest."
            .into(),
        ..Row::default()
    });
    own_delay(&scenes, report);
}

fn scenes() -> Vec<Scene> {
    let fits = |length: usize| (RATE / 2..5 * RATE / 2).contains(&length);
    let voices = voices(Part::Check, 4).into_iter().filter(|voice| fits(voice.end - voice.onset));
    let scenes: Vec<Scene> =
        voices.take(TURNS).map(|voice| scene(&voice, -20.0, "pink", -60.0, RATE / 2, RATE)).collect();
    assert_eq!(scenes.len(), TURNS, "too few voices");
    scenes
}

fn turn(bed: &Bed, daemon: &Daemon, number: usize, scene: &Scene) -> Turn {
    // A microphone without a room delivers zeros, which is told after a while.
    daemon.wait_status("the device to be idle", |status| status["state"] == "idle" || status["state"] == "degraded");
    while bed.proxy.passed.try_recv().is_ok() {}
    let decisions = daemon.log().matches("end of speech").count();
    let wav: PathBuf = bed.pulse.folder().join(format!("turn-{number}.wav"));
    write_wav(&wav, 16_000, &scene.sound);
    let speaking = bed.pulse.speak(&wav);
    let published = loop {
        let passed = bed.proxy.passed.recv_timeout(SOON).unwrap_or_else(|_| panic!("no request in turn {number}"));
        if passed.topic.contains("/nlp/file/") {
            break passed;
        }
    };
    // "Nothing to say": the turn is over.
    let answer = published.topic.replace("/fromlinto/", "/tolinto/");
    bed.probe.publish_with(&answer, r#"{"behavior":{},"transcript":""}"#, false, QoS::AtLeastOnce);
    speaking.finish();
    let log = daemon.log();
    let line = log.lines().filter(|line| line.contains("end of speech")).nth(decisions).expect("the decision's line");
    let turn =
        Turn { decided: stamp(line), at: field(line, "at="), heard: field(line, "heard="), published: published.at };
    assert!(turn.decided <= turn.published && turn.published < now(), "moments in order: {line}");
    turn
}

/// When a line was written into the log.
fn stamp(line: &str) -> Micros {
    let time: jiff::Timestamp = line.split(' ').next().unwrap().parse().unwrap_or_else(|_| panic!("no time in {line}"));
    time.as_microsecond()
}

fn field(line: &str, name: &str) -> i64 {
    let word = line.split(' ').find_map(|word| word.strip_prefix(name));
    word.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no {name} in {line}"))
}

/// Milliseconds from the decision's sample to the first byte.
fn from_the_sample(turns: &[Turn]) -> impl Iterator<Item = f64> {
    // 16 samples are a millisecond.
    let micros = |samples: i64| samples * 1_000 / 16;
    let zero = turns.iter().map(|turn| turn.decided - micros(turn.heard)).min().unwrap_or_default();
    turns.iter().map(move |turn| millis(turn.published - (zero + micros(turn.at))))
}

/// The endpointer alone, over the same sound.
fn own_delay(scenes: &[Scene], report: &mut Report) {
    let delays: Vec<f64> =
        scenes.iter().filter_map(|scene| Some((decision(&scene.sound)? - hoped(scene)) / 16.0)).collect();
    let spread = Spread::of(delays);
    report.add(Row {
        what: "the decision's own delay".into(),
        ours: format!("{:.0} ms / {:.0} ms (most {:.0})", spread.p50(), spread.p95(), spread.most()),
        how: format!(
            "True end of speech in the same {} recordings → decision, less the hangover of {} ms. The core hears them as \
             the daemon does, in samples: the same at each run. Below zero: the last sound was too soft to be told from \
             the room.",
            spread.count(),
            HANGOVER.as_millis()
        ),
        ..Row::default()
    });
}

/// Where the decision would be if nothing were lost.
fn hoped(scene: &Scene) -> f64 {
    scene.end as f64 + HANGOVER.as_secs_f64() * RATE as f64
}

/// The sample at which the core decides.
fn decision(sound: &[i16]) -> Option<f64> {
    let mut ear = Ear::new();
    let limits = Limits { hangover: HANGOVER, no_speech: SOON, max_utterance: SOON, answer: false };
    let (listen, guard) = (ListenId(1), Duration::ZERO);
    ear.handle(EarCommand::Listen { listen, from: Start::Now, limits: Some(limits), guard });
    sound.chunks(320).find_map(|period| {
        ear.push(period);
        std::iter::from_fn(|| ear.poll()).find_map(|event| match event {
            EarEvent::Ended { at, .. } => Some(at.0 as f64),
            _ => None,
        })
    })
}
