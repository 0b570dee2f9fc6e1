//! Commands that wish something of the device: what is wished, what comes of it, who is told.

use super::rig::Rig;
use crate::protocol::linto::commands;
use crate::wish::Outcome;
use insta::assert_snapshot;
use serde_json::json;

const TUNNEL: &str = r#"{"remoteHost":"help.example.org","remoteSSHPort":"2222","mySSHPort":"22","remoteUser":"help",
    "privateKey":"s3cret"}"#;

fn no() -> Outcome {
    Outcome::Refused("it may not be".into())
}

fn broke() -> Outcome {
    Outcome::Failed("it broke".into())
}

fn answer() -> Outcome {
    Outcome::Answer { payload: json!({"stdout": "up 3 days\n", "stderr": "", "code": 0}), result: "exit 0".into() }
}

/// The command comes on the scope of the application, and this comes of it.
fn served(leaf: &str, payload: &str, outcome: Outcome) -> String {
    let mut rig = Rig::online();
    rig.message(&format!("app1/tolinto/raspberry1/{leaf}"), payload);
    rig.wished(1, outcome);
    rig.wait_secs(60);
    rig.trace()
}

/// A payload that each command of the registry takes.
fn good(leaf: &str) -> &'static str {
    match leaf {
        "volume" | "endvolume" => r#"{"value":"55"}"#,
        "say" => r#"{"value":"hello"}"#,
        "tts_lang" => r#"{"value":"fr-FR"}"#,
        "shellexec" => r#"{"cmd":"uptime"}"#,
        "managemeeting" => r#"{"sessionname":"Budget","command":"startlocalrecording"}"#,
        "startreversessh" => TUNNEL,
        _ => "{}",
    }
}

