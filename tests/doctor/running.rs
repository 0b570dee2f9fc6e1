//! With a daemon that runs: it is asked, and not disturbed.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::broker::{Broker, Probe, SOON, wait_until};
use crate::daemon::{Daemon, SERIAL, Settings};
use crate::patient::Report;
use crate::pulse::Pulse;
use crate::speech::{after_silence, say, write_wav};

fn examined(daemon: &Daemon) -> Report {
    Report::of(&daemon.run_cli(&["doctor", "--json"]))
}

fn settings(broker: &Broker) -> Settings {
    Settings::linto(broker.port()).with("listen", "triggers", "[]")
}

#[test]
fn a_healthy_daemon_tells_everything_and_notices_nothing() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let daemon = Daemon::ready(&pulse, &settings(&broker));
    let server = Probe::connect(broker.port(), None);
    server.publish(&format!("blk/tolinto/{SERIAL}/tts_lang"), r#"{"value":"en-GB"}"#, false);
    daemon.wait_status("the application to be heard", |status| status["counters"]["linto_application"] == 1);
    let before = daemon.events().len();
    let logins = broker.logged("New client connected");

    let report = examined(&daemon);
    report.says("daemon", "ok", &["it runs", "idle"]);
    report.says("serial", "ok", &[SERIAL]);
    report.says("reach", "ok", &[]);
    report.says("login", "ok", &["the daemon is logged in"]);
    report.says("delivery", "ok", &[]);
    report.says("scope", "ok", &["`blk`"]);
    report.says("voice", "ok", &["espeak-ng", "en-US"]);
    assert_eq!((report.faults().len(), report.code), (0, 0), "{:#?}", report.faults());

    assert_eq!(broker.logged("New client connected"), logins, "there was no second login");
    let news: Vec<_> = daemon.events().split_off(before);
    assert!(news.iter().all(|event| event["event"] != "state" && event["event"] != "cause"), "{news:#?}");
}

#[test]
fn an_application_that_was_never_heard_is_a_warning() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let daemon = Daemon::ready(&pulse, &settings(&broker));
    examined(&daemon).says("scope", "warning", &["no application", "`blk`"]);
}

#[test]
fn what_the_daemon_says_is_wrong_is_said_in_its_words() {
    let (broker, pulse) = (Broker::start_with_users(&[("linto", "right")], ""), Pulse::start());
    let settings = settings(&broker).text("linto", "username", "linto").text("linto", "password", "wrong");
    let daemon = Daemon::start(&pulse, &settings);
    // Not by its event: it can come before anybody follows the events.
    let status = daemon.wait_status("the refusal", |status| status["causes"][0]["code"] == "BrokerRefused");
    let cause = &status["causes"][0];
    let report = examined(&daemon);
    let login = report.of_check("login");
    assert_eq!((&login["seen"], &login["remedy"]), (&cause["text"], &cause["remedy"]));
    assert_eq!((login["verdict"].as_str(), report.code), (Some("fault"), 1));
}

#[test]
fn a_microphone_that_went_is_a_fault_of_the_device() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let daemon = Daemon::ready(&pulse, &settings(&broker));
    pulse.unplug("mic");
    daemon.wait_cause("MicGone");
    let report = examined(&daemon);
    report.says("daemon", "fault", &["The microphone is gone"]);
    report.says("level", "skipped", &["The microphone is gone"]);
    assert_eq!(report.code, 1);
}

#[test]
fn mute_wins_over_the_doctor() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let daemon = Daemon::ready(&pulse, &settings(&broker));
    assert!(daemon.run_cli(&["mute"]).status.success());
    daemon.wait_state("muted");
    let report = examined(&daemon);
    report.says("daemon", "ok", &["muted"]);
    report.says("level", "skipped", &["muted", "auricle unmute"]);
    report.says("echo", "skipped", &["muted"]);
    assert_eq!(daemon.status()["muted"], true);
    assert_eq!(pulse.streams("source-outputs"), "", "the microphone stayed closed");
}

