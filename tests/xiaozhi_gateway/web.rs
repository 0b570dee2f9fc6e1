//! The web server: configuration and activation.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::client::MAC;
use crate::xiaozhi::record::Event;
use crate::xiaozhi::{Activation, Login, Rules, Xiaozhi};

const UUID: &str = "db4ead3e-c5e2-4dd4-bbf1-0295195e5058";

/// Status and body.
fn post(url: &str, headers: &[(&str, &str)], body: &Value) -> (u16, String) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let body = body.to_string();
    let mut request = format!("POST /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.into())
}

fn body() -> Value {
    json!({"application": {"name": "auricle", "version": "0.1.0"}, "board": {"type": "test", "mac": MAC}})
}

fn configuration(server: &Xiaozhi, headers: &[(&str, &str)], body: &Value) -> Value {
    let (status, answer) = post(&server.ota_url(), headers, body);
    assert_eq!(status, 200);
    serde_json::from_str(&answer).unwrap()
}

#[test]
fn a_device_gets_its_login() {
    let server = Xiaozhi::start(Rules::default());
    let answer = configuration(&server, &[("Device-Id", MAC), ("Client-Id", UUID)], &body());
    let login = Login::of("test", MAC, UUID);
    assert_eq!(answer["mqtt"]["client_id"], login.client);
    assert_eq!(
        (&answer["mqtt"]["username"], &answer["mqtt"]["password"]),
        (&json!(login.username), &json!(login.password))
    );
    assert_eq!(answer["mqtt"]["endpoint"], format!("127.0.0.1:{}", server.mqtt_port()));
    assert_eq!(answer["mqtt"]["subscribe_topic"], "devices/p2p/00_16_3e_ac_b5_38");
    assert_eq!(answer.get("activation"), None);
    let asked = server.wait_event("the question", |event| match event {
        Event::Asked { path, headers, .. } => Some((path.clone(), headers.clone())),
        _ => None,
    });
    assert_eq!(asked.0, "/xiaozhi/ota/");
    assert!(asked.1.contains(&("device-id".into(), MAC.into())));
}

#[test]
fn who_does_not_say_who_he_is_or_what_he_runs_gets_no_login() {
    let server = Xiaozhi::start(Rules::default());
    assert_eq!(configuration(&server, &[], &body())["error"], "Invalid device ID");
    assert_eq!(configuration(&server, &[("Device-Id", "raspberry1")], &body())["error"], "Invalid device ID");
    let nameless = configuration(&server, &[("Device-Id", MAC)], &json!({"board": {"type": "test"}}));
    assert_eq!((&nameless["code"], nameless.get("mqtt")), (&json!(500), None));
}

#[test]
fn activation_waits_until_the_code_was_typed() {
    let activation = Activation { code: "123456".into(), challenge: Some("abc".into()), waits: 2 };
    let server = Xiaozhi::start(Rules { activation: Some(activation), ..Rules::default() });
    let headers = [("Device-Id", MAC), ("Client-Id", UUID)];
    let told = configuration(&server, &headers, &body())["activation"].clone();
    assert_eq!((&told["code"], &told["challenge"]), (&json!("123456"), &json!("abc")));
    assert!(told["message"].as_str().unwrap().ends_with("\n123456"));
    let activate = format!("{}activate", server.ota_url());
    let statuses: Vec<u16> = (0..3).map(|_| post(&activate, &headers, &json!({})).0).collect();
    assert_eq!(statuses, [202, 202, 200]);
    assert_eq!(configuration(&server, &headers, &body()).get("activation"), None);
    // With two slashes it is somewhere else.
    assert_eq!(post(&format!("{}/activate", server.ota_url()), &headers, &json!({})).0, 404);
}

#[test]
fn a_code_can_be_typed_at_any_time() {
    let activation = Activation { code: "123456".into(), challenge: None, waits: usize::MAX };
    let server = Xiaozhi::start(Rules { activation: Some(activation), ..Rules::default() });
    let headers = [("Device-Id", MAC)];
    assert_eq!(configuration(&server, &headers, &body())["activation"].get("challenge"), None);
    let activate = format!("{}activate", server.ota_url());
    assert_eq!(post(&activate, &headers, &json!({})).0, 202);
    server.bind();
    assert_eq!(post(&activate, &headers, &json!({})).0, 200);
}

#[test]
fn it_can_fail() {
    let server = Xiaozhi::start(Rules { ota_status: 503, ..Rules::default() });
    assert_eq!(post(&server.ota_url(), &[("Device-Id", MAC)], &body()).0, 503);
}

#[test]
fn after_a_restart_it_is_at_the_same_place() {
    let mut server = Xiaozhi::start(Rules::default());
    let before = (server.ota_url(), server.mqtt_port(), server.udp_port());
    server.restart();
    assert_eq!((server.ota_url(), server.mqtt_port(), server.udp_port()), before);
    configuration(&server, &[("Device-Id", MAC)], &body());
}
