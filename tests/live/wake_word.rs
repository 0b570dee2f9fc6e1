//! Wake words, from the microphone to the server: what follows the word at once arrives from its first sample on, a word
//! stops the loudspeaker, each opens its server, and muted nothing is heard.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::broker::{Broker, SOON, wait_until};
use crate::daemon::{Daemon, Settings};
use crate::flow::{ADMIN, Flow};
use crate::pulse::{Pulse, until};
use crate::speech::{self, write_wav};
use crate::stage::Stage;
use crate::words::{self, MIC_RATE, audible};

/// The loudspeaker is silent so long after a word was heard.
const SILENT: Duration = Duration::from_millis(50);

/// The sound server hands over what the microphone caught in blocks of 50 ms.
const CAPTURE: Duration = Duration::from_millis(60);

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The sound server works in blocks of 50 ms, and whoever records gets them some 50 ms later.
const SERVER: Duration = Duration::from_millis(150);

fn with_words(settings: Settings, words: &str) -> Settings {
    settings.with("listen", "triggers", "[\"wake\"]").with("wake", "words", words)
}

fn stage() -> Stage {
    Stage::with(|settings| with_words(settings, "[\"okay_nabu\"]"))
}

/// Somebody who says these words, in the voice that all models hear best.
fn said(words: &str) -> Vec<i16> {
    audible(&speech::say(words, "en-us+m3", MIC_RATE)).to_vec()
}

/// One behind the other, with so many ms in between.
fn together(first: &[i16], pause: usize, second: &[i16]) -> Vec<i16> {
    [first, &vec![0; pause * MIC_RATE as usize / 1_000], audible(second)].concat()
}

#[test]
fn a_question_right_behind_the_word_arrives_from_its_first_sample_on() {
    let stage = stage();
    let question = words::question();
    stage.person_says(&together(&said("okay nabu"), 0, &question));
    let request = stage.flow.next_request();
    request.assert_has(&question);
    let wake = stage.daemon.wait_event("wake", |_| true, SOON);
    assert_eq!((&wake["word"], &wake["server"]), (&json!("okay_nabu"), &json!("linto")));
    assert!((0.85..=1.0).contains(&wake["score"].as_f64().unwrap()), "{wake}");
    stage.daemon.wait_state("listening");
    stage.daemon.wait_event("speech_end", |_| true, SOON);
    stage.flow.nod(&request.id);
    stage.daemon.wait_state("idle");
    assert_eq!(stage.daemon.counter("wake_okay_nabu"), 1);
    let status = String::from_utf8(stage.daemon.run_cli(&["status"]).stdout).unwrap();
    assert!(status.contains("wake words  okay_nabu (heard 1 ×)"), "{status}");

    // The word alone is no question, however long it is waited for.
    stage.person_says(&said("okay nabu"));
    stage.daemon.wait_state("listening");
    stage.daemon.wait_state("idle");
    stage.flow.fence();
    assert_eq!(stage.flow.requests(), [request.id.as_str()]);
}

#[test]
fn muted_nothing_is_heard() {
    let stage = stage();
    let question = words::question();
    let both = together(&said("okay nabu"), 0, &question);
    assert!(stage.daemon.run_cli(&["mute"]).status.success());
    stage.person_says(&both);
    assert!(stage.daemon.run_cli(&["unmute"]).status.success());
    let opened = stage.daemon.counter("tape_position");
    let listens = |status: &serde_json::Value| status["counters"]["tape_position"].as_u64() > Some(opened + 16_000);
    stage.daemon.wait_status("a second of sound", listens);
    stage.person_says(&both);
    let request = stage.flow.next_request();
    request.assert_has(&question);
    assert_eq!((stage.flow.requests().len(), stage.daemon.events_named("wake").len()), (1, 1));
}

