//! The configuration that a server gives to a device over HTTP, and the device's activation.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::fetch::Fetch;

/// The address of a server's configuration (xiaozhi calls it "OTA").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(String);

/// Why an address can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Neither `http://` nor `https://`.
    #[error("`{0}` is no address of a server; write https://HOST/xiaozhi/ota/ or http://HOST:PORT/xiaozhi/ota/")]
    Scheme(String),
}

impl Address {
    /// Checks an address.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(_url: &str) -> Result<Self, AddressError> {
        todo!()
    }

    /// As it is requested.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where activation is asked for.
    #[must_use]
    pub fn activation(&self) -> String {
        todo!()
    }
}

/// What a server is told about the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Version of this program, digits and dots.
    pub version: String,
    /// The hardware address, `aa:bb:cc:dd:ee:ff`.
    pub mac: String,
    /// A UUID of version 4 that was made once for this device.
    pub client_id: String,
    /// Speech language, a tag such as `en-US`.
    pub language: String,
    /// The board's name.
    pub board: String,
    /// The device's address in its network.
    pub ip: Option<IpAddr>,
}

impl Facts {
    /// The request for the configuration.
    #[must_use]
    pub fn configuration(&self, _address: &Address) -> Fetch {
        todo!()
    }

    /// The question whether the device is activated by now.
    #[must_use]
    pub fn activation(&self, _address: &Address) -> Fetch {
        todo!()
    }
}

/// What a server answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configuration {
    /// How to reach its broker: what this answer says of it.
    pub mqtt: Option<Broker>,
    /// Whether it also offers a WebSocket, which is not used.
    pub websocket: bool,
    /// The device belongs to nobody yet.
    pub activation: Option<Activation>,
    /// What it would install; shown, never acted upon.
    pub firmware: Option<Firmware>,
    /// Its clock, in milliseconds since 1970.
    pub server_time: Option<u64>,
    /// Keys that could not be used, such as `mqtt.keepalive`; for the log.
    pub ignored: Vec<String>,
}

/// Why an answer is no configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigurationError {
    /// Another status of HTTP than 200.
    #[error("the server answered with status {0} instead of a configuration; check `ota_url`")]
    Status(u16),
}

impl Configuration {
    /// Reads an answer.
    ///
    /// # Errors
    /// It is no configuration; what it is instead.
    pub fn read(_status: u16, _body: &[u8]) -> Result<Self, ConfigurationError> {
        todo!()
    }
}

/// How to reach a server's broker, as far as it is known. Kept over restarts: an answer that leaves a key out leaves
/// the old value.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Broker {
    /// A name or an address.
    pub host: Option<String>,
    /// The port, never 0.
    pub port: Option<u16>,
    /// The client id of MQTT.
    pub client_id: Option<String>,
    /// The login name.
    pub username: Option<String>,
    /// The password.
    pub password: Option<Zeroizing<String>>,
    /// Where the device publishes.
    pub publish_topic: Option<String>,
    /// What it subscribes to; `None` also where the server wrote the text `null`.
    pub subscribe_topic: Option<String>,
    /// Seconds between signs of life.
    pub keepalive: Option<u16>,
}

impl fmt::Debug for Broker {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Broker({:?}:{:?} as {:?})", self.host, self.port, self.client_id)
    }
}

impl Broker {
    /// Takes over what a newer answer says.
    pub fn merge(&mut self, _newer: Self) {
        todo!()
    }

    /// Where to connect to. `tls` overrides the rule that it is TLS on port 8883 only.
    ///
    /// # Errors
    /// What is missing.
    pub fn endpoint(&self, _tls: Option<bool>) -> Result<Endpoint, BrokerError> {
        todo!()
    }
}

/// Where a broker is, and who the device is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// TLS from the first byte.
    pub tls: bool,
    /// A name or an address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The client id of MQTT.
    pub client_id: String,
}

/// What is missing in what servers told of their broker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokerError {
    /// No host.
    #[error("the server's configuration names no MQTT broker; switch its MQTT gateway on")]
    NoHost,
    /// No client id.
    #[error("the server's configuration has no `mqtt.client_id`; look at the server's MQTT settings")]
    NoClientId,
}

/// A device that belongs to nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activation {
    /// What the owner types on the server's page, usually six digits; empty if there is none.
    pub code: String,
    /// A text for the owner.
    pub message: String,
    /// Whether the server wants to be asked until it is done.
    pub challenge: bool,
    /// How long the server waits, in milliseconds.
    pub timeout: Option<u32>,
}

/// A firmware that a server offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Firmware {
    /// Its version.
    pub version: String,
    /// Where it is.
    pub url: String,
}

/// What a server answers when it is asked whether the device is activated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// It is.
    Activated,
    /// Not yet.
    Waiting,
    /// The server could not tell; its status of HTTP.
    Failed(u16),
}

impl Poll {
    /// The answer with this status of HTTP.
    #[must_use]
    pub const fn read(status: u16) -> Self {
        match status {
            200 => Self::Activated,
            202 => Self::Waiting,
            status => Self::Failed(status),
        }
    }
}
