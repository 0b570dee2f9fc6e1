//! Connecting, announcing, and what can be wrong with the broker.

use super::super::LintoSettings;
use super::rig::{Rig, facts, settings};
use crate::dialogue::{DeviceFacts, DialogueEvent};
use crate::link::{LinkEvent, Loss};
use insta::assert_snapshot;

const STATUS: &str = "blk/fromlinto/raspberry1/status";

#[test]
fn everything_is_subscribed_before_the_status_and_only_the_admin_scope_keeps_it() {
    let mut rig = Rig::new();
    rig.link(LinkEvent::Connected);
    rig.wait_secs(1);
    rig.link(LinkEvent::Subscribed { refused: Vec::new() });
    rig.echo();
    rig.wait_secs(3_600);
    assert_snapshot!(rig.trace(), @r#"
    0.000 subscribe [("blk/tolinto/raspberry1/#", Two), ("app1/tolinto/raspberry1/#", Two), ("blk/fromlinto/raspberry1/status", Two)]
    1.000 publish blk/fromlinto/raspberry1/status (retain) One "online" {"mute":false,"tts_lang":"en-US","volume":80}
    1.000 publish app1/fromlinto/raspberry1/status One "online" {"mute":false,"tts_lang":"en-US","volume":80}
    1.000 link up
    "#);
}

#[test]
fn one_scope_for_both_purposes_gets_one_status() {
    let mut rig = Rig::with(LintoSettings { request_scope: "blk".into(), ..settings() });
    rig.connect();
    let trace = rig.trace();
    assert_eq!(trace.matches("publish").count(), 1, "{trace}");
    assert_eq!(trace.matches("tolinto").count(), 1, "{trace}");
    assert!(trace.ends_with("link up"), "{trace}");
}

#[test]
fn each_reconnect_subscribes_and_announces_again() {
    let mut rig = Rig::online();
    rig.lose();
    rig.wait_secs(5);
    rig.link(LinkEvent::Disconnected(Loss::Unreachable("mqtt://broker:1883: connection refused".into())));
    rig.link(LinkEvent::Disconnected(Loss::Unreachable("mqtt://broker:1883: connection refused".into())));
    rig.wait_secs(5);
    rig.connect();
    rig.echo();
    assert_snapshot!(rig.trace(), @r#"
    0.000 link down
    0.000 cause BrokerUnreachable: The server can't be reached: mqtt://broker:1883 closed the connection.
    5.000 cause BrokerUnreachable: The server can't be reached: mqtt://broker:1883: connection refused.
    10.000 subscribe [("blk/tolinto/raspberry1/#", Two), ("app1/tolinto/raspberry1/#", Two), ("blk/fromlinto/raspberry1/status", Two)]
    10.000 clear BrokerUnreachable
    10.000 publish blk/fromlinto/raspberry1/status (retain) One "online" {"mute":false,"tts_lang":"en-US","volume":80}
    10.000 publish app1/fromlinto/raspberry1/status One "online" {"mute":false,"tts_lang":"en-US","volume":80}
    10.000 link up
    "#);
}

#[test]
fn a_wrong_password_is_a_refusal_and_said_once() {
    let mut rig = Rig::new();
    for _ in 0..3 {
        rig.link(LinkEvent::Disconnected(Loss::Refused("user name or password of `linto`".into())));
        rig.wait_secs(30);
    }
    rig.open();
    rig.link(LinkEvent::Disconnected(Loss::Unreachable("mqtt://broker:1883: timed out".into())));
    rig.link(LinkEvent::Disconnected(Loss::ThrownOut("closed 3 times within 10 s".into())));
    rig.connect();
    assert_snapshot!(rig.trace(), @r#"
    0.000 cause BrokerRefused: The server refuses this device: user name or password of `linto`.
    90.000 play 1 Local Sentence(Refused)
    90.000 done
    90.000 clear BrokerRefused
    90.000 cause BrokerUnreachable: The server can't be reached: mqtt://broker:1883: timed out.
    90.000 clear BrokerUnreachable
    90.000 cause BrokerRefused: The server refuses this device: closed 3 times within 10 s.
    90.000 subscribe [("blk/tolinto/raspberry1/#", Two), ("app1/tolinto/raspberry1/#", Two), ("blk/fromlinto/raspberry1/status", Two)]
    90.000 clear BrokerRefused
    90.000 publish blk/fromlinto/raspberry1/status (retain) One "online" {"mute":false,"tts_lang":"en-US","volume":80}
    90.000 publish app1/fromlinto/raspberry1/status One "online" {"mute":false,"tts_lang":"en-US","volume":80}
    90.000 link up
    "#);
}

#[test]
fn an_account_that_may_not_use_the_topics_is_noticed_by_the_missing_status() {
    let mut rig = Rig::new();
    rig.connect();
    rig.trace();
    rig.retained(STATUS, r#"{"connexion":"online","config":{"instance":"0011223344556677"}}"#);
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @r"
    5.000 cause BrokerRefused: The server refuses this device: it accepts everything and delivers nothing: the account may not use this serial number's topics.
    ");
    rig.ask_server();
    rig.wait_secs(12);
    rig.echo();
    rig.echo();
    assert_snapshot!(rig.trace(), @r"
    72.000 report drop 1 unanswered: request 1f0c1b1: no answer within 12 s
    72.000 play 1 Local Sentence(Refused)
    72.000 done
    72.000 clear BrokerRefused
    ");
}

#[test]
fn a_refused_filter_is_named_and_without_answers_the_link_is_not_up() {
    let mut rig = Rig::new();
    rig.link(LinkEvent::Connected);
    rig.trace();
    rig.link(LinkEvent::Subscribed { refused: vec!["app1/tolinto/raspberry1/#".into()] });
    rig.echo();
    rig.open();
    assert_snapshot!(rig.trace(), @r#"
    0.000 cause BrokerRefused: The server refuses this device: the account may not subscribe `app1/tolinto/raspberry1/#`.
    0.000 publish blk/fromlinto/raspberry1/status (retain) One "online" {"mute":false,"tts_lang":"en-US","volume":80}
    0.000 publish app1/fromlinto/raspberry1/status One "online" {"mute":false,"tts_lang":"en-US","volume":80}
    0.000 play 1 Local Sentence(Refused)
    0.000 done
    "#);
    rig.connect();
    rig.echo();
    let trace = rig.trace();
    assert!(trace.contains("clear BrokerRefused") && trace.ends_with("link up"), "{trace}");
}

#[test]
fn a_subscription_that_is_never_answered_is_told() {
    let mut rig = Rig::new();
    rig.link(LinkEvent::Connected);
    rig.trace();
    rig.wait_secs(60);
    assert_snapshot!(rig.trace(), @r"
    10.000 cause BrokerRefused: The server refuses this device: it did not answer the subscription within 10 s.
    ");
    rig.link(LinkEvent::Subscribed { refused: Vec::new() });
    assert!(rig.trace().contains("clear BrokerRefused"));
}

#[test]
fn what_changes_about_the_device_is_announced_and_time_alone_is_no_change() {
    let mut rig = Rig::online();
    rig.wait_secs(10);
    rig.event(DialogueEvent::Device(DeviceFacts { utc: "2024-05-01T11:00:00.000Z".into(), ..facts() }));
    rig.wait_secs(60);
    assert_eq!(rig.trace(), "");
    rig.event(DialogueEvent::Device(DeviceFacts { muted: true, ..facts() }));
    assert_snapshot!(rig.trace(), @r#"
    70.000 publish blk/fromlinto/raspberry1/status (retain) One "online" {"mute":true,"tts_lang":"en-US","volume":80}
    70.000 publish app1/fromlinto/raspberry1/status One "online" {"mute":true,"tts_lang":"en-US","volume":80}
    "#);
}

#[test]
fn a_slider_that_moves_makes_few_statuses_and_the_last_one_is_right() {
    let mut rig = Rig::online();
    for volume in 0..100 {
        rig.event(DialogueEvent::Device(DeviceFacts { volume, ..facts() }));
        rig.wait(std::time::Duration::from_millis(50));
    }
    rig.wait_secs(60);
    let trace = rig.trace();
    let statuses: Vec<&str> = trace.lines().filter(|line| line.contains("publish blk")).collect();
    assert!(statuses.len() <= 4, "{trace}");
    assert!(statuses.last().unwrap().contains(r#""volume":99"#), "{trace}");
}

#[test]
fn what_changed_while_offline_is_announced_once_at_the_connection() {
    let mut rig = Rig::new();
    rig.event(DialogueEvent::Device(DeviceFacts { volume: 5, ..facts() }));
    rig.wait_secs(60);
    assert_eq!(rig.trace(), "");
    rig.connect();
    rig.echo();
    rig.wait_secs(60);
    let trace = rig.trace();
    assert_eq!(trace.matches("publish blk").count(), 1, "{trace}");
    assert!(trace.contains(r#""volume":5"#), "{trace}");
}

#[test]
fn the_servers_language_never_makes_a_status() {
    let mut rig = Rig::online();
    for _ in 0..50 {
        rig.message("app1/tolinto/raspberry1/tts_lang", r#"{"value":"fr-FR"}"#);
        rig.wait_secs(1);
    }
    let trace = rig.trace();
    assert!(!trace.contains("publish"), "{trace}");
}

#[test]
fn a_topic_that_is_too_large_three_times_is_poisoned_until_a_normal_message_comes() {
    let poison = |rig: &mut Rig| {
        rig.link(LinkEvent::Oversize { topic: "blk/tolinto/raspberry1/say".into(), size: 3_000_000 });
    };
    let mut rig = Rig::online();
    poison(&mut rig);
    poison(&mut rig);
    rig.message("blk/tolinto/raspberry1/say", "{}");
    poison(&mut rig);
    poison(&mut rig);
    assert!(!rig.trace().contains("cause"));
    poison(&mut rig);
    poison(&mut rig);
    rig.message("blk/tolinto/raspberry1/say", "");
    assert_snapshot!(rig.trace(), @r"
    0.000 report drop 1 oversize_message: 3000000 bytes on `blk/tolinto/raspberry1/say`
    0.000 cause PoisonedTopic: The broker keeps a message on `blk/tolinto/raspberry1/say` that is too large to be taken in.
    0.000 report drop 1 oversize_message: 3000000 bytes on `blk/tolinto/raspberry1/say`
    0.000 clear PoisonedTopic
    0.000 report command say: ignored: no text in it
    ");
}

#[test]
fn a_poisoned_topic_that_is_gone_after_a_reconnect_is_well_again() {
    let mut rig = Rig::online();
    let poison = || LinkEvent::Oversize { topic: "blk/tolinto/raspberry1/say".into(), size: 3_000_000 };
    (0..3).for_each(|_| rig.link(poison()));
    rig.lose();
    rig.connect();
    rig.echo();
    rig.link(poison());
    rig.wait_secs(60);
    assert!(!rig.trace().contains("clear PoisonedTopic"), "it came again");
    rig.lose();
    rig.connect();
    rig.echo();
    rig.wait_secs(60);
    assert!(rig.trace().contains("clear PoisonedTopic"), "it is gone");
}
