//! READY and the watchdog: a known silence is no alarm, a stuck thread is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use auricle::config;
use auricle::daemon::Parts;
use auricle::device::pins::Board;
use auricle::sound::AlsaCards;
use auricle_core::dialogue::{Ask, Dialogue, DialogueEvent};
use auricle_core::time::Tick;

use crate::broker::{SOON, wait_until};
use crate::daemon::{Daemon, Settings};
use crate::manager::{Manager, WATCHDOG};
use crate::pulse::Pulse;
use crate::server::Server;

fn fed_for_three_periods(manager: &Manager) {
    let longest = manager.longest_hunger(WATCHDOG * 3);
    assert!(longest < WATCHDOG, "nothing for {longest:?}");
}

#[test]
fn ready_when_it_is_known_that_nobody_serves_it() {
    let (pulse, manager) = (Pulse::start(), Manager::new());
    pulse.freeze();
    let daemon = Daemon::start(&pulse, &manager.watch(Settings::new()));
    manager.wait("READY=1", SOON);
    assert!(daemon.status().to_string().contains("NotSetUp"));
}

#[test]
fn ready_when_samples_arrive_and_fed_while_they_do() {
    let (pulse, server, manager) = (Pulse::start(), Server::start(), Manager::new());
    let daemon = Daemon::start(&pulse, &manager.watch(server.settings()));
    manager.wait("READY=1", SOON);
    assert!(daemon.counter("capture_periods") > 0);
    fed_for_three_periods(&manager);
}

#[test]
fn ready_when_muted_and_fed_for_three_periods() {
    let (pulse, server, manager) = (Pulse::start(), Server::start(), Manager::new());
    let state = tempfile::TempDir::new().unwrap();
    std::fs::write(state.path().join("state.json"), r#"{"muted": "local"}"#).unwrap();
    let settings = manager.watch(server.settings()).environment("AURICLE_STATE_DIR", state.path().display());
    let daemon = Daemon::start(&pulse, &settings);
    manager.wait("READY=1", SOON);
    fed_for_three_periods(&manager);
    assert_eq!((daemon.status()["muted"].as_bool(), daemon.counter("capture_periods")), (Some(true), 0));
}

#[test]
fn ready_without_a_microphone_and_fed_for_three_periods() {
    let (pulse, server, manager) = (Pulse::start(), Server::start(), Manager::new());
    pulse.unplug("mic");
    let daemon = Daemon::start(&pulse, &manager.watch(server.settings()));
    manager.wait("READY=1", SOON);
    fed_for_three_periods(&manager);
    assert!(daemon.status().to_string().contains("MicGone"));
}

#[test]
fn pulled_out_later_it_stays_fed_too() {
    let (pulse, server, manager) = (Pulse::start(), Server::start(), Manager::new());
    let daemon = Daemon::start(&pulse, &manager.watch(server.settings()));
    manager.wait("READY=1", SOON);
    pulse.unplug("mic");
    fed_for_three_periods(&manager);
    assert!(daemon.status().to_string().contains("MicGone"));
}

/// A dialogue that never comes back from what it is told.
struct Blocking;

impl Dialogue for Blocking {
    fn handle(&mut self, _: Tick, event: DialogueEvent) {
        if matches!(event, DialogueEvent::Open { .. }) {
            loop {
                std::thread::park();
            }
        }
    }

    fn poll(&mut self) -> Option<Ask> {
        None
    }

    fn deadline(&self) -> Option<Tick> {
        None
    }
}

/// The variable that makes this test the daemon of itself; it names the settings file.
const DAEMON: &str = "HEALTH_TEST_BLOCKED_DAEMON";

fn be_the_daemon(settings: &str) {
    let loaded = config::load(Some(settings.as_ref()), std::iter::empty()).unwrap();
    let dialogues: Vec<(String, Box<dyn Dialogue>)> = vec![("blocking".into(), Box::new(Blocking))];
    let parts =
        Parts { settings: loaded.settings, reload: None, cards: Arc::new(AlsaCards), pins: Arc::new(Board), dialogues };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { auricle::daemon::Daemon::build(parts).unwrap().run().await });
}

#[test]
fn a_blocked_assistant_starves_the_watchdog() {
    if let Ok(settings) = std::env::var(DAEMON) {
        return be_the_daemon(&settings);
    }
    let (pulse, manager) = (Pulse::start(), Manager::new());
    let folder = tempfile::TempDir::new().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let settings = Settings::new().with("listen", "triggers", "[]").text("device", "state_dir", &place("state"));
    let settings = settings.text("control", "socket", &place("control.sock"));
    std::fs::write(place("auricle.toml"), settings.to_toml()).unwrap();
    let mut itself = std::process::Command::new(std::env::current_exe().unwrap());
    itself.args(["--exact", "watchdog::a_blocked_assistant_starves_the_watchdog"]);
    itself.env(DAEMON, place("auricle.toml")).env("ALSA_CONFIG_PATH", pulse.alsa_config_path());
    itself.env("NOTIFY_SOCKET", manager.address()).env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string());
    itself.stdout(std::process::Stdio::null());
    let mut child = itself.spawn().unwrap();
    manager.wait("READY=1", SOON);
    manager.wait("WATCHDOG=1", SOON);
    // Nobody answers: the one who would is the one who is blocked.
    let mut listen = std::os::unix::net::UnixStream::connect(place("control.sock")).unwrap();
    std::io::Write::write_all(&mut listen, b"POST /listen HTTP/1.0\r\ncontent-length: 0\r\n\r\n").unwrap();
    let hungry = wait_until("the watchdog to starve", SOON, || {
        let hunger = Instant::now();
        manager.next(hunger + WATCHDOG * 2).is_none().then(|| hunger.elapsed())
    });
    let runs = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(runs && hungry >= WATCHDOG * 2 - Duration::from_millis(100), "{runs}, {hungry:?}");
}
