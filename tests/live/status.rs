//! The status: when it is sent, and what is in it.

use std::collections::BTreeSet;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use rumqttc::QoS;
use serde_json::{Value, json};

use crate::broker::{Broker, Probe, SOON, Seen};
use crate::daemon::{Daemon, SERIAL, Settings};
use crate::flow::{ADMIN, Flow};
use crate::pulse::{Pulse, until};

const PASSWORD: &str = "correct-horse-battery";

fn is_status(seen: &Seen) -> bool {
    seen.topic.ends_with("/status")
}

/// LinTO: the server answers each status with the language, within milliseconds and only once.
#[test]
fn everything_is_subscribed_before_the_first_status() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let flow = Flow::start(&broker, ADMIN);
    let daemon = Daemon::start(&pulse, &Settings::linto(broker.port()));
    flow.probe.wait_for(is_status, SOON);
    let topic = format!("{ADMIN}/tolinto/{SERIAL}/tts_lang");
    flow.probe.publish_with(&topic, r#"{"value":"fr-FR"}"#, false, QoS::ExactlyOnce);
    daemon.wait_event("command", |event| event["topic"] == "tts_lang", SOON);

    let log = broker.log();
    let place = |what: &str| log.find(what).unwrap_or_else(|| panic!("no `{what}` in the broker's log:\n{log}"));
    let suback = place(&format!("Sending SUBACK to auricle-{SERIAL}"));
    let status = place(&format!("'{ADMIN}/fromlinto/{SERIAL}/status'"));
    assert!(suback < status, "{log}");
    let granted = log.lines().filter(|line| line.contains(&format!("{ADMIN}/tolinto/{SERIAL}/# (QoS 2)"))).count();
    assert_eq!(granted, 1, "{log}");
}

/// LinTO: a client that answered the language with a status would never come to rest.
#[test]
fn no_status_answers_the_language() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let flow = Flow::start(&broker, ADMIN);
    let daemon = Daemon::ready(&pulse, &Settings::linto(broker.port()));
    flow.probe.wait_for(is_status, SOON);
    // The one that it speaks, and then another one, again and again.
    for (language, statuses) in [("en-US", 1), ("fr-FR", 2)] {
        let before = daemon.events_named("command").len();
        for _ in 0..10 {
            flow.command("tts_lang", json!({"value": language}).to_string());
        }
        daemon.wait_status("the last language", |_| daemon.events_named("command").len() == before + 10);
        // The answer to a ping comes behind everything before it.
        flow.command("ping", "{}");
        let count = |which: fn(&Seen) -> bool| flow.probe.seen().iter().filter(|seen| which(seen)).count();
        until("the pong", || count(|seen| seen.topic.ends_with("/pong")) == statuses);
        assert_eq!(count(is_status), statuses, "{language}");
    }
}

#[test]
fn the_status_names_the_real_network_and_no_secret() {
    let acl = "user server\ntopic readwrite #\npattern readwrite +/tolinto/%u/#\npattern readwrite +/fromlinto/%u/#";
    let broker = Broker::start_with_users(&[(SERIAL, PASSWORD), ("server", "x")], acl);
    let pulse = Pulse::start();
    let server = Probe::connect(broker.port(), Some(("server", "x")));
    server.subscribe(&format!("{ADMIN}/fromlinto/{SERIAL}/status"));
    let settings = Settings::linto(broker.port()).text("linto", "username", SERIAL);
    let daemon = Daemon::ready(&pulse, &settings.text("linto", "password", PASSWORD));
    let seen = server.wait_for(is_status, SOON);
    assert!(!seen.text().contains(PASSWORD) && !daemon.log().contains(PASSWORD));

    let status: Value = serde_json::from_slice(&seen.payload).unwrap();
    let keys: Vec<&str> = status.as_object().unwrap().keys().map(String::as_str).collect();
    // Not among them, since the server would take them over: language, confMqtt, configTranscribe, configEvaluate,
    // configChatbot.
    assert_eq!(keys, ["config", "connexion", "on", "sn"]);
    assert_eq!((&status["connexion"], &status["sn"]), (&json!("online"), &json!(SERIAL)));
    let config = &status["config"];
    assert_eq!(config["sound"], json!({"volume": 100, "tts_lang": "en-US", "mute": false}));
    assert_eq!(config["firmware"], env!("CARGO_PKG_VERSION"));
    assert!(config.get("mqtt").is_none());

    let network = config["network"].as_array().unwrap();
    let told = network.iter().map(|card| (text(&card["name"]), text(&card["ip_address"])));
    assert_eq!(told.collect::<BTreeSet<_>>(), addresses());
    for card in network {
        let hardware = std::fs::read_to_string(format!("/sys/class/net/{}/address", text(&card["name"]))).unwrap();
        assert_eq!(text(&card["mac_address"]), hardware.trim());
        assert!(["Wired", "Wireless"].contains(&card["type"].as_str().unwrap()), "{card}");
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The IPv4 addresses of this machine and who has them, except those of loopback and tunnels.
fn addresses() -> BTreeSet<(String, String)> {
    let up =
        |flags: InterfaceFlags| flags.contains(InterfaceFlags::IFF_UP) && !flags.contains(InterfaceFlags::IFF_LOOPBACK);
    let all = getifaddrs().unwrap().filter(|one| up(one.flags) && !one.interface_name.starts_with("tun"));
    all.filter_map(|one| Some((one.interface_name, one.address?.as_sockaddr_in()?.ip().to_string()))).collect()
}
