//! Whose device this is: a code, said and shown, and the question whether it was typed in.

use insta::assert_snapshot;

use super::super::XiaozhiSettings;
use super::rig::{CONFIGURATION, Rig, settings};
use crate::protocol::xiaozhi::access::{Serial, SerialKey};

const WITH_CHALLENGE: &str = r#"{"activation":{"code":"123456","message":"xiaozhi.me\n123456","challenge":"c"},
    "mqtt":{"endpoint":"gateway:1883","client_id":"a@@@b@@@c"}}"#;

const WITHOUT: &str = r#"{"activation":{"code":"123456","message":"xiaozhi.me\n123456"},
    "mqtt":{"endpoint":"gateway:1883","client_id":"a@@@b@@@c"}}"#;

#[test]
fn a_device_without_an_owner_says_its_code_and_connects_when_it_has_one() {
    let mut rig = Rig::with(settings());
    rig.trace();
    rig.fetched(200, WITH_CHALLENGE);
    rig.fetched(202, "");
    rig.wait_secs(3);
    rig.fetched(500, "");
    rig.wait_secs(10);
    rig.unfetched("connection refused");
    rig.wait_secs(10);
    rig.fetched(200, "");
    rig.fetched(200, CONFIGURATION);
    rig.wait_secs(3_600);
    assert_snapshot!(rig.trace(), @r#"
    0.000 cause NotActivated: This device belongs to no account of the server yet; its code is 123456. The server says: xiaozhi.me.
    0.000 play 1 Announcement Sentence(NotActivated)
    0.000 play 2 Announcement "1, 2, 3, 4, 5, 6."
    0.000 fetch 2 http://server:8003/xiaozhi/ota/activate
    3.000 fetch 3 http://server:8003/xiaozhi/ota/activate
    13.000 fetch 4 http://server:8003/xiaozhi/ota/activate
    23.000 fetch 5 http://server:8003/xiaozhi/ota/activate
    23.000 fetch 6 http://server:8003/xiaozhi/ota/
    23.000 clear NotActivated
    23.000 report command activation: done
    23.000 remember 187 bytes
    23.000 connect to mqtt://gateway:1883 as GID_pi@@@aa_bb_cc_dd_ee_ff@@@uuid
    "#);
}

#[test]
fn a_device_with_a_serial_number_proves_that_it_has_the_key() {
    let key = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";
    let serial = Serial { number: "SN-1".into(), key: SerialKey::read(key).unwrap() };
    let mut rig = Rig::with(XiaozhiSettings { serial: Some(serial), ..settings() });
    let challenge = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
    rig.fetched(200, &WITH_CHALLENGE.replace(r#":"c"}"#, &format!(r#":"{challenge}"}}"#)));
    let asked = rig.fetches.last().unwrap();
    assert_eq!(asked.url, "http://server:8003/xiaozhi/ota/activate");
    for header in [("Activation-Version", "2"), ("Serial-Number", "SN-1")] {
        assert!(asked.headers.contains(&(header.0.into(), header.1.into())), "{asked:?}");
    }
    let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!(body["challenge"], challenge);
    assert_eq!(body["Payload"]["hmac"], "026c9d712412f9e90f46f9896b51bb81dfbcda95e23a05c1faa1952ee992cd55");
    rig.fetched(200, "");
    rig.fetched(200, CONFIGURATION);
    assert!(rig.trace().contains("connect to mqtt://gateway:1883"));
}

#[test]
fn after_ten_questions_the_configuration_is_asked_for_again_and_it_starts_over() {
    let mut rig = Rig::with(settings());
    rig.fetched(200, WITH_CHALLENGE);
    rig.trace();
    for _ in 0..10 {
        rig.fetched(202, "");
        rig.wait_secs(3);
    }
    rig.fetched(200, WITH_CHALLENGE);
    let trace = rig.trace();
    let asked: Vec<&str> = trace.lines().filter_map(|line| line.split_once("fetch ").map(|(_, url)| url)).collect();
    assert_snapshot!(asked.join("\n"), @r"
    3 http://server:8003/xiaozhi/ota/activate
    4 http://server:8003/xiaozhi/ota/activate
    5 http://server:8003/xiaozhi/ota/activate
    6 http://server:8003/xiaozhi/ota/activate
    7 http://server:8003/xiaozhi/ota/activate
    8 http://server:8003/xiaozhi/ota/activate
    9 http://server:8003/xiaozhi/ota/activate
    10 http://server:8003/xiaozhi/ota/activate
    11 http://server:8003/xiaozhi/ota/activate
    12 http://server:8003/xiaozhi/ota/
    13 http://server:8003/xiaozhi/ota/activate
    ");
    assert!(!trace.contains("play"), "the same code is not said at once again: {trace}");
}

#[test]
fn without_a_challenge_only_the_configuration_is_asked_for() {
    let mut rig = Rig::with(settings());
    rig.fetched(200, WITHOUT);
    rig.wait_secs(60);
    rig.fetched(200, WITHOUT);
    rig.wait_secs(60);
    rig.fetched(200, CONFIGURATION);
    let trace = rig.trace();
    assert!(!trace.contains("activate"), "{trace}");
    assert!(trace.contains("120.000 fetch 3") && trace.contains("120.000 connect to"), "{trace}");
}

#[test]
fn the_code_is_said_again_but_not_for_ever() {
    let mut rig = Rig::with(settings());
    rig.fetched(200, WITHOUT);
    for _ in 0..24 * 60 {
        rig.wait_secs(60);
        rig.fetched(200, WITHOUT);
    }
    let trace = rig.trace();
    let said: Vec<&str> =
        trace.lines().filter(|line| line.contains("1, 2")).filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(said, ["0.000", "60.000", "240.000", "780.000", "2400.000"]);
}

#[test]
fn whoever_talks_hears_the_code() {
    let mut rig = Rig::with(settings());
    rig.fetched(200, WITHOUT);
    rig.trace();
    rig.open();
    rig.wait_secs(1);
    assert_snapshot!(rig.trace(), @r#"
    0.000 fetch 2 http://server:8003/xiaozhi/ota/
    0.000 play 3 Local Sentence(NotActivated)
    0.000 play 4 Local "1, 2, 3, 4, 5, 6."
    0.000 done
    "#);
}

#[test]
fn a_new_code_is_said_at_once() {
    let mut rig = Rig::with(settings());
    rig.fetched(200, WITHOUT);
    rig.wait_secs(60);
    rig.trace();
    rig.fetched(200, &WITHOUT.replace("123456", "654321"));
    assert_snapshot!(rig.trace(), @r#"
    60.000 cause NotActivated: This device belongs to no account of the server yet; its code is 654321. The server says: xiaozhi.me.
    60.000 play 5 Announcement Sentence(NotActivated)
    60.000 play 6 Announcement "6, 5, 4, 3, 2, 1."
    "#);
}

#[test]
fn a_question_whose_answer_is_lost_is_asked_again() {
    let mut rig = Rig::with(settings());
    rig.fetched(200, WITH_CHALLENGE);
    rig.trace();
    rig.wait_secs(26);
    assert!(rig.trace().contains("fetch 3 http://server:8003/xiaozhi/ota/activate"));
}

#[test]
fn who_loses_his_owner_later_stays_connected_and_says_so() {
    let mut rig = Rig::online();
    rig.link(crate::link::LinkEvent::Disconnected(crate::link::Loss::Refused("no".into())));
    rig.wait_secs(60);
    rig.trace();
    rig.fetched(200, WITHOUT);
    let trace = rig.trace();
    assert!(trace.contains("cause NotActivated") && !trace.contains("connect to"), "{trace}");
}
