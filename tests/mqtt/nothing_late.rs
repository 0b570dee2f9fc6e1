//! A frozen broker that wakes up never delivers what has become worthless meanwhile.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use auricle::net::mqtt::LinkSettings;
use auricle_core::link::{Loss, Qos};

use crate::broker::{Broker, Probe, SOON};
use crate::device::{Device, publication, settings};

const SHORT: Duration = Duration::from_millis(300);

/// Sends `size` bytes to a frozen broker, lets the time run out, thaws it; whether the message arrived after all.
fn arrives_late(qos: Qos, size: usize) -> bool {
    let broker = Broker::start();
    arrives_late_at(&broker, settings(broker.port()), qos, size)
}

fn arrives_late_at(broker: &Broker, mut settings: LinkSettings, qos: Qos, size: usize) -> bool {
    let probe = Probe::connect(broker.plain_port(), None);
    probe.subscribe("request/#");
    settings.policy.suffix = false;
    // So that it is the request's time that runs out, not the broker's.
    settings.policy.keep_alive = Duration::from_secs(30);
    let device = Device::connected(settings);
    broker.freeze();
    let start = Instant::now();
    assert!(device.link().publish_by(publication("request/1", vec![b'x'; size], qos, false), start + SHORT));
    let Loss::Lost(reason) = device.wait_loss(SOON) else { panic!() };
    assert!(reason.contains("`request/1` in time"), "{reason}");
    assert!(start.elapsed() >= SHORT && start.elapsed() < SHORT + Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(device.link().counters().expired.load(Ordering::Relaxed), 1);
    broker.thaw();
    // The broker has read all of the old connection once it has closed it for the new one.
    device.wait_connected();
    probe.publish("request/marker", "", false);
    probe.wait_for(|seen| seen.topic == "request/marker", SOON);
    probe.seen().iter().any(|seen| seen.topic == "request/1")
}

#[test]
fn a_large_request_is_never_delivered_late() {
    assert!(!arrives_late(Qos::One, 400_000));
    assert!(!arrives_late(Qos::Two, 400_000));
}

#[test]
fn a_large_request_over_tls_is_never_delivered_late() {
    let broker = Broker::start_tls();
    let mut settings = settings(broker.port());
    settings.address.tls = true;
    settings.address.host = "localhost".into();
    settings.ca_file = Some(broker.ca_file());
    assert!(!arrives_late_at(&broker, settings.clone(), Qos::One, 400_000));
    assert!(!arrives_late_at(&broker, settings, Qos::Two, 1_000));
}

#[test]
fn a_small_request_is_never_delivered_late_with_qos_2() {
    assert!(!arrives_late(Qos::Two, 1_000));
}

/// What [`auricle::net::mqtt::Link::publish_by`] warns of. If this fails, the world has become better: say so there.
#[test]
fn a_small_request_with_qos_1_slips_through_the_kernel_of_a_frozen_broker() {
    assert!(arrives_late(Qos::One, 1_000));
}

#[test]
fn a_request_that_is_acknowledged_in_time_resets_nothing() {
    let broker = Broker::start();
    let probe = Probe::connect(broker.port(), None);
    probe.subscribe("request/#");
    let device = Device::connected(settings(broker.port()));
    for qos in [Qos::Zero, Qos::One, Qos::Two] {
        let expires = Instant::now() + Duration::from_secs(3);
        assert!(device.link().publish_by(publication("request/1", vec![b'x'; 400_000], qos, false), expires));
    }
    device.publish(publication("request/end", "", Qos::One, false));
    probe.wait_for(|seen| seen.topic == "request/end", SOON);
    // Three more pings are beyond the requests' deadlines.
    broker.wait_for_log("Received PINGREQ", 4);
    assert_eq!(probe.seen().iter().filter(|seen| seen.topic == "request/1").count(), 3);
    assert_eq!(device.link().counters().connects.load(Ordering::Relaxed), 1);
}

#[test]
fn a_request_that_is_too_late_already_is_not_sent() {
    let broker = Broker::start();
    let probe = Probe::connect(broker.port(), None);
    probe.subscribe("request/#");
    let device = Device::connected(settings(broker.port()));
    device.link().publish_by(publication("request/1", "x", Qos::One, false), Instant::now());
    device.publish(publication("request/end", "", Qos::One, false));
    probe.wait_for(|seen| seen.topic == "request/end", SOON);
    assert_eq!(probe.seen().len(), 1);
    assert_eq!(device.link().counters().stale_asks.load(Ordering::Relaxed), 1);
}
