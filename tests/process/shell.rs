//! A remote command runs if and only if the owner allows it, and its answer has the shape that LinTO devices send.

use std::time::{Duration, Instant};

use auricle::services::shell::{MAX_COMMAND, Refusal, ShellAnswer, ShellPolicy, run, words};
use serde_json::{Value, json};

use crate::watching::{gone, numbers};

const LONG: Duration = Duration::from_secs(30);

fn listed(commands: &[&str]) -> ShellPolicy {
    ShellPolicy::Listed(commands.iter().map(|command| words(command).unwrap()).collect())
}

async fn any(command: &str) -> ShellAnswer {
    run(&ShellPolicy::Any, command, LONG).await
}

fn text<'a>(answer: &'a Value, key: &str) -> &'a str {
    answer[key].as_str().unwrap_or_else(|| panic!("no text `{key}` in {answer}"))
}

#[tokio::test]
async fn nothing_runs_while_it_is_off_and_the_answer_says_how_to_turn_it_on() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    for command in [format!("touch {}", trace.display()), String::new(), "a".repeat(100_000)] {
        let answer = run(&ShellPolicy::default(), &command, LONG).await;
        assert!(matches!(answer, ShellAnswer::Refused(Refusal::Off)), "{answer:?}");
        let json = answer.json();
        assert_eq!(json.as_object().unwrap().len(), 1);
        for word in ["off", "[remote]", "shell = \"listed\"", "shell = \"any\""] {
            assert!(text(&json, "status").contains(word), "{json}");
        }
        assert_eq!(answer.audit(), "refused: remote commands are off on this device");
    }
    assert!(!trace.exists());
}

#[tokio::test]
async fn a_listed_command_runs_however_its_words_are_quoted() {
    let policy = listed(&["uptime", "echo 'two words' \"$HOME\""]);
    for command in ["echo 'two words' $HOME", r#"echo "two words" '$HOME'"#, r"  e\cho two\ words   \$HOME  "] {
        let answer = run(&policy, command, LONG).await;
        // Without a shell nothing is expanded.
        assert_eq!(answer.json(), json!({ "stdout": "two words $HOME\n", "stderr": "", "code": 0 }), "{command}");
        assert_eq!(answer.audit(), "exit 0, 16 bytes");
    }
}

#[tokio::test]
async fn nothing_can_be_smuggled_past_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let policy = listed(&["true", "echo one two"]);
    for attempt in [
        "true; touch TRACE",
        "true;touch TRACE",
        "true && touch TRACE",
        "true | touch TRACE",
        "true & touch TRACE",
        "true\ntouch TRACE",
        "true\rtouch TRACE",
        "true $(touch TRACE)",
        "true `touch TRACE`",
        "true > TRACE",
        "true TRACE",
        "touch TRACE",
        "/bin/true",
        "./true",
        "PATH=. true",
        "TRUE",
        "true\u{a0}",
        "'true '",
        "'true ; touch TRACE'",
        "true ''",
        "'' true",
        "echo one two three",
        "echo one",
        "echo 'one two'",
        "echo one\ntwo",
        "echo two one",
        "sh -c true",
        "$(echo true)",
        "*",
        "#true",
        "''",
    ] {
        let command = attempt.replace("TRACE", &trace.display().to_string());
        let answer = run(&policy, &command, LONG).await;
        assert!(matches!(answer, ShellAnswer::Refused(Refusal::NotListed)), "{attempt:?}: {answer:?}");
        assert!(text(&answer.json(), "status").contains("shell_commands in [remote]"), "{}", answer.json());
    }
    assert!(!trace.exists());
}

#[tokio::test]
async fn a_command_that_cannot_be_read_is_refused_with_the_reason() {
    let long = "a".repeat(MAX_COMMAND + 1);
    for (command, refusal) in [
        ("true 'a", Refusal::OpenQuote),
        ("true \"a", Refusal::OpenQuote),
        ("true \\", Refusal::OpenQuote),
        ("true\0", Refusal::Nul),
        ("", Refusal::Empty),
        (" \n\t", Refusal::Empty),
        (&long, Refusal::TooLong { bytes: MAX_COMMAND + 1 }),
    ] {
        for policy in [listed(&["true", "a"]), ShellPolicy::Any] {
            if policy == ShellPolicy::Any && refusal == Refusal::OpenQuote {
                continue;
            }
            let answer = run(&policy, command, LONG).await;
            assert!(matches!(&answer, ShellAnswer::Refused(reason) if *reason == refusal), "{command:?}: {answer:?}");
            assert!(answer.audit().starts_with("refused: ") && !answer.audit().contains('\n'));
            assert!(text(&answer.json(), "status").starts_with(&refusal.to_string()));
        }
    }
    let longest = format!("true {}", "a".repeat(MAX_COMMAND - 5));
    assert!(matches!(any(&longest).await, ShellAnswer::Ran { .. }));
}

#[tokio::test]
async fn any_command_is_the_shells() {
    let answer = any("echo $((6 * 7)) | tr 4 5; echo err >&2").await;
    assert_eq!(answer.json(), json!({ "stdout": "52\n", "stderr": "err\n", "code": 0 }));
    assert_eq!(answer.audit(), "exit 0, 7 bytes");
    // Not an option of the shell.
    let answer = any("-x; echo reached").await;
    assert_eq!(text(&answer.json(), "stdout"), "reached\n");
}

#[tokio::test]
async fn a_failed_command_answers_as_linto_devices_do_and_keeps_its_output() {
    let answer = any("echo so far; echo no such thing >&2; exit 3").await;
    let expected = json!({
        "status": "Command failed: echo so far; echo no such thing >&2; exit 3\nno such thing\n",
        "stdout": "so far\n", "stderr": "no such thing\n", "code": 3,
    });
    assert_eq!(answer.json(), expected);
    let answer = any("kill -9 $$").await;
    let expected = json!({ "status": "Command failed: kill -9 $$\n", "stdout": "", "stderr": "", "code": null });
    assert_eq!((answer.json(), answer.audit()), (expected, "signal 9, 0 bytes".to_owned()));
}

#[tokio::test]
async fn a_listed_program_that_is_not_installed_is_named() {
    let answer = run(&listed(&["no-such-program"]), "no-such-program", LONG).await;
    let json = answer.json();
    assert!(text(&json, "status").starts_with("Command failed: no-such-program\nthe program `no-such-program` is not"));
    assert_eq!((&json["code"], text(&json, "stdout")), (&Value::Null, ""));
    assert!(answer.audit().starts_with("not started: the program `no-such-program`"));
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_killed_with_all_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().join("pids");
    let command = format!("sleep 100 & echo $! > '{}'; echo begun; sleep 100", pids.display());
    let started = Instant::now();
    let answer = run(&ShellPolicy::Any, &command, Duration::from_millis(500)).await;
    assert!(started.elapsed() < Duration::from_millis(1500));
    let json = answer.json();
    assert_eq!(text(&json, "status"), format!("Command timed out after 0.5 s: {command}"));
    assert_eq!((&json["code"], text(&json, "stdout")), (&Value::Null, "begun\n"));
    assert!(answer.audit().starts_with("timed out after "), "{}", answer.audit());
    gone(&numbers(&pids, 1).await).await;
}

#[tokio::test]
async fn a_cut_output_is_told() {
    let json = any("yes | head -c 1000000").await.json();
    assert_eq!((text(&json, "stdout").len(), &json["code"]), (64 * 1024, &json!(0)));
    assert_eq!(text(&json, "note"), "only the first 64 KiB of stdout and of stderr are kept");
    assert!(any("echo").await.json().get("note").is_none());
}
