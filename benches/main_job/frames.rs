//! From 60 ms of speech to the datagram that goes to a xiaozhi server, beside Python; and how long that takes in the
//! daemon, from the microphone to the network.

use std::process::Command;
use std::time::{Duration, Instant};

use auricle_core::audio::TAPE_RATE;
use auricle_core::audio::frames::FrameEncoder;
use auricle_core::protocol::xiaozhi::datagram::Sealer;
use auricle_core::time::Tick;
use serde_json::Value;

use crate::clock::Spread;
use crate::report::{Report, Row};
use crate::speech;

/// Both take turns, so that whatever else runs disturbs both.
const ROUNDS: usize = 6;

/// Samples in a frame: 60 ms.
const FRAME: usize = TAPE_RATE as usize * 6 / 100;

/// Measures both.
pub fn measure(python: &str, report: &mut Report) {
    let words = "What will the weather be like tomorrow, and shall I take an umbrella with me? ";
    let speech = speech::say(&words.repeat(4), "en-gb", TAPE_RATE);
    let file = tempfile::NamedTempFile::new().expect("a file");
    let bytes: Vec<u8> = speech.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    std::fs::write(file.path(), bytes).expect("a file");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        theirs.extend(peer(python, file.path()));
        ours.extend(datagrams(&speech));
    }
    let (ours, theirs) = (Spread::of(ours), Spread::of(theirs));
    report.add(Row {
        what: "60 ms of speech → Opus packet → sealed datagram".into(),
        ours: format!("{:.0} µs / {:.0} µs", ours.p50(), ours.p95()),
        peer: format!("Python `opuslib` + `cryptography`: {:.0} µs / {:.0} µs", theirs.p50(), theirs.p95()),
        result: format!("{:.1} × faster (p95: {:.1} ×)", theirs.p50() / ours.p50(), theirs.p95() / ours.p95()),
        how: format!(
            "16 kHz, complexity 0, DTX, AES-128 in counter mode; the same {} frames of speech for both. Python's is Debian's \
             libopus, ours is the one that comes with the program; nearly all of the time is theirs.",
            ours.count()
        ),
        ..Row::default()
    });
}

/// Microseconds for each frame.
fn datagrams(speech: &[i16]) -> Vec<f64> {
    let mut encoder = FrameEncoder::new(Duration::from_millis(60)).expect("an encoder");
    let (mut sealer, mut datagram) = (Sealer::new(&[7; 16], &[1; 16]), Vec::new());
    let mut sealed = |(number, frame): (u64, &[i16])| {
        let start = Instant::now();
        let packet = encoder.push(frame).expect("a whole frame");
        sealer.seal(Tick::ZERO + Duration::from_millis(60 * number), &packet, &mut datagram);
        let took = start.elapsed();
        assert!(std::hint::black_box(&datagram).len() > 16, "a datagram");
        took.as_secs_f64() * 1e6
    };
    (0..).zip(speech.chunks_exact(FRAME)).map(&mut sealed).collect()
}

fn peer(python: &str, file: &std::path::Path) -> Vec<f64> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/frames.py");
    let output = Command::new(python).arg(script).arg(file).output().expect("Python");
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    let printed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    printed["us"].as_array().expect("a list").iter().filter_map(Value::as_f64).collect()
}
