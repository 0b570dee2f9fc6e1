//! A sound card without hardware: a PulseAudio server of its own with two null sinks in real time.
//!
//! `mic` (16 kHz mono) is the microphone: what is played into it is heard by whoever records its monitor. `spk` (48 kHz)
//! is the loudspeaker: what is played there can be recorded from its monitor.
//!
//! ALSA reads `ALSA_CONFIG_PATH` once per process, so the test process and the programs that it starts get their
//! names in different ways:
//!
//! * programs: set `ALSA_CONFIG_PATH` to [`Pulse::alsa_config_path`] and use the names `testmic` and `testspk`;
//! * the test process itself: use [`Pulse::mic`] and [`Pulse::speaker`], names that carry the server with them. The
//!   first [`Pulse::start`] sets the variable, before anything in the process can have used ALSA.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

const ALSA: &str = "/usr/share/alsa/alsa.conf";

/// Everything here happens well within this.
const DEADLINE: Duration = Duration::from_secs(20);

/// A running server, killed when dropped.
pub struct Pulse {
    folder: TempDir,
    server: Child,
}

impl Pulse {
    /// Starts one and waits until its cards are there.
    #[must_use]
    pub fn start() -> Self {
        use_in_this_process();
        let folder = tempfile::Builder::new().prefix("pulse").tempdir().expect("a folder");
        let socket = folder.path().join("pulse.sock");
        let log = fs::File::create(folder.path().join("log")).expect("a log");
        let server = Command::new("pulseaudio")
            .args(["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--log-target=stderr"])
            .arg(format!("--load={}", null_sink("mic")))
            .arg(format!("--load={}", null_sink("spk")))
            .arg(format!("--load=module-cli-protocol-unix socket={}", folder.path().join("cli.sock").display()))
            // Last: who can connect finds the cards. With a ring of shared memory for messages, libpulse 16.1 never comes
            // back from a connection that breaks while it is being made: its thread spins for ever, and at the priority
            // of the sound thread that waits for it.
            .arg(format!(
                "--load=module-native-protocol-unix auth-anonymous=1 srbchannel=no socket={}",
                socket.display()
            ))
            .env("HOME", folder.path())
            .env("PULSE_RUNTIME_PATH", folder.path())
            .env("PULSE_STATE_PATH", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("pulseaudio can't be started; `apt install pulseaudio`");
        let pulse = Self { folder, server };
        let config = format!(
            "pcm.testmic {{ type pulse server \"{0}\" device \"mic.monitor\" }}\n\
             pcm.testspk {{ type pulse server \"{0}\" device \"spk\" }}\n\
             ctl.testspk {{ type pulse server \"{0}\" sink \"spk\" source \"mic.monitor\" }}\n",
            pulse.server()
        );
        fs::write(pulse.folder.path().join("asound.conf"), config).expect("asound.conf");
        until("the sound server answers", || UnixStream::connect(&socket).is_ok());
        pulse
    }

    /// For `--server=` and `PULSE_SERVER`.
    #[must_use]
    pub fn server(&self) -> String {
        format!("unix:{}", self.folder.path().join("pulse.sock").display())
    }

    /// The value of `ALSA_CONFIG_PATH` for a program that is to use `testmic` and `testspk`.
    #[must_use]
    pub fn alsa_config_path(&self) -> String {
        format!("{ALSA}:{}", self.folder.path().join("asound.conf").display())
    }

    /// The microphone's PCM name for this process.
    #[must_use]
    pub fn mic(&self) -> String {
        format!("testpulse:SERVER={},DEVICE=mic.monitor", self.server())
    }

    /// The loudspeaker's PCM name for this process.
    #[must_use]
    pub fn speaker(&self) -> String {
        format!("testpulse:SERVER={},DEVICE=spk", self.server())
    }

    /// The name of a mixer control of the loudspeaker for this process; programs call it `testspk/Master`.
    #[must_use]
    pub fn control(&self, name: &str) -> String {
        format!("testpulse:SERVER={}/{name}", self.server())
    }

    /// The volume of the loudspeaker's channels in percent, and whether it is muted.
    #[must_use]
    pub fn volume(&self) -> (Vec<u32>, bool) {
        let percents = |text: &str| -> Vec<u32> {
            text.split_whitespace().filter_map(|word| word.strip_suffix('%')?.parse().ok()).collect()
        };
        let muted = self.pactl(&["get-sink-mute", "spk"]).contains("yes");
        (percents(&self.pactl(&["get-sink-volume", "spk"])), muted)
    }

    /// Mutes the loudspeaker, as another program does, or ends that.
    pub fn mute(&self, on: bool) {
        self.pactl(&["set-sink-mute", "spk", if on { "1" } else { "0" }]);
    }

    /// A place for files, deleted with the server.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Somebody speaks the contents of a WAV file into the microphone. It should begin with 200 ms of silence: the
    /// server swallows the first few ms of a new stream.
    #[must_use]
    pub fn speak(&self, wav: &Path) -> Speaking {
        let child =
            self.tool("paplay").arg("--device=mic").arg(wav).spawn().expect("paplay; `apt install pulseaudio-utils`");
        Speaking(child)
    }

    /// Begins to record what the loudspeaker plays, 48 kHz mono; returns when the first sound is there.
    #[must_use]
    pub fn record(&self) -> Recording {
        self.record_from("spk.monitor")
    }

    /// Begins to record what the microphone hears, as [`Pulse::record`] does.
    #[must_use]
    pub fn overhear(&self) -> Recording {
        self.record_from("mic.monitor")
    }

    fn record_from(&self, source: &str) -> Recording {
        let file = self.folder.path().join(format!("recording-{}.raw", number()));
        let child = self
            .tool("parecord")
            .args(["--raw", "--rate=48000", "--channels=1", "--format=s16le", "--latency-msec=50"])
            .arg(format!("--device={source}"))
            .arg(&file)
            .spawn()
            .expect("parecord; `apt install pulseaudio-utils`");
        let recording = Recording { child, file };
        until("the recording runs", || !recording.so_far().is_empty());
        recording
    }

    /// Takes a card out: `mic` or `spk`. Who uses it loses it; left alone, the server would move him to the other card.
    pub fn unplug(&self, sink: &str) {
        let users = self.users("sink", sink).into_iter().chain(self.users("source", &format!("{sink}.monitor")));
        let modules = self.pactl(&["list", "short", "modules"]);
        let wanted = format!("sink_name={sink} ");
        let line = modules.lines().find(|line| line.contains(&wanted)).expect("the sink is there");
        let number = line.split_whitespace().next().expect("a number");
        // In one go: a user who loses his stream comes back at once.
        let orders: String =
            users.map(|user| format!("kill-{user}\n")).chain([format!("unload-module {number}\n")]).collect();
        let mut console = UnixStream::connect(self.folder.path().join("cli.sock")).expect("the console");
        console.write_all(orders.as_bytes()).expect("the console");
        until("the card is gone", || !self.pactl(&["list", "short", "modules"]).contains(&wanted));
    }

    /// The streams of a sink or source, as the console names them: `sink-input 3`.
    fn users(&self, kind: &str, name: &str) -> Vec<String> {
        let cards = self.pactl(&["list", "short", &format!("{kind}s")]);
        let card = cards.lines().find(|line| line.split('\t').nth(1) == Some(name)).expect("the card is there");
        let number = card.split('\t').next();
        let stream = if kind == "sink" { "sink-input" } else { "source-output" };
        let streams = self.streams(&format!("{stream}s"));
        let used = streams.lines().filter(|line| line.split('\t').nth(1) == number);
        used.filter_map(|line| Some(format!("{stream} {}", line.split('\t').next()?))).collect()
    }

    /// Puts it in again.
    pub fn replug(&self, sink: &str) {
        let module = null_sink(sink);
        let words: Vec<&str> = ["load-module"].into_iter().chain(module.split(' ')).collect();
        self.pactl(&words);
    }

    /// Makes a room of it: what the loudspeaker plays comes back through the microphone, about 50 ms later.
    pub fn echo(&self) {
        self.pactl(&["load-module", "module-loopback", "source=spk.monitor", "sink=mic", "latency_msec=50"]);
    }

    /// Streams of a kind (`sink-inputs`, `source-outputs`) that are open, a line each.
    #[must_use]
    pub fn streams(&self, kind: &str) -> String {
        self.pactl(&["list", "short", kind])
    }

    /// Stops the server in the middle of whatever it does.
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.server.id()).expect("a pid")), signal).expect("the server runs");
    }

    fn pactl(&self, words: &[&str]) -> String {
        let output = self.tool("pactl").args(words).stdout(Stdio::piped()).output().expect("pactl");
        assert!(output.status.success(), "pactl {words:?}: {}", output.status);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.arg(format!("--server={}", self.server())).env("HOME", self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        // Works on a frozen one too.
        let _ = self.server.kill();
        let _ = self.server.wait();
        if std::thread::panicking() {
            let mut log = String::new();
            if let Ok(mut file) = fs::File::open(self.folder.path().join("log")) {
                let _ = file.read_to_string(&mut log);
            }
            eprintln!("the sound server said:\n{log}");
        }
    }
}

