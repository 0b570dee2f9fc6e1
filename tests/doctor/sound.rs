//! Level, silence, clipping and echo, with a daemon and without.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::broker::{Broker, wait_until};
use crate::daemon::{Daemon, Settings};
use crate::patient::{Patient, Report};
use crate::pulse::{Pulse, Speaking};
use crate::speech::write_wav;

const RATE: u32 = 16_000;

/// Ten seconds of a tone of this peak, after 200 ms of silence.
fn tone(pulse: &Pulse, peak: f64) -> PathBuf {
    let mut sound = vec![0_i16; 3_200];
    sound.extend((0..RATE * 20).map(|n| {
        // Once a second a pause, as speech has them.
        let gate = f64::from(u8::from(n % RATE > RATE / 2));
        let wave = (f64::from(n) * 0.3).sin() * peak * gate;
        wave.clamp(-32_768.0, 32_767.0) as i16
    }));
    let file = pulse.folder().join("tone.wav");
    write_wav(&file, RATE, &sound);
    file
}

fn speaking(pulse: &Pulse, peak: f64) -> Speaking {
    pulse.speak(&tone(pulse, peak))
}

/// A number in a finding: `number(finding, "after ", " ms")`.
fn number(finding: &Value, before: &str, after: &str) -> f64 {
    let seen = finding["seen"].as_str().unwrap();
    let (_, rest) = seen.split_once(before).unwrap_or_else(|| panic!("no `{before}` in `{seen}`"));
    rest.split_once(after).unwrap().0.parse().unwrap()
}

fn settings(broker: &Broker) -> Settings {
    Settings::linto(broker.port()).with("listen", "triggers", "[]")
}

/// Without a daemon, and through one.
fn both(pulse: &Pulse, check: impl Fn(&Report)) {
    let broker = Broker::start();
    check(&Patient::new(&settings(&broker)).with_sound(pulse).report());
    let daemon = Daemon::ready(pulse, &settings(&broker));
    check(&Report::of(&daemon.run_cli(&["doctor", "--json"])));
}

#[test]
fn a_dead_microphone_gives_only_zeros() {
    let pulse = Pulse::start();
    both(&pulse, |report| {
        report.says("microphone", "ok", &["testmic"]);
        assert_eq!(report.findings.iter().filter(|finding| finding["check"] == "microphone").count(), 1);
        report.says("loudspeaker", "ok", &["testspk"]);
        report.says("level", "warning", &["only zeros", "`channel`"]);
        report.says("echo", "warning", &["does not hear"]);
    });
}

#[test]
fn a_level_is_told_as_it_is() {
    let pulse = Pulse::start();
    let _person = speaking(&pulse, 8_192.0);
    both(&pulse, |report| {
        report.says("level", "ok", &["dBFS"]);
        let level = report.of_check("level");
        let (loudest, peak) = (number(level, "loudest ", " dBFS"), number(level, "peak ", " dBFS"));
        assert!((loudest + 15.0).abs() <= 1.0 && (peak + 12.0).abs() <= 1.0, "{level}");
    });
}

#[test]
fn clipping_is_counted() {
    let pulse = Pulse::start();
    let _person = speaking(&pulse, 90_000.0);
    both(&pulse, |report| report.says("level", "warning", &["clipped", "alsamixer"]));
}

#[test]
fn the_way_from_the_loudspeaker_to_the_microphone_is_measured() {
    let pulse = Pulse::start();
    pulse.echo();
    both(&pulse, |report| {
        report.says("echo", "ok", &["is heard after"]);
        let delay = number(report.of_check("echo"), "after ", " ms");
        // The loopback alone takes some 50 ms, the cards' buffers add theirs.
        assert!((20.0..=450.0).contains(&delay), "{}", report.of_check("echo"));
    });
}

#[test]
fn a_card_that_is_not_there_is_a_fault() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let settings = settings(&broker).text("audio", "capture", "hw:CARD=gone");
    let report = Patient::new(&settings).with_sound(&pulse).report();
    report.says("microphone", "fault", &["hw:CARD=gone"]);
    report.says("level", "skipped", &["no microphone"]);
    assert_eq!(report.code, 1);
}

#[test]
fn a_frozen_sound_server_holds_nobody() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let patient = Patient::new(&settings(&broker)).with_sound(&pulse);
    pulse.freeze();
    let report = patient.report();
    pulse.thaw();
    report.says("microphone", "fault", &["`testmic` does not answer"]);
    report.says("loudspeaker", "fault", &["`testspk` does not answer"]);
    report.says("level", "skipped", &["no microphone"]);
    assert_eq!(report.code, 1);
}

