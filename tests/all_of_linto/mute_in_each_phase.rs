//! A server's `mute` closes the microphone whatever the device does just then.

use crate::broker::SOON;
use crate::command_line::{Running, works};
use crate::pulse::until;
use crate::scribe::Scribe;
use crate::stage::Stage;
use crate::wire::{records, wait};
use crate::words;

/// Mutes, and sees that nothing holds the microphone when that is acknowledged.
#[track_caller]
fn mute(stage: &Stage) {
    assert!(records(&stage.pulse));
    stage.flow.probe.forget();
    stage.flow.command("mute", "{}");
    wait(&stage.flow.probe, "muteack");
    assert!(!records(&stage.pulse));
}

#[track_caller]
fn unmute(stage: &Stage) {
    stage.flow.command("unmute", "{}");
    wait(&stage.flow.probe, "unmuteack");
    assert!(records(&stage.pulse));
}

#[test]
fn while_it_listens_nothing_is_sent() {
    let stage = Stage::new();
    let speaking = stage.person_begins(&words::question());
    stage.daemon.wait_event("speech_start", |_| true, SOON);
    mute(&stage);
    stage.daemon.wait_state("muted");
    speaking.finish();
    stage.flow.fence();
    assert_eq!(stage.flow.requests(), [""; 0]);
    assert_eq!(stage.daemon.status()["sent"]["bytes"], 0);
    unmute(&stage);
    stage.a_turn_works();
}

#[test]
fn while_it_waits_and_while_it_speaks_the_answer_is_heard() {
    let stage = Stage::new();
    stage.person_says(&words::question());
    let request = stage.flow.next_request();
    stage.daemon.wait_state("waiting");
    mute(&stage);
    let recording = stage.pulse.record();
    let text = "It is noon, and tomorrow will be a very fine day.";
    stage.flow.ask(&request.id, text, &serde_json::json!({"intent": "weather"}));
    stage.daemon.wait_state("speaking");
    unmute(&stage);
    // Once more, in the middle of the answer.
    mute(&stage);
    stage.daemon.wait_event("spoken", |event| event["text"] == text, SOON);
    words::said(text, &recording.finish());
    // It was a question; nobody can be heard.
    stage.daemon.wait_state("muted");
    assert!(!records(&stage.pulse));
    unmute(&stage);
    stage.a_turn_works();
}

#[test]
fn while_somebody_dictates_the_stream_ends() {
    let stage = Stage::with(|settings| settings.with("listen", "triggers", "[]"));
    let scribe = Scribe::start(&stage.broker);
    let dictation = Running::start(&stage.daemon, &["dictate"]);
    scribe.wait_start(1);
    scribe.started();
    let words = words::question();
    let speaking = stage.person_begins(&words);
    until("sound is sent", || !scribe.came("chunk").is_empty());
    mute(&stage);
    assert_eq!(scribe.wait_stop(1).text(), "{}");
    let sent = scribe.came("chunk").len();
    speaking.finish();
    assert_eq!((scribe.came("chunk").len(), scribe.order().last().unwrap().as_str()), (sent, "stop"));
    let (_, lines, complaint) = dictation.end();
    assert_eq!(lines, [""; 0]);
    assert!(complaint.contains("muted"), "`{complaint}` says why");
    unmute(&stage);
}

#[test]
fn while_a_meeting_is_recorded_the_recording_ends() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::with(|settings| {
        let settings = settings.with("listen", "triggers", "[]").text("meeting", "min_free", "1MB");
        settings.text("meeting", "directory", folder.path().to_str().unwrap())
    });
    let file = works(&stage.daemon, &["meeting", "start", "Budget"]);
    stage.person_says(&words::question());
    mute(&stage);
    let ended = stage.daemon.wait_event("meeting", |event| event["on"] == false, SOON);
    assert_eq!(ended["file"], file.trim());
    assert_eq!(stage.daemon.status()["recording"], false);
    let (_, sound) = crate::speech::read_wav(file.trim().as_ref());
    let found = crate::speech::find(words::audible(&words::question()), &sound);
    assert!(found.score > 0.9, "{found:?}");
    unmute(&stage);
    // It does not go on by itself.
    assert_eq!(stage.daemon.status()["recording"], false);
}
