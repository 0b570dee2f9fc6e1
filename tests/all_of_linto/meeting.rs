//! `auricle meeting`, and `managemeeting` from a server: a file that plays and has everything in it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::broker::SOON;
use crate::command_line::{fails, works};
use crate::daemon::Settings;
use crate::pulse::until;
use crate::scribe::Scribe;
use crate::speech::{find, read_wav};
use crate::stage::Stage;
use crate::wire::{count, peak};
use crate::words::{self, audible};

/// With a folder for recordings, which is made by the device.
fn scene(change: impl FnOnce(Settings) -> Settings) -> (Stage, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("meetings");
    let stage = Stage::with(|settings| {
        let settings = settings.text("meeting", "directory", directory.to_str().unwrap());
        change(settings.text("meeting", "min_free", "1MB"))
    });
    (stage, folder)
}

fn silent(settings: Settings) -> Settings {
    settings.with("listen", "triggers", "[]")
}

/// What ffmpeg plays of a file, 16 kHz.
#[track_caller]
fn played(file: &Path) -> Vec<i16> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-i"]).arg(file).args(["-f", "s16le", "-ar", "16000", "-ac", "1", "-"]);
    let output = command.output().expect("ffmpeg can't be started; `apt install ffmpeg`");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect()
}

#[track_caller]
fn assert_has(sound: &[i16], words: &[i16]) {
    let found = find(audible(words), sound);
    assert!(found.score >= 0.9, "{found:?}");
}

/// `auricle meeting start`: the file.
#[track_caller]
fn start(stage: &Stage, name: &str) -> PathBuf {
    let printed = works(&stage.daemon, &["meeting", "start", name]);
    PathBuf::from(printed.strip_suffix('\n').unwrap())
}

/// Files in the folder of recordings.
fn files(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path().join("meetings")).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_meeting_with_any_name_is_announced_recorded_and_shown() {
    let (stage, folder) = scene(silent);
    let loudspeaker = stage.pulse.record();
    let file = start(&stage, "Budget / with ../ signs");
    assert_eq!(file.parent().unwrap(), folder.path().join("meetings"));
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("Budget-with-..-signs-20") || name.starts_with("Budget-with-signs-20"), "{name}");
    assert_eq!((files(&folder), file.extension().unwrap().to_str()), (vec![name.to_owned()], Some("wav")));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // Also where the device makes no other sounds.
    until("a sound tells it", || peak(&loudspeaker.so_far()) > 1_000);
    assert_eq!(stage.daemon.status()["recording"], true);
    assert!(works(&stage.daemon, &["status"]).contains("recording  a meeting"));
    let complaint = fails(&stage.daemon, &["meeting", "start", "Another"]);
    assert!(complaint.contains("a recording runs already") && complaint.contains(name), "{complaint}");

    let question = words::question();
    stage.person_says(&question);
    let loudspeaker = stage.pulse.record();
    let printed = works(&stage.daemon, &["meeting", "stop"]);
    assert_eq!(printed, format!("{}\n", file.display()));
    until("a sound tells it", || peak(&loudspeaker.so_far()) > 1_000);
    assert_eq!(stage.daemon.status()["recording"], false);
    let sound = played(&file);
    assert_has(&sound, &question);
    assert_eq!(read_wav(&file), (16_000, sound));
    assert!(fails(&stage.daemon, &["meeting", "stop"]).contains("no recording runs"));
    assert_eq!(stage.daemon.status()["sent"]["bytes"], 0);
}

#[test]
fn the_conversation_goes_on_beside_it() {
    let (stage, _folder) = scene(|settings| settings);
    let file = start(&stage, "Team");
    // The turn asserts that its request has all of the question.
    stage.a_turn_works();
    let told: Value = serde_json::from_str(&works(&stage.daemon, &["meeting", "stop", "--json"])).unwrap();
    assert_eq!((&told["ok"], &told["file"]), (&json!(true), &json!(file)));
    let sound = played(&file);
    assert_has(&sound, &words::question());
    let seconds = told["seconds"].as_f64().unwrap();
    assert!((seconds - sound.len() as f64 / 16_000.0).abs() < 0.01, "{seconds}");
}

#[test]
fn a_daemon_that_is_killed_leaves_a_file_that_plays_and_lacks_less_than_a_second() {
    let (mut stage, _folder) = scene(silent);
    let file = start(&stage, "Crash");
    let begin = Instant::now();
    let question = words::question();
    stage.person_says(&question);
    // A second more, which may be lost.
    let overheard = stage.pulse.overhear();
    until("a second went by", || overheard.so_far().len() > 48_000);
    let seconds = begin.elapsed().as_secs_f64();
    stage.daemon.kill();
    let sound = played(&file);
    assert_has(&sound, &question);
    let there = sound.len() as f64 / 16_000.0;
    assert!(there > seconds - 1.0, "{there} s of {seconds} s are there");
}

#[test]
fn a_daemon_that_ends_closes_its_file() {
    let (mut stage, _folder) = scene(silent);
    let file = start(&stage, "End");
    let question = words::question();
    stage.person_says(&question);
    assert!(stage.daemon.terminate().0.success());
    let sound = played(&file);
    assert_has(&sound, &question);
    assert_eq!(read_wav(&file).1.len(), sound.len());
}

