//! What a test can change about the server, at any time.

use std::time::Duration;

use super::chat::Turn;
use super::weather::Weather;

/// How the server behaves. Changes hold from the next occasion on.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The status of HTTP with which the configuration is answered.
    pub ota_status: u16,
    /// The device is not bound to an account.
    pub activation: Option<Activation>,
    /// Whether the configuration has the right password.
    pub right_password: bool,
    /// Whether the configuration names the topic of the device; else it says `"null"`.
    pub names_topic: bool,
    /// The host that the answer to a hello names for the sound.
    pub udp_host: String,
    /// How long the device may take for the answer to a request about its tools.
    pub tools_within: Duration,
    /// Whether the chat server can be reached.
    pub chat_up: bool,
    /// How long the chat server takes for its own hello; `None`: it never says it.
    pub hello_after: Option<Duration>,
    /// How long the chat server takes to close, when it is asked to.
    pub closes_after: Duration,
    /// What the chat server does with what it hears.
    pub mode: Mode,
    /// The chat server closes after so long without a voice.
    pub idle: Option<Duration>,
    /// What happens to datagrams from the device.
    pub up: Weather,
    /// What happens to datagrams to the device.
    pub down: Weather,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            ota_status: 200,
            activation: None,
            right_password: true,
            names_topic: true,
            udp_host: "127.0.0.1".into(),
            tools_within: Duration::from_secs(10),
            chat_up: true,
            hello_after: Some(Duration::ZERO),
            closes_after: Duration::from_millis(2),
            mode: Mode::Quiet,
            idle: None,
            up: Weather::default(),
            down: Weather::default(),
        }
    }
}

/// The way from a code to an account.
#[derive(Clone, Debug)]
pub struct Activation {
    /// Six digits.
    pub code: String,
    /// Without one the device has nothing to ask for.
    pub challenge: Option<String>,
    /// So often the device is told to wait, then it is bound; [`super::Xiaozhi::bind`] does it at once.
    pub waits: usize,
}

/// What the chat server does with what it hears.
#[derive(Clone, Debug)]
pub enum Mode {
    /// It listens and never says a word.
    Quiet,
    /// It answers each utterance with the next of these, and from then on with the last one.
    Script(Vec<Turn>),
    /// It says back what it has heard.
    Echo,
}
