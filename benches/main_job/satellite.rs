//! The peer: wyoming-satellite, in Python, with `arecord` on the same sound card as its microphone.

use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::broker::SOON;
use crate::pulse::Pulse;

/// What it is called in the document.
pub const PEER: &str = "wyoming-satellite 1.0.0";

/// A running satellite. It ends with this value, and `arecord` with it.
pub struct Satellite {
    child: Child,
    /// From its start until it listened.
    pub start: Duration,
}

impl Satellite {
    /// Starts one and waits until it listens.
    pub fn start(python: &str, pulse: &Pulse) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
        let start = Instant::now();
        let mut child = Command::new(python)
            .args(["-m", "wyoming_satellite", "--name", "bench"])
            .args(["--uri", &format!("tcp://127.0.0.1:{port}")])
            .args(["--mic-command", "arecord -q -D testmic -r 16000 -c 1 -f S16_LE -t raw"])
            .env("ALSA_CONFIG_PATH", pulse.alsa_config_path())
            .env("HOME", pulse.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("Python");
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(child.try_wait().expect("the satellite").is_none(), "wyoming-satellite ended at once");
            assert!(start.elapsed() < SOON, "wyoming-satellite does not listen");
            std::thread::sleep(Duration::from_millis(1));
        }
        Self { child, start: start.elapsed() }
    }

    /// The process of Python, without `arecord`.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The process of `arecord`.
    pub fn recorder(&self) -> u32 {
        let children = format!("/proc/{0}/task/{0}/children", self.pid());
        let children = std::fs::read_to_string(children).expect("the satellite runs");
        let first = children.split_whitespace().next().and_then(|pid| pid.parse().ok());
        first.expect("the satellite has started arecord")
    }
}

impl Drop for Satellite {
    fn drop(&mut self) {
        // Its group is its own: `arecord` is in it.
        let _ = killpg(Pid::from_raw(i32::try_from(self.child.id()).expect("a pid")), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}
