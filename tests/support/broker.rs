//! A real mosquitto of one's own, and a client that watches it.

// Each test crate uses its own part of this.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rumqttc::{Client, Event, LastWill, MqttOptions, Packet, QoS};
use tempfile::TempDir;

/// How long anything that should come at once may take on a loaded machine.
pub const SOON: Duration = Duration::from_secs(20);

/// What mosquitto logs once it listens.
const RUNNING: &str = " running";

/// Between two looks at something that cannot be waited for.
const LOOK: Duration = Duration::from_millis(10);

/// Looks until `found` says something; panics after `within`, naming `what`.
pub fn wait_until<T>(what: &str, within: Duration, mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {within:?} in vain for {what}");
        std::thread::sleep(LOOK);
    }
}

/// A mosquitto on a free port of 127.0.0.1, with its files in a folder of its own. Ends with this value.
pub struct Broker {
    folder: TempDir,
    port: u16,
    plain_port: Option<u16>,
    extra: String,
    child: Option<Child>,
}

impl Broker {
    /// Lets everybody in.
    pub fn start() -> Self {
        Self::launch("allow_anonymous true\n", |_| {})
    }

    /// Lets in only these users (name, password), each with the rights of `acl` (mosquitto's format, for instance
    /// `pattern readwrite +/tolinto/%u/#`); an empty `acl` allows everything.
    pub fn start_with_users(users: &[(&str, &str)], acl: &str) -> Self {
        let conf = if acl.is_empty() { "" } else { "acl_file {folder}/acl\n" };
        let conf = format!("allow_anonymous false\npassword_file {{folder}}/passwords\n{conf}");
        Self::launch(&conf, |folder| {
            fs::write(folder.join("acl"), format!("{acl}\n")).unwrap();
            fs::write(folder.join("passwords"), "").unwrap();
            for (name, password) in users {
                let file = folder.join("passwords");
                run(Command::new("mosquitto_passwd").arg("-b").arg(file).args([name, password]));
            }
        })
    }

    /// Speaks TLS, with a certificate for `localhost` from an authority of its own, see [`Broker::ca_file`].
    pub fn start_tls() -> Self {
        Self::start_tls_for("localhost")
    }

    /// Speaks TLS, with a certificate for another name.
    pub fn start_tls_for(name: &str) -> Self {
        let conf = [
            "allow_anonymous true",
            "cafile {folder}/ca.pem",
            "certfile {folder}/server.pem",
            "keyfile {folder}/server.key",
            "listener {plain} 127.0.0.1",
        ];
        Self::launch(&conf.join("\n"), |folder| make_certificates(folder, name))
    }

    /// Any other configuration; `{folder}` stands for the broker's folder, which `prepare` may fill, and `{plain}` for
    /// another free port.
    pub fn launch(conf: &str, prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::Builder::new().prefix("auricle-broker-").tempdir().unwrap();
        prepare(folder.path());
        let extra = conf.replace("{folder}", folder.path().to_str().unwrap());
        let mut broker = Self { folder, port: 0, plain_port: None, extra, child: None };
        // Another process may take a port between our look and mosquitto's: then another port is tried.
        for _ in 0..5 {
            broker.port = free_port();
            broker.plain_port = broker.extra.contains("{plain}").then(free_port);
            if broker.spawn() {
                return broker;
            }
        }
        panic!("mosquitto does not start: {}", broker.log());
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The port without TLS: for a [`Probe`], also at a broker that speaks TLS with others.
    pub fn plain_port(&self) -> u16 {
        self.plain_port.unwrap_or(self.port)
    }

    /// The certificate of the authority that signed the broker's.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the broker runs").id()
    }

    /// Everything that it has logged since the first start. One line per packet.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// How often `text` occurs in the log.
    pub fn logged(&self, text: &str) -> usize {
        self.log().matches(text).count()
    }

    /// Waits until `text` is in the log `times` times.
    pub fn wait_for_log(&self, text: &str, times: usize) {
        wait_until(&format!("{times} × `{text}` in the broker's log"), SOON, || {
            (self.logged(text) >= times).then_some(())
        });
    }

