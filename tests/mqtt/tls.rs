//! TLS is verified or there is no connection.

use std::io::Read;
use std::net::TcpListener;

use auricle::net::mqtt::LinkSettings;
use auricle_core::link::{Loss, Qos};

use crate::broker::{Broker, SOON};
use crate::device::{Device, publication, settings};

fn tls(broker: &Broker, host: &str, trust: bool) -> LinkSettings {
    let mut settings = settings(broker.port());
    settings.address.tls = true;
    settings.address.host = host.into();
    settings.ca_file = trust.then(|| broker.ca_file());
    settings
}

fn refusal(settings: LinkSettings) -> String {
    match Device::start(settings).wait_loss(SOON) {
        Loss::Unreachable(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_own_authority_is_trusted_when_its_certificate_is_given() {
    let broker = Broker::start_tls();
    let device = Device::connected(tls(&broker, "localhost", true));
    assert_eq!(device.subscribe(&["a/#"]), [""; 0]);
    let large = vec![b'x'; 90_000];
    device.publish(publication("a/b", large.clone(), Qos::Two, false));
    assert_eq!(device.wait_message().payload, large);
    device.shutdown(SOON);
    broker.wait_for_log("Received DISCONNECT", 1);
}

#[test]
fn an_unknown_authority_is_refused_with_the_remedy() {
    let broker = Broker::start_tls();
    let reason = refusal(tls(&broker, "localhost", false));
    assert!(reason.contains("not trusted") && reason.contains("ca_file"), "{reason}");
    assert_eq!(broker.logged("CONNECT"), 0);
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let broker = Broker::start_tls_for("other.example");
    let reason = refusal(tls(&broker, "localhost", true));
    assert!(reason.contains("is not for `localhost`"), "{reason}");
    let broker = Broker::start_tls();
    let reason = refusal(tls(&broker, "127.0.0.1", true));
    assert!(reason.contains("is not for `127.0.0.1`"), "{reason}");
}

#[test]
fn a_ca_file_that_cannot_be_used_is_named() {
    let broker = Broker::start_tls();
    let mut settings = tls(&broker, "localhost", true);
    settings.ca_file = Some("/nowhere/ca.pem".into());
    assert!(refusal(settings.clone()).contains("`/nowhere/ca.pem` cannot be read"));
    settings.ca_file = Some("/proc/version".into());
    assert!(refusal(settings).contains("no certificate"));
}

#[test]
fn plain_text_is_never_tried_when_tls_fails() {
    const TLS_HANDSHAKE: u8 = 0x16;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = settings(listener.local_addr().unwrap().port());
    settings.address.tls = true;
    let device = Device::start(settings);
    for _ in 0..3 {
        let (mut peer, _) = listener.accept().unwrap();
        let mut first = [0];
        peer.read_exact(&mut first).unwrap();
        assert_eq!(first, [TLS_HANDSHAKE]);
    }
    drop(device);
}

#[test]
fn a_plain_client_at_a_tls_port_is_told_so() {
    let broker = Broker::start_tls();
    let reason = refusal(settings(broker.port()));
    assert!(reason.contains("mixed up"), "{reason}");
}
