//! What a server's language model can have the device do.

use insta::assert_snapshot;
use serde_json::json;

use super::super::XiaozhiSettings;
use super::rig::{Rig, settings};
use crate::dialogue::DialogueEvent;
use crate::link::LinkEvent;
use crate::protocol::xiaozhi::mcp::{Argument, Kind, Tool};
use crate::wish::Outcome;

fn call(rig: &mut Rig, tool: &str, arguments: &str) {
    rig.message(&format!(
        r#"{{"type":"mcp","payload":{{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}}}"#
    ));
}

fn lamp() -> Tool {
    let kind = Kind::Integer { min: 0, max: 10 };
    let level = Argument { name: "level".into(), description: String::new(), kind, optional: false };
    Tool { name: "lamp".into(), description: "Sets the lamp.".into(), arguments: vec![level], user_only: false }
}

#[test]
fn a_gateway_gets_its_answers_right_after_the_login_without_a_session() {
    let mut rig = Rig::configured_with(settings());
    rig.link(LinkEvent::Connected);
    rig.message(r#"{"type":"mcp","payload":{"jsonrpc":"2.0","id":10000,"method":"initialize","params":{}}}"#);
    rig.message(r#"{"type":"mcp","payload":{"jsonrpc":"2.0","method":"notifications/initialized"}}"#);
    rig.message(
        r#"{"type":"mcp","payload":{"jsonrpc":"2.0","id":10001,"method":"tools/list","params":{"cursor":""}}}"#,
    );
    let trace = rig.trace();
    assert_eq!(trace.matches(r#"send {"session_id":"","type":"mcp""#).count(), 2, "{trace}");
    assert!(trace.contains("self.audio_speaker.set_volume") && !trace.contains("self.restart"), "{trace}");
}

#[test]
fn a_volume_is_answered_when_it_holds() {
    let mut rig = Rig::online();
    call(&mut rig, "self.audio_speaker.set_volume", r#"{"volume":40}"#);
    rig.wait_secs(1);
    rig.wished(Outcome::Done);
    assert_snapshot!(rig.trace(), @r#"
    0.000 wish 1 Volume { percent: 40, keep: true }
    1.000 report command self.audio_speaker.set_volume: done
    1.000 send {"session_id":"","type":"mcp","payload":{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"true"}],"isError":false}}}
    "#);
}

#[test]
fn in_a_conversation_answers_carry_its_session() {
    let mut rig = Rig::listening();
    call(&mut rig, "self.get_device_status", "{}");
    assert_snapshot!(rig.trace(), @r#"
    0.000 report command self.get_device_status: answered
    0.000 send {"session_id":"s1","type":"mcp","payload":{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"{\"audio_speaker\":{\"volume\":80},\"meeting\":{\"recording\":false},\"microphone\":{\"muted\":false},\"network\":{\"type\":\"wifi\"}}"}],"isError":false}}}
    "#);
}

#[test]
fn the_microphone_and_the_recording_are_wishes_like_anybody_elses() {
    let mut rig = Rig::online();
    call(&mut rig, "self.microphone.set_muted", r#"{"muted":true}"#);
    rig.wished(Outcome::Done);
    call(&mut rig, "self.microphone.set_muted", r#"{"muted":false}"#);
    rig.wished(Outcome::Refused("muted at the device".into()));
    call(&mut rig, "self.meeting.start", r#"{"name":"Budget"}"#);
    rig.wished(Outcome::Done);
    rig.event(DialogueEvent::Recording(true));
    call(&mut rig, "self.meeting.stop", "{}");
    rig.wished(Outcome::Failed("the disk is full".into()));
    assert_snapshot!(rig.trace(), @r#"
    0.000 wish 1 Mute
    0.000 report command self.microphone.set_muted: done
    0.000 send {"session_id":"","type":"mcp","payload":{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"true"}],"isError":false}}}
    0.000 wish 2 Unmute
    0.000 report audit tool `self.microphone.set_muted`: refused: muted at the device
    0.000 report command self.microphone.set_muted: refused: muted at the device
    0.000 send {"session_id":"","type":"mcp","payload":{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"muted at the device"}],"isError":true}}}
    0.000 wish 3 MeetingStart { name: "Budget" }
    0.000 report audit tool `self.meeting.start`: done
    0.000 report command self.meeting.start: done
    0.000 send {"session_id":"","type":"mcp","payload":{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"true"}],"isError":false}}}
    0.000 wish 4 MeetingStop
    0.000 report audit tool `self.meeting.stop`: failed: the disk is full
    0.000 report command self.meeting.stop: failed: the disk is full
    0.000 send {"session_id":"","type":"mcp","payload":{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"the disk is full"}],"isError":true}}}
    "#);
}

#[test]
fn the_owners_tool_gets_checked_arguments_and_its_words_are_the_answer() {
    let mut rig = Rig::online_with(XiaozhiSettings { tools: vec![lamp()], ..settings() });
    call(&mut rig, "lamp", r#"{"level":11}"#);
    call(&mut rig, "lamp", r#"{"level":"5; reboot"}"#);
    call(&mut rig, "radio", "{}");
    let refused = rig.trace();
    assert!(!refused.contains("wish") && refused.matches("error").count() == 3, "{refused}");
    call(&mut rig, "lamp", r#"{"level":5}"#);
    rig.wished(Outcome::Answer { payload: json!({"text": "It is on."}), result: "exit 0".into() });
    assert_snapshot!(rig.trace(), @r#"
    0.000 wish 1 Tool { name: "lamp", arguments: {"level": Number(5)} }
    0.000 report audit tool `lamp`: exit 0
    0.000 report command lamp: exit 0
    0.000 send {"session_id":"","type":"mcp","payload":{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"It is on."}],"isError":false}}}
    "#);
}

#[test]
fn who_waits_too_long_is_told_so_and_the_outcome_comes_too_late() {
    let mut rig = Rig::online_with(XiaozhiSettings { tools: vec![lamp()], ..settings() });
    call(&mut rig, "lamp", r#"{"level":5}"#);
    rig.trace();
    rig.wait_secs(28);
    let trace = rig.trace();
    assert!(trace.contains("not done within 28 s") && trace.contains("isError\":true"), "{trace}");
    rig.wished(Outcome::Done);
    assert_eq!(rig.trace(), "");
}

#[test]
fn a_restart_needs_the_owners_consent() {
    let reboot = r#"{"type":"system","command":"reboot"}"#;
    let mut rig = Rig::online();
    rig.message(reboot);
    call(&mut rig, "self.restart", "{}");
    let trace = rig.trace();
    assert!(!trace.contains("wish") && trace.contains("refused"), "{trace}");
    let mut rig = Rig::online_with(XiaozhiSettings { allow_restart: true, ..settings() });
    rig.message(reboot);
    rig.wished(Outcome::Done);
    call(&mut rig, "self.restart", "{}");
    rig.wished(Outcome::Done);
    assert_snapshot!(rig.trace(), @r#"
    0.000 wish 1 Restart
    0.000 report audit tool `system/reboot`: done
    0.000 report command system/reboot: done
    0.000 wish 2 Restart
    0.000 report audit tool `self.restart`: done
    0.000 report command self.restart: done
    0.000 send {"session_id":"","type":"mcp","payload":{"jsonrpc":"2.0","id":3,"result":{"content":[{"type":"text","text":"true"}],"isError":false}}}
    "#);
}

#[test]
fn other_orders_are_unknown() {
    let mut rig = Rig::online();
    rig.message(r#"{"type":"system","command":"explode"}"#);
    assert!(rig.trace().ends_with("report command system/explode: unknown"));
}
