//! Somebody who sends commands by hand, reads what comes back, and can change the device's settings.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::broker::{SOON, wait_until};
use crate::daemon::{Daemon, SERIAL, Settings};
use crate::flow::{ADMIN, Flow};
use crate::stage::Stage;
use crate::words;

/// The settings of a device that opens no turn by itself.
pub fn quiet(settings: Settings) -> Settings {
    settings.with("listen", "triggers", "[]")
}

/// The same, and it speaks so fast that nobody has to wait for the end of its sentences.
pub fn hasty(settings: Settings) -> Settings {
    quiet(settings).with("tts", "command", r#"["espeak-ng", "-s", "450", "--stdin", "--stdout"]"#)
}

/// All messages so far on `LEAF` of the admin scope, which are JSON.
pub fn answers(flow: &Flow, leaf: &str) -> Vec<Value> {
    answers_on(flow, ADMIN, leaf)
}

/// The same on any scope that this connection has subscribed.
pub fn answers_on(flow: &Flow, scope: &str, leaf: &str) -> Vec<Value> {
    let topic = format!("{scope}/fromlinto/{SERIAL}/{leaf}");
    let seen = flow.probe.seen().into_iter().filter(|seen| seen.topic == topic);
    seen.map(|seen| serde_json::from_slice(&seen.payload).unwrap()).collect()
}

/// Waits until so many have come.
#[track_caller]
pub fn wait_answers(flow: &Flow, leaf: &str, count: usize) -> Vec<Value> {
    wait_until(&format!("{count} × `{leaf}`"), SOON * 2, || {
        let all = answers(flow, leaf);
        (all.len() >= count).then_some(all)
    })
}

/// Sends a command whose answer has the same leaf, and waits for it.
#[track_caller]
pub fn ask(flow: &Flow, leaf: &str, payload: &Value) -> Value {
    let before = answers(flow, leaf).len();
    flow.command(leaf, payload.to_string());
    wait_answers(flow, leaf, before + 1).remove(before)
}

/// Runs a command line on the device.
#[track_caller]
pub fn run(stage: &Stage, command: &str) -> Value {
    ask(&stage.flow, "shellexec", &json!({ "cmd": command }))
}

/// Asks for a sign of life and waits for it.
#[track_caller]
pub fn ping(flow: &Flow) {
    let before = answers(flow, "pong").len();
    flow.command("ping", "{}");
    wait_answers(flow, "pong", before + 1);
}

/// One whole turn. Not that each sample is right, which is not at stake here.
#[track_caller]
pub fn a_turn_works(stage: &Stage) {
    stage.person_says(&words::question());
    let request = stage.flow.next_request();
    stage.flow.say(&request.id, "It is noon.");
    stage.daemon.wait_event("spoken", |event| event["text"] == "It is noon.", SOON);
}

/// The names of what is in an answer.
pub fn keys(answer: &Value) -> Vec<&str> {
    answer.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The text of a field, empty if there is none.
pub fn text<'a>(answer: &'a Value, key: &str) -> &'a str {
    answer[key].as_str().unwrap_or_default()
}

/// The lines of the audit in the daemon's log.
pub fn audit(daemon: &Daemon) -> Vec<String> {
    daemon.log().lines().filter(|line| line.contains("audit")).map(str::to_owned).collect()
}

/// The same as its events tell it: what and result.
pub fn audit_events(daemon: &Daemon) -> Vec<(String, String)> {
    let told = daemon.events_named("audit").into_iter();
    told.map(|event| (text(&event, "what").to_owned(), text(&event, "result").to_owned())).collect()
}

/// The owner changes a line of the settings file, and has it read.
#[track_caller]
pub fn edit(daemon: &Daemon, from: &str, to: &str) {
    let file = daemon.settings_file();
    let settings = fs::read_to_string(&file).unwrap();
    assert!(settings.contains(from), "{settings}");
    fs::write(file, settings.replace(from, to)).unwrap();
    let read = || daemon.log().matches("the settings were read again").count();
    let before = read();
    daemon.signal(Signal::SIGHUP);
    wait_until("the daemon to read its settings", SOON, || (read() > before).then_some(()));
}
