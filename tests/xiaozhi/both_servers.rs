//! LinTO and xiaozhi at once: each wake word has its server, and LinTO's commands work while xiaozhi is spoken with.

use std::time::Duration;

use rumqttc::QoS;
use serde_json::json;

use crate::broker::{Broker, SOON};
use crate::daemon::{Daemon, Settings};
use crate::flow::{ADMIN, Flow};
use crate::pulse::Pulse;
use crate::speech::{say, write_wav};
use crate::stage::{MAC, Stage, assert_whole, echo};
use crate::words::{self, MIC_RATE, audible};
use crate::xiaozhi::Xiaozhi;

struct Both {
    stage: Stage,
    flow: Flow,
    _broker: Broker,
}

impl Both {
    fn new() -> Self {
        let (broker, server, pulse) = (Broker::start(), Xiaozhi::start(echo()), Pulse::start());
        let flow = Flow::start(&broker, ADMIN);
        let words = r#"[{ model = "okay_nabu", server = "xiaozhi" }, { model = "alexa", server = "linto" }]"#;
        let settings = Settings::linto(broker.port())
            .text("xiaozhi", "ota_url", &server.ota_url())
            .text("xiaozhi", "device_id", MAC)
            .with("listen", "triggers", "[\"wake\"]")
            .with("wake", "words", words);
        let daemon = Daemon::ready(&pulse, &settings);
        Self { stage: Stage { daemon, server, pulse }, flow, _broker: broker }
    }

    /// A wake word, in the voice that all models hear best, and a question behind it.
    fn call(&self, word: &str, question: &[i16]) {
        let word = say(word, "en-us+m3", MIC_RATE);
        let pause = vec![0; MIC_RATE as usize * 2 / 5];
        let file = self.stage.pulse.folder().join("call.wav");
        write_wav(&file, MIC_RATE, &[&vec![0; MIC_RATE as usize], audible(&word), &pause, question].concat());
        self.stage.pulse.speak(&file).finish();
    }
}

#[test]
fn each_word_opens_its_own_server() {
    let both = Both::new();
    let question = words::question();
    both.call("okay nabu", &question);
    assert_whole(&question, &both.stage.utterances(1)[0]);
    assert!(both.flow.requests().is_empty());
    both.stage.daemon.wait_state("speaking");
    both.stage.daemon.wait_state("idle");
    both.call("alexa", &question);
    let request = both.flow.next_request();
    request.assert_has(&question);
    both.flow.nod(&request.id);
    assert_eq!(both.stage.heard(), 1);
}

#[test]
fn commands_of_the_one_work_while_the_other_is_spoken_with() {
    let both = Both::new();
    let daemon = &both.stage.daemon;
    both.call("okay nabu", &words::question());
    daemon.wait_state("listening");
    let pong = |times: usize| {
        both.flow.command("ping", "{}");
        let topic = "blk/fromlinto/raspberry1/pong";
        crate::broker::wait_until("the answer to a ping", SOON, || {
            (both.flow.probe.seen().iter().filter(|seen| seen.topic == topic).count() >= times).then_some(())
        });
    };
    pong(1);
    both.stage.utterances(1);
    daemon.wait_state("speaking");
    pong(2);
    both.flow.command("volume", json!({"value": "40"}).to_string());
    daemon.wait_status("40 %", |status| status["volume"] == 40);
    // An announcement waits for the end of the conversation, and is not lost.
    let announcement = json!({"value": "Dinner is ready."}).to_string();
    both.flow.probe.publish_with("blk/tolinto/raspberry1/say", announcement, false, QoS::AtLeastOnce);
    daemon.wait_event("spoken", |event| event["text"] == "Dinner is ready.", Duration::from_secs(40));
    assert_eq!(both.stage.server.said("abort").len(), 0);
}
