//! The end: in order, in time, or like a crash.

use std::time::Duration;

use auricle_core::link::Qos;

use crate::broker::{Broker, Probe, SOON};
use crate::device::{Device, publication, settings};

fn watched() -> (Broker, Probe) {
    let broker = Broker::start();
    let probe = Probe::connect(broker.port(), None);
    probe.subscribe("status");
    (broker, probe)
}

fn statuses(probe: &Probe) -> Vec<String> {
    probe.seen().iter().map(|seen| seen.text()).collect()
}

#[test]
fn a_clean_exit_says_the_farewell_and_the_will_stays_unsaid() {
    let (broker, probe) = watched();
    let mut settings = settings(broker.port());
    settings.policy.farewell.push(publication("status", "bye again", Qos::Two, true));
    let device = Device::connected(settings);
    device.publish(publication("status", "here", Qos::One, true));
    let took = device.shutdown(Duration::from_secs(5));
    assert!(took < Duration::from_secs(2), "{took:?}");
    broker.wait_for_log("Received DISCONNECT", 1);
    probe.publish("status", "marker", false);
    probe.wait_for(|seen| seen.text() == "marker", SOON);
    assert_eq!(statuses(&probe), ["here", "bye", "bye again", "marker"]);
}

#[test]
fn an_abrupt_end_leaves_the_word_to_the_will() {
    let (broker, probe) = watched();
    let device = Device::connected(settings(broker.port()));
    device.publish(publication("status", "here", Qos::One, true));
    probe.wait_for(|seen| seen.text() == "here", SOON);
    drop(device);
    probe.wait_for(|seen| seen.text() == "gone", SOON);
    assert_eq!(statuses(&probe), ["here", "gone"]);
}

#[test]
fn a_frozen_broker_does_not_hold_up_the_exit() {
    let (broker, probe) = watched();
    let device = Device::connected(settings(broker.port()));
    broker.freeze();
    let within = Duration::from_millis(500);
    let took = device.shutdown(within);
    assert!(took < within + Duration::from_millis(300), "{took:?}");
    broker.thaw();
    probe.wait_for(|seen| seen.text() == "gone", SOON);
}

#[test]
fn an_exit_while_there_is_no_broker_is_immediate() {
    let mut broker = Broker::start();
    let device = Device::connected(settings(broker.port()));
    broker.kill();
    device.wait_loss(SOON);
    let took = device.shutdown(Duration::from_secs(5));
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn the_last_words_of_a_busy_link_are_still_said() {
    let (broker, probe) = watched();
    let device = Device::connected(settings(broker.port()));
    for number in 0..20 {
        device.publish(publication("status", format!("{number}"), Qos::One, false));
    }
    device.shutdown(Duration::from_secs(5));
    probe.wait_for(|seen| seen.text() == "bye", SOON);
    assert_eq!(statuses(&probe).len(), 21);
}
