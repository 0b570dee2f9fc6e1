//! The real program as a process, with settings, a state folder and a control socket of its own.

// Each test crate uses its own part of this.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::broker::{SOON, wait_until};
use crate::pulse::Pulse;

/// The program under test.
pub const AURICLE: &str = env!("CARGO_BIN_EXE_auricle");

/// The serial number, unless a test sets another.
pub const SERIAL: &str = "raspberry1";

/// Settings of a daemon under test: section, key, value as TOML has it.
#[derive(Clone, Debug)]
pub struct Settings {
    sections: BTreeMap<String, BTreeMap<String, String>>,
    environment: BTreeMap<String, String>,
    /// What stands behind all sections.
    more: String,
}

impl Settings {
    /// No server; the cards of [`Pulse`]; any speech opens a turn; no sounds except speech; short timeouts.
    pub fn new() -> Self {
        let settings = Self { sections: BTreeMap::new(), environment: BTreeMap::new(), more: String::new() };
        settings
            .text("device", "serial", SERIAL)
            .text("audio", "capture", "testmic")
            .text("audio", "playback", "testspk")
            .with("audio", "volume", 100)
            .with("audio", "sounds", false)
            .with("listen", "triggers", "[\"voice\"]")
            .text("listen", "no_speech", "3s")
    }

    /// With a LinTO server at this port of 127.0.0.1, on the scope `blk`.
    pub fn linto(port: u16) -> Self {
        Self::new().text("linto", "broker", &format!("mqtt://127.0.0.1:{port}")).text("linto", "answer_timeout", "5s")
    }

    /// With another value, written as TOML.
    pub fn with(mut self, section: &str, key: &str, value: impl Display) -> Self {
        self.sections.entry(section.into()).or_default().insert(key.into(), value.to_string());
        self
    }

    /// With another value, a text.
    pub fn text(self, section: &str, key: &str, value: &str) -> Self {
        let quoted = Value::from(value).to_string();
        self.with(section, key, quoted)
    }

    /// Without this section.
    pub fn without(mut self, section: &str) -> Self {
        self.sections.remove(section);
        self
    }

    /// With these lines at the end, for sections that stand several times.
    pub fn more(mut self, lines: &str) -> Self {
        self.more.push_str(lines);
        self
    }

    /// With this variable in the daemon's environment, for instance `NOTIFY_SOCKET`.
    pub fn environment(mut self, name: &str, value: impl Display) -> Self {
        self.environment.insert(name.into(), value.to_string());
        self
    }

    /// The settings file.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        for (section, keys) in &self.sections {
            writeln!(text, "[{section}]").unwrap();
            for (key, value) in keys {
                writeln!(text, "{key} = {value}").unwrap();
            }
        }
        text + &self.more
    }
}

#[derive(Default)]
struct Record {
    events: Vec<Value>,
    /// Up to here `wait_event` has looked.
    looked: usize,
    ended: bool,
}

type Shared = Arc<(Mutex<Record>, Condvar)>;

/// A running daemon. Killed when dropped; a failing test then shows its log and its events.
pub struct Daemon {
    folder: TempDir,
    child: Child,
    record: Shared,
}

impl Daemon {
    /// Starts one that hears and speaks through `pulse`; returns when it answers at its control socket, and from then
    /// on every event is recorded.
    pub fn start(pulse: &Pulse, settings: &Settings) -> Self {
        let folder = tempfile::Builder::new().prefix("auricle-").tempdir().unwrap();
        let settings = settings.clone().text("device", "state_dir", folder.path().join("state").to_str().unwrap());
        let settings = settings.text("control", "socket", folder.path().join("control.sock").to_str().unwrap());
        fs::write(folder.path().join("auricle.toml"), settings.to_toml()).unwrap();
        let child = spawn(folder.path(), pulse, &settings);
        let mut daemon = Self { folder, child, record: Shared::default() };
        let stream = wait_until("the daemon's control socket", SOON, || {
            assert!(daemon.child.try_wait().unwrap().is_none(), "the daemon ended at once");
            UnixStream::connect(daemon.socket()).ok()
        });
        daemon.follow(stream);
        daemon
    }

    /// As [`Daemon::start`], and waits until every server is connected and the microphone delivers.
    pub fn ready(pulse: &Pulse, settings: &Settings) -> Self {
        let daemon = Self::start(pulse, settings);
        daemon.wait_status("the daemon to be connected and to hear", |status| {
            let servers = status["servers"].as_array().unwrap();
            servers.iter().all(|server| server["link"] == "up")
                && status["causes"].as_array().unwrap().is_empty()
                && status["counters"]["tape_position"].as_u64() > Some(0)
        });
        daemon
    }