#[test]
fn each_word_opens_its_own_server() {
    let (home, office, pulse) = (Broker::start(), Broker::start(), Pulse::start());
    let flows = [Flow::start(&home, ADMIN), Flow::start(&office, ADMIN)];
    let server = |name: &str, broker: &Broker| {
        format!(
            "[[linto]]\nname = \"{name}\"\nbroker = \"mqtt://127.0.0.1:{}\"\nanswer_timeout = \"5s\"\n",
            broker.port()
        )
    };
    let words = "[{ model = \"okay_nabu\", server = \"home\" }, { model = \"alexa\", server = \"office\" }]";
    let settings = with_words(Settings::new(), words).more(&server("home", &home)).more(&server("office", &office));
    let daemon = Daemon::ready(&pulse, &settings);
    let question = words::question();
    for (word, name, flow) in [("alexa", "office", &flows[1]), ("okay nabu", "home", &flows[0])] {
        let file = pulse.folder().join("words.wav");
        let words = together(&said(word), 400, &question);
        write_wav(&file, MIC_RATE, &[vec![0; MIC_RATE as usize], words].concat());
        pulse.speak(&file).finish();
        let request = flow.next_request();
        request.assert_has(&question);
        let wake = daemon.wait_event("wake", |_| true, SOON);
        assert_eq!(wake["server"], name, "{wake}");
        flow.nod(&request.id);
        daemon.wait_state("idle");
    }
    assert!(flows.iter().all(|flow| flow.requests().len() == 1));
}

#[test]
fn while_the_device_speaks_a_word_silences_it_and_it_listens() {
    let stage =
        Stage::with(|settings| with_words(settings, "[\"okay_nabu\"]").environment("AURICLE_LOG", "auricle=debug"));
    let question = words::question();
    stage.person_says(&together(&said("okay nabu"), 0, &question));
    let first = stage.flow.next_request();
    let ears = Ears::at_the_loudspeaker(&stage.pulse);
    stage.flow.say(&first.id, &"This is a long story, and nobody wants to hear all of it. ".repeat(8));
    until("the device speaks", || ears.loud_since().is_some());
    stage.daemon.wait_event("wake", |_| true, SOON);
    stage.person_says(&together(&said("okay nabu"), 600, &question));
    let wake = stage.daemon.wait_event("wake", |_| true, SOON);
    let second = stage.flow.next_request();
    second.assert_has(&question);

    let log = stage.daemon.log();
    let (heard, silent) = (logged(&log, "wake word"), logged(&log, "the loudspeaker was stopped"));
    // Midnight may lie in between.
    let took = (silent + DAY - heard).as_secs_f64() % DAY.as_secs_f64();
    let (took, ago) = (Duration::from_secs_f64(took), ms_ago(&log));
    let woken = Duration::from_millis(wake["t"].as_u64().unwrap());
    let recorded = wait_until("silence", SOON, || ears.silent_since(woken)).saturating_sub(woken);
    println!(
        "silent {:?} after the end of the sound that decided, {took:?} after the decision; in the recording, {recorded:?} after the event",
        took + ago
    );
    assert!(took + ago < SILENT + CAPTURE, "{:?} from the sound that decided to silence", took + ago);
    assert!(took < SILENT, "{took:?} from the decision to the loudspeaker's silence");
    assert!(recorded < SERVER, "{recorded:?} from the event to silence in the recording");
}

/// How old the sound was with which the last word was decided when that was done.
fn ms_ago(log: &str) -> Duration {
    let line = log.lines().rfind(|line| line.contains("wake word")).expect("a word");
    let (_, ago) = line.split_once("ms_ago=").unwrap_or_else(|| panic!("no `ms_ago` in `{line}`"));
    Duration::from_millis(ago.split(' ').next().unwrap().parse().unwrap())
}

/// When the last line with these words was written, since midnight.
fn logged(log: &str, words: &str) -> Duration {
    let line = log.lines().rfind(|line| line.contains(words)).unwrap_or_else(|| panic!("no line `{words}` in\n{log}"));
    let (_, time) = line.split_once('T').expect("a time");
    let parts: Vec<f64> = time.split(['Z', ' ']).next().unwrap().split(':').map(|part| part.parse().unwrap()).collect();
    Duration::from_secs_f64(parts[0] * 3_600.0 + parts[1] * 60.0 + parts[2])
}

