//! The configuration that a server gives to a device over HTTP, and the device's activation.
//!
//! xiaozhi: one POST says who the device is, and the answer (called "OTA") names the broker, the login and, as long as
//! the device belongs to nobody, a code that its owner types on the server's page.

mod address;
mod broker;
mod configuration;
mod facts;
mod serial;

pub use self::address::{Address, AddressError};
pub use self::broker::{Broker, BrokerError, Login};
pub use self::configuration::{Activation, Configuration, ConfigurationError, Firmware, exercise};
pub use self::facts::{Facts, uuid};
pub use self::serial::{Serial, SerialKey};

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