/// Somebody who speaks; falls silent when dropped.
pub struct Speaking(Child);

impl Speaking {
    /// Waits for the end.
    pub fn finish(mut self) {
        until("paplay ends", || self.0.try_wait().expect("paplay").is_some());
    }
}

impl Drop for Speaking {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running recording.
pub struct Recording {
    child: Child,
    file: PathBuf,
}

impl Recording {
    /// What was recorded so far, 48 kHz mono.
    #[must_use]
    pub fn so_far(&self) -> Vec<i16> {
        let bytes = fs::read(&self.file).unwrap_or_default();
        bytes.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect()
    }

    /// Waits until all that was played by now has been recorded.
    #[must_use]
    pub fn finish(self) -> Vec<i16> {
        // Another 300 ms of whatever comes now.
        let enough = self.so_far().len() + 14_400;
        until("the recording goes on", || self.so_far().len() >= enough);
        self.so_far()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Polls a condition; panics when it does not come true.
#[track_caller]
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "waited {DEADLINE:?} in vain until {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

fn null_sink(sink: &str) -> String {
    let rate = if sink == "mic" { "rate=16000 channels=1" } else { "rate=48000" };
    // Without rewinds the sink renders each 50 ms at the latest, as a card would, and not each 2 s when nobody listens.
    format!("module-null-sink sink_name={sink} {rate} norewinds=1")
}

/// A number that no other recording of this process has.
fn number() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn use_in_this_process() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/asound.conf");
        // SAFETY: C code that reads the environment (ALSA, libpulse) runs in this process only after a fixture exists,
        // and Rust's own readers are locked out.
        unsafe { std::env::set_var("ALSA_CONFIG_PATH", format!("{ALSA}:{own}")) };
    });
}
