//! The broker is there and says no.

use std::sync::atomic::Ordering;
use std::time::Duration;

use auricle::net::mqtt::LinkSettings;
use auricle_core::link::{LinkAsk, Loss, Qos};
use zeroize::Zeroizing;

use crate::broker::{Broker, SOON};
use crate::device::{Device, fast, publication, settings};

const ACL: &str = "pattern readwrite +/tolinto/%u/#\n";

fn with_password(broker: &Broker, password: &str) -> LinkSettings {
    let mut settings = settings(broker.port());
    settings.username = Some("kitchen".into());
    settings.password = Some(Zeroizing::new(password.into()));
    settings
}

#[test]
fn a_wrong_password_is_refused_and_named_without_the_password() {
    let broker = Broker::start_with_users(&[("kitchen", "right")], "");
    let device = Device::start(with_password(&broker, "s3cret-wrong"));
    let Loss::Refused(reason) = device.wait_loss(SOON) else { panic!() };
    assert!(reason.contains("kitchen") && reason.contains("password wrong"), "{reason}");
    assert!(!reason.contains("s3cret"), "{reason}");
    assert!(!format!("{:?}", with_password(&broker, "s3cret-wrong")).contains("s3cret"));
    assert!(!device.link().ask(LinkAsk::Publish(publication("a", "b", Qos::Zero, false))), "nothing is queued");
}

#[test]
fn a_refusal_is_retried_slower_than_a_loss() {
    let broker = Broker::start_with_users(&[("kitchen", "right")], "");
    let mut slow = with_password(&broker, "wrong");
    slow.backoff = fast().refused_between(Duration::from_secs(30), Duration::from_secs(300));
    let slow = Device::start(slow);
    slow.wait_loss(SOON);
    let fast = Device::start(with_password(&broker, "wrong"));
    for _ in 0..5 {
        fast.wait_loss(SOON);
    }
    assert_eq!(slow.link().counters().attempts.load(Ordering::Relaxed), 1);
}

#[test]
fn the_right_password_lets_us_in_and_the_access_list_still_counts() {
    let broker = Broker::start_with_users(&[("kitchen", "right"), ("server", "pw")], ACL);
    let device = Device::connected(with_password(&broker, "right"));
    assert_eq!(device.subscribe(&["blk/tolinto/kitchen/#"]), [""; 0]);
    device.publish(publication("blk/tolinto/kitchen/say", "hello", Qos::One, false));
    assert_eq!(device.wait_message().payload, b"hello");
}
