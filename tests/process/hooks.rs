//! Hooks get their JSON and their context, and no more than four run at once.

use std::sync::Arc;
use std::time::Duration;

use auricle::services::hooks::{HookOutcome, Hooks};
use serde_json::json;

use crate::watching::{gone, numbers, script, words};

fn context(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn ran(outcome: &HookOutcome) -> &auricle::services::process::Outcome {
    let HookOutcome::Ran(outcome) = outcome else { panic!("{outcome:?}") };
    outcome
}

#[tokio::test]
async fn a_hook_reads_its_json_and_sees_its_context() {
    let folder = tempfile::tempdir().unwrap();
    let argv = script(folder.path(), "cat; echo; printf '%s' \"$AURICLE_SERVER|$AURICLE_REQUEST\"");
    let json = json!({ "kind": "quote ' \" \\ $(id)", "text": "é" });
    let context = context(&[("AURICLE_SERVER", "home"), ("AURICLE_REQUEST", "a\0b; `id`")]);
    let outcome = Hooks::default().run(&argv, &json, &context).await;
    assert!(outcome.is_success());
    assert_eq!(ran(&outcome).stdout, format!("{json}\nhome|ab; `id`"));
    assert!(outcome.audit().starts_with("exit 0, "), "{}", outcome.audit());
}

#[tokio::test]
async fn a_value_from_a_server_ends_after_four_kib() {
    let folder = tempfile::tempdir().unwrap();
    let argv = script(folder.path(), "printf '%s' \"$AURICLE_REQUEST\" | wc -c");
    let outcome = Hooks::default().run(&argv, &json!({}), &context(&[("AURICLE_REQUEST", &"é".repeat(3000))])).await;
    assert_eq!(ran(&outcome).stdout.trim(), "4096");
}

#[tokio::test]
async fn json_of_any_size_goes_in_and_the_output_is_cut() {
    let json = json!("x".repeat(1_000_000));
    let outcome = Hooks::default().run(&words(&["cat"]), &json, &[]).await;
    assert_eq!((ran(&outcome).stdout.len(), ran(&outcome).cut), (16 * 1024, true));
    assert_eq!(outcome.audit(), "exit 0, 16384 bytes, cut");
}

#[tokio::test]
async fn what_goes_wrong_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let hooks = Hooks::with_time_limit(Duration::from_millis(300));
    for (argv, line) in [
        (Vec::new(), "there is no hook for it; name a program in [hooks]"),
        (words(&["no-such-hook"]), "not started: the program `no-such-hook` is not there; install it"),
        (
            script(folder.path(), "echo a >&2; echo the screen is off >&2; exit 2"),
            "exit 2, 20 bytes: the screen is off",
        ),
        (script(folder.path(), "exit 1"), "exit 1, 0 bytes: nothing on its standard error"),
        (words(&["sleep", "100"]), "timed out after 0."),
    ] {
        let outcome = hooks.run(&argv, &json!({}), &[]).await;
        assert!(outcome.audit().starts_with(line), "{} is not {line}", outcome.audit());
        assert!(!outcome.is_success() && !outcome.audit().contains('\n'));
    }
}

#[tokio::test]
async fn the_fifth_at_once_is_dropped_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let hooks = Arc::new(Hooks::default());
    let argv = script(folder.path(), "echo $$ >> $D/pids; sleep 100");
    let start = || {
        let (hooks, argv) = (Arc::clone(&hooks), argv.clone());
        tokio::spawn(async move { hooks.run(&argv, &json!({}), &[]).await })
    };
    let running: Vec<_> = (0..4).map(|_| start()).collect();
    let pids = numbers(&folder.path().join("pids"), 4).await;
    let fifth = start().await.unwrap();
    assert!(matches!(fifth, HookOutcome::Dropped), "{fifth:?}");
    assert_eq!(fifth.audit(), "dropped: 4 hooks are running already");
    for hook in running {
        hook.abort();
        assert!(hook.await.unwrap_err().is_cancelled());
    }
    gone(&pids).await;
    assert!(hooks.run(&words(&["true"]), &json!({}), &[]).await.is_success());
}
