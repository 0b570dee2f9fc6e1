//! The connection to the broker: what is subscribed, when it can be used, what is too large for it.

use std::time::Duration;

use insta::assert_snapshot;

use super::super::XiaozhiSettings;
use super::rig::{Rig, settings};
use crate::link::{LinkEvent, Loss, Message};
use crate::protocol::xiaozhi::preset::Preset;

#[test]
fn nothing_is_subscribed_unasked_and_the_connection_is_told_when_something_came() {
    let mut rig = Rig::configured_with(settings());
    rig.link(LinkEvent::Connected);
    rig.wait_ms(10);
    rig.message(r#"{"type":"mcp","payload":{"jsonrpc":"2.0","method":"notifications/initialized"}}"#);
    assert_snapshot!(rig.trace(), @r"
    0.010 link up
    0.010 report command mcp: a notification
    ");
}

#[test]
fn a_silent_connection_counts_after_two_seconds() {
    let mut rig = Rig::configured_with(settings());
    rig.link(LinkEvent::Connected);
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @"2.000 link up");
}

#[test]
fn what_the_server_and_the_owner_name_is_subscribed_each_alone() {
    let mut rig = Rig::with(XiaozhiSettings { topics: vec!["own/{mac}".into()], ..settings() });
    let named = r#"{"mqtt":{"endpoint":"gateway:1883","client_id":"a@@@b","subscribe_topic":"devices/p2p/x"}}"#;
    rig.fetched(200, named);
    rig.trace();
    rig.link(LinkEvent::Connected);
    assert_snapshot!(rig.trace(), @r#"
    0.000 subscribe [("devices/p2p/x", Zero)]
    0.000 subscribe [("own/aa_bb_cc_dd_ee_ff", Zero)]
    "#);
}

#[test]
fn a_topic_that_is_too_long_for_a_gateway_is_told_and_not_subscribed() {
    let mut rig = Rig::with(settings());
    let topic = "x".repeat(121);
    rig.fetched(200, &format!(r#"{{"mqtt":{{"endpoint":"h:1","client_id":"a@@@b","subscribe_topic":"{topic}"}}}}"#));
    rig.link(LinkEvent::Connected);
    let trace = rig.trace();
    assert!(trace.contains("drop 1 refused_subscription: the server names a topic of 121 bytes"), "{trace}");
    assert!(!trace.contains(" subscribe "), "{trace}");
}

#[test]
fn a_refused_subscription_is_no_error() {
    let mut rig = Rig::configured_with(settings());
    rig.link(LinkEvent::Connected);
    rig.link(LinkEvent::Subscribed { refused: vec!["devices/p2p/x".into()] });
    rig.wait_secs(2);
    let trace = rig.trace();
    assert!(!trace.contains("cause") && trace.contains("link up"), "{trace}");
}

#[test]
fn a_hello_without_an_answer_is_said_again_with_other_topics_if_nothing_ever_came() {
    let mut rig = Rig::configured_with(settings());
    rig.link(LinkEvent::Connected);
    rig.open();
    rig.trace();
    rig.wait_secs(10);
    rig.hello("s1");
    assert_snapshot!(rig.trace(), @r#"
    2.000 link up
    10.000 subscribe [("devices/p2p/aa_bb_cc_dd_ee_ff", Zero)]
    10.000 subscribe [("devices/p2p/GID_pi@@@aa_bb_cc_dd_ee_ff@@@uuid", Zero)]
    10.000 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    10.000 channel to 10.0.0.1:8884, frames of 60 ms
    "#);
    rig.lose();
    rig.trace();
    rig.link(LinkEvent::Connected);
    let trace = rig.trace();
    assert_eq!(trace.matches("subscribe").count(), 2, "it is known now that this broker needs them: {trace}");
}

#[test]
fn the_other_topics_are_tried_once() {
    let mut rig = Rig::configured_with(settings());
    rig.link(LinkEvent::Connected);
    rig.open();
    rig.trace();
    rig.wait_secs(20);
    assert_snapshot!(rig.trace(), @r#"
    2.000 link up
    10.000 subscribe [("devices/p2p/aa_bb_cc_dd_ee_ff", Zero)]
    10.000 subscribe [("devices/p2p/GID_pi@@@aa_bb_cc_dd_ee_ff@@@uuid", Zero)]
    10.000 send {"audio_params":{"channels":1,"format":"opus","frame_duration":60,"sample_rate":16000},"features":{"mcp":true},"transport":"udp","type":"hello","version":3}
    20.000 cause NoSession: The server opens no conversation: it did not answer the hello.
    20.000 report drop 1 session: no answer to the hello
    20.000 play 1 Local Sentence(NoAnswer)
    20.000 done
    "#);
    rig.open();
    rig.wait_secs(10);
    assert!(!rig.trace().contains("subscribe"));
}

#[test]
fn a_server_that_has_said_something_gets_no_other_topics() {
    let mut rig = Rig::online();
    rig.open();
    rig.wait_secs(10);
    let trace = rig.trace();
    assert!(!trace.contains("subscribe") && trace.contains("NoAnswer"), "{trace}");
}

#[test]
fn losses_are_causes_and_are_cleared_by_the_next_connection() {
    let mut rig = Rig::online();
    rig.lose();
    rig.link(LinkEvent::Disconnected(Loss::Refused("the login was refused".into())));
    rig.link(LinkEvent::Disconnected(Loss::ThrownOut("it closes each connection".into())));
    rig.link(LinkEvent::Connected);
    rig.wait_secs(2);
    assert_snapshot!(rig.trace(), @r"
    0.000 link down
    0.000 cause BrokerUnreachable: The server can't be reached: gateway:1883 closed the connection.
    0.000 clear BrokerUnreachable
    0.000 cause BrokerRefused: The server refuses this device: the login was refused.
    0.000 cause BrokerRefused: The server refuses this device: it closes each connection; perhaps another device has its hardware address, then give one of the two another `device_id`.
    2.000 clear BrokerRefused
    2.000 link up
    ");
}

#[test]
fn whatever_topic_a_message_comes_on_only_its_content_counts_and_retained_ones_do_not() {
    let mut rig = Rig::configured_with(settings());
    rig.link(LinkEvent::Connected);
    let call = r#"{"type":"mcp","payload":{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":
        "self.get_device_status"}}}"#;
    let message = |retained| Message { topic: "null".into(), payload: call.as_bytes().to_vec(), retained };
    rig.link(LinkEvent::Message(message(true)));
    let trace = rig.trace();
    assert!(trace.contains("drop 1 retained_command") && !trace.contains("send"), "{trace}");
    rig.link(LinkEvent::Message(message(false)));
    assert!(rig.trace().contains("send"));
}

#[test]
fn a_preset_names_other_topics_frames_and_greetings() {
    let preset = *Preset::named("cheeko-livekit").unwrap();
    let mut rig = Rig::online_with(XiaozhiSettings { preset, frame: Duration::from_millis(20), ..settings() });
    rig.open();
    rig.hello("s1");
    let trace = rig.trace();
    assert!(trace.contains("frames of 20 ms"), "{trace}");
}

#[test]
fn an_oversize_message_is_told() {
    let mut rig = Rig::online();
    rig.link(LinkEvent::Oversize { topic: "devices/p2p/x".into(), size: 70_000 });
    assert!(rig.trace().contains("drop 1 oversize_message: 70000 bytes"));
}