#[test]
fn the_meter_ends_when_the_microphone_is_muted_meanwhile() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let daemon = Daemon::ready(&pulse, &settings(&broker));
    let socket = daemon.socket();
    let meter = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let mut stream = std::os::unix::net::UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream.write_all(b"GET /level?seconds=30 HTTP/1.0\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    });
    // Some of it has been measured by the time that the tape has gone on for half a second.
    let position = daemon.counter("tape_position");
    daemon.wait_status("the tape to go on", |status| {
        status["counters"]["tape_position"].as_u64() > Some(position + 8_000)
    });
    let begun = std::time::Instant::now();
    assert!(daemon.run_cli(&["mute"]).status.success());
    let text = meter.join().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "it went on after the mute");
    assert!(text.contains("\"rms\""), "{text}");
}

#[test]
fn odd_questions_to_the_meter_are_refused() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let daemon = Daemon::ready(&pulse, &settings(&broker));
    for path in ["/level?seconds=0", "/level?seconds=31", "/level?seconds=x", "/level?hours=1", "/level?seconds"] {
        let answer = daemon.ask("GET", path, "");
        assert_eq!(answer["ok"], false, "{path}: {answer}");
    }
}

/// A listener at `/level`: its stream, after the first level.
fn listener(daemon: &Daemon) -> (u16, BufReader<UnixStream>) {
    let mut stream = UnixStream::connect(daemon.socket()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.write_all(b"GET /level?seconds=30 HTTP/1.0\r\n\r\n").unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    while status == 200 && !line.contains("rms") {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "the meter ended");
    }
    (status, reader)
}

#[test]
fn what_is_said_to_the_meter_opens_no_turn() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let settings = Settings::linto(broker.port()).with("listen", "triggers", "[\"voice\"]");
    let daemon = Daemon::ready(&pulse, &settings);
    let server = Probe::connect(broker.port(), None);
    server.subscribe("+/fromlinto/+/nlp/#");
    let wav = pulse.folder().join("speech.wav");
    let speech = say("one two three four five six", "en", 16_000);
    write_wav(&wav, 16_000, &after_silence(&speech, 16_000));
    let turns = |daemon: &Daemon| daemon.events_named("state").iter().any(|event| event["state"] == "listening");

    let (status, mut meter) = listener(&daemon);
    assert_eq!(status, 200);
    let drained = std::thread::spawn(move || {
        let mut loudest = f64::NEG_INFINITY;
        let mut line = String::new();
        // Loud first, then quiet again: by then the speech is over.
        while loudest < -40.0 || !line.contains("-120.0") {
            line.clear();
            assert!(meter.read_line(&mut line).unwrap() > 0, "the meter ended");
            let level =
                line.strip_prefix("data:").and_then(|line| serde_json::from_str::<serde_json::Value>(line).ok());
            loudest = level.and_then(|level| level["rms"].as_f64()).map_or(loudest, |rms| loudest.max(rms));
        }
        meter
    });
    pulse.speak(&wav).finish();
    let meter = drained.join().unwrap();
    assert!(!turns(&daemon), "the speech for the meter opened a turn");
    assert!(server.seen().is_empty(), "and was sent");

    // The same speech is heard as soon as nobody measures.
    drop(meter);
    wait_until("a turn without the meter", SOON, || {
        pulse.speak(&wav).finish();
        turns(&daemon).then_some(())
    });
}

#[test]
fn more_listeners_than_there_is_room_for_are_refused() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let daemon = Daemon::ready(&pulse, &settings(&broker));
    let held: Vec<_> = (0..4).map(|_| listener(&daemon)).collect();
    assert!(held.iter().all(|(status, _)| *status == 200));
    let answer = daemon.ask("GET", "/level?seconds=1", "");
    assert_eq!((&answer["ok"], &answer["code"]), (&false.into(), &"busy".into()), "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("measured already"), "{answer}");
    drop(held);
    wait_until("room again", SOON, || (listener(&daemon).0 == 200).then_some(()));
}
