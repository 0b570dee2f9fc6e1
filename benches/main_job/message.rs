//! From 10 s of speech to the bytes of the message, beside Python.

use std::process::Command;
use std::time::Instant;

use auricle_core::audio::TAPE_RATE;
use auricle_core::hearing::ear::Ear;
use auricle_core::hearing::{EarCommand, EarEvent, Encoding, Start, UplinkId};
use auricle_core::protocol::linto::request::FileRequest;
use serde_json::{Value, json};

use crate::clock::Spread;
use crate::report::{Report, Row};

/// Both take turns, so that whatever else runs disturbs both.
const ROUNDS: usize = 6;
const EACH: usize = 100;

/// Samples that come at once: 10 ms.
const PERIOD: usize = TAPE_RATE as usize / 100;

/// How many times faster than Python.
const TARGET: f64 = 5.0;

/// Measures both.
pub fn measure(python: &str, report: &mut Report) {
    let sound = noise();
    let (mut ours, mut ending, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        theirs.extend(peer(python));
        for _ in 0..EACH {
            ours.push(whole(&sound));
            ending.push(end(&sound));
        }
    }
    let (ours, ending, theirs) = (Spread::of(ours), Spread::of(ending), Spread::of(theirs));
    let ratio = theirs.p50() / ours.p50();
    report.add(Row {
        what: "10 s utterance → message bytes, all of it".into(),
        ours: format!("{:.0} µs / {:.0} µs", ours.p50(), ours.p95()),
        peer: format!("Python `json` + `base64`: {:.0} µs / {:.0} µs", theirs.p50(), theirs.p95()),
        target: format!("≥ {TARGET} × faster"),
        met: Some(ratio >= TARGET),
        result: format!("{ratio:.1} × faster (p95: {:.1} ×)", theirs.p95() / ours.p95()),
        how: format!(
            "WAV header, base64 and JSON of 10 s of noise, {} times each. Ours gets it in periods of 10 ms, as the \
             microphone delivers it; Python (the fastest way with its standard library, see `benches/peers/message.py`) \
             in one piece.",
            ours.count()
        ),
    });
    report.add(Row {
        what: "end of a 10 s utterance → message bytes".into(),
        ours: format!("{:.1} µs / {:.1} µs", ending.p50(), ending.p95()),
        peer: format!("all of the above: {:.0} µs / {:.0} µs", theirs.p50(), theirs.p95()),
        result: format!("{:.0} × faster", theirs.p50() / ending.p50()),
        how:
            "What is still to be done when hearing is told where the utterance ends: the last 350 ms at most, because \
              the message grows while the person speaks."
                .into(),
        ..Row::default()
    });
}

/// Noise, so that no byte is easier than another.
fn noise() -> Vec<i16> {
    let mut seed = 1_u32;
    let next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) as i16
    };
    std::iter::repeat_with(next).take(160_000).collect()
}

/// Microseconds for all of it.
fn whole(sound: &[i16]) -> f64 {
    let start = Instant::now();
    let mut request = FileRequest::new(&json!({}));
    for period in sound.chunks(PERIOD) {
        request.push(period);
    }
    let message = std::hint::black_box(request.finish());
    let took = start.elapsed();
    assert!(message.len() > 426_000, "the whole message");
    took.as_secs_f64() * 1e6
}

/// Microseconds from the order to finish to the message, in the ear that has heard all of it.
fn end(sound: &[i16]) -> f64 {
    let (mut ear, uplink) = (Ear::new(), UplinkId(1));
    ear.handle(EarCommand::StartUplink {
        uplink,
        from: Start::Now,
        encoding: Encoding::LintoFile { conversation: json!({}) },
    });
    for period in sound.chunks(PERIOD) {
        ear.push(period);
    }
    let to = ear.position();
    let start = Instant::now();
    ear.handle(EarCommand::FinishUplink { uplink, to });
    let event = std::hint::black_box(ear.poll());
    let took = start.elapsed();
    assert!(matches!(event, Some(EarEvent::UplinkReady { samples: 160_000, .. })), "the whole message");
    took.as_secs_f64() * 1e6
}

fn peer(python: &str) -> Vec<f64> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/message.py");
    let output = Command::new(python).arg(script).arg(EACH.to_string()).output().expect("Python");
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    let printed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    printed["us"].as_array().expect("a list").iter().filter_map(Value::as_f64).collect()
}
