#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;

const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

fn pins(lines: &[&str]) -> Result<Pins, SshError> {
    Pins::parse(&lines.iter().map(|&line| line.into()).collect::<Vec<_>>())
}

fn port(lines: &[&str], host: &str) -> Result<u16, SshError> {
    pins(lines).unwrap().server(Address::parse(host).unwrap()).map(|server| server.port)
}

#[test]
fn a_port_that_the_request_lacks_is_the_pinned_one() {
    let with = |names: &str| format!("{names} ssh-ed25519 {KEY} a comment");
    let (plain, second, third) =
        (with("a.example"), with("[a.example]:2222"), with("[a.example]:3333,[2001:db8::1]:44"));
    assert_eq!(port(&[], "a.example").unwrap(), 22);
    assert_eq!(port(&[&plain, &second], "a.example").unwrap(), 22);
    assert_eq!(port(&["# comment", "", &second], "A.example").unwrap(), 2222);
    assert_eq!(port(&[&second], "a.example:22").unwrap(), 22, "what is asked for wins");
    assert_eq!(port(&[&third], "2001:db8::1").unwrap(), 44);
    assert!(matches!(port(&[&second, &third], "a.example"), Err(SshError::Ports { .. })));
    assert_eq!(port(&[&second], "xa.example").unwrap(), 22);
}

#[test]
fn a_line_that_is_not_understood_is_named_not_passed_over() {
    let good = format!("a.example ssh-ed25519 {KEY}");
    for (line, reason) in [
        (format!("@revoked a.example ssh-ed25519 {KEY}"), "markers"),
        (format!("*.example ssh-ed25519 {KEY}"), "patterns"),
        (format!("!a.example ssh-ed25519 {KEY}"), "patterns"),
        (format!("a.example:22 ssh-ed25519 {KEY}"), "`[host]:port`"),
        (format!("[a.example] ssh-ed25519 {KEY}"), "a port must follow"),
        (format!("a.example ssh-rsa {KEY}"), "not of the type"),
        (format!("a.example ssh-dss {KEY}"), "not supported"),
        ("a.example ssh-ed25519".into(), "it needs"),
        ("a.example ssh-ed25519 AAAA*".into(), "base64"),
        (format!("|1|AAAA|AAAA ssh-ed25519 {KEY}"), "damaged"),
        (format!("a.example ssh-ed25519 {KEY} \u{1}"), "control"),
    ] {
        let error = pins(&[&good, &line]).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains(reason), "{line}: {error}");
    }
}

#[test]
fn plain_and_hashed_names_are_found() {
    // As `ssh-keygen -H` writes it.
    let hashed = format!("|1|AAECAwQFBgcICQoLDA0ODxAREhM=|{} ssh-ed25519 {KEY}", hash_of_hashed_example());
    let pins = pins(&[&format!("a.example,192.0.2.1 ssh-ed25519 {KEY}"), &hashed]).unwrap();
    let key = BASE64_STANDARD.decode(KEY).unwrap();
    let check = |host: &str, key: &[u8]| pins.check(&Server { host: host.into(), port: 22 }, key);
    for host in ["a.example", "192.0.2.1", "hashed.example"] {
        assert!(check(host, &key).is_ok(), "{host}");
        assert!(matches!(check(host, b"another"), Err(SshError::WrongHostKey { .. })), "{host}");
    }
    assert!(matches!(check("b.example", &key), Err(SshError::UnknownHost { .. })));
    let elsewhere = Server { host: "a.example".into(), port: 2222 };
    assert!(pins.check(&elsewhere, &key).is_ok(), "without a port: on all of them");
}

/// HMAC-SHA1 of the name; the salt is the key.
fn hash_of_hashed_example() -> &'static str {
    "fdLE3hXPaTAOXV+bPV77OkdsKnU="
}

#[test]
fn the_signature_of_a_pinned_key_is_asked_for_first() {
    let rsa = "AAAAB3NzaC1yc2EAAAADAQABAAAAAQA=";
    let pins = pins(&[&format!("a.example ssh-rsa {rsa}"), &format!("b.example ssh-ed25519 {KEY}")]).unwrap();
    let order = |host: &str| pins.signatures(&Server { host: host.into(), port: 22 });
    assert!(order("a.example").starts_with("rsa-sha2-512,rsa-sha2-256,ssh-ed25519,"));
    assert!(order("b.example").starts_with("ssh-ed25519,ecdsa"));
}

proptest! {
    #[test]
    fn no_line_breaks_it(line in any::<String>()) {
        let _ = Pins::parse(&[line]);
    }

    #[test]
    fn no_line_of_the_right_shape_breaks_it(
        names in "(\\|1\\|)?[a-z0-9\\[\\]:.,|=+/]{0,40}",
        kind in "(ssh-ed25519|ssh-rsa|x)",
        key in "(AAAAC3NzaC1lZDI1NTE5)?(AAAAB3NzaC1yc2E)?[A-Za-z0-9+/]{0,60}={0,2}",
    ) {
        if let Ok(pins) = Pins::parse(&[format!("{names} {kind} {key}")]) {
            let server = Server { host: "a.example".into(), port: 2222 };
            let _ = (pins.signatures(&server), pins.check(&server, b"key"));
        }
    }
}
