//! What the gateway does not bear: it closes the connection.

use rumqttc::QoS;
use rumqttc::mqttbytes::v4::{Packet, PubAck, Publish, Unsubscribe};
use serde_json::json;

use crate::client::{Client, hello};
use crate::xiaozhi::{Rules, Xiaozhi};

#[track_caller]
fn closes(offend: impl FnOnce(&mut Client)) {
    let server = Xiaozhi::start(Rules::default());
    let mut client = Client::login(&server);
    client.next();
    assert!(client.so_far().is_empty());
    offend(&mut client);
    assert_eq!(client.closed(), []);
}

#[test]
fn a_message_with_another_qos_than_0() {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        closes(|client| {
            let mut publish = Publish::new("device-server", qos, r#"{"type":"listen"}"#);
            publish.pkid = 1;
            client.send(&Packet::Publish(publish));
        });
    }
}

#[test]
fn unsubscribing() {
    closes(|client| {
        let mut packet = Unsubscribe::new("topic");
        packet.pkid = 1;
        client.send(&Packet::Unsubscribe(packet));
    });
}

#[test]
fn an_acknowledgement() {
    closes(|client| client.send(&Packet::PubAck(PubAck::new(1))));
}

#[test]
fn what_is_not_json() {
    closes(|client| client.publish(r#"{"type":"listen""#));
}

#[test]
fn a_packet_of_more_than_8192_bytes() {
    let whole = |size: usize| {
        let around = 1 + 2 + 2 + "device-server".len();
        let text = r#"{"type":"listen","session_id":"x","text":""}"#;
        let mut padded = text.to_owned();
        padded.insert_str(text.len() - 2, &"t".repeat(size - around - text.len()));
        padded
    };
    closes(|client| client.publish(whole(8_193)));
    let server = Xiaozhi::start(Rules::default());
    let mut client = Client::login(&server);
    client.publish(whole(8_192));
    assert_eq!(client.wait("goodbye")["session_id"], "x");
}

#[test]
fn a_hello_of_another_version() {
    for version in [json!(1), json!(4), json!("3"), json!(null)] {
        closes(|client| {
            let mut hello = hello(json!({}));
            hello["version"] = version;
            client.say(&hello);
        });
    }
}
