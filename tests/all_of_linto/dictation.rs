//! `auricle dictate`: what is said is written down while it is said.

use serde_json::{Value, json};

use crate::broker::SOON;
use crate::command_line::{Running, fails, works};
use crate::daemon::Settings;
use crate::scribe::Scribe;
use crate::stage::Stage;
use crate::words;

fn on_demand(settings: Settings) -> Settings {
    settings.with("listen", "triggers", "[]")
}

fn scene() -> (Stage, Scribe) {
    let stage = Stage::with(on_demand);
    let scribe = Scribe::start(&stage.broker);
    (stage, scribe)
}

/// The stream as the device asks for it.
fn wanted() -> Value {
    json!({"config": {"sample_rate": 16_000, "metadata": 1}})
}

/// Ended with Ctrl-C: the lines that were printed after that.
#[track_caller]
fn let_go(dictation: Running, scribe: &Scribe, text: &str) -> Vec<String> {
    dictation.interrupt();
    assert_eq!(scribe.wait_stop(scribe.came("start").len()).text(), "{}");
    scribe.finish(text);
    let (status, lines, complaint) = dictation.end();
    assert!(status.success() && complaint.is_empty(), "{status} {complaint}");
    lines
}

#[test]
fn everything_from_the_first_word_to_ctrl_c_is_sent_and_its_texts_are_printed() {
    let (stage, scribe) = scene();
    let dictation = Running::start(&stage.daemon, &["dictate"]);
    assert_eq!(scribe.wait_start(1), wanted());
    // The server is slow; the person is not.
    let question = words::question();
    stage.person_says(&question);
    assert!(scribe.came("chunk").is_empty(), "nothing is sent before the server is ready");
    scribe.started();
    scribe.wait_words(&question);
    scribe.partial("what is");
    scribe.text("What is the time, please?");
    assert_eq!(dictation.line(), "What is the time, please?");
    let reply = words::reply();
    stage.person_says(&reply);
    scribe.wait_words(&reply);
    assert_eq!(let_go(dictation, &scribe, "What is the time, please? Yes, tell me."), ["Yes, tell me."]);
    assert!(scribe.find(&question) > 0.95);
    let order = scribe.order();
    assert_eq!((order[0].as_str(), order.last().unwrap().as_str()), ("start", "stop"), "{order:?}");
    let sent = stage.daemon.status()["sent"]["seconds"].as_f64().unwrap();
    let streamed = scribe.samples().len() as f64 / 16_000.0;
    assert!((sent - streamed).abs() < 0.01, "{sent} s are counted, {streamed} s came");
    stage.daemon.wait_status("the end", |status| status["state"] == "idle");
}

#[test]
fn with_json_what_may_still_change_is_printed_too() {
    let (stage, scribe) = scene();
    let dictation = Running::start(&stage.daemon, &["dictate", "--json"]);
    scribe.wait_start(1);
    scribe.started();
    stage.daemon.wait_event("command", |event| event["topic"] == "streaming" && event["result"] == "started", SOON);
    for (event, text) in [("partial", "it"), ("partial", "it is"), ("final", "It is noon.")] {
        if event == "final" {
            scribe.text(text)
        } else {
            scribe.partial(text)
        }
        let line: Value = serde_json::from_str(&dictation.line()).unwrap();
        assert_eq!((&line["event"], &line["text"]), (&json!(event), &json!(text)));
    }
    assert_eq!(let_go(dictation, &scribe, "It is noon."), [""; 0]);
}

#[test]
fn a_stream_that_an_earlier_run_left_open_is_closed_first() {
    let (stage, scribe) = scene();
    let dictation = Running::start(&stage.daemon, &["dictate"]);
    scribe.wait_start(1);
    // As servers of the newer generation say it.
    scribe.error(&json!({"status": "started", "message": "Streaming already started for this device"}));
    assert_eq!(scribe.wait_stop(1).text(), "{}");
    let question = words::question();
    stage.person_says(&question);
    assert_eq!(scribe.wait_start(2), wanted());
    let (stop, start) = (scribe.came("stop")[0].at, scribe.came("start")[1].at);
    assert!(start.duration_since(stop).as_secs_f64() > 3.4, "{:?}", start.duration_since(stop));
    scribe.started();
    // What was said meanwhile is not lost.
    scribe.wait_words(&question);
    dictation.interrupt();
    scribe.wait_stop(2);
    scribe.finish("What is the time, please?");
    let (status, lines, complaint) = dictation.end();
    assert!(status.success() && complaint.is_empty(), "{status} {complaint}");
    assert_eq!(lines, ["What is the time, please?"]);
}

