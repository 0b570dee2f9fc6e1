//! What differs between the servers that speak xiaozhi. Everything else is read tolerantly, whoever sends it.

use std::time::Duration;

/// A kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name in the settings.
    pub name: &'static str,
    /// The length of the frames that go up, unless the owner sets one.
    pub frame: Duration,
    /// What comes is raw 16 kHz mono s16le, whatever the server says.
    pub raw: bool,
    /// The channel is opened by `ping:` and the session's id instead of a frame of silence.
    pub ping: bool,
    publish: Option<&'static str>,
    subscribe: &'static [&'static str],
    fallback: &'static [&'static str],
}

/// Who the device is to its broker: what topics are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names<'a> {
    /// The hardware address, `aa:bb:cc:dd:ee:ff`.
    pub mac: &'a str,
    /// The client id of the MQTT login.
    pub client_id: &'a str,
}

impl Preset {
    /// Every preset; the first is the default.
    pub const ALL: &'static [Self] = &[];

    /// The preset of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|preset| preset.name == name)
    }

    /// Where to publish, when the server named `told`.
    #[must_use]
    pub fn publish_topic(&self, _told: Option<&str>, _names: Names<'_>) -> String {
        todo!()
    }

    /// What to subscribe to right after the login, each in a packet of its own, when the server named `told` and the
    /// owner `extra`.
    #[must_use]
    pub fn subscriptions(&self, _told: Option<&str>, _extra: &[String], _names: Names<'_>) -> Vec<String> {
        todo!()
    }

    /// What to subscribe to once if a hello got no answer and nothing has ever arrived on this connection.
    #[must_use]
    pub fn fallback(&self, _names: Names<'_>) -> Vec<String> {
        todo!()
    }

    /// What opens the channel of this session instead of a frame of silence.
    #[must_use]
    pub fn greeting(&self, session_id: &str) -> Option<String> {
        self.ping.then(|| format!("ping:{session_id}"))
    }
}
