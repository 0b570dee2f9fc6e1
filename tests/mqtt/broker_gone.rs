//! The broker dies, comes back, freezes.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use auricle_core::link::{LinkAsk, Loss, Qos};

use crate::broker::{Broker, Probe, SOON};
use crate::device::{Device, KEEP_ALIVE, publication, settings};
use crate::twins::client_id;

#[test]
fn a_killed_broker_is_lost_at_once_and_found_again() {
    let mut broker = Broker::start();
    let device = Device::connected(settings(broker.port()));
    device.subscribe(&["a/#"]);
    broker.kill();
    assert!(matches!(device.wait_loss(SOON), Loss::Lost(_)));
    let Loss::Unreachable(reason) = device.wait_loss(SOON) else { panic!() };
    assert!(reason.contains("nothing listens on mqtt://127.0.0.1:"), "{reason}");
    assert!(!device.link().ask(LinkAsk::Publish(publication("a/stale", "x", Qos::One, true))), "nothing is queued");
    broker.restart();
    device.wait_connected();
    device.subscribe(&["a/#"]);
    device.publish(publication("a/fresh", "x", Qos::One, false));
    assert_eq!(device.wait_message().topic, "a/fresh", "and nothing from before");
}

#[test]
fn a_frozen_broker_is_lost_within_two_keep_alives() {
    let broker = Broker::start();
    let device = Device::connected(settings(broker.port()));
    broker.freeze();
    let start = Instant::now();
    let Loss::Lost(reason) = device.wait_loss(2 * KEEP_ALIVE) else { panic!() };
    assert!(reason.contains("no reply to ping"), "{reason}");
    assert!(start.elapsed() >= KEEP_ALIVE / 2, "{:?}", start.elapsed());
    broker.thaw();
    device.wait_connected();
}

#[test]
fn a_frozen_broker_is_lost_in_time_while_we_talk_and_when_it_takes_no_more() {
    for size in [1_000, 200_000] {
        let broker = Broker::start();
        let device = Device::connected(settings(broker.port()));
        broker.freeze();
        let start = Instant::now();
        let mut accepted = 0;
        while device.link().ask(LinkAsk::Publish(publication("a", vec![0; size], Qos::Zero, false))) {
            accepted += 1;
            if accepted > 1_000 {
                break;
            }
            std::thread::yield_now();
        }
        assert!(matches!(device.wait_loss(2 * KEEP_ALIVE), Loss::Lost(_)), "size {size}, {:?}", start.elapsed());
    }
}

#[test]
fn an_idle_connection_wakes_twice_per_keep_alive() {
    let broker = Broker::start();
    let device = Device::connected(settings(broker.port()));
    device.subscribe(&["a/#"]);
    broker.wait_for_log("Received PINGREQ", 1);
    let before = device.link().counters().wakeups.load(Ordering::Relaxed);
    broker.wait_for_log("Received PINGREQ", 4);
    let woken = device.link().counters().wakeups.load(Ordering::Relaxed) - before;
    assert!(woken <= 2 * 3 + 2, "{woken} wake-ups for 3 pings");
}

#[test]
fn after_a_long_freeze_the_newest_connection_has_the_last_word() {
    let broker = Broker::start();
    let device = Device::connected(settings(broker.port()));
    broker.freeze();
    device.wait_loss(SOON);
    // At least one attempt is taken by the kernel of the frozen broker and given up by us.
    let Loss::Unreachable(reason) = device.wait_loss(SOON) else { panic!() };
    assert!(reason.contains("does not answer"), "{reason}");
    broker.thaw();
    device.wait_connected();
    device.publish(publication("status", "here", Qos::One, true));
    broker.wait_for_log("Sending PINGRESP", 2);
    let probe = Probe::connect(broker.port(), None);
    probe.subscribe("status");
    assert_eq!(probe.wait_for(|seen| seen.retained, SOON).text(), "here");
}

#[test]
fn what_is_no_broker_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let device = Device::start(settings(listener.local_addr().unwrap().port()));
    for (answer, word) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "no MQTT broker"),
        (&[0xd0, 0x00], "not CONNACK"),
        (&[0x20, 0x02, 0x00, 0x09], "return code"),
        (&[], "before the broker answered"),
    ] {
        let (mut peer, _) = listener.accept().unwrap();
        client_id(&mut peer);
        std::io::Write::write_all(&mut peer, answer).unwrap();
        drop(peer);
        let Loss::Unreachable(reason) = device.wait_loss(SOON) else { panic!() };
        assert!(reason.contains(word), "{reason}");
    }
}

#[test]
fn a_name_that_does_not_exist_is_told() {
    let mut settings = settings(1);
    settings.address.host = "does-not-exist.invalid".into();
    let device = Device::start(settings);
    let Loss::Unreachable(reason) = device.wait_loss(SOON) else { panic!() };
    assert!(reason.contains("does-not-exist.invalid"), "{reason}");
    let elapsed = Instant::now();
    drop(device);
    assert!(elapsed.elapsed() < Duration::from_secs(10));
}
