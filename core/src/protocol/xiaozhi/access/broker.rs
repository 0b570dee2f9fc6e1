//! How to reach a server's broker.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::protocol::xiaozhi::fields::Fields;

/// xiaozhi: the port when none is named, and the only one with TLS.
const TLS_PORT: u16 = 8_883;

/// Seconds between signs of life when the server names none. xiaozhi's own devices wait for 240, but home routers forget
/// a connection that is silent so long.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// The same that a server may ask for, in seconds: below, it would be a mistake; above, the router would forget.
const KEEP_ALIVES: std::ops::RangeInclusive<u64> = 10..=60;

/// The longest host, in bytes.
const HOST_LIMIT: usize = 253;

/// The longest client id, login name and password, in bytes.
const LOGIN_LIMIT: usize = 2_000;

/// The longest topic, in bytes.
const TOPIC_LIMIT: usize = 200;

/// How to reach a server's broker, as far as it is known. Kept over restarts: an answer that leaves a key out leaves
/// the old value. Texts are as the server wrote them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Broker {
    /// A name or an address.
    pub host: Option<String>,
    /// The port, never 0. Belongs to the host: without one the host's is the usual one.
    pub port: Option<u16>,
    /// The client id of MQTT.
    pub client_id: Option<String>,
    /// The login name.
    pub username: Option<String>,
    /// The password.
    pub password: Option<Zeroizing<String>>,
    /// Where the device publishes.
    pub publish_topic: Option<String>,
    /// What it subscribes to. xiaozhi: servers write the text `null` when there is nothing.
    pub subscribe_topic: Option<String>,
    /// Seconds between signs of life.
    pub keepalive: Option<u64>,
}

/// What is needed to connect to a broker.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// TLS from the first byte.
    pub tls: bool,
    /// A name or an address, without brackets.
    pub host: String,
    /// The port, never 0.
    pub port: u16,
    /// The client id of MQTT, to be used as it is.
    pub client_id: String,
    /// The login name; may be empty.
    pub username: String,
    /// The password; may be empty.
    pub password: Zeroizing<String>,
    /// Where to publish, if the server said so.
    pub publish_topic: Option<String>,
    /// What to subscribe to, if there is something.
    pub subscribe_topic: Option<String>,
    /// Between signs of life, 10 to 60 s.
    pub keep_alive: Duration,
}

/// What is missing in what servers told of their broker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokerError {
    /// No host.
    #[error("the server's configuration names no MQTT broker (`mqtt.endpoint`); set up its MQTT gateway")]
    Host,
    /// No client id.
    #[error("the server's configuration has no `mqtt.client_id`; look at its MQTT settings")]
    ClientId,
}

impl Broker {
    /// Reads the sections `mqtt` and, of some forks, `mqtt_gateway`, and notes in `ignored` what can't be used.
    pub(super) fn read(mqtt: &Fields, gateway: Option<&Fields>, ignored: &mut Vec<String>) -> Self {
        let mut noted = |key: &str, found: bool| {
            if !found && mqtt.has(key) {
                ignored.push(format!("mqtt.{key}"));
            }
        };
        let mut text = |key: &str, longest: usize| {
            let fits = |text: &String| text.len() <= longest && !text.contains(char::is_control);
            let found = mqtt.get::<String>(key).filter(fits);
            noted(key, found.is_some());
            found
        };
        let client_id = text("client_id", LOGIN_LIMIT);
        let username = text("username", LOGIN_LIMIT);
        let password = text("password", LOGIN_LIMIT).map(Zeroizing::new);
        let publish_topic = text("publish_topic", TOPIC_LIMIT);
        let subscribe_topic = text("subscribe_topic", TOPIC_LIMIT);
        let keepalive = number(mqtt, "keepalive");
        noted("keepalive", keepalive.is_some());
        let endpoint = mqtt.exact("endpoint", HOST_LIMIT).and_then(|endpoint| place(&endpoint));
        let named = endpoint.or_else(|| apart(mqtt)).or_else(|| gateway.and_then(apart));
        noted("endpoint", named.is_some());
        let (host, port) = named.map_or((None, None), |(host, port)| (Some(host), port));
        Self { host, port, client_id, username, password, publish_topic, subscribe_topic, keepalive }
    }

