//! Two clients with one id.

use std::time::Duration;

use auricle::net::mqtt::{Backoff, LinkSettings};
use auricle_core::link::Loss;

use crate::broker::{Broker, SOON};
use crate::device::{Device, fast, settings};

fn fixed_id(broker: &Broker) -> LinkSettings {
    let mut settings = settings(broker.port());
    settings.policy.suffix = false;
    settings
}

#[test]
fn twins_with_a_fixed_id_notice_it_and_do_not_storm() {
    let broker = Broker::start();
    let slowly = Backoff::default().between(Duration::from_millis(100), Duration::from_secs(60));
    let twins = [0, 1].map(|_| {
        let mut settings = fixed_id(&broker);
        settings.backoff = slowly.clone();
        Device::start(settings)
    });
    let reason = twins[0].wait(SOON, |event| match event {
        auricle_core::link::LinkEvent::Disconnected(Loss::ThrownOut(reason)) => Some(reason.clone()),
        _ => None,
    });
    assert!(reason.contains("same client id `device`"), "{reason}");
    // Delays double: 100 ms, 200 ms, 400 ms … A storm would be thousands by now.
    let connects = broker.logged("New client connected");
    assert!(connects <= 16, "{connects} connections");
}

#[test]
fn a_random_part_makes_the_id_unique() {
    let broker = Broker::start();
    let twins = [0, 1].map(|_| Device::connected(settings(broker.port())));
    broker.wait_for_log("Sending PINGRESP", 4);
    assert_eq!(broker.logged("New client connected"), 2);
    drop(twins);
}

#[test]
fn who_is_thrown_out_tries_another_id_and_then_says_that_it_is_not_that() {
    // A broker that accepts and closes, for whatever reason.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = settings(listener.local_addr().unwrap().port());
    settings.backoff = fast();
    let device = Device::start(settings);
    let mut ids = Vec::new();
    let mut losses = Vec::new();
    for _ in 0..6 {
        let (mut peer, _) = listener.accept().unwrap();
        ids.push(client_id(&mut peer));
        std::io::Write::write_all(&mut peer, &[0x20, 2, 0, 0]).unwrap();
        drop(peer);
        losses.push(device.wait_loss(SOON));
    }
    assert!(ids[..3].iter().all(|id| *id == ids[0]) && ids[3..].iter().all(|id| *id == ids[3]), "{ids:?}");
    assert_ne!(ids[0], ids[3]);
    assert!(losses[..5].iter().all(|loss| matches!(loss, Loss::Lost(_))), "{losses:?}");
    assert!(matches!(&losses[5], Loss::ThrownOut(reason) if reason.contains("its log says why")), "{losses:?}");
}

/// Reads a CONNECT packet; the client id in it.
pub fn client_id(peer: &mut impl std::io::Read) -> String {
    let mut head = [0; 2];
    peer.read_exact(&mut head).unwrap();
    let mut body = vec![0; usize::from(head[1])];
    peer.read_exact(&mut body).unwrap();
    let length = usize::from(u16::from_be_bytes([body[10], body[11]]));
    String::from_utf8(body[12..12 + length].to_vec()).unwrap()
}
