//! A dictation lives as long as its connection, and ends with its last text.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use auricle::control::Action;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::fake::{Fake, Teller, until};

/// Takes every dictation.
fn willing() -> Fake {
    Fake::start(|action, teller| {
        if *action == Action::Dictate {
            teller.state("listening");
        }
        Some(Ok(json!({"id": "d1"})))
    })
}

/// A dictation that was taken.
fn begun(fake: &Fake) -> UnixStream {
    let stream = fake.open("GET", "/dictate", "");
    fake.wait_for(&Action::Dictate);
    fake.wait_until_read();
    stream
}

fn understood(teller: &Teller, event: &str, text: &str) {
    teller.tell(event, json!({"server": "home", "text": text}));
}

/// The server-sent events that follow the head of an answer.
fn lines(stream: UnixStream) -> impl Iterator<Item = String> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert!(lines.next().unwrap().contains(" 200 "));
    assert!(lines.any(|line| line.is_empty()));
    lines.filter(|line| !line.is_empty()).map(|line| line.strip_prefix("data: ").unwrap().to_owned())
}

fn texts(lines: impl Iterator<Item = String>) -> Vec<String> {
    let events = lines.map(|line| serde_json::from_str::<Value>(&line).unwrap());
    events.map(|event| format!("{} {}", event["event"].as_str().unwrap(), event["text"].as_str().unwrap())).collect()
}

fn stops(fake: &Fake) -> usize {
    fake.actions().into_iter().filter(|action| *action == Action::DictateStop).count()
}

#[test]
fn what_is_understood_is_told_until_the_turn_is_over() {
    let fake = willing();
    let stream = begun(&fake);
    let teller = &fake.teller;
    understood(teller, "partial", "It");
    teller.tell("speech_start", json!({}));
    understood(teller, "partial", "It is");
    understood(teller, "final", "It is noon.");
    teller.tell("final", json!({"text": "of a meeting", "meeting": true}));
    teller.tell("final", json!({"text": "mine", "meeting": false}));
    teller.tell("cause", json!({"code": "ClockWrong", "text": "The clock is wrong.", "remedy": "Wait."}));
    teller.state("waiting");
    understood(teller, "final", "");
    teller.state("idle");
    understood(teller, "final", "of the next one");
    let expected =
        ["partial It", "partial It is", "final It is noon.", "final mine", "cause The clock is wrong.", "final "];
    assert_eq!(texts(lines(stream)), expected);
    // It ended by itself: the next one must not be ended for it.
    fake.wait_for_readers(0);
    assert_eq!(fake.actions(), [Action::Dictate]);
}

#[test]
fn to_hang_up_ends_it() {
    let fake = willing();
    let mut lines = lines(fake.open("GET", "/dictate", ""));
    understood(&fake.teller, "partial", "It");
    assert!(lines.next().unwrap().contains("It"));
    assert_eq!(stops(&fake), 0);
    drop(lines);
    fake.wait_for(&Action::DictateStop);
    fake.wait_for_readers(0);
    assert_eq!(fake.actions(), [Action::Dictate, Action::DictateStop]);
}

#[test]
fn to_hang_up_before_it_has_begun_ends_it_too() {
    let fake = Fake::start(|action, _| (*action != Action::Dictate).then_some(Ok(Value::Null)));
    let stream = fake.open("GET", "/dictate", "");
    fake.wait_for(&Action::Dictate);
    drop(stream);
    fake.answer(&Ok(Value::Null));
    fake.wait_for(&Action::DictateStop);

    // One that was refused meanwhile is nobody's, or somebody else's.
    let stream = fake.open("GET", "/dictate", "");
    until("the second one", || fake.actions().iter().filter(|action| **action == Action::Dictate).count() == 2);
    drop(stream);
    fake.answer(&Err("busy".into()));
    fake.wait_for_readers(0);
    assert_eq!(stops(&fake), 1);
}

#[test]
fn the_end_of_the_turn_before_is_not_its_end() {
    // An answer is spoken, and gives way.
    let fake = Fake::start(|action, teller| {
        if *action == Action::Dictate {
            teller.state("waiting");
            teller.state("speaking");
        }
        Some(Ok(Value::Null))
    });
    let stream = begun(&fake);
    fake.teller.state("idle");
    fake.teller.state("listening");
    understood(&fake.teller, "final", "It is noon.");
    fake.teller.state("degraded");
    assert_eq!(texts(lines(stream)), ["final It is noon."]);
}

#[test]
fn a_reader_that_is_too_slow_is_told_what_it_missed_and_ends_it() {
    let fake = willing();
    let stream = begun(&fake);
    let long = "x".repeat(100_000);
    for _ in 0..400 {
        understood(&fake.teller, "partial", &long);
    }
    let events: Vec<Value> = lines(stream).map(|line| serde_json::from_str(&line).unwrap()).collect();
    let (last, told) = events.split_last().unwrap();
    assert!(told.iter().all(|event| event["event"] == "partial"));
    assert_eq!((&last["event"], &last["what"]), (&json!("drop"), &json!("events")));
    assert!(last["count"].as_u64().unwrap() > 0, "{last}");
    fake.wait_for(&Action::DictateStop);
}

