//! Where the broker is: asked of the server, remembered, asked again.

use insta::assert_snapshot;

use super::super::XiaozhiSettings;
use super::rig::{CONFIGURATION, Rig, settings};
use crate::dialogue::Keepsake;
use crate::link::{LinkEvent, Loss};

fn refused() -> LinkEvent {
    LinkEvent::Disconnected(Loss::Refused("gateway:1883 refuses this device".into()))
}

#[test]
fn the_server_is_asked_at_the_start_and_what_it_says_is_used_and_kept() {
    let mut rig = Rig::with(settings());
    rig.fetched(200, CONFIGURATION);
    rig.wait_secs(3_600);
    assert_snapshot!(rig.trace(), @r"
    0.000 fetch 1 http://server:8003/xiaozhi/ota/
    0.000 remember 187 bytes
    0.000 connect to mqtt://gateway:1883 as GID_pi@@@aa_bb_cc_dd_ee_ff@@@uuid
    ");
}

#[test]
fn a_server_that_can_not_be_asked_is_asked_again_less_and_less_often() {
    let mut rig = Rig::with(settings());
    for pause in [10, 20, 40, 80, 160, 300, 300] {
        rig.unfetched("connection refused");
        rig.wait_secs(pause);
    }
    assert_snapshot!(rig.trace(), @r"
    0.000 fetch 1 http://server:8003/xiaozhi/ota/
    0.000 cause NoConfiguration: The server gives no configuration: http://server:8003/xiaozhi/ota/: connection refused.
    10.000 fetch 2 http://server:8003/xiaozhi/ota/
    30.000 fetch 3 http://server:8003/xiaozhi/ota/
    70.000 fetch 4 http://server:8003/xiaozhi/ota/
    150.000 fetch 5 http://server:8003/xiaozhi/ota/
    310.000 fetch 6 http://server:8003/xiaozhi/ota/
    610.000 fetch 7 http://server:8003/xiaozhi/ota/
    910.000 fetch 8 http://server:8003/xiaozhi/ota/
    ");
}

#[test]
fn an_answer_that_never_comes_is_given_up() {
    let mut rig = Rig::with(settings());
    rig.wait_secs(30);
    assert_snapshot!(rig.trace(), @r"
    0.000 fetch 1 http://server:8003/xiaozhi/ota/
    15.000 cause NoConfiguration: The server gives no configuration: http://server:8003/xiaozhi/ota/: no answer.
    25.000 fetch 2 http://server:8003/xiaozhi/ota/
    ");
}

#[test]
fn what_was_remembered_counts_while_the_server_can_not_be_asked() {
    let kept = r#"{"host":"old","port":1883,"client_id":"a@@@b@@@c","password":"secret"}"#;
    let remembered = Some(Keepsake(kept.to_owned().into()));
    let mut rig = Rig::with(XiaozhiSettings { remembered, ..settings() });
    rig.unfetched("connection refused");
    rig.wait_secs(10);
    rig.fetched(200, CONFIGURATION);
    assert_snapshot!(rig.trace(), @r"
    0.000 fetch 1 http://server:8003/xiaozhi/ota/
    0.000 report drop 1 configuration: http://server:8003/xiaozhi/ota/: connection refused
    0.000 connect to mqtt://old:1883 as a@@@b@@@c
    10.000 fetch 2 http://server:8003/xiaozhi/ota/
    10.000 remember 187 bytes
    10.000 connect to mqtt://gateway:1883 as GID_pi@@@aa_bb_cc_dd_ee_ff@@@uuid
    ");
}

#[test]
fn a_keepsake_that_nobody_can_read_is_none() {
    let remembered = Some(Keepsake("[rubbish".to_owned().into()));
    let mut rig = Rig::with(XiaozhiSettings { remembered, ..settings() });
    rig.unfetched("connection refused");
    assert!(!rig.trace().contains("connect to"));
}

#[test]
fn an_answer_that_leaves_keys_out_keeps_the_old_values() {
    let mut rig = Rig::configured_with(settings());
    rig.link(refused());
    rig.wait_secs(60);
    rig.fetched(200, r#"{"mqtt":{"username":"v","password":"new"}}"#);
    let trace = rig.trace();
    assert!(trace.contains("remember") && trace.contains("as GID_pi@@@aa_bb_cc_dd_ee_ff@@@uuid"), "{trace}");
}

#[test]
fn the_same_answer_is_not_written_again() {
    let mut rig = Rig::configured_with(settings());
    rig.link(refused());
    rig.wait_secs(60);
    rig.fetched(200, CONFIGURATION);
    assert!(!rig.trace().contains("remember"));
}

#[test]
fn a_refused_login_has_the_server_asked_again_but_not_all_the_time() {
    let mut rig = Rig::configured_with(settings());
    let mut asked = 0;
    for _ in 0..30 {
        rig.link(LinkEvent::Connected);
        rig.link(refused());
        rig.wait_secs(10);
        if rig.trace().contains("fetch") {
            asked += 1;
            rig.fetched(200, CONFIGURATION);
        }
    }
    assert_eq!(asked, 5, "in five minutes");
}

#[test]
fn a_broker_that_is_gone_for_long_may_have_moved() {
    let mut rig = Rig::online();
    rig.wait_secs(300);
    rig.lose();
    rig.wait_secs(60);
    assert!(!rig.trace().contains("fetch"));
    rig.wait_secs(400);
    rig.link(LinkEvent::Disconnected(Loss::Unreachable("gateway:1883: no route".into())));
    assert!(rig.trace().contains("fetch 2"));
}

#[test]
fn a_server_without_mqtt_is_told_as_such() {
    let mut rig = Rig::with(settings());
    rig.fetched(200, r#"{"websocket":{"url":"ws://server:8000/xiaozhi/v1/"}}"#);
    rig.open();
    assert_snapshot!(rig.trace(), @r"
    0.000 fetch 1 http://server:8003/xiaozhi/ota/
    0.000 cause NoConfiguration: The server gives no configuration: http://server:8003/xiaozhi/ota/: the server's configuration names no MQTT broker (`mqtt.endpoint`); set up its MQTT gateway.
    0.000 fetch 2 http://server:8003/xiaozhi/ota/
    0.000 shown Connecting
    0.000 report drop 1 session: there is no connection to the broker
    0.000 play 1 Local Sentence(Offline)
    0.000 done
    ");
}

#[test]
fn what_is_no_configuration_is_told_and_asked_again() {
    for (status, body) in [(500, ""), (200, "<html>"), (200, "[]"), (200, r#"{"error":"Invalid device ID"}"#)] {
        let mut rig = Rig::with(settings());
        rig.fetched(status, body);
        rig.wait_secs(10);
        let trace = rig.trace();
        assert!(trace.contains("cause NoConfiguration") && trace.contains("10.000 fetch 2"), "{body}: {trace}");
    }
}

#[test]
fn a_firmware_is_told_once_and_nothing_else() {
    let offer = r#"{"firmware":{"version":"2.4.2","url":"http://server/x.bin","force":1},"mqtt":{"endpoint":"gateway:1883",
        "client_id":"a@@@b@@@c"}}"#;
    let mut rig = Rig::with(settings());
    rig.fetched(200, offer);
    rig.link(refused());
    rig.wait_secs(60);
    rig.fetched(200, offer);
    let trace = rig.trace();
    assert_eq!(trace.matches("firmware").count(), 1, "{trace}");
    assert_eq!(trace.matches("fetch").count(), 2, "{trace}");
}

#[test]
fn the_own_version_is_no_offer() {
    let mut rig = Rig::with(settings());
    rig.fetched(200, r#"{"firmware":{"version":"0.4.0","url":"http://server/invalid"}}"#);
    assert!(!rig.trace().contains("firmware"));
}

#[test]
fn whoever_talks_before_anything_is_known_has_the_server_asked_at_once() {
    let mut rig = Rig::with(settings());
    rig.unfetched("connection refused");
    rig.trace();
    rig.open();
    assert_snapshot!(rig.trace(), @r"
    0.000 fetch 2 http://server:8003/xiaozhi/ota/
    0.000 shown Connecting
    0.000 report drop 1 session: there is no connection to the broker
    0.000 play 1 Local Sentence(Offline)
    0.000 done
    ");
}
