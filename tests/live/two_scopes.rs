//! The admin page and the application talk on different scopes.

use std::time::Duration;

use serde_json::json;

use crate::broker::{Broker, Probe, SOON, Seen};
use crate::daemon::{Daemon, Settings};
use crate::flow::Flow;
use crate::pulse::Pulse;
use crate::words;

/// LinTO makes this scope of the name `My device app`.
const APPLICATION: &str = "appe641f28d162046568b294b07efc152f3";

struct TwoScopes {
    daemon: Daemon,
    /// Sees everything from before the daemon's start on.
    witness: Probe,
    broker: Broker,
    pulse: Pulse,
}

impl TwoScopes {
    fn new() -> Self {
        let (broker, pulse) = (Broker::start(), Pulse::start());
        let witness = Probe::connect(broker.port(), None);
        witness.subscribe("#");
        let settings = Settings::linto(broker.port()).text("linto", "application", "My device app");
        Self { daemon: Daemon::ready(&pulse, &settings), witness, broker, pulse }
    }

    fn wait(&self, scope: &str, leaf: &str, text: &str) -> Seen {
        let topic = format!("{scope}/fromlinto/raspberry1/{leaf}");
        self.witness.wait_for(|seen| seen.topic == topic && seen.text().contains(text), SOON)
    }

    /// What somebody sees who comes only now: topic and whether it says `online`.
    fn newcomer_sees(&self) -> Vec<(String, bool)> {
        let newcomer = Probe::connect(self.broker.port(), None);
        newcomer.subscribe("+/fromlinto/+/status");
        newcomer.subscribe("end");
        newcomer.publish("end", "", false);
        newcomer.wait_for(|seen| seen.topic == "end", SOON);
        let seen = newcomer.seen().into_iter().filter(|seen| seen.topic != "end");
        seen.map(|seen| (seen.topic.clone(), seen.text().contains("\"online\""))).collect()
    }
}

fn status(scope: &str) -> String {
    format!("{scope}/fromlinto/raspberry1/status")
}

#[test]
fn requests_go_to_the_application_and_commands_are_answered_where_they_come_from() {
    let scopes = TwoScopes::new();
    for scope in ["blk", APPLICATION] {
        scopes.wait(scope, "status", "online");
    }
    assert_eq!(scopes.newcomer_sees(), [(status("blk"), true)]);

    for scope in ["blk", APPLICATION] {
        scopes.witness.forget();
        scopes.witness.publish(&format!("{scope}/tolinto/raspberry1/ping"), "{}", false);
        assert_eq!(scopes.wait(scope, "pong", "").text(), "{}");
        let pongs = scopes.witness.seen().iter().filter(|seen| seen.topic.ends_with("/pong")).count();
        assert_eq!(pongs, 1);
    }

    let flow = Flow::start(&scopes.broker, APPLICATION);
    let file = scopes.pulse.folder().join("question.wav");
    let question = words::question();
    crate::speech::write_wav(&file, words::MIC_RATE, &crate::speech::after_silence(&question, words::MIC_RATE));
    scopes.pulse.speak(&file).finish();
    let request = flow.next_request();
    request.assert_has(&question);
    flow.say(&request.id, "It is noon.");
    scopes.daemon.wait_event("spoken", |event| event["text"] == "It is noon.", SOON);
    let topics: Vec<String> = scopes.witness.seen().into_iter().map(|seen| seen.topic).collect();
    assert!(!topics.iter().any(|topic| topic.starts_with("blk/fromlinto/raspberry1/nlp")), "{topics:?}");
}

#[test]
fn a_crash_leaves_nobody_online_who_is_not() {
    let mut scopes = TwoScopes::new();
    scopes.daemon.kill();
    let will = scopes.wait("blk", "status", "offline");
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&will.payload).unwrap(), json!({"connexion": "offline"}));
    assert_eq!(scopes.newcomer_sees(), [(status("blk"), false)]);
}

#[test]
fn an_orderly_end_says_goodbye_within_two_seconds_and_leaves_no_will() {
    let mut scopes = TwoScopes::new();
    let (ended, took) = scopes.daemon.terminate();
    assert!(ended.success() && took < Duration::from_secs(2), "{ended} after {took:?}");
    scopes.broker.wait_for_log("Received DISCONNECT from auricle-raspberry1", 1);
    for scope in ["blk", APPLICATION] {
        scopes.wait(scope, "status", "offline");
    }
    assert_eq!(scopes.newcomer_sees(), [(status("blk"), false)]);
    let goodbyes = scopes.witness.seen().iter().filter(|seen| seen.text().contains("offline")).count();
    assert_eq!(goodbyes, 2, "one goodbye for each scope, and no will");
}
