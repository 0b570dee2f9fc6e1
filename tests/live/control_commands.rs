//! `auricle status`, `say`, `listen`, `cancel`, `mute`, `unmute`, `events`: as people and scripts use them.

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::broker::SOON;
use crate::daemon::{AURICLE, Daemon};
use crate::stage::Stage;

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Runs a command that must work; what it prints.
#[track_caller]
fn works(daemon: &Daemon, words: &[&str]) -> String {
    let output = daemon.run_cli(words);
    assert!(output.status.success(), "{words:?}: {} {}", output.status, said(&output));
    assert_eq!(said(&output), "");
    out(&output)
}

/// Runs a command that must fail; what it prints with `--json`, and its one line of complaint.
#[track_caller]
fn fails(daemon: &Daemon, words: &[&str]) -> String {
    let output = daemon.run_cli(words);
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(1), ""), "{words:?}");
    assert_eq!(said(&output).lines().count(), 1, "{}", said(&output));
    let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
    let output = daemon.run_cli(&words);
    let answer: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!((output.status.code(), &answer["ok"]), (Some(1), &json!(false)), "{words:?}");
    assert!(said(&output).contains(answer["error"].as_str().unwrap()), "{answer} {}", said(&output));
    said(&output)
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn status_tells_everything() {
    let stage = Stage::new();
    let status: Value = serde_json::from_str(&works(&stage.daemon, &["status", "--json"])).unwrap();
    let all = ["causes", "counters", "muted", "recording", "sent", "serial", "servers", "state", "version", "volume"];
    assert_eq!(keys(&status), all);
    assert_eq!(status["servers"], json!([{"name": "linto", "kind": "linto", "link": "up"}]));
    assert_eq!(status["sent"], json!({"seconds": 0.0, "bytes": 0}));
    assert_eq!(
        (&status["state"], &status["muted"], &status["recording"]),
        (&json!("idle"), &json!(false), &json!(false))
    );
    assert_eq!((&status["serial"], &status["volume"]), (&json!("raspberry1"), &json!(100)));
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert!(status["counters"].as_object().unwrap().values().all(Value::is_u64), "{status}");

    let words = works(&stage.daemon, &["status"]);
    for part in ["raspberry1", "\nstate    idle", "\nserver   linto (linto) up", "\nvolume   100 %", "deaf 0 s"] {
        assert!(words.contains(part), "{words}");
    }
}

#[test]
fn a_cause_is_told_with_its_remedy() {
    let mut stage = Stage::new();
    stage.broker.kill();
    stage.daemon.wait_cause("BrokerUnreachable");
    let status: Value = serde_json::from_str(&works(&stage.daemon, &["status", "--json"])).unwrap();
    let cause = &status["causes"][0];
    assert_eq!(keys(cause), ["code", "remedy", "server", "text"]);
    assert_eq!((&cause["code"], &cause["server"]), (&json!("BrokerUnreachable"), &json!("linto")));
    assert_eq!((&status["state"], &status["servers"][0]["link"]), (&json!("degraded"), &json!("down")));
    let words = works(&stage.daemon, &["status"]);
    assert!(words.contains("! BrokerUnreachable [linto]:"), "{words}");
    assert!(words.contains(cause["remedy"].as_str().unwrap()), "{words}");
    assert!(fails(&stage.daemon, &["listen"]).contains(cause["remedy"].as_str().unwrap()));
}

