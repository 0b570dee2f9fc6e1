//! All that the checks look at: the machine, the settings, the daemon.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper::Method;
use serde_json::Value;

use super::host::Host;
use super::service;
use crate::config::{self, Errors, Loaded, Settings};
use crate::control::client::{self, ClientError};
use crate::device::identity::{self, Board, Origin};
use crate::device::state;

/// The daemon answers within this or is stuck.
const ANSWER: Duration = Duration::from_secs(3);

/// The settings, as far as they could be read.
#[derive(Debug)]
pub enum Reading {
    /// All of them.
    Whole(Box<Loaded>),
    /// All but passwords, whose files this user may not read.
    WithoutSecrets(Box<Loaded>, Vec<PathBuf>),
    /// This user may not read the settings file.
    Forbidden(PathBuf),
    /// They can't be used.
    Broken(Errors),
}

/// The daemon, as it answers at its control socket.
#[derive(Debug)]
pub enum Daemon {
    /// With this status.
    Running(Value),
    /// Nobody listens at the socket.
    Absent,
    /// This user may not ask it.
    Denied,
    /// Nobody listens yet, and the service manager is starting it, perhaps for the hundredth time.
    Starting,
    /// It listens and does not answer; why.
    Stuck(String),
}

/// All that the checks look at.
#[derive(Debug)]
pub struct Case {
    /// The machine.
    pub host: Host,
    /// The settings.
    pub reading: Reading,
    /// The daemon's control socket.
    pub socket: PathBuf,
    /// The daemon.
    pub daemon: Daemon,
    /// Whether a person can be asked to speak.
    pub person: bool,
    /// Whether servers may be asked something, which makes them think and speak.
    pub talk: bool,
}

impl Case {
    /// Reads the settings (`None`: the usual file) and asks the daemon, for at most 6 s. `person`: whether somebody is
    /// there who can be asked to speak; `talk`: whether servers may be.
    pub async fn open(host: Host, config: Option<PathBuf>, person: bool, talk: bool) -> Self {
        let reading = read(config.as_deref());
        let socket = socket(&reading);
        let daemon = match ask(&socket).await {
            // Between two starts of a unit that fails nobody listens, and yet it may have the cards any moment.
            Daemon::Absent if of_service(config.as_deref()) && service::is_starting(&host).await => Daemon::Starting,
            daemon => daemon,
        };
        Self { host, reading, socket, daemon, person, talk }
    }

    /// The settings, with or without passwords; `None` if they can't be used.
    #[must_use]
    pub fn settings(&self) -> Option<&Settings> {
        match &self.reading {
            Reading::Whole(loaded) | Reading::WithoutSecrets(loaded, _) => Some(&loaded.settings),
            Reading::Forbidden(_) | Reading::Broken(_) => None,
        }
    }

    /// The status of a running daemon.
    #[must_use]
    pub fn status(&self) -> Option<&Value> {
        match &self.daemon {
            Daemon::Running(status) => Some(status),
            Daemon::Absent | Daemon::Denied | Daemon::Starting | Daemon::Stuck(_) => None,
        }
    }

    /// The serial number and who chose it, as far as that is known already.
    #[must_use]
    pub fn serial(&self) -> Option<(String, Origin)> {
        let device = &self.settings()?.device;
        let board = Board {
            device_tree: self.host.path("proc/device-tree/serial-number"),
            cpuinfo: self.host.path("proc/cpuinfo"),
        };
        let kept = state::peek(&self.host.path(&device.state_dir)).ok().flatten().and_then(|state| state.serial);
        identity::known(device.serial.as_deref(), &board, kept.as_deref())
    }
}

/// Whether these are the settings that the service has.
fn of_service(config: Option<&Path>) -> bool {
    config.is_none_or(|config| config == Path::new(config::DEFAULT_PATH))
}

fn read(path: Option<&Path>) -> Reading {
    let file = path.unwrap_or(Path::new(config::DEFAULT_PATH));
    if is_forbidden(file) {
        return Reading::Forbidden(file.to_owned());
    }
    let errors = match config::load(path, config::environment()) {
        Ok(loaded) => return Reading::Whole(Box::new(loaded)),
        Err(errors) => errors,
    };
    let Ok(loaded) = config::load_without_secrets(path, config::environment()) else { return Reading::Broken(errors) };
    // Only the passwords are what is wrong. A file that is merely not for us is right.
    let files = loaded.settings.linto.iter().filter_map(|server| server.password_file.clone());
    let unread: Vec<PathBuf> = files.filter(|file| std::fs::File::open(file).is_err()).collect();
    if !unread.is_empty() && unread.iter().all(|file| is_forbidden(file)) {
        Reading::WithoutSecrets(Box::new(loaded), unread)
    } else {
        Reading::Broken(errors)
    }
}

fn is_forbidden(file: &Path) -> bool {
    matches!(std::fs::File::open(file), Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied)
}

fn socket(reading: &Reading) -> PathBuf {
    if let Some(socket) = std::env::var_os("AURICLE_CONTROL_SOCKET").filter(|socket| !socket.is_empty()) {
        return socket.into();
    }
    match reading {
        Reading::Whole(loaded) | Reading::WithoutSecrets(loaded, _) => loaded.settings.control.socket.clone(),
        Reading::Forbidden(_) | Reading::Broken(_) => "/run/auricle/control.sock".into(),
    }
}

async fn ask(socket: &Path) -> Daemon {
    let stuck = |why: String| Daemon::Stuck(why);
    match tokio::time::timeout(ANSWER, client::call(socket, Method::GET, "/status", None)).await {
        Ok(Ok(status)) => Daemon::Running(status),
        Ok(Err(ClientError::NoDaemon { .. })) => Daemon::Absent,
        Ok(Err(ClientError::Denied { .. })) => Daemon::Denied,
        Ok(Err(error)) => stuck(error.to_string()),
        Err(_) => stuck(format!("no answer within {} s", ANSWER.as_secs())),
    }
}