    /// Kills it as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Kills it if it runs, and starts it again on the same port, with nothing remembered.
    pub fn restart(&mut self) {
        self.kill();
        wait_until("mosquitto to start again", SOON, || self.spawn().then_some(()));
    }

    /// Stops it without closing anything; returns when it has stopped.
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
        wait_until("the broker to freeze", SOON, || (self.state() == 'T').then_some(()));
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.pid()).unwrap()), signal).unwrap();
    }

    fn state(&self) -> char {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()).unwrap()
    }

    /// Starts the process; whether it listens. `false`: it ended at once.
    fn spawn(&mut self) -> bool {
        let file = self.folder.path().join("mosquitto.conf");
        // As root mosquitto would become another user, who cannot read the folder.
        // Not 0 (no limit): then mosquitto 2.0.11 throws out a client whose message it may not take.
        let queue = "max_queued_messages 100000";
        let common = format!("user root\npersistence false\nlog_dest stderr\nlog_type all\n{queue}\n");
        let extra = self.extra.replace("{plain}", &self.plain_port().to_string());
        fs::write(&file, format!("{common}listener {} 127.0.0.1\n{extra}", self.port)).unwrap();
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let running = self.logged(RUNNING);
        let mut command = Command::new("mosquitto");
        command.arg("-c").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut child = command.spawn().expect("mosquitto is installed: apt-get install mosquitto");
        let listens = wait_until("mosquitto to listen or to end", SOON, || {
            if child.try_wait().unwrap().is_some() {
                return Some(false);
            }
            (self.logged(RUNNING) > running).then_some(true)
        });
        self.child = Some(child);
        listens
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// `ca.pem`, and `server.pem` with `server.key` for `name`, signed by it.
fn make_certificates(folder: &Path, name: &str) {
    let openssl = |line: &str| run(Command::new("openssl").args(line.split_whitespace()).current_dir(folder));
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=auricle-test-authority"));
    openssl(&format!("req {key} -keyout server.key -out server.csr -subj /CN={name}"));
    fs::write(folder.join("names"), format!("subjectAltName=DNS:{name}\n")).unwrap();
    openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names");
}

/// A message as a [`Probe`] saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The topic.
    pub topic: String,
    /// The bytes.
    pub payload: Vec<u8>,
    /// Whether the broker had kept it from before the subscription.
    pub retained: bool,
    /// When it came.
    pub at: Instant,
}

impl Seen {
    /// The payload as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.payload).into_owned()
    }
}

#[derive(Default)]
struct Record {
    seen: Vec<Seen>,
    connected: bool,
    subscriptions: usize,
    acknowledged: usize,
    error: Option<String>,
}

type Shared = Arc<(Mutex<Record>, Condvar)>;

/// A client on a thread of its own that records every message. All calls wait until the broker has acknowledged them.
/// Not for use on a runtime's thread that must go on meanwhile.
pub struct Probe {
    client: Client,
    shared: Shared,
}

impl Probe {
    /// Connects to a broker on 127.0.0.1, with (name, password) if given.
    pub fn connect(port: u16, login: Option<(&str, &str)>) -> Self {
        Self::connect_with(port, login, None)
    }

    /// Connects with a will.
    pub fn connect_with(port: u16, login: Option<(&str, &str)>, will: Option<LastWill>) -> Self {
        let mut id = [0; 4];
        getrandom::fill(&mut id).unwrap();
        let mut options = MqttOptions::new(format!("probe-{:08x}", u32::from_ne_bytes(id)), "127.0.0.1", port);
        options.set_keep_alive(Duration::from_secs(30)).set_max_packet_size(64 << 20, 64 << 20);
        // Mosquitto throws out a client with more than 20 unreleased messages of QoS 2, whatever its MQTT version.
        options.set_inflight(16);
        if let Some((name, password)) = login {
            options.set_credentials(name, password);
        }
        if let Some(will) = will {
            options.set_last_will(will);
        }
        let (client, mut connection) = Client::new(options, 1_024);
        let shared = Shared::default();
        let record = shared.clone();
        std::thread::spawn(move || {
            for event in connection.iter() {
                if !note(&record, event) {
                    return;
                }
            }
        });
        let probe = Self { client, shared };
        probe.wait("the probe to connect", SOON, |record| record.connected.then_some(()));
        probe
    }

