//! One connection to one MQTT 3.1.1 broker, kept for as long as its [`Link`] lives.
//!
//! Only the packet codec is borrowed (`rumqttc::mqttbytes`); the socket is ours, because the guards have to be exact:
//!
//! * **Nothing is queued while offline and nothing is ever sent again.** [`Link::ask`] answers `false`; what was
//!   accepted but not written when the connection broke is dropped and counted.
//! * **Nothing is delivered late.** The socket has `SO_LINGER 0` from the start, so however it is given up (a request
//!   whose time ran out, a silent broker, a crash) the kernel throws its send buffer away and resets the connection.
//!   See [`Link::publish_by`] for what that cannot do, and how QoS 2 closes the gap.
//! * **A message over the limit costs a line in the log, not the connection.** It is skipped as it streams by, named
//!   and acknowledged ([`inbound`]).
//! * **Reconnecting is slow on purpose** ([`backoff`]), and a broker that throws us out again and again is noticed.
//!
//! # Queues
//!
//! | queue | bound | when full |
//! |---|---|---|
//! | asked, not yet acknowledged | 64 asks, 8 MiB | refuse: `ask` answers `false` |
//! | acknowledgements for a broker that does not read | 64 KiB | stop reading |
//! | one incoming message | the policy's limit | skip, name, count |
//! | events for the owner | the owner's channel | wait 1 s, then drop the newest messages and count them |
//!
//! `Connected`, `Subscribed` and `Disconnected` are never dropped; a `Disconnected` replaces what an owner who does not
//! listen has not heard of the connection that it ends.

mod admission;
pub mod backoff;
mod counters;
mod gate;
mod greeting;
mod heartbeat;
pub mod inbound;
mod life;
mod outbox;
mod pump;
mod session;
mod takeover;
pub mod trial;
mod wire;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use auricle_core::link::{LinkAsk, LinkEvent, Policy, Publication, Qos};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use admission::{Admission, Ticket};
pub use backoff::Backoff;
pub use counters::LinkCounters;

/// The longest topic or filter, in bytes, that MQTT can carry.
const TOPIC_MAX: usize = u16::MAX as usize;

/// Filters in one ask. Each may be a packet of its own, and a packet id.
const FILTERS_MAX: usize = 64;

/// How long an ordinary publication or subscription may stay unacknowledged before the connection counts as broken.
const ACK_WITHIN: Duration = Duration::from_secs(30);

/// Where a broker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// TLS from the first byte. There is no way back to plain text.
    pub tls: bool,
    /// A name or an IP address (IPv6 without brackets). With TLS the certificate must be for it.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        if self.host.contains(':') {
            return write!(f, "{scheme}://[{}]:{}", self.host, self.port);
        }
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

/// All that a connection needs to know.
#[derive(Clone)]
pub struct LinkSettings {
    /// Where the broker is.
    pub address: Address,
    /// Certificates in PEM that are trusted besides those of the system. Read anew at each attempt.
    pub ca_file: Option<PathBuf>,
    /// The login name; without it the login is anonymous.
    pub username: Option<String>,
    /// The password; only sent along with a user name.
    pub password: Option<Zeroizing<String>>,
    /// What the protocol wants.
    pub policy: Policy,
    /// How fast to try again.
    pub backoff: Backoff,
}

impl fmt::Debug for LinkSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkSettings")
            .field("address", &self.address)
            .field("ca_file", &self.ca_file)
            .field("username", &self.username)
            .field("password", &self.password.as_ref().map(|_| "…"))
            .field("policy", &self.policy)
            .field("backoff", &self.backoff)
            .finish()
    }
}

/// What the owner wants done.
#[derive(Debug)]
enum Work {
    Subscribe(Vec<(String, Qos)>),
    Publish { publication: Publication, expires: Instant },
}

/// Work on its way to the connection for which it was accepted.
#[derive(Debug)]
struct Command {
    epoch: u64,
    work: Work,
    ticket: Ticket,
}

/// The handle of a broker connection, which connects by itself and again after each loss.
///
/// Dropping it is an abrupt end, like a crash: the socket is reset, nothing more is sent, and the broker publishes the
/// will. [`Link::shutdown`] is the clean end, without the will.
#[derive(Debug)]
pub struct Link {
    commands: mpsc::Sender<Command>,
    stop: Option<oneshot::Sender<Instant>>,
    task: JoinHandle<()>,
    admission: Arc<Admission>,
    counters: Arc<LinkCounters>,
    hurry: Arc<Notify>,
    outgoing_limit: usize,
}

impl Link {
    /// Starts to connect. Must be called within a tokio runtime; a current-thread one will do.
    ///
    /// What happens comes out of `events`. The connection ends when the receiver of `events` is dropped.
    #[must_use]
    pub fn start(settings: LinkSettings, events: mpsc::Sender<LinkEvent>) -> Self {
        let (commands, inbox) = mpsc::channel(admission::ASKS_MAX);
        let (stop, stopped) = oneshot::channel();
        let admission = Arc::new(Admission::default());
        let counters = Arc::new(LinkCounters::default());
        let hurry = Arc::new(Notify::new());
        let outgoing_limit = settings.policy.outgoing_limit.unwrap_or(usize::MAX);
        let ways = life::Ways { events, commands: inbox, stop: stopped, hurry: hurry.clone() };
        let life = life::Life::new(settings, ways, admission.clone(), counters.clone());
        let task = tokio::spawn(life.run());
        Self { commands, stop: Some(stop), task, admission, counters, hurry, outgoing_limit }
    }