#[test]
fn a_slider_changes_the_volume_and_when_it_is_let_go_it_holds() {
    assert_snapshot!(served("volume", r#"{"value":"55"}"#, Outcome::Done), @r"
    0.000 wish 1 Volume { percent: 55, keep: false }
    0.000 report command volume: done
    ");
    assert_snapshot!(served("volume", r#"{"value":0}"#, Outcome::Superseded), @r"
    0.000 wish 1 Volume { percent: 0, keep: false }
    ");
    assert_snapshot!(served("endvolume", r#"{"value":"0"}"#, Outcome::Done), @r"
    0.000 wish 1 Volume { percent: 0, keep: true }
    0.000 report command endvolume: done
    ");
}

#[test]
fn mute_is_acknowledged_when_it_took_effect_and_only_then() {
    let mut rig = Rig::online();
    rig.message("blk/tolinto/raspberry1/mute", "{}");
    rig.wait_secs(5);
    rig.wished(1, Outcome::Done);
    assert_snapshot!(rig.trace(), @r"
    0.000 wish 1 Mute
    5.000 publish blk/fromlinto/raspberry1/muteack One {}
    5.000 report command mute: done
    ");
    assert_snapshot!(served("mute", "", broke()), @r"
    0.000 wish 1 Mute
    0.000 report command mute: failed: it broke
    ");
}

#[test]
fn unmute_is_acknowledged_and_leaves_a_line_for_the_audit() {
    assert_snapshot!(served("unmute", "{}", Outcome::Done), @r"
    0.000 wish 1 Unmute
    0.000 publish app1/fromlinto/raspberry1/unmuteack One {}
    0.000 report audit unmute by app1/tolinto/raspberry1/unmute: done
    0.000 report command unmute: done
    ");
}

#[test]
fn a_refused_unmute_is_not_acknowledged_but_leaves_a_line_for_the_audit() {
    assert_snapshot!(served("unmute", "{}", no()), @r"
    0.000 wish 1 Unmute
    0.000 report audit unmute by app1/tolinto/raspberry1/unmute: refused: it may not be
    0.000 report command unmute: refused: it may not be
    ");
}

#[test]
fn a_language_is_wished_and_never_answered() {
    assert_snapshot!(served("tts_lang", r#"{"value":"fr-FR"}"#, Outcome::Done), @r#"
    0.000 wish 1 Language("fr-FR")
    0.000 report command tts_lang: done
    "#);
    assert_snapshot!(served("tts_lang", r#"{"value":"xx-XX"}"#, no()), @r#"
    0.000 wish 1 Language("xx-XX")
    0.000 report command tts_lang: refused: it may not be
    "#);
    assert_snapshot!(served("tts_lang", r#"{"value":"fr;rm"}"#, Outcome::Done), @r"
    0.000 report command tts_lang: refused: the language is `fr;rm`; send one such as `fr-FR`
    ");
}

#[test]
fn a_meeting_is_started_and_ended_without_any_answer() {
    let start = r#"{"sessionname":"Budget 2021","command":"startlocalrecording"}"#;
    assert_snapshot!(served("managemeeting", start, answer()), @r#"
    0.000 wish 1 MeetingStart { name: "Budget 2021" }
    0.000 report audit recording `Budget 2021` by app1/tolinto/raspberry1/managemeeting: exit 0
    0.000 report command managemeeting: exit 0
    "#);
    assert_snapshot!(served("managemeeting", r#"{"command":"stoplocalrecording"}"#, no()), @r"
    0.000 wish 1 MeetingStop
    0.000 report audit end of the recording by app1/tolinto/raspberry1/managemeeting: refused: it may not be
    0.000 report command managemeeting: refused: it may not be
    ");
    for outcome in [Outcome::Done, answer(), no(), broke(), Outcome::Superseded] {
        let trace = served("managemeeting", start, outcome);
        assert!(!trace.contains("publish"), "{trace}");
    }
}

#[test]
fn a_shell_command_is_answered_with_what_it_said_or_why_it_said_nothing() {
    assert_snapshot!(served("shellexec", r#"{"cmd":"uptime"}"#, answer()), @r#"
    0.000 wish 1 Shell("uptime")
    0.000 publish app1/fromlinto/raspberry1/shellexec One {"code":0,"stderr":"","stdout":"up 3 days\n"}
    0.000 report audit `uptime` by app1/tolinto/raspberry1/shellexec: exit 0
    0.000 report command shellexec: exit 0
    "#);
    assert_snapshot!(served("shellexec", r#"{"cmd":"uptime"}"#, no()), @r#"
    0.000 wish 1 Shell("uptime")
    0.000 publish app1/fromlinto/raspberry1/shellexec One {"status":"it may not be"}
    0.000 report audit `uptime` by app1/tolinto/raspberry1/shellexec: refused: it may not be
    0.000 report command shellexec: refused: it may not be
    "#);
    assert_snapshot!(served("shellexec", r#"{"cmd":"uptime"}"#, broke()), @r#"
    0.000 wish 1 Shell("uptime")
    0.000 publish app1/fromlinto/raspberry1/shellexec One {"status":"it broke"}
    0.000 report audit `uptime` by app1/tolinto/raspberry1/shellexec: failed: it broke
    0.000 report command shellexec: failed: it broke
    "#);
}

#[test]
fn a_long_shell_command_makes_a_short_line() {
    let trace = served("shellexec", &format!(r#"{{"cmd":"{}"}}"#, "x".repeat(4_000)), answer());
    let audit = trace.lines().find(|line| line.contains("audit")).unwrap();
    assert!(audit.len() < 250, "{audit}");
}

#[test]
fn a_tunnel_is_answered_when_it_stands_and_an_error_comes_in_both_keys() {
    assert_snapshot!(served("startreversessh", TUNNEL, Outcome::Done), @r#"
    0.000 wish 1 Tunnel(Tunnel(help@help.example.org, 2222 there to 22 here, with a key))
    0.000 publish app1/fromlinto/raspberry1/startreversessh One {"reversesshstatus":"ok"}
    0.000 report audit tunnel help@help.example.org (port 2222 there to port 22 here) by app1/tolinto/raspberry1/startreversessh: done
    0.000 report command startreversessh: done
    "#);
    assert_snapshot!(served("startreversessh", TUNNEL, broke()), @r#"
    0.000 wish 1 Tunnel(Tunnel(help@help.example.org, 2222 there to 22 here, with a key))
    0.000 publish app1/fromlinto/raspberry1/startreversessh One {"reversesshstatus":"it broke","status":"it broke"}
    0.000 report audit tunnel help@help.example.org (port 2222 there to port 22 here) by app1/tolinto/raspberry1/startreversessh: failed: it broke
    0.000 report command startreversessh: failed: it broke
    "#);
}

#[test]
fn the_key_of_a_tunnel_is_in_no_line() {
    for outcome in [Outcome::Done, no(), broke()] {
        let trace = served("startreversessh", TUNNEL, outcome);
        assert!(trace.contains("with a key") && !trace.contains("s3cret"), "{trace}");
    }
}

#[test]
fn what_can_not_be_read_is_answered_where_there_is_an_answer_and_always_told() {
    let mut rig = Rig::online();
    for leaf in ["volume", "endvolume", "tts_lang", "managemeeting", "shellexec", "startreversessh"] {
        rig.message(&format!("blk/tolinto/raspberry1/{leaf}"), "[]");
    }
    assert_snapshot!(rig.trace(), @r#"
    0.000 report command volume: refused: no `value` in it; send a number from 0 to 100
    0.000 report command endvolume: refused: no `value` in it; send a number from 0 to 100
    0.000 report command tts_lang: refused: no `value` in it; send a language such as `fr-FR`
    0.000 report command managemeeting: refused: the payload is an array, not an object
    0.000 publish blk/fromlinto/raspberry1/shellexec One {"status":"the payload is an array, not an object"}
    0.000 report command shellexec: refused: the payload is an array, not an object
    0.000 publish blk/fromlinto/raspberry1/startreversessh One {"reversesshstatus":"the payload is an array, not an object","status":"the payload is an array, not an object"}
    0.000 report command startreversessh: refused: the payload is an array, not an object
    "#);
}

#[test]
fn each_outcome_goes_to_the_scope_of_its_own_command_in_whatever_order_they_come() {
    let mut rig = Rig::online();
    rig.message("blk/tolinto/raspberry1/shellexec", r#"{"cmd":"one"}"#);
    rig.message("app1/tolinto/raspberry1/shellexec", r#"{"cmd":"two"}"#);
    rig.message("blk/tolinto/raspberry1/mute", "{}");
    rig.trace();
    rig.wished(3, Outcome::Done);
    rig.wished(2, no());
    rig.wished(1, no());
    assert_snapshot!(rig.trace(), @r#"
    0.000 publish blk/fromlinto/raspberry1/muteack One {}
    0.000 report command mute: done
    0.000 publish app1/fromlinto/raspberry1/shellexec One {"status":"it may not be"}
    0.000 report audit `two` by app1/tolinto/raspberry1/shellexec: refused: it may not be
    0.000 report command shellexec: refused: it may not be
    0.000 publish blk/fromlinto/raspberry1/shellexec One {"status":"it may not be"}
    0.000 report audit `one` by blk/tolinto/raspberry1/shellexec: refused: it may not be
    0.000 report command shellexec: refused: it may not be
    "#);
}

#[test]
fn an_outcome_counts_once_and_one_that_nobody_waits_for_not_at_all() {
    let mut rig = Rig::online();
    rig.message("blk/tolinto/raspberry1/mute", "{}");
    rig.wished(1, Outcome::Done);
    rig.trace();
    rig.wished(1, Outcome::Done);
    rig.wished(7, Outcome::Done);
    assert_eq!(rig.trace(), "");
}

#[test]
fn every_command_is_told_once_audited_if_it_is_power_and_answered_only_on_its_own_scope() {
    for command in commands::ALL {
        for (scope, other) in [("blk", "app1"), ("app1", "blk")] {
            for outcome in [Outcome::Done, answer(), no(), broke()] {
                let mut rig = Rig::online();
                let topic = format!("{scope}/tolinto/raspberry1/{}", command.leaf);
                rig.message(&topic, good(command.leaf));
                rig.wished(1, outcome);
                let trace = rig.trace();
                assert_eq!(trace.matches("report command").count(), 1, "{topic}:\n{trace}");
                let audits = trace.lines().filter(|line| line.contains("audit") && line.contains(&topic)).count();
                assert_eq!(audits, usize::from(command.audited), "{topic}:\n{trace}");
                assert!(trace.matches("publish").count() <= 1, "{topic}:\n{trace}");
                assert!(!trace.contains(&format!("publish {other}/")), "{topic}:\n{trace}");
            }
        }
    }
}