    /// Takes over what a newer answer says.
    pub fn merge(&mut self, newer: Self) {
        let Self { host, port, client_id, username, password, publish_topic, subscribe_topic, keepalive } = newer;
        if host.is_some() {
            (self.host, self.port) = (host, port);
        }
        self.client_id = client_id.or(self.client_id.take());
        self.username = username.or(self.username.take());
        self.password = password.or(self.password.take());
        self.publish_topic = publish_topic.or(self.publish_topic.take());
        self.subscribe_topic = subscribe_topic.or(self.subscribe_topic.take());
        self.keepalive = keepalive.or(self.keepalive);
    }

    /// What is needed to connect. `tls` overrides xiaozhi's rule, which is TLS on port 8883 and nowhere else.
    ///
    /// # Errors
    /// What is missing.
    pub fn login(&self, tls: Option<bool>) -> Result<Login, BrokerError> {
        let port = self.port.unwrap_or(TLS_PORT);
        let seconds = |seconds: u64| Duration::from_secs(seconds.clamp(*KEEP_ALIVES.start(), *KEEP_ALIVES.end()));
        Ok(Login {
            tls: tls.unwrap_or(port == TLS_PORT),
            host: self.host.clone().ok_or(BrokerError::Host)?,
            port,
            client_id: written(self.client_id.as_ref()).ok_or(BrokerError::ClientId)?,
            username: self.username.clone().unwrap_or_default(),
            password: self.password.clone().unwrap_or_default(),
            // A wildcard is for subscribing only.
            publish_topic: written(self.publish_topic.as_ref()).filter(|topic| !topic.contains(['+', '#'])),
            subscribe_topic: written(self.subscribe_topic.as_ref()).filter(|topic| topic != "null"),
            keep_alive: self.keepalive.map_or(KEEP_ALIVE, seconds),
        })
    }
}

impl fmt::Debug for Broker {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Broker({:?}:{:?} as {:?})", self.host, self.port, self.client_id)
    }
}

impl fmt::Debug for Login {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        write!(f, "{scheme}://{}:{} as {}", self.host, self.port, self.client_id)
    }
}

/// A text that says something.
fn written(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

/// `host`, `host:port`, `[address]` or `[address]:port`, with or without a scheme in front and a slash behind.
fn place(endpoint: &str) -> Option<(String, Option<u16>)> {
    let bare = endpoint.split_once("://").map_or(endpoint, |(_, bare)| bare).trim_end_matches('/');
    let (host, port) = match bare.strip_prefix('[').and_then(|bare| bare.split_once(']')) {
        Some((address, "")) => (address, None),
        Some((address, port)) => (address, Some(port.strip_prefix(':')?)),
        // More than one colon: an address of IPv6 alone.
        None => match bare.split_once(':') {
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            _ => (bare, None),
        },
    };
    let port = port.map(|port| port.parse().ok().filter(|port| *port != 0).ok_or(())).transpose().ok()?;
    host_alone(host).map(|host| (host, port))
}

/// `broker` and `port` apart, as forks write it.
fn apart(fields: &Fields) -> Option<(String, Option<u16>)> {
    let (host, port) = place(&fields.exact("broker", HOST_LIMIT)?)?;
    let named = number(fields, "port").and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0);
    Some((host, named.or(port)))
}

fn host_alone(host: &str) -> Option<String> {
    let odd = |c: char| c.is_whitespace() || matches!(c, '/' | '@' | '?' | '#' | '[' | ']');
    (!host.is_empty() && !host.contains(odd)).then(|| host.to_owned())
}

/// A number, which may come as a text.
fn number(fields: &Fields, key: &str) -> Option<u64> {
    fields.get(key).or_else(|| fields.get::<String>(key)?.trim().parse().ok())
}

#[cfg(test)]
mod tests;