    /// Hands over an ask. `false`: not connected, no room, or not a thing that MQTT can carry; then nothing was kept.
    /// `true`: it is written unless this very connection breaks first. [`LinkAsk::Hurry`] cuts a pause between two attempts
    /// short, at most once per second; at any other time it changes nothing, and it is always taken.
    pub fn ask(&self, ask: LinkAsk) -> bool {
        let expires = Instant::now() + ACK_WITHIN;
        match ask {
            LinkAsk::Subscribe(filters) => self.submit(Work::Subscribe(filters)),
            LinkAsk::Publish(publication) => self.submit(Work::Publish { publication, expires }),
            LinkAsk::Hurry => {
                self.hurry.notify_waiters();
                true
            }
        }
    }

    /// Publishes something that is worthless after `expires`. `false` as in [`Link::ask`]. With [`Qos::Zero`] it is not
    /// written later than that, and nobody tells whether it arrived.
    ///
    /// With the others: if the broker has not acknowledged it by then, the connection is reset, so that what is still in our kernel's
    /// send buffer never arrives. That leaves what the *broker's* kernel has already taken: a broker that was frozen
    /// reads it when it wakes, reset or not, and if the whole message fitted (some 64 kB on Linux) it counts.
    /// With [`Qos::Two`] that message is not delivered either: a broker holds a QoS 2 message back until we release it,
    /// and we never release one whose time has run out. (Mosquitto and rumqttd hold it back. The standard also allows a
    /// broker to deliver at once and only remember the packet id; with such a broker QoS 2 is as good as QoS 1.)
    pub fn publish_by(&self, publication: Publication, expires: Instant) -> bool {
        self.submit(Work::Publish { publication, expires })
    }

    /// Says goodbye: what was accepted is written, then the policy's farewell, then DISCONNECT, so that the broker does
    /// not publish the will. Returns after at most `within`; a broker that does not take the goodbye by then gets a
    /// reset connection and will publish the will.
    pub async fn shutdown(mut self, within: Duration) {
        let deadline = Instant::now() + within;
        if let Some(stop) = self.stop.take() {
            // The task may have ended already: then there is nobody to tell, and nothing to wait for.
            let _ = stop.send(deadline);
        }
        // On a timeout the drop below aborts the task.
        let _ = tokio::time::timeout_at(deadline.into(), &mut self.task).await;
    }

    /// What this connection has counted since its start.
    #[must_use]
    pub fn counters(&self) -> Arc<LinkCounters> {
        self.counters.clone()
    }

    fn submit(&self, work: Work) -> bool {
        let accepted = self.accept(work).is_some();
        if !accepted {
            self.counters.refused_asks.fetch_add(1, Ordering::Relaxed);
        }
        accepted
    }

    fn accept(&self, work: Work) -> Option<()> {
        let epoch = self.admission.epoch()?;
        if !work.is_sendable() {
            tracing::warn!("`{}` is not sent: MQTT cannot carry this topic or filter", work.name());
            return None;
        }
        if let Some(size) = work.payload().filter(|&size| size > self.outgoing_limit) {
            self.counters.too_large.fetch_add(1, Ordering::Relaxed);
            let limit = self.outgoing_limit;
            tracing::warn!("`{}` is not sent: it has {size} bytes, and the broker takes {limit}", work.name());
            return None;
        }
        let ticket = Ticket::take(&self.admission, work.weight())?;
        self.commands.try_send(Command { epoch, work, ticket }).ok()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Work {
    /// The bytes that it occupies until it is done.
    fn weight(&self) -> usize {
        match self {
            Self::Subscribe(filters) => filters.iter().map(|(filter, _)| filter.len() + 3).sum(),
            Self::Publish { publication, .. } => publication.topic.len() + publication.payload.len(),
        }
    }

    /// Bytes in the payload of a publication.
    fn payload(&self) -> Option<usize> {
        match self {
            Self::Subscribe(_) => None,
            Self::Publish { publication, .. } => Some(publication.payload.len()),
        }
    }

    /// The start of the topic or of the first filter, for the log.
    fn name(&self) -> String {
        let name = match self {
            Self::Subscribe(filters) => filters.first().map_or("", |(filter, _)| filter),
            Self::Publish { publication, .. } => &publication.topic,
        };
        name.chars().take(100).collect()
    }

    fn is_sendable(&self) -> bool {
        match self {
            Self::Subscribe(filters) => {
                (1..=FILTERS_MAX).contains(&filters.len()) && filters.iter().all(|(filter, _)| is_filter(filter))
            }
            Self::Publish { publication, .. } => is_topic(&publication.topic),
        }
    }
}

/// Whether one can publish to it. A broker closes the connection over one that is not.
fn is_topic(topic: &str) -> bool {
    !topic.is_empty() && topic.len() <= TOPIC_MAX && !topic.contains(['+', '#', '\0'])
}

/// Whether one can subscribe it.
fn is_filter(filter: &str) -> bool {
    filter.len() <= TOPIC_MAX && !filter.contains('\0') && rumqttc::mqttbytes::valid_filter(filter)
}

/// The codec's name for a delivery guarantee.
const fn wire_qos(qos: Qos) -> rumqttc::mqttbytes::QoS {
    use rumqttc::mqttbytes::QoS;
    match qos {
        Qos::Zero => QoS::AtMostOnce,
        Qos::One => QoS::AtLeastOnce,
        Qos::Two => QoS::ExactlyOnce,
    }
}
