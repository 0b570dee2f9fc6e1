//! `auricle events --json`: what servers and people did with the device, as scripts see it.

use serde_json::{Value, json};

use crate::command_line::{Running, works};
use crate::pulse::until;
use crate::scribe::Scribe;
use crate::stage::Stage;

/// The next event of this name.
#[track_caller]
fn next(events: &Running, name: &str) -> Value {
    loop {
        let event: Value = serde_json::from_str(&events.line()).unwrap();
        assert!(event["t"].as_i64().unwrap() > 1_700_000_000_000, "{event}");
        if event["event"] == name {
            return event;
        }
    }
}

#[test]
fn commands_audits_meetings_and_texts_are_told_with_their_server() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::with(|settings| {
        let settings = settings.with("listen", "triggers", "[]").with("linto", "live_transcript", true);
        settings.text("meeting", "directory", folder.path().to_str().unwrap()).text("meeting", "min_free", "1MB")
    });
    let scribe = Scribe::start(&stage.broker);
    let events = Running::start(&stage.daemon, &["events", "--json"]);
    // It has to be connected first, which nothing shows but that something arrives.
    let mut first = None;
    until("it hears of something", || {
        stage.flow.command("volume", r#"{"value":"70"}"#);
        first = events.try_line();
        first.is_some()
    });
    let first: Value = serde_json::from_str(&first.unwrap()).unwrap();
    let expected = json!({"t": first["t"], "event": "command", "server": "linto", "topic": "volume", "result": "done"});
    assert_eq!(first, expected);

    works(&stage.daemon, &["mute"]);
    assert_eq!(next(&events, "muted")["by"], "local");
    stage.flow.command("unmute", "{}");
    let audit = next(&events, "audit");
    assert_eq!((&audit["server"], audit["result"].as_str().unwrap().starts_with("refused: ")), (&json!("linto"), true));
    assert_eq!(next(&events, "command")["topic"], "unmute");
    works(&stage.daemon, &["unmute"]);
    let mut file = String::new();
    until("the microphone delivers", || {
        let output = stage.daemon.run_cli(&["meeting", "start", "Budget"]);
        file = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        output.status.success()
    });
    let meeting = next(&events, "meeting");
    assert_eq!((&meeting["file"], &meeting["on"]), (&json!(file), &json!(true)));
    scribe.wait_start(1);
    scribe.started();
    assert_eq!(next(&events, "command")["topic"], "streaming");
    scribe.partial("it is");
    let partial = next(&events, "partial");
    assert_eq!((&partial["server"], &partial["text"]), (&json!("linto"), &json!("it is")));
    scribe.text("It is noon.");
    let last = next(&events, "final");
    // Whoever dictates can tell it from his own words.
    assert_eq!((&last["text"], &last["meeting"]), (&json!("It is noon."), &json!(true)));
    works(&stage.daemon, &["meeting", "stop"]);
    let meeting = next(&events, "meeting");
    assert_eq!((&meeting["file"], &meeting["on"]), (&json!(file), &json!(false)));
}
