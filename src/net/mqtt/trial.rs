//! One login for a try: whether a broker is there, lets us in, and if not, why.

use std::path::PathBuf;
use std::time::Duration;

use auricle_core::link::{Loss, Policy};
use rumqttc::mqttbytes::v4::Packet;
use tokio::time::{Instant, timeout, timeout_at};
use zeroize::Zeroizing;

use super::greeting::greet;
use super::inbound::Inbound;
use super::life::suffixed;
use super::outbox::Outbox;
use super::wire::{Wire, dial};
use super::{Address, Backoff, LinkSettings};
use crate::net::dial::Obstacle;

/// The goodbye is a courtesy; nobody waits longer for it.
const GOODBYE: Duration = Duration::from_secs(1);

/// CONNACK has four bytes, and nothing is subscribed.
const INCOMING_LIMIT: usize = 64 << 10;

const READ_SIZE: usize = 4 << 10;

/// Who wants to come in.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The login name; `None` logs in as nobody.
    pub username: Option<String>,
    /// Only sent along with a name.
    pub password: Option<Zeroizing<String>>,
    /// Certificates in PEM that are trusted besides those of the system.
    pub ca_file: Option<PathBuf>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { username, ca_file, .. } = self;
        f.debug_struct("Account").field("username", username).field("ca_file", ca_file).finish_non_exhaustive()
    }
}

/// What came of a try. The texts name the address or the account, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The broker let us in.
    Welcome,
    /// The name is not found, nothing listens, nobody answers.
    Unreachable(String),
    /// Something answers, but the connection could not be encrypted: not a TLS port, or a certificate for another
    /// name, or a `ca_file` that can't be used.
    NotEncrypted(String),
    /// Something answers, and the authority of its certificate is not trusted.
    NotTrusted(String),
    /// What answers is no MQTT broker, or hangs up, or says that it is not available now.
    NoBroker(String),
    /// It is a broker, and it says no to this account.
    Refused(String),
}

impl Verdict {
    /// What is wrong; `None` if nothing is.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        match self {
            Self::Welcome => None,
            Self::Unreachable(text)
            | Self::NotEncrypted(text)
            | Self::NotTrusted(text)
            | Self::NoBroker(text)
            | Self::Refused(text) => Some(text),
        }
    }
}

/// Logs in under a client id of its own, so that no running daemon is thrown out, and leaves at once. Subscribes and
/// publishes nothing and has no will. Ends by `deadline` at the latest, and after some 10 s without one that is near.
pub async fn try_login(address: &Address, account: &Account, deadline: Instant) -> Verdict {
    let settings = LinkSettings {
        address: address.clone(),
        ca_file: account.ca_file.clone(),
        username: account.username.clone(),
        password: account.password.clone(),
        policy: policy(),
        backoff: Backoff::default(),
    };
    let late = |_| Verdict::Unreachable(format!("no answer from {address} in time"));
    timeout_at(deadline, login(&settings)).await.unwrap_or_else(late)
}

async fn login(settings: &LinkSettings) -> Verdict {
    let mut stream = match dial(settings).await {
        Ok(stream) => stream,
        Err(Obstacle::Network(text)) => return Verdict::Unreachable(text),
        Err(Obstacle::Tls(text)) => return Verdict::NotEncrypted(text),
        Err(Obstacle::Distrust(text)) => return Verdict::NotTrusted(text),
    };
    let mut scratch = vec![0; READ_SIZE];
    let mut inbound = Inbound::new(INCOMING_LIMIT);
    let greeted = greet(&mut stream, settings, &settings.policy.client_id, &mut inbound, &mut scratch).await;
    match greeted {
        Ok(()) => {
            // Without it the broker would log a connection that broke.
            let _ = timeout(GOODBYE, say_goodbye(stream, &mut scratch)).await;
            Verdict::Welcome
        }
        Err(Loss::Refused(text)) => Verdict::Refused(text),
        Err(Loss::Unreachable(text) | Loss::Lost(text) | Loss::ThrownOut(text)) => Verdict::NoBroker(text),
    }
}

async fn say_goodbye(mut stream: Wire, scratch: &mut [u8]) {
    let mut out = Outbox::default();
    if out.packet(&Packet::Disconnect).is_err() {
        return;
    }
    while !out.is_empty() {
        if stream.exchange(&mut out, scratch, false).await.is_err() {
            return;
        }
    }
    stream.finish(scratch).await;
}

fn policy() -> Policy {
    Policy {
        keep_alive: Duration::from_secs(30),
        will: None,
        farewell: Vec::new(),
        client_id: suffixed("auricle-trial"),
        suffix: false,
        incoming_limit: INCOMING_LIMIT,
        short_life: Duration::ZERO,
        short_lives: 1,
        refusal: None,
        single_filter: false,
        outgoing_limit: None,
    }
}
