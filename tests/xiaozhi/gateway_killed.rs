//! The gateway dies and comes back.

use serde_json::json;

use crate::stage::{Stage, echo};
use crate::words;
use crate::xiaozhi::Order;

fn is_back(stage: &mut Stage) {
    stage.server.restart();
    stage.daemon.wait_status("the device to be connected again", |status| {
        status["servers"][0]["link"] == "up" && status["causes"].as_array().unwrap().is_empty()
    });
}

#[test]
fn while_nobody_speaks() {
    let mut stage = Stage::new(echo());
    stage.server.kill();
    stage.daemon.wait_cause("BrokerUnreachable");
    is_back(&mut stage);
    stage.a_turn_works();
}

#[test]
fn in_a_conversation() {
    let mut stage = Stage::new(echo());
    let speaking = stage.person_begins(&[words::question(), words::reply()].concat());
    stage.daemon.wait_state("listening");
    stage.server.kill();
    // Nobody hears the rest: the device does not go on listening into the void.
    stage.daemon.wait_state("degraded");
    drop(speaking);
    is_back(&mut stage);
    stage.daemon.wait_status("the device to be idle", |status| status["state"] == json!("idle"));
    stage.a_turn_works();
}

#[test]
fn a_connection_that_breaks_while_the_server_speaks_lets_the_next_turn_work() {
    let stage = Stage::new(echo());
    stage.person_says(&words::question());
    stage.daemon.wait_state("speaking");
    stage.server.order(Order::Cut);
    stage.server.wait("the device to come back", |entries| {
        let joined = |entry: &&crate::xiaozhi::record::Entry| {
            matches!(entry.event, crate::xiaozhi::record::Event::Joined { .. })
        };
        (entries.iter().filter(joined).count() >= 2).then_some(())
    });
    stage.daemon.wait_status("the device to be idle", |status| {
        status["state"] == json!("idle") && status["servers"][0]["link"] == "up"
    });
    stage.a_turn_works();
}
