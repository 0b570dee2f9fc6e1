#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;

fn read(mqtt: Value) -> (Broker, Vec<String>) {
    let mut ignored = Vec::new();
    let broker = Broker::read(&Fields::read(&mqtt.to_string()).unwrap(), None, &mut ignored);
    (broker, ignored)
}

fn at(endpoint: &str) -> Option<(String, u16, bool)> {
    let (broker, ignored) = read(json!({"endpoint": endpoint, "client_id": "c"}));
    assert_eq!(broker.host.is_none(), ignored == ["mqtt.endpoint"], "{endpoint}: {ignored:?}");
    let login = broker.login(None).ok()?;
    Some((login.host, login.port, login.tls))
}

fn whole() -> Value {
    json!({
        "endpoint": "mqtt.example.org", "client_id": "GID_a@@@m@@@u", "username": "eyJpcCI6IjEifQ==", "password": "geheim",
        "publish_topic": "device-server", "subscribe_topic": "null", "keepalive": 30,
    })
}

#[test]
fn tls_is_spoken_on_port_8883_and_nowhere_else() {
    let place = |host: &str, port, tls| Some((host.to_owned(), port, tls));
    for (endpoint, expected) in [
        ("mqtt.example.org", place("mqtt.example.org", 8_883, true)),
        ("mqtt.example.org:8883", place("mqtt.example.org", 8_883, true)),
        ("mqtt.example.org:1883", place("mqtt.example.org", 1_883, false)),
        ("10.0.0.2:8884", place("10.0.0.2", 8_884, false)),
        ("mqtt://10.0.0.2:1883/", place("10.0.0.2", 1_883, false)),
        ("[fd00::2]:1883", place("fd00::2", 1_883, false)),
        ("[fd00::2]", place("fd00::2", 8_883, true)),
        ("fd00::2", place("fd00::2", 8_883, true)),
        ("host:", None),
        ("host:0", None),
        ("host:65536", None),
        ("host:mqtt", None),
        (":1883", None),
        ("a b", None),
        ("user@host", None),
        ("host/path", None),
        ("[fd00::2", None),
    ] {
        assert_eq!(at(endpoint), expected, "{endpoint}");
    }
}

#[test]
fn the_owner_may_decide_about_tls() {
    let (broker, _) = read(whole());
    assert!(broker.login(None).unwrap().tls && !broker.login(Some(false)).unwrap().tls);
    let (broker, _) = read(json!({"endpoint": "h:1883", "client_id": "c"}));
    assert!(broker.login(Some(true)).unwrap().tls);
}

#[test]
fn a_whole_section_makes_a_login() {
    let (broker, ignored) = read(whole());
    let login = broker.login(None).unwrap();
    assert_eq!((login.client_id.as_str(), login.username.as_str()), ("GID_a@@@m@@@u", "eyJpcCI6IjEifQ=="));
    assert_eq!((login.password.as_str(), login.publish_topic.as_deref()), ("geheim", Some("device-server")));
    assert_eq!((login.subscribe_topic, login.keep_alive), (None, Duration::from_secs(30)));
    assert!(ignored.is_empty(), "{ignored:?}");
}

#[test]
fn broker_and_port_stand_in_for_an_endpoint() {
    let login = |mqtt: Value| read(mqtt).0.login(None).unwrap();
    let forks = login(json!({"broker": "10.0.0.3", "port": 1883, "client_id": "c"}));
    assert_eq!((forks.host.as_str(), forks.port, forks.tls), ("10.0.0.3", 1_883, false));
    let text = login(json!({"broker": "h", "port": "1884", "client_id": "c"}));
    assert_eq!(text.port, 1_884);
    let both = login(json!({"endpoint": "a:1", "broker": "b", "port": 2, "client_id": "c"}));
    assert_eq!((both.host.as_str(), both.port), ("a", 1));
    let broken = login(json!({"endpoint": 7, "broker": "b", "port": 0, "client_id": "c"}));
    assert_eq!((broken.host.as_str(), broken.port), ("b", 8_883));
}

#[test]
fn a_section_beside_it_may_name_the_broker_too() {
    let (mqtt, gateway) = (json!({"client_id": "c"}), json!({"broker": "h", "port": 1883, "udp_port": 8884}));
    let [mqtt, gateway] = [mqtt, gateway].map(|section| Fields::read(&section.to_string()).unwrap());
    let login = Broker::read(&mqtt, Some(&gateway), &mut Vec::new()).login(None).unwrap();
    assert_eq!((login.host.as_str(), login.port), ("h", 1_883));
}