    /// Records events from now on.
    fn follow(&self, mut stream: UnixStream) {
        // HTTP 1.0: the body comes as it is, up to the end of the connection.
        stream.write_all(b"GET /events HTTP/1.0\r\n\r\n").unwrap();
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        assert!(lines.next().is_some_and(|status| status.contains(" 200 ")), "events are served");
        assert!(lines.any(|header| header.is_empty()), "the header of the events has an end");
        let record = Arc::clone(&self.record);
        std::thread::spawn(move || {
            // Beside data there are only empty lines and comments.
            for line in lines.filter(|line| line.starts_with("data: ")) {
                let event = serde_json::from_str(&line[6..]).unwrap_or_else(|_| panic!("`{line}` is not an event"));
                record.0.lock().unwrap().events.push(event);
                record.1.notify_all();
            }
            record.0.lock().unwrap().ended = true;
            record.1.notify_all();
        });
    }

    /// The next event of this name, past or to come, behind the one that was waited for before, to which `fits` says
    /// yes. Panics after `within`.
    #[track_caller]
    pub fn wait_event(&self, name: &str, fits: impl Fn(&Value) -> bool, within: Duration) -> Value {
        let deadline = Instant::now() + within;
        let mut record = self.record.0.lock().unwrap();
        loop {
            let new = &record.events[record.looked..];
            if let Some(place) = new.iter().position(|event| event["event"] == name && fits(event)) {
                record.looked += place + 1;
                return record.events[record.looked - 1].clone();
            }
            assert!(!record.ended, "the daemon ended while `{name}` was waited for");
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(record);
                panic!("waited {within:?} in vain for the event `{name}`");
            }
            record = self.record.1.wait_timeout(record, left).unwrap().0;
        }
    }

    /// Waits for the event that tells this state.
    #[track_caller]
    pub fn wait_state(&self, state: &str) -> Value {
        self.wait_event("state", |event| event["state"] == state, SOON)
    }

    /// Waits for this cause. The server's name is not looked at.
    #[track_caller]
    pub fn wait_cause(&self, code: &str) -> Value {
        self.wait_event("cause", |event| event["code"] == code, SOON)
    }

    /// All events so far.
    pub fn events(&self) -> Vec<Value> {
        self.record.0.lock().unwrap().events.clone()
    }

    /// All events so far that have this name.
    pub fn events_named(&self, name: &str) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["event"] == name).collect()
    }

    /// What `status --json` prints.
    pub fn status(&self) -> Value {
        self.ask("GET", "/status", "")
    }

    /// A counter of the status; 0 if nothing was counted.
    pub fn counter(&self, name: &str) -> u64 {
        self.status()["counters"][name].as_u64().unwrap_or(0)
    }

    /// Polls the status until `fits` says yes; panics in the end, with the last one.
    #[track_caller]
    pub fn wait_status(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + SOON;
        loop {
            let status = self.status();
            if fits(&status) {
                return status;
            }
            assert!(Instant::now() < deadline, "waited {SOON:?} in vain for {what}; status: {status:#}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// One request at the control socket; the JSON that comes back, also of a refusal.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        write!(stream, "{method} {path} HTTP/1.0\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("`{answer}` is not HTTP"));
        serde_json::from_str(body).unwrap_or_else(|_| panic!("`{body}` is not JSON"))
    }

    /// `auricle WORDS… --config FILE` beside the daemon, to its end.
    pub fn run_cli(&self, words: &[&str]) -> Output {
        let file = self.settings_file();
        Command::new(AURICLE).args(words).arg("--config").arg(file).stdin(Stdio::null()).output().unwrap()
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything that it has written to standard error.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The settings file.
    pub fn settings_file(&self) -> PathBuf {
        self.folder.path().join("auricle.toml")
    }

    /// The state folder.
    pub fn state_dir(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// The control socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Resident memory, in KiB.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim_end_matches("kB").trim().parse().unwrap()
    }

    /// Processor time used so far, by all threads.
    pub fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        // utime and stime, in ticks of 10 ms.
        let ticks: u64 = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.pid()).unwrap()), signal).unwrap();
    }

    /// Asks it to end, as the service manager does; how it ended, and how long that took.
    pub fn terminate(&mut self) -> (ExitStatus, Duration) {
        let start = Instant::now();
        self.signal(Signal::SIGTERM);
        let status = wait_until("the daemon to end", SOON, || self.child.try_wait().unwrap());
        (status, start.elapsed())
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let ended = self.child.try_wait();
        self.kill();
        if std::thread::panicking() {
            eprintln!("the daemon ({ended:?} before it was killed) said:\n{}", self.log());
            let record = self.record.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            for event in &record.events {
                eprintln!("{event}");
            }
        }
    }
}

fn spawn(folder: &Path, pulse: &Pulse, settings: &Settings) -> Child {
    let log = fs::File::create(folder.join("log")).unwrap();
    let mut command = Command::new(AURICLE);
    command.args(["run", "--config"]).arg(folder.join("auricle.toml"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AURICLE_")) {
        command.env_remove(name);
    }
    command.env_remove("NOTIFY_SOCKET").env_remove("WATCHDOG_USEC").env_remove("JOURNAL_STREAM");
    command.env("ALSA_CONFIG_PATH", pulse.alsa_config_path()).env("HOME", folder).envs(&settings.environment);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command.spawn().expect("the program under test starts")
}
