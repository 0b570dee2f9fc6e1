//! SIGHUP: what can change while the daemon runs changes.

use std::fs;

use nix::sys::signal::Signal;

use crate::broker::{SOON, wait_until};
use crate::daemon::Daemon;
use crate::pulse::Pulse;
use crate::server::{Server, speak};

/// Rewrites a part of the settings file, and waits until the daemon has read it and said so with these words.
#[track_caller]
fn edit(daemon: &Daemon, from: &str, to: &str, words: &str) {
    let file = daemon.settings_file();
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(file, text.replace(from, to)).unwrap();
    reload(daemon, words);
}

#[track_caller]
fn reload(daemon: &Daemon, words: &str) {
    let said = || daemon.log().matches(words).count();
    let before = said();
    daemon.signal(Signal::SIGHUP);
    wait_until(&format!("`{words}` in the log"), SOON, || (said() > before).then_some(()));
}

const READ: &str = "the settings were read again";
const KEPT: &str = "the settings stay as they were: ";

#[test]
fn volume_triggers_and_limits_change_at_once() {
    let (pulse, server) = (Pulse::start(), Server::start());
    let daemon = Daemon::ready(&pulse, &server.settings().text("listen", "no_speech", "60s"));
    assert_eq!(daemon.status()["volume"], 100);
    edit(&daemon, "volume = 100", "volume = 40", READ);
    assert_eq!(daemon.status()["volume"], 40);
    server.probe.wait_for(|seen| seen.topic.ends_with("/status") && seen.text().contains("\"volume\":40"), SOON);

    // Nobody speaks: with the old limit this would listen for a minute.
    edit(&daemon, "no_speech = \"60s\"", "no_speech = \"1s\"", READ);
    daemon.ask("POST", "/listen", "");
    daemon.wait_state("listening");
    daemon.wait_state("idle");

    edit(&daemon, "triggers = []", "triggers = [\"voice\"]", READ);
    let speaking = speak(&pulse, "What is the time, please?");
    daemon.wait_state("listening");
    speaking.finish();
    server.say(&server.request(), "It is noon.");
    daemon.wait_event("spoken", |event| event["text"] == "It is noon.", SOON);
}

#[test]
fn what_is_probably_not_meant_is_said_with_each_reading() {
    let pulse = Pulse::start();
    let daemon = Daemon::start(&pulse, &crate::daemon::Settings::new());
    let lacks = "`triggers` in [listen] lacks \"wake\": they are not listened for";
    edit(&daemon, "[listen]", "[wake]\nwords = [\"alexa\"]\n\n[listen]", lacks);
    reload(&daemon, lacks);
}

#[test]
fn what_counts_after_a_restart_is_said_and_a_broken_file_changes_nothing() {
    let pulse = Pulse::start();
    let mut daemon = Daemon::start(&pulse, &crate::daemon::Settings::new());
    let capture = "`audio.capture` has changed and counts after a restart";
    edit(&daemon, "capture = \"testmic\"", "capture = \"other\"", capture);
    edit(&daemon, "volume = 100", "volume = \"loud\"", KEPT);
    assert_eq!(daemon.status()["volume"], 100);
    fs::remove_file(daemon.settings_file()).unwrap();
    reload(&daemon, KEPT);
    assert!(daemon.is_alive() && daemon.status()["volume"] == 100);
    daemon.wait_status("the old microphone", |status| status["counters"]["tape_position"].as_u64() > Some(0));
}
