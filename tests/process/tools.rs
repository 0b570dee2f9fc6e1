//! The owner's tools: what they get, what comes back, and their ends.

use std::time::Duration;

use auricle::services::tools::{ToolOutcome, Tools};
use serde_json::{Map, Value, json};

const LIMIT: Duration = Duration::from_secs(20);

fn sh(script: &str, more: &[&str]) -> Vec<String> {
    let words = ["/bin/sh", "-c", script, "tool"].into_iter().chain(more.iter().copied());
    words.map(str::to_owned).collect()
}

fn arguments(json: Value) -> Map<String, Value> {
    json.as_object().unwrap().clone()
}

async fn answer(command: &[String], given: Value) -> Result<String, String> {
    Tools::default().run(command, &arguments(given), LIMIT).await.answer()
}

#[tokio::test]
async fn values_come_as_words_and_as_json() {
    let given = json!({"level": 30, "text": "a \"b\" $HOME; exit 3"});
    let command = sh("printf '%s|' \"$@\"; cat", &["{level}", "{text}", "{gone}"]);
    let told = answer(&command, given.clone()).await.unwrap();
    let (words, input) = told.split_at(told.find('{').unwrap());
    assert_eq!(words, "30|a \"b\" $HOME; exit 3|");
    assert_eq!(serde_json::from_str::<Value>(input).unwrap(), given);
}

#[tokio::test]
async fn a_tool_that_fails_says_why_in_one_line() {
    let why = answer(&sh("echo half; echo first >&2; echo 'no lamp' >&2; exit 3", &[]), json!({})).await.unwrap_err();
    assert!(why.starts_with("exit 3") && why.ends_with(": no lamp"), "{why}");
    let why = answer(&["/nowhere/lamp".to_owned()], json!({})).await.unwrap_err();
    assert!(why.contains("/nowhere/lamp"), "{why}");
}

#[tokio::test]
async fn a_tool_that_does_not_end_is_ended_and_its_output_is_bounded() {
    let slow = Tools::default().run(&sh("sleep 600", &[]), &Map::new(), Duration::from_millis(200)).await;
    let why = slow.answer().unwrap_err();
    assert!(why.contains("timed out"), "{why}");
    let much = answer(&sh("head -c 1000000 /dev/zero | tr '\\0' x", &[]), json!({})).await.unwrap();
    assert_eq!(much.len(), 4_000);
}

#[tokio::test]
async fn four_run_at_once_and_one_more_is_dropped() {
    let tools = Tools::default();
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate");
    let script = format!("until [ -e {} ]; do sleep 0.02; done", gate.display());
    let (none, waits, short) = (Map::new(), sh(&script, &[]), sh("true", &[]));
    let run = || tools.run(&waits, &none, LIMIT);
    let ((a, b), (c, d), fifth) = {
        let first = (run(), run());
        let second = (run(), run());
        let fifth = async {
            // Polled last: the places are taken.
            let outcome = tools.run(&short, &none, LIMIT).await;
            std::fs::write(&gate, "").unwrap();
            outcome
        };
        tokio::join!(async { tokio::join!(first.0, first.1) }, async { tokio::join!(second.0, second.1) }, fifth)
    };
    assert!(matches!(fifth, ToolOutcome::Dropped), "{fifth:?}");
    assert!(fifth.answer().unwrap_err().contains("4 tools"));
    assert!([a, b, c, d].iter().all(|outcome| outcome.answer().is_ok()));
}
