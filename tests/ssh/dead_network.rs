//! The cable is cut: nobody says anything any more, not even that the connection is gone.

use std::process::Command;
use std::time::{Duration, Instant};

use auricle::services::ssh::{Limits, SshError};

use crate::rig::{Running, echo};
use crate::sshd::{SOON, Sshd};

/// A network of two addresses: this machine and a namespace. Ends with this value.
struct Cable {
    name: String,
    there: String,
}

impl Cable {
    /// The number tells those of one process apart.
    fn plug(number: u32) -> Self {
        assert!(nix::unistd::geteuid().is_root(), "a network namespace needs root: run this test as root");
        let id = std::process::id();
        let name = format!("aur{id}x{number}");
        // Addresses for documentation: nobody has them.
        let base = (id * 2 + number) % 62 * 4;
        let (here, there) = (format!("198.51.100.{}", base + 1), format!("198.51.100.{}", base + 2));
        let cable = Self { name: name.clone(), there: there.clone() };
        ip(&format!("netns add {name}"));
        // The server listens on its loopback address.
        cable.inside("link set lo up");
        ip(&format!("link add {name}a type veth peer name {name}b netns {name}"));
        ip(&format!("addr add {here}/30 dev {name}a"));
        ip(&format!("link set {name}a up"));
        cable.inside(&format!("addr add {there}/30 dev {name}b"));
        cable.inside(&format!("link set {name}b up"));
        cable
    }

    fn cut(&self) {
        self.inside(&format!("link set {}b down", self.name));
    }

    /// What `ip -n` does, without its mounts: they fail where the root is no mount of its own.
    fn inside(&self, words: &str) {
        run(Command::new("nsenter").arg(format!("--net=/run/netns/{}", self.name)).arg("ip"), words);
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
        let _ = Command::new("ip").args(["link", "del", &format!("{}a", self.name)]).output();
    }
}

fn ip(words: &str) {
    run(&mut Command::new("ip"), words);
}

fn run(command: &mut Command, words: &str) {
    let output = command.args(words.split(' ')).output().expect("ip is installed: scripts/setup.sh test");
    assert!(output.status.success(), "ip {words}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_dead_network_ends_the_tunnel_within_the_keep_alive_limit() {
    let cable = Cable::plug(0);
    let server = Sshd::start_inside(&cable.name, &cable.there);
    let limits = Limits { keep_alive: Duration::from_secs(3), unanswered: 2, ..Limits::default() };
    let (mut running, _port) = Running::to_with(&server, echo(), limits);
    cable.cut();
    let cut = Instant::now();
    let error = running.failure(SOON);
    // Whoever notices first: the system, or the unanswered questions.
    assert!(matches!(error, SshError::Lost { .. } | SshError::Silent { .. }), "{error}");
    assert!(error.to_string().contains("start the tunnel again"), "{error}");
    let took = cut.elapsed();
    assert!(took >= Duration::from_secs(5) && took < Duration::from_secs(14), "{took:?}: {error}");
}

#[test]
fn a_server_behind_a_cut_cable_is_given_up_in_time() {
    let cable = Cable::plug(1);
    let server = Sshd::start_inside(&cable.name, &cable.there);
    cable.cut();
    let limits = Limits { connect: Duration::from_secs(1), ..Limits::default() };
    let request = crate::rig::request(&server, 22);
    let error = Running::start(request, crate::rig::settings(&server), limits).failure(SOON);
    assert!(matches!(error, SshError::Unreachable { .. }), "{error}");
}