/// Somebody with a clock who listens to the loudspeaker.
struct Ears {
    child: Child,
    /// When each piece came, since 1970, and whether it was loud.
    heard: Arc<Mutex<Vec<(Duration, bool)>>>,
}

impl Ears {
    fn at_the_loudspeaker(pulse: &Pulse) -> Self {
        let mut child = Command::new("parecord")
            .args([&format!("--server={}", pulse.server()), "--raw", "--latency-msec=10", "--channels=1"])
            .args(["--rate=48000", "--format=s16le", "-d", "spk.monitor"])
            .env("HOME", pulse.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("parecord; `apt install pulseaudio-utils`");
        let (mut sound, heard) = (child.stdout.take().unwrap(), Arc::<Mutex<Vec<_>>>::default());
        let pieces = Arc::clone(&heard);
        std::thread::spawn(move || {
            let mut piece = [0; 960];
            while sound.read_exact(&mut piece).is_ok() {
                let loud = piece.chunks_exact(2).any(|two| i16::from_le_bytes([two[0], two[1]]).unsigned_abs() > 50);
                pieces.lock().unwrap().push((SystemTime::now().duration_since(UNIX_EPOCH).unwrap(), loud));
            }
        });
        Self { child, heard }
    }

    fn loud_since(&self) -> Option<Duration> {
        self.heard.lock().unwrap().iter().find(|(_, loud)| *loud).map(|(at, _)| *at)
    }

    /// When the last loud piece came, if the 300 ms behind it were silent and lie behind `from`.
    fn silent_since(&self, from: Duration) -> Option<Duration> {
        let heard = self.heard.lock().unwrap();
        let last = heard.iter().rfind(|(_, loud)| *loud)?.0;
        let quiet = heard.last()?.0.saturating_sub(last.max(from));
        (quiet > Duration::from_millis(300)).then_some(last)
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The models of a checkout, after `make models`.
pub fn model(name: &str) -> [Vec<u8>; 2] {
    let path = |end: &str| format!("{}/models/{name}.{end}", env!("CARGO_MANIFEST_DIR"));
    ["tflite", "json"]
        .map(|end| fs::read(path(end)).unwrap_or_else(|error| panic!("{}: {error}; run `make models`", path(end))))
}

#[test]
fn a_damaged_model_is_told_and_the_other_word_works() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let flow = Flow::start(&broker, ADMIN);
    let [bytes, description] = model("okay_nabu");
    let folder = pulse.folder().join("models");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("okay_nabu.tflite"), &bytes[..bytes.len() / 2]).unwrap();
    fs::write(folder.join("okay_nabu.json"), description).unwrap();
    let settings = with_words(Settings::linto(broker.port()), "[\"okay_nabu\", \"alexa\"]");
    let daemon = Daemon::start(&pulse, &settings.environment("AURICLE_MODEL_DIR", folder.display()));
    let status = daemon.wait_status("the cause", |status| status["causes"][0]["code"] == "WakeMissing");
    let text = status["causes"][0]["text"].as_str().unwrap();
    assert!(text.contains(folder.join("okay_nabu.tflite").to_str().unwrap()), "{text}");
    // It says so aloud, and stays in this state.
    daemon.wait_status("the degraded state", |status| {
        status["state"] == "degraded"
            && status["servers"][0]["link"] == "up"
            && status["counters"]["tape_position"].as_u64() > Some(20_000)
    });
    let file = pulse.folder().join("words.wav");
    let question = words::question();
    let sound = together(&said("alexa"), 400, &question);
    write_wav(&file, MIC_RATE, &[vec![0; MIC_RATE as usize], sound].concat());
    pulse.speak(&file).finish();
    flow.next_request().assert_has(&question);
    assert_eq!(daemon.wait_event("wake", |_| true, SOON)["word"], "alexa");

    // The right one in its place, and the settings read again: it works without a restart.
    fs::write(folder.join("okay_nabu.tflite"), bytes).unwrap();
    daemon.signal(nix::sys::signal::Signal::SIGHUP);
    daemon.wait_event("cause_cleared", |event| event["code"] == "WakeMissing", SOON);
    assert_eq!(daemon.status()["counters"]["wake_okay_nabu"], 0);
}
