//! `shellexec`: off, listed, everything; and that it disturbs nobody.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use serde_json::{Value, json};

use crate::broker::{SOON, wait_until};
use crate::operator::{a_turn_works, answers, audit, edit, keys, ping, quiet, run, text, wait_answers};
use crate::stage::Stage;

fn any() -> Stage {
    Stage::with(|settings| quiet(settings).text("remote", "shell", "any"))
}

#[test]
fn off_the_answer_says_so_and_how_the_owner_turns_it_on() {
    let stage = Stage::with(quiet);
    let witness = stage.pulse.folder().join("witness");
    let answer = run(&stage, &format!("touch {}", witness.display()));
    assert_eq!(keys(&answer), ["status"]);
    let status = text(&answer, "status");
    for part in ["off", "owner", "[remote]", "shell = \"listed\"", "shell_commands", "shell = \"any\""] {
        assert!(status.contains(part), "`{part}` is not in: {status}");
    }
    assert!(!witness.exists());
    let audit = audit(&stage.daemon);
    assert_eq!(audit.len(), 1, "{audit:?}");
    for part in ["touch", "blk/tolinto/raspberry1/shellexec", "refused: remote commands are off"] {
        assert!(audit[0].contains(part), "`{part}` is not in: {}", audit[0]);
    }
    // However many come at once.
    for _ in 0..20 {
        stage.flow.command("shellexec", r#"{"cmd":"id"}"#);
    }
    let all = wait_answers(&stage.flow, "shellexec", 21);
    assert!(all.iter().all(|answer| text(answer, "status").contains("[remote]")), "{all:?}");
}

#[test]
fn listed_means_these_words_and_no_others() {
    let stage = Stage::with(|settings| {
        let listed = r#"["uptime", "echo 'two  words' $HOME", "cat /nonexistent"]"#;
        quiet(settings).text("remote", "shell", "listed").with("remote", "shell_commands", listed)
    });
    let answer = run(&stage, "uptime");
    assert_eq!(keys(&answer), ["code", "stderr", "stdout"]);
    assert!(text(&answer, "stdout").contains("load average"), "{answer}");
    // No shell expands anything; how it is quoted makes no difference.
    assert_eq!(
        run(&stage, r#"echo  "two  words" '$HOME'"#),
        json!({"stdout": "two  words $HOME\n", "stderr": "", "code": 0})
    );
    let failed = run(&stage, "cat /nonexistent");
    assert!(text(&failed, "status").starts_with("Command failed: cat /nonexistent\n"), "{failed}");

    let witness = stage.pulse.folder().join("witness");
    let touch = format!("uptime; touch {}", witness.display());
    for command in [
        "uptime; id",
        "uptime $(id)",
        "uptime && id",
        "uptime | id",
        "uptime -p",
        "uptime\nid",
        "uptime `id`",
        "uptime > /tmp/x",
        "/usr/bin/uptime",
        "UPTIME",
        "id",
        "'",
        "# uptime",
        &touch,
    ] {
        let answer = run(&stage, command);
        assert_eq!(keys(&answer), ["status"], "{command}: {answer}");
        let status = text(&answer, "status");
        assert!(status.contains("shell_commands") || status.contains("quote"), "{command}: {status}");
    }
    assert!(!witness.exists());
}

#[test]
fn any_tells_output_exit_code_and_what_went_wrong() {
    let stage = any();
    let answer = run(&stage, "echo hello; echo world >&2");
    assert_eq!(answer, json!({"stdout": "hello\n", "stderr": "world\n", "code": 0}));
    let failed = run(&stage, "echo half; echo broken >&2; exit 7");
    let status = "Command failed: echo half; echo broken >&2; exit 7\nbroken\n";
    assert_eq!(failed, json!({"stdout": "half\n", "stderr": "broken\n", "code": 7, "status": status}));
    // The shell itself is the one that is killed.
    let killed = run(&stage, "kill -9 $$");
    assert_eq!((&killed["code"], keys(&killed)), (&Value::Null, vec!["code", "status", "stderr", "stdout"]));
    assert_eq!(run(&stage, "no-such-program-here")["code"], 127);
    assert_eq!(run(&stage, "cat")["code"], 0, "nothing is on its standard input");
    assert_eq!(text(&run(&stage, "env | grep -c ^AURICLE_"), "stdout"), "0\n");
    let bad = crate::operator::ask(&stage.flow, "shellexec", &json!({"command": "id"}));
    assert!(text(&bad, "status").contains("no `cmd`"), "{bad}");
}

#[test]
fn the_time_limit_ends_a_command_with_everything_that_it_started() {
    let stage =
        Stage::with(|settings| quiet(settings).text("remote", "shell", "any").text("remote", "shell_timeout", "1s"));
    let began = Instant::now();
    let answer = run(&stage, "echo $$; sleep 300 & echo $!; (trap '' TERM; sleep 300) & echo $!; wait");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(text(&answer, "status").starts_with("Command timed out after 1 s: echo $$"), "{answer}");
    let started: Vec<&str> = text(&answer, "stdout").lines().collect();
    assert_eq!(started.len(), 3, "{answer}");
    for process in started {
        wait_until("the process to be gone", SOON, || (!lives(process)).then_some(()));
    }
}

fn lives(process: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[test]
fn output_without_end_is_cut_with_a_note() {
    let stage =
        Stage::with(|settings| quiet(settings).text("remote", "shell", "any").text("remote", "shell_timeout", "2s"));
    let answer = run(&stage, "yes x | head -c 300000");
    assert_eq!((text(&answer, "stdout").len(), &answer["code"]), (65_536, &json!(0)));
    assert!(text(&answer, "note").contains("only the first 64 KiB"), "{answer}");
    let memory = stage.daemon.memory();
    let endless = run(&stage, "yes");
    assert!(
        text(&endless, "status").contains("timed out") && text(&endless, "note").contains("64 KiB"),
        "{endless:.200}"
    );
    assert!(stage.daemon.memory() < memory + 4_096, "{} KiB, before {memory} KiB", stage.daemon.memory());
    assert!(audit(&stage.daemon)[0].contains("cut"), "{:?}", audit(&stage.daemon));
}

/// While they run somebody talks with the device, and it can be muted.
#[test]
fn fifty_commands_at_once_are_bounded_and_answered_and_hold_nobody_up() {
    const ALL: usize = 50;
    const AT_ONCE: usize = 4;
    let stage = Stage::with(|settings| settings.text("remote", "shell", "any").text("remote", "shell_timeout", "5min"));
    let gate = stage.pulse.folder().join("gate");
    nix::unistd::mkfifo(&gate, Mode::S_IRWXU).unwrap();
    for n in 0..ALL {
        stage.flow.command("shellexec", json!({"cmd": format!("cat {}; echo {n}", gate.display())}).to_string());
    }
    let refused = wait_answers(&stage.flow, "shellexec", ALL - AT_ONCE);
    for answer in &refused {
        assert!(text(answer, "status").contains("try again later"), "{answer}");
    }
    ping(&stage.flow);
    a_turn_works(&stage);
    stage.flow.command("mute", "{}");
    wait_answers(&stage.flow, "muteack", 1);
    assert_eq!(children(stage.daemon.pid()), AT_ONCE);
    assert_eq!(answers(&stage.flow, "shellexec").len(), ALL - AT_ONCE);

    // Opened and closed: whoever waits in front of it goes on.
    drop(fs::OpenOptions::new().write(true).open(&gate).unwrap());
    let all = wait_answers(&stage.flow, "shellexec", ALL);
    let ran: BTreeSet<&str> = all.iter().map(|answer| text(answer, "stdout")).filter(|text| !text.is_empty()).collect();
    assert_eq!((all.len(), ran.len()), (ALL, AT_ONCE), "{ran:?}");
    assert_eq!(audit(&stage.daemon).len(), ALL, "one line each");
    wait_until("all places to be free", SOON, || (children(stage.daemon.pid()) == 0).then_some(()));
    assert_eq!(run(&stage, "echo again")["stdout"], "again\n");
}

/// Of a process, whichever of its threads has started them.
fn children(process: u32) -> usize {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap().map_while(Result::ok);
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.map(|list| list.split_whitespace().count()).sum()
}

#[test]
fn the_owner_changes_the_policy_while_the_device_runs() {
    let stage = Stage::with(|settings| {
        quiet(settings).text("remote", "shell", "off").with("remote", "shell_commands", r#"["echo one"]"#)
    });
    let runs = |command: &str| run(&stage, command)["code"] == 0;
    assert!(!runs("echo one"));
    edit(&stage.daemon, "shell = \"off\"", "shell = \"listed\"");
    assert!(runs("echo one") && !runs("echo two"));
    edit(&stage.daemon, r#"["echo one"]"#, r#"["echo two"]"#);
    assert!(!runs("echo one") && runs("echo two"));
    edit(&stage.daemon, "shell = \"listed\"", "shell = \"any\"");
    assert!(runs("echo one && echo three"));
    edit(&stage.daemon, "shell = \"any\"", "shell = \"off\"");
    assert!(!runs("echo one") && !runs("echo two"));
}
