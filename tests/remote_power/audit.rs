//! Each use of remote power is one line of the log: topic and scope, what, result.

use std::fs;

use serde_json::{Value, json};

use crate::broker::{SOON, wait_until};
use crate::daemon::SERIAL;
use crate::operator::{ask, audit, audit_events, quiet, run, wait_answers};
use crate::sshd::{Sshd, free_port};
use crate::stage::Stage;

/// Looks at the newest line of the audit, of which there must be so many now.
#[track_caller]
fn assert_newest(stage: &Stage, count: usize, parts: &[&str]) {
    wait_until("the line of the audit", SOON, || {
        (audit(&stage.daemon).len().min(audit_events(&stage.daemon).len()) >= count).then_some(())
    });
    let lines = audit(&stage.daemon);
    assert_eq!(lines.len(), count, "{lines:#?}");
    let newest = lines.last().unwrap();
    for part in parts {
        assert!(newest.contains(part), "`{part}` is not in: {newest}");
    }
    let events = audit_events(&stage.daemon);
    assert_eq!(events.len(), count, "{events:?}");
    let (what, result) = events.last().unwrap();
    // As the log quotes texts.
    assert!(
        newest.contains(&format!("{result:?}")) && newest.contains(&format!("{what:?}")),
        "{newest}: {what} {result}"
    );
}

