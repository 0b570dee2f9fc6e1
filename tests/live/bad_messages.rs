//! Anything may come in on any topic.

use rumqttc::QoS;

use crate::broker::{Broker, Probe, SOON};
use crate::daemon::{Daemon, Settings};
use crate::flow::{ADMIN, Flow};
use crate::pulse::Pulse;
use crate::stage::Stage;

/// Random numbers that are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn bytes(&mut self) -> Vec<u8> {
        (0..self.below(2_000)).map(|_| self.below(256) as u8).collect()
    }
}

/// LinTO retains nothing that it sends to a device; a retained order would come again with each connection.
#[test]
fn a_retained_command_is_ignored() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let flow = Flow::start(&broker, ADMIN);
    let topic = "blk/tolinto/raspberry1/say";
    flow.probe.publish(topic, r#"{"value":"Again and again."}"#, true);
    let daemon = Daemon::ready(&pulse, &Settings::linto(broker.port()));
    daemon.wait_status("the retained command", |status| status["counters"]["retained_command"] == 1);
    flow.command("say", r#"{"value":"Only once."}"#);
    daemon.wait_event("spoken", |_| true, SOON);
    let spoken: Vec<_> = daemon.events_named("spoken").iter().map(|event| event["text"].clone()).collect();
    assert_eq!(spoken, ["Only once."]);
    assert!(daemon.log().contains(topic), "the log names the topic");
}

#[test]
fn rubbish_on_any_topic_does_no_harm() {
    const MESSAGES: usize = 10_000;
    let stage = Stage::new();
    stage.a_turn_works();
    let before = stage.daemon.memory();
    let logged = stage.daemon.log().lines().count();

    let sender = Probe::connect(stage.broker.port(), None);
    let mut dice = Dice(7);
    let known = ["say", "ping", "volume", "tts_lang", "nlp", "nlp/file", "nlp/file/x", "mute", "shellexec"];
    for n in 0..MESSAGES {
        let leaf = if n % 2 == 0 { known[dice.below(known.len())].to_owned() } else { format!("{}/ü/{n}", n % 97) };
        let topic = if n % 10 == 0 {
            "blk/fromlinto/raspberry1/status".into()
        } else {
            format!("blk/tolinto/raspberry1/{leaf}")
        };
        sender.post(&topic, dice.bytes(), false, QoS::AtMostOnce);
    }
    // A twin that flickers.
    for n in 0..400 {
        let word = ["online", "offline"][n % 2];
        sender.post("blk/fromlinto/raspberry1/status", format!(r#"{{"connexion":"{word}"}}"#), false, QoS::AtMostOnce);
    }
    // As large as it may be, and larger.
    for size in [2 << 20, 3 << 20] {
        sender.publish("blk/tolinto/raspberry1/say", vec![b'{'; size], false);
    }
    stage.flow.command("ping", "{}");
    stage.flow.probe.wait_for(|seen| seen.topic.ends_with("/pong") && seen.text() == "{}", SOON * 3);

    stage.daemon.wait_status("the oversize message", |status| status["counters"]["oversize_message"] == 1);
    let grown = stage.daemon.memory().saturating_sub(before);
    assert!(grown < 12 << 10, "{grown} KiB more than before");
    let lines = stage.daemon.log().lines().count() - logged;
    assert!(lines < 100, "{lines} log lines for {MESSAGES} messages");
    let twins = stage.daemon.events_named("cause").iter().filter(|event| event["code"] == "TwinDevice").count();
    assert!(twins > 1, "the twin was seen {twins} times");
    // A `mute` is one whatever it carries.
    stage.flow.command("unmute", "{}");
    stage.flow.probe.wait_for(|seen| seen.topic.ends_with("/unmuteack"), SOON);
    assert!(stage.daemon.run_cli(&["cancel"]).status.success());
    stage.daemon.wait_state("idle");
    stage.a_turn_works();
}