#[test]
fn a_stream_that_the_server_ends_ends_the_dictation_and_says_so() {
    let (stage, scribe) = scene();
    let dictation = Running::start(&stage.daemon, &["dictate"]);
    scribe.wait_start(1);
    scribe.started();
    stage.person_says(&words::question());
    scribe.wait_words(&words::question());
    // Unasked: a limit of the flow.
    scribe.finish("What is the time, please?");
    let (status, lines, complaint) = dictation.end();
    assert_eq!(lines, ["What is the time, please?"]);
    assert!(status.success(), "{status}: what was said is there");
    assert!(complaint.contains("the server ended"), "`{complaint}` says why it ended");
    stage.daemon.wait_status("the end", |status| status["state"] == "idle");
    assert!(scribe.came("stop").is_empty(), "there is nothing left to be stopped");
}

#[test]
fn a_server_that_can_not_transcribe_is_told() {
    let (stage, scribe) = scene();
    let dictation = Running::start(&stage.daemon, &["dictate"]);
    scribe.wait_start(1);
    scribe.started();
    scribe.error(&json!({"status": "error"}));
    let (status, lines, complaint) = dictation.end();
    assert_eq!((status.code(), lines.len()), (Some(1), 0));
    assert!(complaint.contains("the server can't transcribe"), "{complaint}");
    assert_eq!(complaint.lines().count(), 1, "{complaint}");
}

#[test]
fn a_server_that_does_not_answer_is_told_with_what_it_lacks() {
    let (stage, scribe) = scene();
    let dictation = Running::start(&stage.daemon, &["dictate"]);
    scribe.wait_start(1);
    let (status, lines, complaint) = dictation.end();
    assert_eq!((status.code(), lines.len()), (Some(1), 0));
    assert!(complaint.contains("`streaming/start` within 5 s") && complaint.contains("multi-user"), "{complaint}");
    assert_eq!(stage.daemon.status()["sent"]["bytes"], 0);
}

#[test]
fn a_command_that_is_killed_ends_its_dictation() {
    let (stage, scribe) = scene();
    let mut dictation = Running::start(&stage.daemon, &["dictate"]);
    scribe.wait_start(1);
    scribe.started();
    crate::pulse::until("sound is sent", || !scribe.came("chunk").is_empty());
    dictation.kill();
    assert_eq!(scribe.wait_stop(1).text(), "{}");
    scribe.finish("");
    stage.daemon.wait_status("the end", |status| status["state"] == "idle");
    let sent = scribe.came("chunk").len();
    stage.flow.fence();
    assert_eq!(scribe.came("chunk").len(), sent);
    // The next one begins afresh.
    let dictation = Running::start(&stage.daemon, &["dictate"]);
    scribe.wait_start(2);
    scribe.started();
    stage.daemon.wait_state("listening");
    scribe.text("Again.");
    assert_eq!(dictation.line(), "Again.");
    assert_eq!(let_go(dictation, &scribe, "Again."), [""; 0]);
}

#[test]
fn what_stands_in_the_way_is_told_at_once() {
    let (mut stage, scribe) = scene();
    let dictation = Running::start(&stage.daemon, &["dictate"]);
    scribe.wait_start(1);
    let complaint = fails(&stage.daemon, &["dictate"]);
    assert!(complaint.contains("already"), "{complaint}");
    drop(dictation);
    // What was said until then is sent when the server can take it.
    scribe.started();
    scribe.wait_stop(1);
    scribe.finish("");
    stage.daemon.wait_status("the end", |status| status["state"] == "idle");

    works(&stage.daemon, &["mute"]);
    assert!(fails(&stage.daemon, &["dictate"]).contains("muted"));
    works(&stage.daemon, &["unmute"]);
    stage.broker.kill();
    stage.daemon.wait_status("the device to notice", |status| status["servers"][0]["link"] == "down");
    assert!(fails(&stage.daemon, &["dictate"]).contains("no connection to the server"));
}
