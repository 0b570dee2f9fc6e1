//! A broker that stops without closing anything, and goes on later as if nothing had been.

use std::time::{Duration, Instant};

use rumqttc::QoS;
use serde_json::json;

use crate::broker::{Probe, SOON, wait_until};
use crate::stage::Stage;
use crate::words;

/// Longer than the device believes in a silent broker.
const FROZEN: Duration = Duration::from_secs(30);

#[test]
fn while_the_answer_is_waited_for_and_what_comes_when_it_thaws_is_not_acted_on() {
    let mut stage = Stage::new();
    stage.person_says(&words::question());
    let request = stage.flow.next_request();
    stage.broker.freeze();
    let frozen = Instant::now();
    // On its way, in the frozen broker's hands.
    let answer = json!({"behavior": {"say": "Much too late."}}).to_string();
    stage.flow.probe.post(&stage.flow.answer_topic(&request.id), answer, false, QoS::ExactlyOnce);
    let sentence = "I got no answer. Please try again.";
    stage.daemon.wait_event("spoken", |event| event["text"] == sentence, SOON);
    stage.daemon.wait_cause("BrokerUnreachable");
    wait_until("30 s", FROZEN, || (frozen.elapsed() >= FROZEN).then_some(()));
    stage.broker.thaw();

    stage.daemon.wait_event("cause_cleared", |event| event["code"] == "BrokerUnreachable", SOON);
    stage.server_is_back();
    stage.a_turn_works();
    assert_eq!(stage.flow.requests().len(), 1);
    let spoken: Vec<_> = stage.daemon.events_named("spoken").iter().map(|event| event["text"].clone()).collect();
    assert_eq!(spoken, [sentence, "It is noon."]);
    // The will of the connection that was given up did not have the last word.
    wait_until("the device to be seen online", SOON, || is_online(&stage).then_some(()));
}

fn is_online(stage: &Stage) -> bool {
    let newcomer = Probe::connect(stage.broker.port(), None);
    newcomer.subscribe("blk/fromlinto/+/status");
    newcomer.wait_for(|seen| seen.retained, SOON).text().contains("\"online\"")
}

#[test]
fn while_somebody_speaks_and_the_request_is_never_delivered() {
    let mut stage = Stage::with(|settings| settings.text("linto", "answer_timeout", "2s"));
    let speaking = stage.person_begins(&words::question());
    stage.daemon.wait_event("speech_start", |_| true, SOON);
    stage.broker.freeze();
    speaking.finish();
    stage.daemon.wait_event("spoken", |event| event["text"] == "I got no answer. Please try again.", SOON);
    stage.broker.thaw();

    stage.server_is_back();
    stage.a_turn_works();
    stage.flow.fence();
    assert_eq!(stage.flow.requests().len(), 1, "only the second question");
}