    /// Subscribes with QoS 2.
    pub fn subscribe(&self, filter: &str) {
        let before = self.record(|record| record.subscriptions);
        self.client.subscribe(filter, QoS::ExactlyOnce).unwrap();
        self.wait("SUBACK", SOON, |record| (record.subscriptions > before).then_some(()));
    }

    /// Publishes with QoS 1.
    pub fn publish(&self, topic: &str, payload: impl Into<Vec<u8>>, retain: bool) {
        self.publish_with(topic, payload, retain, QoS::AtLeastOnce);
    }

    /// Publishes with any QoS.
    pub fn publish_with(&self, topic: &str, payload: impl Into<Vec<u8>>, retain: bool, qos: QoS) {
        let before = self.record(|record| record.acknowledged);
        self.post(topic, payload, retain, qos);
        if qos != QoS::AtMostOnce {
            self.wait("the acknowledgement", SOON, |record| (record.acknowledged > before).then_some(()));
        }
    }

    /// Publishes and does not wait for anything.
    pub fn post(&self, topic: &str, payload: impl Into<Vec<u8>>, retain: bool, qos: QoS) {
        self.client.publish(topic, qos, retain, payload).unwrap();
    }

    /// The first message, past or to come, that `wanted` says yes to; panics after `within`, listing what did come.
    pub fn wait_for(&self, wanted: impl Fn(&Seen) -> bool, within: Duration) -> Seen {
        self.wait("a message", within, |record| record.seen.iter().find(|seen| wanted(seen)).cloned())
    }

    /// All messages so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.record(|record| record.seen.clone())
    }

    /// Forgets all messages so far.
    pub fn forget(&self) {
        self.record(|record| record.seen.clear());
    }

    fn record<T>(&self, look: impl FnOnce(&mut Record) -> T) -> T {
        look(&mut self.shared.0.lock().unwrap())
    }

    fn wait<T>(&self, what: &str, within: Duration, mut found: impl FnMut(&Record) -> Option<T>) -> T {
        let deadline = Instant::now() + within;
        let (record, changed) = &*self.shared;
        let mut record = record.lock().unwrap();
        loop {
            if let Some(value) = found(&record) {
                return value;
            }
            assert!(
                record.error.is_none(),
                "the probe's connection ended while waiting for {what}: {:?}",
                record.error
            );
            let left = deadline.saturating_duration_since(Instant::now());
            let topics: Vec<_> = record.seen.iter().map(|seen| (&seen.topic, seen.text())).collect();
            assert!(!left.is_zero(), "waited {within:?} in vain for {what}; seen: {topics:?}");
            record = changed.wait_timeout(record, left).unwrap().0;
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let _ = self.client.try_disconnect();
    }
}

/// Writes down what happened; whether to go on.
fn note(shared: &Shared, event: Result<Event, rumqttc::ConnectionError>) -> bool {
    let mut record = shared.0.lock().unwrap();
    match event {
        Ok(Event::Incoming(Packet::ConnAck(_))) => record.connected = true,
        Ok(Event::Incoming(Packet::SubAck(_))) => record.subscriptions += 1,
        Ok(Event::Incoming(Packet::PubAck(_) | Packet::PubComp(_))) => record.acknowledged += 1,
        Ok(Event::Incoming(Packet::Publish(publish))) => record.seen.push(Seen {
            topic: publish.topic,
            payload: publish.payload.to_vec(),
            retained: publish.retain,
            at: Instant::now(),
        }),
        Ok(_) => {}
        Err(error) => record.error = Some(error.to_string()),
    }
    let goes_on = record.error.is_none();
    drop(record);
    shared.1.notify_all();
    goes_on
}
