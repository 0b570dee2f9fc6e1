//! A retained message that is too large comes again with each connection, until somebody removes it.

use crate::broker::{Broker, SOON};
use crate::daemon::{Daemon, Settings};
use crate::door::Door;
use crate::flow::{ADMIN, Flow};
use crate::pulse::Pulse;

#[test]
fn it_is_named_after_three_connections_and_forgotten_when_it_is_removed() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let flow = Flow::start(&broker, ADMIN);
    let topic = "blk/tolinto/raspberry1/say";
    flow.probe.publish(topic, vec![b' '; 3 << 20], true);
    let door = Door::to(broker.port());
    let daemon = Daemon::start(&pulse, &Settings::linto(door.port()));
    for connection in 1..=2 {
        daemon.wait_status("the message to be skipped", |status| {
            status["counters"]["oversize_message"] == connection && status["servers"][0]["link"] == "up"
        });
        assert!(!daemon.events_named("cause").iter().any(|cause| cause["code"] == "PoisonedTopic"));
        door.clear();
    }
    let cause = daemon.wait_cause("PoisonedTopic");
    assert!(cause["text"].as_str().unwrap().contains(topic), "{cause}");
    assert!(cause["remedy"].as_str().unwrap().contains("mosquitto_pub"), "{cause}");
    // The connection lives all the same.
    flow.command("ping", "{}");
    flow.probe.wait_for(|seen| seen.topic.ends_with("/pong"), SOON);

    // What the remedy says.
    flow.probe.publish(topic, "", true);
    daemon.wait_event("cause_cleared", |event| event["code"] == "PoisonedTopic", SOON);
    daemon.wait_status("nothing wrong", |status| status["causes"] == serde_json::json!([]));
}
