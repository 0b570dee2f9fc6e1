//! With two scopes each command is answered on the one on which it came.

use serde_json::{Value, json};

use crate::broker::{Broker, SOON, wait_until};
use crate::daemon::{Daemon, Settings};
use crate::flow::{ADMIN, Flow};
use crate::operator::{answers_on, audit_events, edit, quiet, text};
use crate::pulse::Pulse;

/// LinTO makes this scope of the name `My device app`.
const APPLICATION: &str = "appe641f28d162046568b294b07efc152f3";

const SCOPES: [&str; 2] = [ADMIN, APPLICATION];

struct House {
    daemon: Daemon,
    flows: [Flow; 2],
    _broker: Broker,
    pulse: Pulse,
}

impl House {
    fn new() -> Self {
        let (broker, pulse) = (Broker::start(), Pulse::start());
        let settings = quiet(Settings::linto(broker.port())).text("linto", "application", "My device app");
        let settings = settings.text("remote", "shell", "any").text("remote", "meeting", "on");
        let settings = settings.text("meeting", "directory", pulse.folder().join("meetings").to_str().unwrap());
        let settings = settings.text("meeting", "min_free", "1MB");
        let flows = SCOPES.map(|scope| Flow::start(&broker, scope));
        Self { daemon: Daemon::ready(&pulse, &settings), flows, _broker: broker, pulse }
    }

    /// Waits until so many have come on this leaf of one scope.
    #[track_caller]
    fn wait(&self, n: usize, leaf: &str, count: usize) {
        wait_until(&format!("`{leaf}` on {}", SCOPES[n]), SOON, || (self.came(n, leaf).len() >= count).then_some(()));
    }

    fn came(&self, n: usize, leaf: &str) -> Vec<Value> {
        answers_on(&self.flows[n], SCOPES[n], leaf)
    }

    /// Returns when all that the device had said on both scopes by now has come.
    #[track_caller]
    fn fence(&self, but: &str) {
        let (leaf, answer) = if but == "pong" { ("startreversessh", "startreversessh") } else { ("ping", "pong") };
        for n in [0, 1] {
            let before = self.came(n, answer).len();
            self.flows[n].command(leaf, "{}");
            self.wait(n, answer, before + 1);
        }
    }

    /// Sends a command on one of the scopes, and expects this answer there and none on the other.
    #[track_caller]
    fn asks(&self, n: usize, leaf: &str, payload: &Value, answer: &str, fits: impl Fn(&Value) -> bool) {
        self.flows.iter().for_each(|flow| flow.probe.forget());
        self.flows[n].command(leaf, payload.to_string());
        self.wait(n, answer, 1);
        self.fence(answer);
        let came = [0, 1].map(|n| self.came(n, answer));
        assert!(came[n].len() == 1 && fits(&came[n][0]), "{leaf} on {}: {came:?}", SCOPES[n]);
        assert_eq!(came[1 - n], [Value::Null; 0], "{leaf}: nothing on {}", SCOPES[1 - n]);
    }
}

#[test]
fn commands_with_an_answer() {
    let house = House::new();
    let empty = |answer: &Value| *answer == json!({});
    for n in [0, 1] {
        house.asks(n, "ping", &json!({}), "pong", empty);
        house.asks(n, "mute", &json!({}), "muteack", empty);
        house.asks(n, "unmute", &json!({}), "unmuteack", empty);
        let scope = SCOPES[n];
        house.asks(n, "shellexec", &json!({"cmd": format!("echo {scope}")}), "shellexec", |answer| {
            text(answer, "stdout").trim() == scope
        });
        house.asks(n, "startreversessh", &json!({}), "startreversessh", |answer| {
            text(answer, "status").contains("remoteHost") && answer["status"] == answer["reversesshstatus"]
        });
        let topic = format!("by {scope}/tolinto/raspberry1/shellexec");
        let told = || audit_events(&house.daemon).iter().any(|(what, _)| what.ends_with(&topic));
        wait_until("the audit to name the scope", SOON, || told().then_some(()));
    }
}

#[test]
fn what_changes_the_status_is_told_on_both_and_acknowledged_on_none() {
    let house = House::new();
    let (first, second) = (&house.flows[0].probe, &house.flows[1].probe);
    for (n, volume) in [(0, 41), (1, 42)] {
        house.flows[n].command("volume", r#"{"value":"40"}"#);
        house.flows[n].command("endvolume", json!({"value": volume.to_string()}).to_string());
        for probe in [first, second] {
            let told = format!("\"volume\":{volume}");
            probe.wait_for(|seen| seen.topic.ends_with("/status") && seen.text().contains(&told), SOON);
        }
    }
    for (n, command, recording) in [(0, "startlocalrecording", true), (1, "stoplocalrecording", false)] {
        let payload = json!({"sessionname": "Monday", "command": command});
        house.flows[n].command("managemeeting", payload.to_string());
        for probe in [first, second] {
            let told = [format!("\"recording\":{recording}"), "Monday".to_owned()];
            let fits = |text: String| told.iter().all(|part| text.contains(part));
            probe.wait_for(|seen| seen.topic.ends_with("/status") && fits(seen.text()), SOON);
        }
    }
    for scope in SCOPES {
        let leaves = house.flows[usize::from(scope != ADMIN)].probe.seen().into_iter();
        let others: Vec<String> = leaves.map(|seen| seen.topic).filter(|topic| !topic.ends_with("/status")).collect();
        assert_eq!(others, [""; 0], "least of all `muteack`");
    }
    let recordings = std::fs::read_dir(house.pulse.folder().join("meetings")).unwrap().count();
    assert_eq!(recordings, 1);
}

#[test]
fn what_is_said_is_said_wherever_it_comes_from() {
    let house = House::new();
    for n in [0, 1] {
        let sentence = format!("Number {n}.");
        house.flows[n].command("say", json!({"value": sentence}).to_string());
        house.daemon.wait_event("spoken", |event| event["text"] == sentence, SOON);
    }
    // A refused unmute is silent on the wire.
    edit(&house.daemon, "meeting = \"on\"", "meeting = \"on\"\nunmute = \"never\"");
    house.flows[1].command("mute", "{}");
    house.daemon.wait_event("command", |event| event["topic"] == "mute", SOON);
    house.flows[1].command("unmute", "{}");
    house.daemon.wait_event("command", |event| event["topic"] == "unmute", SOON);
    house.fence("unmuteack");
    assert!([0, 1].iter().all(|n| house.came(*n, "unmuteack").is_empty()));
}
