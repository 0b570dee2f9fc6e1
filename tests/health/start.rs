//! From the start of the program to its work.

use std::time::{Duration, Instant};

use crate::broker::SOON;
use crate::daemon::{Daemon, Settings};
use crate::manager::Manager;
use crate::pulse::{Pulse, until};

/// The aim is 300 ms; this is for a busy machine and a build without optimisation.
const LIMIT: Duration = Duration::from_secs(1);

/// What a busy machine does once it does not do three times.
const ATTEMPTS: usize = 3;

#[test]
fn a_muted_device_is_ready_at_once() {
    let pulse = Pulse::start();
    let state = tempfile::TempDir::new().unwrap();
    std::fs::write(state.path().join("state.json"), r#"{"muted": "local"}"#).unwrap();
    let mut took = Vec::new();
    for _ in 0..ATTEMPTS {
        let manager = Manager::new();
        let settings = Settings::new().environment("AURICLE_STATE_DIR", state.path().display());
        let settings = manager.watch(settings);
        let start = Instant::now();
        let starting = std::thread::scope(|scope| {
            let daemon = scope.spawn(|| Daemon::start(&pulse, &settings));
            manager.wait("READY=1", SOON);
            took.push(start.elapsed());
            daemon.join().unwrap()
        });
        println!("start to READY: {} ms", took[took.len() - 1].as_millis());
        drop(starting);
    }
    assert!(took.iter().any(|took| *took < LIMIT), "{took:?}");
}

#[test]
fn the_microphone_is_opened_at_once() {
    let pulse = Pulse::start();
    let mut took = Vec::new();
    for _ in 0..ATTEMPTS {
        until("nobody records", || pulse.streams("source-outputs").is_empty());
        let start = Instant::now();
        std::thread::scope(|scope| {
            let daemon = scope.spawn(|| Daemon::start(&pulse, &Settings::new()));
            until("the daemon records", || !pulse.streams("source-outputs").is_empty());
            took.push(start.elapsed());
            drop(daemon.join().unwrap());
        });
        println!("start to the open microphone: {} ms", took[took.len() - 1].as_millis());
    }
    assert!(took.iter().any(|took| *took < LIMIT), "{took:?}");
}
