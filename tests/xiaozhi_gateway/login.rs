//! Who is let in, and who is not told that he is not.

use rumqttc::QoS;
use rumqttc::mqttbytes::v4::{Connect, LastWill, Packet, Subscribe, SubscribeFilter};
use serde_json::json;

use crate::client::{Client, MAC, connect};
use crate::xiaozhi::record::Event;
use crate::xiaozhi::{Login, Rules, Xiaozhi, password};

#[test]
fn the_right_login_is_accepted_and_asked_for_its_tools_without_a_subscription() {
    let server = Xiaozhi::start(Rules::default());
    let mut client = Client::login(&server);
    assert_eq!(client.accepted, 0);
    let (topic, message) = client.next();
    assert_eq!(topic, "devices/p2p/00_16_3e_ac_b5_38");
    assert_eq!((&message["type"], &message["payload"]["method"]), (&json!("mcp"), &json!("initialize")));
    assert_eq!(message["payload"]["id"], 10_000);
}

#[test]
fn the_password_is_the_one_that_the_real_server_computes() {
    let client = "GID_test@@@00_16_3e_ac_b5_38@@@db4ead3e-c5e2-4dd4-bbf1-0295195e5058";
    let right = password(client, "eyJpcCI6IjE5Mi4xNjguMS4xMCJ9");
    assert_eq!(right, "lHh/PzSxCHQDerJTfQwaxHn+61RD78vktclDS4oSgeU=");
}

#[test]
fn a_wrong_password_is_accepted_and_then_thrown_out() {
    let server = Xiaozhi::start(Rules::default());
    let mut wrong = connect();
    wrong.login.as_mut().unwrap().password = "wrong".into();
    let mut client = Client::connect(&server, &wrong);
    assert_eq!(client.accepted, 0);
    assert!(client.closed().is_empty());
}

#[test]
fn a_will_is_taken_for_the_name() {
    let server = Xiaozhi::start(Rules::default());
    let mut with_will = connect();
    with_will.last_will = Some(LastWill::new("status", "gone", QoS::AtMostOnce, false));
    let mut client = Client::connect(&server, &with_will);
    assert_eq!(client.accepted, 0);
    assert!(client.closed().is_empty());
    let why = server.wait_event("the login", |event| match event {
        Event::Closed(why) => Some(why.clone()),
        _ => None,
    });
    assert!(why.ends_with("as `status`"), "{why}");
}

#[test]
fn another_version_of_mqtt_is_refused() {
    let server = Xiaozhi::start(Rules::default());
    let five = [0x10, 16, 0, 4, b'M', b'Q', b'T', b'T', 5, 2, 0, 60, 0, 0, 3, b'a', b'b', b'c'];
    let mut client = Client::open(&server, &five);
    assert_eq!(client.accepted, 1);
    assert!(client.closed().is_empty());
}

#[test]
fn an_id_of_two_parts_needs_no_password_but_a_proper_address() {
    let server = Xiaozhi::start(Rules::default());
    assert_eq!(Client::connect(&server, &Connect::new("GID_test@@@00_16_3e_ac_b5_38")).next().1["type"], "mcp");
    for wrong in ["GID_test@@@00_16_3E_AC_B5_38", "GID_test@@@00:16:3e:ac:b5:38", "GID_test"] {
        let mut client = Client::connect(&server, &Connect::new(wrong));
        assert!(client.accepted == 0 && client.closed().is_empty(), "{wrong}");
    }
}

#[test]
fn the_same_client_again_closes_the_older_one() {
    let server = Xiaozhi::start(Rules::default());
    let mut older = Client::login(&server);
    older.hello();
    let mut newer = Client::login(&server);
    // A session is said goodbye to before the connection ends.
    let last = older.closed().pop();
    assert!(
        matches!(last, Some(Packet::Publish(publish)) if publish.payload.windows(7).any(|text| text == b"goodbye"))
    );
    assert_eq!(newer.next().1["payload"]["method"], "initialize");
    assert!(newer.so_far().is_empty());
    let mut other = Client::connect(&server, &other_device());
    assert_eq!(other.next().1["payload"]["method"], "initialize");
    assert!(newer.so_far().is_empty(), "another device throws nobody out");
}

fn other_device() -> Connect {
    let login = Login::of("test", &MAC.replace("38", "39"), "db4ead3e-c5e2-4dd4-bbf1-0295195e5058");
    let mut connect = Connect::new(login.client);
    connect.set_login(login.username, login.password);
    connect
}

#[test]
fn of_a_subscription_only_the_first_filter_counts() {
    let server = Xiaozhi::start(Rules::default());
    let mut client = Client::login(&server);
    client.next();
    let filter = |path: &str| SubscribeFilter::new(path.into(), QoS::AtMostOnce);
    let mut subscribe = Subscribe::new_many([filter("first"), filter("second")]);
    subscribe.pkid = 7;
    client.send(&Packet::Subscribe(subscribe));
    let Some(Packet::SubAck(answer)) = client.packet() else { panic!("an answer") };
    assert_eq!((answer.pkid, answer.return_codes.len()), (7, 1));
    server.wait_event("the subscription", |event| {
        matches!(event, Event::Subscribed(topic) if topic == "first").then_some(())
    });
}

#[test]
fn the_number_of_a_long_subscription_is_misread() {
    let server = Xiaozhi::start(Rules::default());
    let mut client = Client::login(&server);
    client.next();
    let mut subscribe = Subscribe::new("t".repeat(125), QoS::AtMostOnce);
    subscribe.pkid = 7;
    client.send(&Packet::Subscribe(subscribe));
    match client.packet() {
        Some(Packet::SubAck(answer)) => assert_ne!(answer.pkid, 7),
        closed => assert!(closed.is_none()),
    }
}

#[test]
fn a_device_that_is_silent_for_one_and_a_half_keep_alives_is_thrown_out() {
    let server = Xiaozhi::start(Rules::default());
    let mut quick = connect();
    quick.keep_alive = 1;
    let start = std::time::Instant::now();
    let mut client = Client::connect(&server, &quick);
    client.closed();
    assert!(start.elapsed().as_secs_f64() >= 1.5, "after {:?}", start.elapsed());
}