#[test]
fn say_listen_and_cancel() {
    let stage = Stage::with(|settings| settings.with("listen", "triggers", "[]"));
    let daemon = &stage.daemon;
    assert_eq!(works(daemon, &["say", "Good", "morning."]), "");
    daemon.wait_event("spoken", |event| event["text"] == "Good morning.", SOON);
    assert_eq!(serde_json::from_str::<Value>(&works(daemon, &["say", "Hi.", "--json"])).unwrap(), json!({"ok": true}));
    daemon.wait_event("spoken", |event| event["text"] == "Hi.", SOON);
    daemon.wait_state("idle");
    assert!(fails(daemon, &["say", " "]).contains("no text"));

    assert_eq!(works(daemon, &["listen"]), "");
    daemon.wait_state("listening");
    assert_eq!(works(daemon, &["cancel"]), "");
    daemon.wait_state("idle");
    let long = "This is a text that takes a while to be said, so that somebody can lose patience with it.";
    works(daemon, &["say", long]);
    daemon.wait_state("speaking");
    works(daemon, &["cancel", "--json"]);
    daemon.wait_state("idle");
    assert_eq!(daemon.events_named("spoken").len(), 2);
    stage.flow.fence();
    assert_eq!(stage.flow.requests(), [""; 0]);
}

#[test]
fn mute_and_unmute() {
    let stage = Stage::new();
    let daemon = &stage.daemon;
    assert_eq!(works(daemon, &["mute"]), "");
    assert_eq!(daemon.wait_event("muted", |_| true, SOON)["by"], "local");
    daemon.wait_state("muted");
    assert_eq!(daemon.status()["muted"], true);
    crate::pulse::until("nothing records any more", || stage.pulse.streams("source-outputs").is_empty());
    assert!(works(daemon, &["status"]).contains("microphone  muted"));
    // Said all the same.
    works(daemon, &["say", "I am muted."]);
    daemon.wait_event("spoken", |event| event["text"] == "I am muted.", SOON);
    assert!(fails(daemon, &["listen"]).contains("`auricle unmute`"));
    daemon.wait_event("spoken", |event| event["text"] == "The microphone is muted.", SOON);
    daemon.wait_state("muted");

    works(daemon, &["unmute", "--json"]);
    assert_eq!(daemon.wait_event("muted", |_| true, SOON)["by"], Value::Null);
    daemon.wait_state("idle");
    stage.a_turn_works();
}

#[test]
fn events_are_told_as_they_happen() {
    let stage = Stage::new();
    let events = |json: bool| {
        let mut command = Command::new(AURICLE);
        command.arg("events").args(json.then_some("--json")).arg("--config").arg(stage.daemon.settings_file());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        (BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok), child)
    };
    let ((mut lines, mut json), (mut words, mut plain)) = (events(true), events(false));
    // They have to be connected first, which nothing shows but that something arrives.
    let (told, tell) = (std::sync::mpsc::channel(), &stage.daemon);
    let (sender, receiver) = told;
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let first = (lines.next().unwrap(), words.next().unwrap());
            sender.send(()).unwrap();
            first
        });
        crate::pulse::until("both have heard of something", || {
            tell.ask("POST", "/mute", "");
            tell.ask("POST", "/unmute", "");
            receiver.try_recv().is_ok()
        });
        let (line, words) = reader.join().unwrap();
        let event: Value = serde_json::from_str(&line).unwrap();
        assert!(event["t"].as_i64().unwrap() > 1_700_000_000_000, "{line}");
        assert!(["muted", "state"].contains(&event["event"].as_str().unwrap()), "{line}");
        assert!(words.contains(" muted ") || words.contains(" state "), "{words}");
    });
    for child in [&mut json, &mut plain] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn without_a_daemon_each_command_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("control.sock");
    for words in [&["status"][..], &["say", "x"], &["listen"], &["cancel"], &["mute"], &["unmute"], &["events"]] {
        let output = Command::new(AURICLE).args(words).env("AURICLE_CONTROL_SOCKET", &socket).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        let complaint = said(&output);
        assert!(
            complaint.contains(socket.to_str().unwrap()) && complaint.contains("systemctl start auricle"),
            "{complaint}"
        );
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
    }
    // A socket that a dead daemon left behind.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let output = Command::new(AURICLE).arg("status").env("AURICLE_CONTROL_SOCKET", &socket).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}
