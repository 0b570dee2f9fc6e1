//! From the order to say something to its first sound.

use std::time::Instant;

use serde_json::json;

use crate::Bed;
use crate::clock::Spread;
use crate::daemon::Daemon;
use crate::pulse::until;
use crate::report::{Report, Row};

const TIMES: usize = 12;

const TEXT: &str = "It is ten past nine.";

/// Louder than this is to be heard.
const AUDIBLE: u16 = 300;

/// Lets it speak, each time with the loudspeaker closed.
pub fn measure(bed: &Bed, daemon: &Daemon, report: &mut Report) {
    let spread = Spread::of((0..TIMES).map(|_| once(bed, daemon)));
    report.add(Row {
        what: "order to say something → its first sound".into(),
        ours: format!("{:.0} ms / {:.0} ms", spread.p50(), spread.p95()),
        how: format!(
            "`say` at the control socket → first audible sample in a recording of the loudspeaker, {} times, with the \
             loudspeaker closed before: a process of espeak-ng is started, the device is opened, 40 ms are buffered. \
             Within are up to 50 ms until the recorder (`parecord`) hands its next block over.",
            spread.count()
        ),
        ..Row::default()
    });
}

fn once(bed: &Bed, daemon: &Daemon) -> f64 {
    until("the loudspeaker is closed", || bed.pulse.streams("sink-inputs").trim().is_empty());
    let recording = bed.pulse.record();
    let asked = Instant::now();
    let answer = daemon.ask("POST", "/say", &json!({"text": TEXT}).to_string());
    assert_eq!(answer["ok"], true, "{answer}");
    until("the device speaks", || audible(&recording.so_far()).is_some());
    let span = asked.elapsed();
    // A microphone without a room delivers zeros, which is told after a while.
    daemon.wait_status("the device to be idle", |status| status["state"] == "idle" || status["state"] == "degraded");
    span.as_secs_f64() * 1e3
}

fn audible(samples: &[i16]) -> Option<usize> {
    samples.iter().position(|sample| sample.unsigned_abs() > AUDIBLE)
}
