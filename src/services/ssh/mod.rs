//! The reverse SSH tunnel: somebody far away reaches a port of this device through an SSH server.
//!
//! The device logs in at the server with a key and asks it to listen on a port of its loopback address; each connection
//! there becomes a connection to a port of 127.0.0.1 here. The server is only trusted with a key that the owner of the
//! device has pinned in the settings; there is no trust on first use. Nothing passes through a shell.
//!
//! A tunnel is a thread of its own, around libssh. It never lets that block: it waits in one `poll` for the server, all
//! local connections and the bell by which it is stopped.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::sound::Bell;

mod address;
mod buffer;
mod ciphers;
mod connection;
mod counters;
mod dial;
mod error;
mod key;
mod libssh;
mod life;
mod login;
mod pins;
mod pulse;
mod relay;
mod watch;

pub use address::Address;
pub use counters::TunnelCounters;
pub use error::SshError;
pub use pins::Pins;

/// What an operator asks for.
#[derive(Clone, PartialEq, Eq)]
pub struct TunnelRequest {
    /// The server: `host`, `host:port` or `[v6]:port`. Without a port: the one that is pinned, else 22.
    pub host: String,
    /// The account there.
    pub user: String,
    /// Where the server listens, on its loopback address; 0: it chooses, see [`TunnelNotice::Up`].
    pub remote_port: u16,
    /// Where each connection leads to, on 127.0.0.1 of this device.
    pub local_port: u16,
    /// The private key as text (OpenSSH or PEM), or the name of a file inside [`TunnelSettings::key_dir`]. Wiped from
    /// memory when dropped, and not shown by `{:?}`.
    pub key: Zeroizing<String>,
}

impl fmt::Debug for TunnelRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TunnelRequest")
            .field("host", &self.host)
            .field("user", &self.user)
            .field("remote_port", &self.remote_port)
            .field("local_port", &self.local_port)
            .field("key", &if key::is_text(&self.key) { "(secret)" } else { &*self.key })
            .finish()
    }
}

/// What the owner of the device allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TunnelSettings {
    /// Lines as in a known_hosts file: the servers and their keys.
    pub hosts: Vec<String>,
    /// The folder with private keys.
    pub key_dir: PathBuf,
    /// How long a tunnel may stand.
    pub time_limit: Duration,
}

/// How long each step may take, and how much may go on at once. The defaults are those of the product; tests are less
/// patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// To find the server's address and to connect.
    pub connect: Duration,
    /// For the key exchange.
    pub handshake: Duration,
    /// For the login.
    pub login: Duration,
    /// For the server to listen.
    pub forward: Duration,
    /// After this silence the server is asked for a sign of life. At least 3 s.
    pub keep_alive: Duration,
    /// So many unanswered questions in a row are the end.
    pub unanswered: u32,
    /// Connections at once; one more is closed at once.
    pub connections: usize,
    /// For the local service to accept a connection.
    pub local: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            handshake: Duration::from_secs(15),
            login: Duration::from_secs(15),
            forward: Duration::from_secs(10),
            keep_alive: Duration::from_secs(15),
            unanswered: 3,
            connections: 16,
            local: Duration::from_secs(5),
        }
    }
}

/// What a tunnel tells.
#[derive(Debug)]
pub enum TunnelNotice {
    /// The server listens.
    Up {
        /// On this port of its loopback address.
        port: u16,
    },
    /// A connection could not be served; the tunnel stays. Told once until one is served again.
    Unserved(SshError),
    /// The tunnel is gone. Nothing comes after this.
    Ended(Ending),
}

/// Why a tunnel ended.
#[derive(Debug)]
pub enum Ending {
    /// By [`Tunnel::stop`] or because the handle was dropped.
    Stopped,
    /// It stood as long as it may.
    TimeLimit,
    /// Or it did not come up at all.
    Failed(SshError),
}

impl<E: Into<SshError>> From<E> for Ending {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// A tunnel. Dropping it stops it.
#[derive(Debug)]
pub struct Tunnel {
    order: Order,
    counters: Arc<TunnelCounters>,
}

/// The order to stop.
#[derive(Clone, Debug)]
struct Order {
    stop: Arc<AtomicBool>,
    bell: Bell,
}

impl Order {
    fn given(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }
}

impl Tunnel {
    /// Begins to build a tunnel on a thread of its own, and returns at once. `notify` is called on that thread; the
    /// last call is [`TunnelNotice::Ended`].
    ///
    /// # Errors
    /// The system has no descriptor or no thread left. Everything else comes as a notice.
    pub fn start(
        request: TunnelRequest,
        settings: TunnelSettings,
        notify: Box<dyn Fn(TunnelNotice) + Send>,
    ) -> io::Result<Self> {
        Self::start_with(request, settings, Limits::default(), notify)
    }

    /// The same with limits of one's own.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(
        request: TunnelRequest,
        settings: TunnelSettings,
        limits: Limits,
        notify: Box<dyn Fn(TunnelNotice) + Send>,
    ) -> io::Result<Self> {
        let order = Order { stop: Arc::default(), bell: Bell::new()? };
        let counters = Arc::new(TunnelCounters::default());
        let life = life::Life {
            request,
            settings,
            limits,
            order: order.clone(),
            counters: Arc::clone(&counters),
            notify: life::Notify::new(notify),
        };
        thread::Builder::new().name("ssh".into()).spawn(move || life.live())?;
        Ok(Self { order, counters })
    }

    /// Orders it to end, which takes less than a second. Returns at once; the notice tells when it has ended.
    pub fn stop(&self) {
        self.order.stop.store(true, Ordering::Release);
        self.order.bell.ring();
    }

    /// What it has carried so far.
    #[must_use]
    pub fn counters(&self) -> &TunnelCounters {
        &self.counters
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.stop();
    }
}
