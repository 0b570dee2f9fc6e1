//! The way to a xiaozhi server, without a daemon: its configuration, and the gateway that this names.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};

use serde_json::json;

use crate::broker::SOON;
use crate::daemon::Settings;
use crate::patient::{Patient, Report};

const MAC: &str = "b8:27:eb:12:34:56";

/// Serves each connection by this, on a thread that lives as long as the test; the port.
fn serve(serve: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for peer in listener.incoming().flatten() {
            peer.set_read_timeout(Some(SOON)).unwrap();
            serve(peer);
        }
    });
    port
}

/// A web server that gives this answer to the device.
fn web(answer: String) -> Patient {
    let port = serve(move |mut peer| {
        let mut request = Vec::new();
        // The end of what the device tells about itself.
        while !request.ends_with(b"\"version\":2}") {
            let mut byte = [0];
            if peer.read_exact(&mut byte).is_err() {
                return;
            }
            request.push(byte[0]);
        }
        let text = String::from_utf8(request).unwrap();
        assert!(text.contains(MAC), "{text}");
        let _ = write!(peer, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}", answer.len());
    });
    let url = format!("http://127.0.0.1:{port}/xiaozhi/ota/");
    Patient::new(&Settings::new().text("xiaozhi", "ota_url", &url).text("xiaozhi", "device_id", MAC))
}

/// A server whose gateway does this with a device that it has let in.
fn gateway(then: impl Fn(TcpStream) + Send + 'static) -> Patient {
    let port = serve(move |mut peer| {
        if packet(&mut peer).is_some() {
            peer.write_all(&[0x20, 2, 0, 0]).unwrap();
            then(peer);
        }
    });
    let mqtt = json!({"endpoint": format!("127.0.0.1:{port}"), "client_id": "GID_x@@@y@@@z", "username": "u", "password": "s3cret"});
    web(json!({"mqtt": mqtt}).to_string())
}

fn text(report: &Report) -> String {
    format!("{:?}", report.findings)
}

/// The next packet: its first byte, and what follows its length.
fn packet(peer: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut first = [0; 2];
    peer.read_exact(&mut first).ok()?;
    let mut length = usize::from(first[1] & 0x7f);
    if first[1] & 0x80 != 0 {
        let mut more = [0];
        peer.read_exact(&mut more).ok()?;
        length |= usize::from(more[0]) << 7;
    }
    let mut body = vec![0; length];
    peer.read_exact(&mut body).ok()?;
    Some((first[0], body))
}

/// Acknowledges filters, and answers a hello with this.
fn answering(mut peer: TcpStream, answer: Option<&serde_json::Value>) {
    while let Some((kind, body)) = packet(&mut peer) {
        match (kind >> 4, answer) {
            (8, _) => {
                assert_eq!(body.last(), Some(&0), "QoS 0");
                peer.write_all(&[0x90, 3, body[0], body[1], 0]).unwrap();
            }
            (3, Some(answer)) if String::from_utf8_lossy(&body).contains("\"hello\"") => {
                let payload = answer.to_string();
                let rest = 3 + payload.len();
                let mut out = vec![0x30, (rest & 0x7f) as u8 | 0x80, (rest >> 7) as u8, 0, 1, b't'];
                out.extend(payload.as_bytes());
                peer.write_all(&out).unwrap();
            }
            _ => {}
        }
    }
}

/// A session whose sound goes to this port.
fn session(port: u16) -> serde_json::Value {
    json!({"type": "hello", "transport": "udp", "session_id": "s", "udp": {
        "server": "127.0.0.1", "port": port, "key": "0".repeat(32), "nonce": "1".repeat(32),
    }, "audio_params": {"sample_rate": 24_000, "frame_duration": 60}})
}

#[test]
fn a_gateway_that_opens_a_session_is_ok() {
    let sound = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = sound.local_addr().unwrap().port();
    let report = gateway(move |peer| answering(peer, Some(&session(port)))).report();
    report.says("ota", "ok", &["its gateway is mqtt://127.0.0.1:"]);
    report.says("gateway", "ok", &["opens a session", &format!("127.0.0.1:{port} over UDP")]);
    report.says("udp", "ok", &["does not refuse a datagram", "--talk"]);
    report.says("login", "skipped", &["no server of [linto]"]);
    sound.set_read_timeout(Some(SOON)).unwrap();
    assert!(sound.recv(&mut [0; 100]).unwrap() > 16, "a frame of silence");
}

#[test]
fn a_port_for_sound_where_nobody_listens_is_told() {
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let report = gateway(move |peer| answering(peer, Some(&session(port)))).report();
    report.says("gateway", "ok", &[]);
    report.says("udp", "fault", &["nothing takes sound at 127.0.0.1", "PUBLIC_IP"]);
}

#[test]
fn a_gateway_that_accepts_and_hangs_up_is_named() {
    let report = gateway(drop).report();
    report.says("ota", "ok", &[]);
    report.says("gateway", "fault", &["wrong credentials", "not registered", "still knows this device"]);
    assert!(!text(&report).contains("s3cret"));
}

#[test]
fn a_gateway_without_its_chat_server_is_told() {
    let error = json!({"type": "error", "message": "no chat server"});
    let report = gateway(move |peer| answering(peer, Some(&error))).report();
    report.says("gateway", "fault", &["opens no session", "no chat server"]);
    gateway(|peer| answering(peer, None)).report().says("gateway", "fault", &["does not answer its hello"]);
}

#[test]
fn a_device_without_an_owner_is_told_its_code() {
    let mqtt = json!({"endpoint": "127.0.0.1:1", "client_id": "c", "username": "u", "password": "p"});
    let activation = json!({"code": "408215", "message": "page", "challenge": "x"});
    let late = json!({"timestamp": 1_000_000_000_000_u64, "timezone_offset": 0});
    let report = web(json!({"mqtt": mqtt, "activation": activation, "server_time": late}).to_string()).report();
    report.says("ota", "warning", &["408215", "type the code in"]);
    assert!(text(&report).contains("min apart"), "{}", text(&report));
    report.says("gateway", "fault", &["nothing listens"]);
}

#[test]
fn a_server_that_is_none_is_told() {
    let report = web("<html>".into()).report();
    report.says("ota", "fault", &["`ota_url`"]);
    report.says("gateway", "skipped", &["not known where"]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{closed}/");
    let report =
        Patient::new(&Settings::new().text("xiaozhi", "ota_url", &url).text("xiaozhi", "device_id", MAC)).report();
    report.says("ota", "fault", &["nothing listens"]);
}