#[test]
fn a_small_file_of_opus_plays_too() {
    let (stage, _folder) = scene(|settings| silent(settings).text("meeting", "format", "opus"));
    let file = start(&stage, "Opus");
    assert_eq!(file.extension().unwrap(), "opus");
    let question = words::question();
    stage.person_says(&question);
    works(&stage.daemon, &["meeting", "stop"]);
    let sound = played(&file);
    assert_has(&sound, &question);
    let (bytes, wav) = (fs::metadata(&file).unwrap().len(), sound.len() as u64 * 2);
    assert!(bytes * 5 < wav, "{bytes} bytes instead of {wav}");
}

#[test]
fn without_room_nothing_is_recorded_and_the_remedy_is_told() {
    let (stage, folder) = scene(|settings| silent(settings).text("meeting", "min_free", "1TB"));
    let complaint = fails(&stage.daemon, &["meeting", "start", "Large"]);
    assert!(complaint.contains("`min_free` in [meeting]") && complaint.contains("1000000.0 MB"), "{complaint}");
    assert_eq!((files(&folder).len(), stage.daemon.status()["recording"].as_bool()), (0, Some(false)));
    works(&stage.daemon, &["mute"]);
    assert!(fails(&stage.daemon, &["meeting", "start", "Muted"]).contains("`auricle unmute`"));
}

#[test]
fn a_server_records_only_where_the_owner_allows_it() {
    let (stage, folder) = scene(silent);
    let start = json!({"sessionname": "Spy", "command": "startlocalrecording"}).to_string();
    stage.flow.command("managemeeting", start);
    let audit = stage.daemon.wait_event("audit", |_| true, SOON);
    let (what, result) = (audit["what"].as_str().unwrap(), audit["result"].as_str().unwrap());
    assert!(what.contains("`Spy`") && what.contains("managemeeting"), "{audit}");
    assert!(result.starts_with("refused: ") && result.contains("meeting = \"on\" in [remote]"), "{audit}");
    stage.flow.fence();
    assert_eq!(count(&stage.flow.probe, "muteack"), 0);
    assert_eq!((files(&folder).len(), stage.daemon.status()["recording"].as_bool()), (0, Some(false)));
}

#[test]
fn an_operator_who_may_starts_and_ends_a_recording() {
    let (stage, folder) = scene(|settings| silent(settings).text("remote", "meeting", "on"));
    let command = |command: &str, event: &str, begins: &str| {
        let payload = json!({"sessionname": "Budget 2021", "command": command}).to_string();
        stage.flow.command("managemeeting", payload);
        let told = |event: &Value| event["result"].as_str().is_some_and(|result| result.starts_with(begins));
        stage.daemon.wait_event(event, told, SOON)["result"].as_str().unwrap().to_owned()
    };
    let result = command("startlocalrecording", "audit", "");
    let [name] = files(&folder).try_into().unwrap();
    assert!(name.starts_with("Budget-2021-20") && result.contains(&name), "{result}");
    let question = words::question();
    stage.person_says(&question);
    let result = command("stoplocalrecording", "audit", "");
    assert!(result.contains(&name), "{result}");
    // What can't be read is told; it is no use of remote power.
    let result = command("pauselocalrecording", "command", "refused");
    assert!(result.contains("`pauselocalrecording`") && result.contains("`startlocalrecording`"), "{result}");
    assert_has(&played(&folder.path().join("meetings").join(name)), &question);
    stage.flow.fence();
    assert_eq!(count(&stage.flow.probe, "muteack"), 0);
}

#[test]
fn a_transcript_grows_beside_the_recording() {
    let (stage, _folder) = scene(|settings| silent(settings).with("linto", "live_transcript", true));
    let scribe = Scribe::start(&stage.broker);
    let file = start(&stage, "Minutes");
    scribe.wait_start(1);
    scribe.started();
    let question = words::question();
    stage.person_says(&question);
    scribe.wait_words(&question);
    scribe.partial("what is");
    scribe.text("What is the time,\nplease?");
    let text = file.with_extension("txt");
    until("the first line is there", || {
        fs::read_to_string(&text).is_ok_and(|text| text == "What is the time, please?\n")
    });
    assert!(fails(&stage.daemon, &["dictate"]).contains("transcript of the recording"));
    works(&stage.daemon, &["meeting", "stop"]);
    assert_eq!(scribe.wait_stop(1).text(), "{}");
    scribe.finish("What is the time,\nplease? It is noon.");
    let whole = "What is the time, please?\nIt is noon.\n";
    until("the last line is there", || fs::read_to_string(&text).unwrap() == whole);
    assert_has(&played(&file), &question);
    assert_eq!(fs::metadata(&text).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_last_words_of_a_meeting_are_not_those_of_the_next() {
    let (stage, _folder) = scene(|settings| silent(settings).with("linto", "live_transcript", true));
    let scribe = Scribe::start(&stage.broker);
    let first = start(&stage, "First").with_extension("txt");
    scribe.wait_start(1);
    scribe.started();
    until("sound is sent", || !scribe.came("chunk").is_empty());
    works(&stage.daemon, &["meeting", "stop"]);
    scribe.wait_stop(1);
    let second = start(&stage, "Second").with_extension("txt");
    scribe.finish("Goodbye, everybody.");
    until("the last line is there", || fs::read_to_string(&first).is_ok_and(|text| text == "Goodbye, everybody.\n"));
    scribe.wait_start(2);
    scribe.started();
    scribe.text("Hello, everybody.");
    until("the first line is there", || fs::read_to_string(&second).is_ok_and(|text| text == "Hello, everybody.\n"));
    assert_eq!(fs::read_to_string(&first).unwrap(), "Goodbye, everybody.\n");
}