/// The server asks for an action in its answer to a question in writing; the topic of the answer.
fn asks_for_an_action(stage: &Stage) -> String {
    let taken = stage.daemon.ask("POST", "/ask", r#"{"text":"Light!"}"#);
    let topic = format!("blk/tolinto/{SERIAL}/nlp/text/{}", taken["id"].as_str().unwrap());
    let answer = json!({"behavior": {"say": "light_on", "customAction": {"kind": "light_on"}}});
    stage.flow.probe.publish(&topic, answer.to_string(), false);
    topic
}

#[test]
fn what_is_allowed_leaves_one_line_each() {
    let (mut server, folder) = (Sshd::start(), tempfile::tempdir().unwrap());
    let stage = Stage::with(|settings| {
        let settings = quiet(settings).text("linto", "application_kind", "multi-user");
        let settings =
            settings.text("remote", "shell", "any").text("remote", "meeting", "on").text("remote", "ssh", "on");
        let settings = settings.with("remote", "ssh_hosts", json!([server.host_line("ed25519")]));
        let settings = settings.text("meeting", "directory", folder.path().to_str().unwrap());
        settings.text("meeting", "min_free", "1MB").with("hooks", "custom_action", r#"["cat"]"#)
    });
    let topic = |leaf: &str| format!("blk/tolinto/{SERIAL}/{leaf}");

    run(&stage, "echo 12345; exit 3");
    assert_newest(&stage, 1, &["`echo 12345; exit 3`", &topic("shellexec"), "exit 3, 6 bytes"]);

    let meeting = |command: &str| {
        let payload = json!({"sessionname": "Monday", "command": command});
        stage.flow.command("managemeeting", payload.to_string());
    };
    meeting("startlocalrecording");
    assert_newest(&stage, 2, &["recording `Monday`", &topic("managemeeting"), "recording to ", "onday"]);
    meeting("stoplocalrecording");
    assert_newest(&stage, 3, &["end of the recording", &topic("managemeeting"), " s of sound"]);

    stage.flow.command("mute", "{}");
    wait_answers(&stage.flow, "muteack", 1);
    stage.flow.command("unmute", "{}");
    wait_answers(&stage.flow, "unmuteack", 1);
    assert_newest(&stage, 4, &["unmute", &topic("unmute"), "done"]);

    let answered = asks_for_an_action(&stage);
    assert_newest(&stage, 5, &["hook custom_action", &answered, "exit 0"]);
    stage.flow.command("customAction/room/light", r#"{"behavior":{"customAction":{"kind":"light_off"}}}"#);
    assert_newest(&stage, 6, &["hook custom_action", &topic("customAction/room/light"), "exit 0"]);

    let there = free_port();
    let request = json!({"remoteHost": server.host(), "remoteSSHPort": there, "remoteUser": Sshd::user(),
        "privateKey": server.key()});
    ask(&stage.flow, "startreversessh", &request);
    let account = format!("tunnel {}@{}", Sshd::user(), server.host());
    assert_newest(&stage, 7, &[&account, &topic("startreversessh"), &format!("stands, port {there} there")]);
    server.kill();
    assert_newest(&stage, 8, &[&account, "ended: the connection to", "broke"]);
}

#[test]
fn what_is_refused_leaves_one_line_each_too() {
    let stage = Stage::with(|settings| quiet(settings).text("linto", "application_kind", "multi-user"));
    run(&stage, "id");
    assert_newest(&stage, 1, &["`id`", "blk/tolinto/raspberry1/shellexec", "refused: remote commands are off"]);

    let request = json!({"remoteHost": "host", "remoteSSHPort": 1, "remoteUser": "user", "privateKey": "key"});
    ask(&stage.flow, "startreversessh", &request);
    assert_newest(&stage, 2, &["tunnel user@host", "startreversessh", "refused: reverse SSH is off"]);

    stage.flow.command("managemeeting", r#"{"sessionname":"x","command":"startlocalrecording"}"#);
    assert_newest(&stage, 3, &["recording `x`", "managemeeting", "refused: a server may not record here"]);

    assert!(stage.daemon.run_cli(&["mute"]).status.success());
    stage.flow.command("unmute", "{}");
    assert_newest(&stage, 4, &["unmute", "blk/tolinto/raspberry1/unmute", "refused: muted at the device"]);

    asks_for_an_action(&stage);
    assert_newest(&stage, 5, &["hook custom_action", "nlp/text/", "refused: "]);
    assert!(!stage.daemon.log().contains("unmuteack"));
}

/// Somebody who writes the log's own words into a command makes no line of his own.
#[test]
fn a_command_forges_no_line_and_no_field() {
    let stage = Stage::with(quiet);
    let forged = "id\n2026-01-01T00:00:00Z  WARN audit what=\"nothing\" result=\"done\"\r\u{1b}[2K";
    run(&stage, forged);
    let lines = audit(&stage.daemon);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(!lines[0].contains('\u{1b}') || !lines[0].contains("[2K"), "{}", lines[0]);
    assert!(lines[0].contains("refused"), "{}", lines[0]);
    // A long one is cut.
    run(&stage, &"x".repeat(4_000));
    let lines = audit(&stage.daemon);
    assert!(lines.len() == 2 && lines[1].len() < 1_000, "{}", lines[1].len());
}

/// The hook gets what the server sent, and what else is known.
#[test]
fn the_hook_that_is_audited_is_the_one_that_ran() {
    let folder = tempfile::tempdir().unwrap();
    let (script, seen) = (folder.path().join("hook"), folder.path().join("seen"));
    let text = format!(
        "#!/bin/sh\n{{ cat; echo; echo \"$AURICLE_SAY|$AURICLE_SERVER|$AURICLE_REQUEST\"; }} > {0}.part\nmv {0}.part {0}\n",
        seen.display()
    );
    fs::write(&script, text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&script, mode).unwrap();
    let stage = Stage::with(|settings| {
        let settings = quiet(settings).text("linto", "application_kind", "multi-user");
        settings.with("hooks", "custom_action", json!([script]))
    });
    let topic = asks_for_an_action(&stage);
    assert_newest(&stage, 1, &["hook custom_action", &topic, "exit 0"]);
    let seen = fs::read_to_string(seen).unwrap();
    let (input, context) = seen.split_once('\n').unwrap();
    assert_eq!(serde_json::from_str::<Value>(input).unwrap(), json!({"kind": "light_on"}));
    let id = topic.rsplit('/').next().unwrap();
    assert_eq!(context, format!("light_on|linto|{id}\n"));
    // A machine's label is not spoken.
    assert!(stage.daemon.events_named("spoken").is_empty());
}