#[test]
fn what_can_not_be_used_is_left_out_by_name_and_hides_nothing_else() {
    let (broker, ignored) = read(json!({
        "endpoint": "h", "client_id": "c", "username": 7, "password": "x".repeat(2_001), "publish_topic": ["up"],
        "subscribe_topic": "a\nb", "keepalive": "soon",
    }));
    assert_eq!(broker, Broker { host: Some("h".into()), client_id: Some("c".into()), ..Broker::default() });
    let keys = ["username", "password", "publish_topic", "subscribe_topic", "keepalive"];
    assert_eq!(ignored, keys.map(|key| format!("mqtt.{key}")));
    let (_, ignored) =
        read(json!({"endpoint": null, "username": null, "password": "", "publish_topic": "", "client_id": "c"}));
    assert!(ignored.is_empty(), "{ignored:?}");
}

#[test]
fn a_key_that_a_later_answer_leaves_out_keeps_its_value() {
    let (mut broker, _) = read(whole());
    broker.merge(Broker::default());
    assert_eq!(broker, read(whole()).0);
    broker.merge(read(json!({"password": "new", "subscribe_topic": "devices/p2p/x", "keepalive": "45"})).0);
    let login = broker.login(None).unwrap();
    assert_eq!((login.host.as_str(), login.client_id.as_str()), ("mqtt.example.org", "GID_a@@@m@@@u"));
    assert_eq!((login.password.as_str(), login.keep_alive), ("new", Duration::from_secs(45)));
    assert_eq!(login.subscribe_topic.as_deref(), Some("devices/p2p/x"));
    broker.merge(read(json!({"subscribe_topic": "null"})).0);
    assert_eq!(broker.login(None).unwrap().subscribe_topic, None);
}

#[test]
fn an_empty_text_is_a_value_and_says_nothing() {
    let (mut broker, _) = read(whole());
    broker.merge(read(json!({"password": "", "publish_topic": "", "subscribe_topic": "", "endpoint": "h"})).0);
    let login = broker.login(None).unwrap();
    assert_eq!((login.password.as_str(), login.publish_topic, login.subscribe_topic), ("", None, None));
    broker.merge(read(json!({"client_id": ""})).0);
    assert_eq!(broker.login(None), Err(BrokerError::ClientId));
}

#[test]
fn nobody_publishes_to_a_wildcard() {
    let topic = |topic: &str| {
        let (broker, _) = read(json!({"endpoint": "h", "client_id": "c", "publish_topic": topic}));
        broker.login(None).unwrap().publish_topic
    };
    assert_eq!((topic("a/b"), topic("a/+"), topic("#")), (Some("a/b".into()), None, None));
}

#[test]
fn a_new_host_does_not_inherit_the_port_of_the_old_one() {
    let (mut broker, _) = read(json!({"endpoint": "old:1883", "client_id": "c"}));
    broker.merge(read(json!({"endpoint": "new"})).0);
    let login = broker.login(None).unwrap();
    assert_eq!((login.host.as_str(), login.port, login.tls), ("new", 8_883, true));
}

#[test]
fn signs_of_life_are_neither_too_rare_nor_too_many() {
    let seconds = |keepalive: u64| read(json!({"endpoint": "h", "client_id": "c", "keepalive": keepalive})).0;
    for (told, kept) in [(240, 60), (0, 10), (1, 10), (60, 60), (u64::MAX, 60)] {
        assert_eq!(seconds(told).login(None).unwrap().keep_alive, Duration::from_secs(kept));
    }
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(Broker::default().login(None), Err(BrokerError::Host));
    assert_eq!(read(json!({"endpoint": "h"})).0.login(None), Err(BrokerError::ClientId));
}

#[test]
fn it_comes_back_after_a_restart_and_prints_without_its_password() {
    let (broker, _) = read(whole());
    let kept = serde_json::to_string(&broker).unwrap();
    assert_eq!(serde_json::from_str::<Broker>(&kept).unwrap(), broker);
    assert_eq!(serde_json::from_str::<Broker>("{}").unwrap(), Broker::default());
    let shown = format!("{broker:?} {:?}", broker.login(None).unwrap());
    assert!(shown.contains("mqtts://mqtt.example.org:8883") && !shown.contains("geheim"), "{shown}");
}
