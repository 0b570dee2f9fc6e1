//! A real sshd of one's own, into which the present user can log in with a key.

// Each test crate uses its own part of this.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use tempfile::TempDir;

/// How long anything that should come at once may take on a loaded machine.
pub const SOON: Duration = Duration::from_secs(20);

/// Debian keeps it there; it wants to be called by its whole path.
const SSHD: &str = "/usr/sbin/sshd";

/// Looks until `found` says something; panics after `within`, naming `what`.
pub fn wait_until<T>(what: &str, within: Duration, mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {within:?} in vain for {what}");
        sleep(Duration::from_millis(10));
    }
}

/// An sshd on a free port, with its keys in a folder of its own. Ends with this value, and all its sessions with it.
pub struct Sshd {
    folder: TempDir,
    address: String,
    port: u16,
    child: Child,
}

impl Sshd {
    /// On 127.0.0.1, with an ed25519 key.
    pub fn start() -> Self {
        Self::launch("", None)
    }

    /// With more lines of sshd_config.
    pub fn start_with(conf: &str) -> Self {
        Self::launch(conf, None)
    }

    /// In a network namespace, on an address that exists there.
    pub fn start_inside(namespace: &str, address: &str) -> Self {
        Self::launch("", Some((namespace, address)))
    }

    fn launch(conf: &str, inside: Option<(&str, &str)>) -> Self {
        let folder = tempfile::Builder::new().prefix("auricle-sshd-").tempdir().unwrap();
        for (name, kind) in [("host_ed25519", "ed25519"), ("host_ecdsa", "ecdsa"), ("client", "ed25519")] {
            make_key(&folder.path().join(name), kind);
        }
        fs::copy(folder.path().join("client.pub"), folder.path().join("authorized_keys")).unwrap();
        if geteuid().is_root() {
            // Where sshd locks in the process that talks with strangers.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let address = inside.map_or("127.0.0.1", |(_, address)| address).to_owned();
        // Another process may take a port between our look and sshd's: then another port is tried.
        for _ in 0..5 {
            let port = free_port();
            write_settings(folder.path(), &address, port, conf);
            let mut child = spawn(folder.path(), inside.map(|(namespace, _)| namespace));
            if listens(folder.path(), &mut child) {
                return Self { folder, address, port, child };
            }
        }
        panic!("sshd does not start: {}", log(folder.path()));
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// As a request names it.
    pub fn host(&self) -> String {
        format!("{}:{}", self.address, self.port)
    }

    /// The account that the key belongs to.
    pub fn user() -> String {
        User::from_uid(geteuid()).unwrap().expect("an account").name
    }

    /// The private key that may log in.
    pub fn key(&self) -> String {
        fs::read_to_string(self.key_file()).unwrap()
    }

    /// Its file.
    pub fn key_file(&self) -> PathBuf {
        self.folder.path().join("client")
    }

    /// The line of a known_hosts file for one of its keys, `ed25519` or `ecdsa`.
    pub fn host_line(&self, kind: &str) -> String {
        let public = fs::read_to_string(self.folder.path().join(format!("host_{kind}.pub"))).unwrap();
        let mut words = public.split_whitespace();
        format!("[{}]:{} {} {}", self.address, self.port, words.next().unwrap(), words.next().unwrap())
    }

    /// What `ssh-keygen -l` says about its ed25519 key.
    pub fn fingerprint(&self) -> String {
        let file = self.folder.path().join("host_ed25519.pub");
        let output = Command::new("ssh-keygen").arg("-lf").arg(file).output().expect("ssh-keygen");
        String::from_utf8_lossy(&output.stdout).split_whitespace().nth(1).unwrap().to_owned()
    }

    /// Everything that it has logged.
    pub fn log(&self) -> String {
        log(self.folder.path())
    }

    /// Its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `ssh` to a port of this machine as if this server were there: it must show this server's key.
    pub fn client(&self, port: u16) -> Command {
        let known = self.folder.path().join(format!("known_hosts_{port}"));
        let line = self.host_line("ed25519");
        let (_, key) = line.split_once(' ').unwrap();
        fs::write(&known, format!("[127.0.0.1]:{port} {key}\n")).unwrap();
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes"]);
        ssh.arg("-o").arg(format!("UserKnownHostsFile={}", known.display()));
        ssh.args(["-o", "ConnectTimeout=20", "-i"]).arg(self.key_file()).args(["-p", &port.to_string()]);
        ssh.arg(format!("{}@127.0.0.1", Self::user()));
        ssh
    }

    /// Kills it and all its sessions as a crash would.
    pub fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }

    /// Stops it and all its sessions without closing anything; thawed by [`Self::thaw`] or the end.
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// To the listener first, so that it starts no more; each session is a process (or two) of its own.
    fn signal(&self, signal: Signal) {
        let sessions = descendants(self.child.id());
        for id in std::iter::once(self.child.id()).chain(sessions) {
            let _ = kill(Pid::from_raw(id.cast_signed()), signal);
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The processes that it has started, theirs, and so on.
fn descendants(id: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|child| child.parse().ok());
    children.flat_map(|child| std::iter::once(child).chain(descendants(child))).collect()
}

/// A key pair without a passphrase; the public part has `.pub` behind its name.
pub fn make_key(file: &Path, kind: &str) {
    let status =
        Command::new("ssh-keygen").args(["-q", "-N", "", "-t", kind, "-f"]).arg(file).status().expect("ssh-keygen");
    assert!(status.success(), "ssh-keygen: {status}");
}

/// A port of 127.0.0.1 on which nothing listens.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn write_settings(folder: &Path, address: &str, port: u16, conf: &str) {
    let place = folder.display();
    let text = format!(
        "{conf}\nListenAddress {address}\nPort {port}\nHostKey {place}/host_ed25519\nHostKey {place}/host_ecdsa\n\
         AuthorizedKeysFile {place}/authorized_keys\nPidFile none\nUsePAM no\nStrictModes no\nUseDNS no\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n\
         MaxStartups 100\nLogLevel VERBOSE\n"
    );
    fs::write(folder.join("sshd_config"), text).unwrap();
}

fn spawn(folder: &Path, namespace: Option<&str>) -> Child {
    let mut command = namespace.map_or_else(
        || Command::new(SSHD),
        |namespace| {
            let mut command = Command::new("nsenter");
            command.arg(format!("--net=/run/netns/{namespace}")).arg(SSHD);
            command
        },
    );
    let log = fs::File::create(folder.join("log")).unwrap();
    command.args(["-D", "-e", "-f"]).arg(folder.join("sshd_config"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command.spawn().expect("sshd is installed: scripts/setup.sh test")
}

fn listens(folder: &Path, child: &mut Child) -> bool {
    wait_until("sshd to listen", SOON, || {
        if child.try_wait().unwrap().is_some() {
            return Some(false);
        }
        log(folder).contains("Server listening on").then_some(true)
    })
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}
