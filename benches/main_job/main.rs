//! Measures the main job with real parts, beside its peers, and writes docs/benchmarks.md: see scripts/bench.sh.
//!
//! usage: main_job PYTHON FRAMES FILE    interpreters: one that has wyoming-satellite, one with opuslib and cryptography
//!        main_job tunnel                prints that part only
//!        main_job uplink                so does this
//!        main_job frames FRAMES         and this

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "../../tests/support/broker.rs"]
mod broker;
#[path = "../../tests/channel/cards.rs"]
#[allow(dead_code)]
mod cards;
#[path = "../../tests/support/daemon.rs"]
mod daemon;
#[path = "../../core/tests/hearing_material/mod.rs"]
mod hearing_material;
#[path = "../../tests/support/microphone.rs"]
mod microphone;
#[path = "../../tests/channel/peer.rs"]
#[allow(dead_code)]
mod peer;
#[path = "../../tests/support/pulse.rs"]
#[allow(dead_code)]
mod pulse;
#[path = "../../tests/channel/rig.rs"]
#[allow(dead_code)]
mod rig;
#[path = "../../tests/support/speech.rs"]
#[allow(dead_code)]
mod speech;
#[path = "../../tests/support/sshd.rs"]
mod sshd;

mod clock;
mod frames;
mod idle;
mod message;
mod proxy;
mod recording;
mod report;
mod satellite;
mod speak;
mod start;
mod tunnel;
mod turns;
mod uplink;
mod usage;

use std::process::ExitCode;
use std::time::Instant;

use broker::{Broker, Probe};
use daemon::{Daemon, Settings};
use proxy::Proxy;
use pulse::Pulse;
use report::Report;

/// What the daemon lives in.
struct Bed {
    pulse: Pulse,
    broker: Broker,
    /// In front of the broker.
    proxy: Proxy,
    /// Plays the server.
    probe: Probe,
}

impl Bed {
    fn new() -> Self {
        let broker = Broker::start();
        let probe = Probe::connect(broker.port(), None);
        Self { pulse: Pulse::start(), proxy: Proxy::start(broker.port()), broker, probe }
    }
}

fn main() -> ExitCode {
    // `cargo bench` adds `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words == ["tunnel"] {
        tunnel::measure(&mut Report::new());
        return ExitCode::SUCCESS;
    }
    if words == ["uplink"] {
        uplink::measure(&Pulse::start(), &mut Report::new());
        return ExitCode::SUCCESS;
    }
    if let [part, python] = words.as_slice()
        && part == "frames"
    {
        frames::measure(python, &mut Report::new());
        return ExitCode::SUCCESS;
    }
    let [python, frames, file] = words.as_slice() else {
        eprintln!("usage: main_job PYTHON FRAMES FILE; `make bench` knows them");
        return ExitCode::from(2);
    };
    let (start, mut report) = (Instant::now(), Report::new());
    measure(python, frames, &mut report);
    std::fs::write(file, report.markdown(python)).unwrap_or_else(|error| panic!("{file}: {error}"));
    println!("{file} is written, after {:.0} s", start.elapsed().as_secs_f64());
    for missed in report.missed() {
        println!("missed: {missed}");
    }
    ExitCode::SUCCESS
}

fn measure(python: &str, frames: &str, report: &mut Report) {
    let bed = Bed::new();
    let settings = Settings::linto(bed.proxy.port).environment("AURICLE_LOG", "info,auricle::daemon::hearing=debug");
    // The document begins with what a person feels; idling comes first here, because it is measured on a fresh daemon.
    let (mut turns, mut idle, mut starts) = (Report::new(), Report::new(), Report::new());
    start::measure(python, &bed, &mut starts);
    let daemon = Daemon::ready(&bed.pulse, &settings);
    idle::measure(python, &bed, &daemon, &mut idle);
    turns::measure(&bed, &daemon, &mut turns);
    speak::measure(&bed, &daemon, &mut turns);
    idle::again(&daemon, &mut idle);
    drop(daemon);
    message::measure(python, &mut turns);
    frames::measure(frames, &mut turns);
    uplink::measure(&bed.pulse, &mut turns);
    let mut recordings = Report::new();
    recording::measure(&mut recordings);
    let mut tunnel = Report::new();
    tunnel::measure(&mut tunnel);
    for part in [turns, recordings, starts, idle, tunnel] {
        report.append(part);
    }
}