/// Watches, until it is dropped, whether anybody records.
struct Guard {
    over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<String>>,
}

impl Guard {
    fn of(pulse: &Arc<Pulse>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (stop, pulse) = (Arc::clone(&over), Arc::clone(pulse));
        let thread = std::thread::spawn(move || {
            let mut seen = String::new();
            while !stop.load(Ordering::Relaxed) && seen.is_empty() {
                seen = pulse.streams("source-outputs");
            }
            seen
        });
        Self { over, thread: Some(thread) }
    }

    /// The first recording that was seen.
    fn end(mut self) -> String {
        self.over.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }
}

#[test]
fn a_muted_microphone_stays_closed_while_no_daemon_runs() {
    let (broker, pulse) = (Broker::start(), Arc::new(Pulse::start()));
    let patient = Patient::new(&settings(&broker)).with_sound(&pulse);
    let state = patient.folder().join("state");
    std::fs::create_dir_all(&state).unwrap();
    // A broken file tells nothing, so it may have been muted.
    for (content, words) in [(r#"{"muted":"local"}"#, "`auricle unmute`"), ("{", "not known")] {
        std::fs::write(state.join("state.json"), content).unwrap();
        let guard = Guard::of(&pulse);
        let report = patient.report();
        assert_eq!(guard.end(), "", "somebody recorded");
        report.says("level", "skipped", &[words]);
        report.says("echo", "skipped", &[words]);
        report.says("loudspeaker", "ok", &["testspk"]);
        assert_eq!(std::fs::read_to_string(state.join("state.json")).unwrap(), content);
    }
    // The guard sees what there is to be seen.
    std::fs::write(state.join("state.json"), "{}").unwrap();
    let guard = Guard::of(&pulse);
    patient.report();
    assert_ne!(guard.end(), "", "the guard is blind");
}

#[test]
fn an_unknown_language_is_a_warning_and_no_command_of_the_settings_runs_as_root() {
    let broker = Broker::start();
    let tried = |key, value| Patient::new(&settings(&broker).with("tts", key, value)).report();
    tried("language", "\"xx-XX\"").says("voice", "warning", &["xx-XX"]);
    let command = tried("command", "[\"/nowhere/voice\"]");
    if nix::unistd::geteuid().is_root() && nix::unistd::User::from_name("auricle").unwrap().is_none() {
        command.says("voice", "skipped", &["/nowhere/voice", "no user `auricle`"]);
    } else {
        command.says("voice", "fault", &["/nowhere/voice"]);
    }
}

#[test]
fn whoever_has_the_microphone_meanwhile_is_not_thrown_out() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let daemon = Daemon::ready(&pulse, &settings(&broker));
    let open = || pulse.streams("source-outputs").lines().count();
    wait_until("the daemon's microphone", crate::broker::SOON, || (open() == 1).then_some(()));
    daemon.run_cli(&["doctor", "--json"]);
    assert_eq!(open(), 1, "doctor opened none of its own");
    assert_eq!(daemon.counter("capture_reopens"), 0);
}

/// With a terminal of its own; what it showed, and how it ended.
fn at_a_terminal(patient: &Patient) -> (String, i32) {
    let words = format!("exec {} doctor --config {}", crate::daemon::AURICLE, patient.file().display());
    let mut script = Command::new("script");
    script.args(["-qefc", &words, "/dev/null"]).env("TERM", "xterm").env("ALSA_CONFIG_PATH", patient.alsa());
    let mut child =
        script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("script; `apt install bsdutils`");
    // Held open: the end of its input would end the terminal.
    let _input = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code().unwrap())
}

#[test]
fn a_person_at_a_terminal_is_asked_to_speak_and_sees_a_meter() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let patient = Patient::new(&settings(&broker)).with_sound(&pulse);
    let room = pulse.record();
    let (silent, code) = at_a_terminal(&patient);
    assert!(silent.contains("Please speak now"), "{silent}");
    assert!(silent.contains("\x1b[K[") && silent.contains("dBFS"), "no meter: {silent}");
    // Whoever was asked to speak and gives only zeros has a dead microphone.
    assert!(silent.contains("only zeros") && code == 1, "{code}: {silent}");
    assert!(room.finish().iter().any(|sample| sample.abs() > 1_000), "the device said so aloud");

    let _person = speaking(&pulse, 8_192.0);
    let (heard, code) = at_a_terminal(&patient);
    assert!(heard.contains("[####") && code == 0, "{code}: {heard}");
}