#[test]
fn lines_that_were_lost_are_told() {
    let fake = willing();
    let (child, out) = dictating(&fake, &[]);
    let long = "x".repeat(500_000);
    // Nobody reads from the command meanwhile.
    for _ in 0..400 {
        understood(&fake.teller, "final", &long);
    }
    let (code, text, complaint) = end(child, out);
    assert!(code == Some(0) && text.contains("xxx"));
    assert!(complaint.contains(" lines were lost, since they were not read in time\n"), "{complaint}");
}

/// `auricle dictate`, running, with its standard output.
fn dictating(fake: &Fake, words: &[&str]) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut command = fake.command(&[&["dictate"], words].concat(), "");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    fake.wait_for(&Action::Dictate);
    fake.wait_until_read();
    (child, out)
}

fn interrupt(child: &Child) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
}

/// Exit code, the rest of the output, the complaint.
fn end(mut child: Child, mut out: BufReader<std::process::ChildStdout>) -> (Option<i32>, String, String) {
    let (mut rest, mut complaint) = (String::new(), String::new());
    out.read_to_string(&mut rest).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    (child.wait().unwrap().code(), rest, complaint)
}

fn first_line(out: &mut BufReader<std::process::ChildStdout>) -> String {
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    line
}

#[test]
fn ctrl_c_ends_it_and_the_last_text_is_printed() {
    let fake = willing();
    let (child, mut out) = dictating(&fake, &[]);
    understood(&fake.teller, "partial", "It is");
    understood(&fake.teller, "final", "It is \u{1b}[2Jnoon.");
    assert_eq!(first_line(&mut out), "It is  [2Jnoon.\n");
    interrupt(&child);
    fake.wait_for(&Action::DictateStop);
    fake.teller.state("waiting");
    understood(&fake.teller, "final", "Goodbye.");
    fake.teller.state("idle");
    assert_eq!(end(child, out), (Some(0), "Goodbye.\n".into(), String::new()));
    fake.wait_for_readers(0);
    assert_eq!(stops(&fake), 1);
}

#[test]
fn a_last_text_that_does_not_come_is_told() {
    let fake = willing();
    let (child, mut out) = dictating(&fake, &["--json"]);
    understood(&fake.teller, "final", "It is noon.");
    let event: Value = serde_json::from_str(&first_line(&mut out)).unwrap();
    assert_eq!((&event["event"], &event["text"]), (&json!("final"), &json!("It is noon.")));
    let pressed = Instant::now();
    interrupt(&child);
    let (code, rest, complaint) = end(child, out);
    let took = pressed.elapsed();
    let why = "the last text did not come within 4 s; `auricle status` may say why";
    assert_eq!((code, complaint), (Some(1), format!("auricle: {why}\n")));
    assert_eq!(serde_json::from_str::<Value>(&rest).unwrap(), json!({"ok": false, "error": why}));
    assert!((Duration::from_secs(4)..Duration::from_secs(9)).contains(&took), "{took:?}");
    fake.wait_for_readers(0);
}

#[test]
fn a_second_ctrl_c_does_not_wait() {
    let fake = willing();
    let (child, mut out) = dictating(&fake, &[]);
    understood(&fake.teller, "final", "It is noon.");
    first_line(&mut out);
    let pressed = Instant::now();
    interrupt(&child);
    fake.wait_for(&Action::DictateStop);
    interrupt(&child);
    assert_eq!(end(child, out), (Some(0), String::new(), String::new()));
    assert!(pressed.elapsed() < Duration::from_secs(4));
}

#[test]
fn a_dictation_that_fails_says_why() {
    let fake = willing();
    let (child, out) = dictating(&fake, &[]);
    let cause =
        json!({"server": "home", "code": "BrokerUnreachable", "text": "The broker is away.", "remedy": "Start it."});
    fake.teller.tell("cause", cause);
    fake.teller.state("degraded");
    let complaint = "auricle: The broker is away. Start it.\n".to_owned();
    assert_eq!(end(child, out), (Some(1), String::new(), complaint));
}

#[test]
fn on_a_terminal_what_is_understood_so_far_is_overwritten() {
    let fake = willing();
    let inner = fake.command(&["dictate"], "");
    let words = inner.get_args().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ");
    // A terminal around it. Without `exec` the shell could get the Ctrl-C too and tell its own end.
    let mut script = Command::new("script");
    script.args(["-qefc", &format!("exec {} {words}", env!("CARGO_BIN_EXE_auricle")), "/dev/null"]);
    script.env_remove("AURICLE_CONTROL_SOCKET").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = script.spawn().unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    fake.wait_for(&Action::Dictate);
    understood(&fake.teller, "partial", "It");
    understood(&fake.teller, "partial", "It is");
    understood(&fake.teller, "final", "It is noon.");
    assert_eq!(first_line(&mut out), "\r\x1b[KIt\r\x1b[KIt is\r\x1b[KIt is noon.\r\n");
    keyboard.write_all(b"\x03").unwrap();
    fake.wait_for(&Action::DictateStop);
    fake.teller.state("idle");
    let (code, rest, _) = end(child, out);
    assert_eq!((code, rest.trim_start_matches("^C")), (Some(0), "\r\x1b[K"));
}
