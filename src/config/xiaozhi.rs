//! The settings of a xiaozhi server.

use std::path::PathBuf;
use std::time::Duration;

use auricle_core::protocol::xiaozhi::access::Address;
use auricle_core::protocol::xiaozhi::message::Mode;
use auricle_core::protocol::xiaozhi::preset::{Preset, TOPIC_LIMIT};

use super::define::Initial::{Default, Empty, Required, Unset};
use super::define::section;
use super::kind::{Choice, Complaint, Flag, Given, Kind, Optional, quoted};
use super::kinds::{FilePath, LINE, LONGEST_PATH, NAME, Span};
use super::linto::ReadSecret;
use super::read::Reading;
use super::serial::{self, KeyFile, KeyPath, SERIAL_NUMBER};
use crate::net::http;

/// Who takes the device's own voice out of what goes to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    /// The device, or its card.
    Device,
    /// The server.
    Server,
}

/// So many topics can be added.
const MOST_TOPICS: usize = 8;

section! {
    /// A server that speaks xiaozhi: streaming conversation, with sound over UDP. For several servers write `[[xiaozhi]]` once
    /// per server, each with its own `name`. docs/xiaozhi.md shows how it is set up, and what is sent when.
    pub struct Xiaozhi = "xiaozhi" {
        /// How this server is called here, in messages and in `auricle status`.
        name: String = NAME, Default("\"xiaozhi\""), Restart;
        /// The address of the server's configuration (its "OTA address"). From there the device learns where the MQTT broker is
        /// and how to log in, and whether it has to be activated first. The example is the public cloud's; a server of your own
        /// shows its address at its start, such as "http://192.168.1.10:8002/xiaozhi/ota/".
        ota_url: Address = OtaUrl, Required("\"https://api.tenclass.net/xiaozhi/ota/\""), Restart;
        /// Which server it is, where they differ: "upstream" is the public cloud and the open-source server with its gateway.
        profile: &'static Preset = Profile, Default("\"upstream\""), Restart;
        /// Who ends what you say: "auto" the server, and the microphone is closed while it speaks; "manual" you, with a second
        /// press of the button, or with silence after a wake word and `auricle listen`; "realtime" the server, which hears
        /// you also while it speaks: for a card without an echo, with `profile` in [audio] "light" or "full", or with `echo`
        /// "server".
        mode: Mode = Choice(&[
            ("auto", Some(Mode::Auto)),
            ("manual", Some(Mode::Manual)),
            ("realtime", Some(Mode::Realtime)),
        ]), Default("\"auto\""), Restart;
        /// Who takes the device's own voice out of what you say while it speaks: "device" with `profile` in [audio], or a card
        /// that does it; "server" the server, which then gets the microphone as it is and is told what was played meanwhile. That
        /// needs a server that can do it, and `mode` "realtime"; with another one, in which the microphone is closed while the
        /// device speaks, it is an error.
        echo: Echo = Choice(&[("device", Some(Echo::Device)), ("server", Some(Echo::Server))]),
            Default("\"device\""), Restart;
        /// How much sound goes into each datagram. Shorter is a little faster and costs more. Empty: what the server's profile
        /// says, which is "60ms" nearly everywhere.
        frame: Option<u8> = Optional(Choice(&[("60ms", Some(60)), ("40ms", Some(40)), ("20ms", Some(20))])),
            Unset("\"60ms\""), Restart;
        /// What the server is told when a wake word was heard: one of the server's own wake words, which it answers with a
        /// greeting. It takes any other text for what you said. Empty: it is told nothing.
        announce_wake_word: Option<String> = Optional(LINE), Unset("\"hello\""), Restart;
        /// How long the server may take to answer; then the device says that no answer came.
        answer_timeout: Duration = Span { from_ms: 1000, to_ms: 60_000 }, Default("\"15s\""), Restart;
        /// Whether the server may restart Auricle.
        restart: bool = Flag, Default("false"), Restart;
        /// Whether the way to the MQTT broker is encrypted: "auto" on port 8883 only, as everywhere in this family; "on" always,
        /// "off" never.
        tls: Option<bool> = Choice(&[("auto", Some(None)), ("on", Some(Some(true))), ("off", Some(Some(false)))]),
            Default("\"auto\""), Restart;
        /// Certificates (PEM) by which the server of `ota_url` and the broker are known, beside those of the system.
        ca_file: Option<PathBuf> = Optional(FilePath { longest: LONGEST_PATH }), Default("\"\""), Restart;
        /// Who the device is to the server: a hardware address. Empty: that of the first network interface. Another one is
        /// another device, which has to be activated anew.
        device_id: Option<String> = Optional(Mac), Unset("\"b8:27:eb:12:34:56\""), Restart;
        /// The serial number under which the device is registered with the server's maker, who gave a key with it. Empty: it
        /// has none, as nearly all devices, and is activated by its code alone.
        serial_number: Option<String> = Optional(SERIAL_NUMBER), Unset("\"SN-0123456789\""), Restart;
        /// A file whose first line is the key of `serial_number`, 64 hexadecimal digits, readable by the user that runs Auricle
        /// only.
        serial_key_file: Option<KeyFile> = Optional(KeyPath), Unset("\"/etc/auricle/xiaozhi.key\""), Restart;
        /// MQTT topics to subscribe to beside those of the server. {mac} and {client_id} are replaced.
        topics: Vec<String> = Topics, Empty("[\"devices/p2p/{mac}\"]"), Restart;
    }
}

impl Xiaozhi {
    /// The host of `ota_url`, for messages.
    #[must_use]
    pub fn host(&self) -> &str {
        let url = self.ota_url.as_str();
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        rest.split(['/', '?']).next().unwrap_or(rest)
    }

    /// The length of the frames that go up.
    #[must_use]
    pub fn frame(&self) -> Duration {
        self.frame.map_or(self.profile.frame, |ms| Duration::from_millis(ms.into()))
    }

    /// Whether the configuration comes over TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.ota_url.as_str().get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
    }
}

/// The address of a configuration.
struct OtaUrl;

impl Kind for OtaUrl {
    type Value = Address;

    fn read(&self, given: &Given<'_>) -> Result<Address, Complaint> {
        let url = given.text().ok_or_else(|| Complaint::new(format!("it must be {}", self.expects())))?;
        if url.contains('@') {
            return Err(Complaint::hidden("has a user name in it, which is not used; leave it out"));
        }
        http::check(url).map_err(Complaint::new)?;
        Address::new(url).map_err(|_| Complaint::new(format!("it must be {}", self.expects())))
    }

    fn expects(&self) -> String {
        "an address like \"https://HOST/xiaozhi/ota/\" or \"http://HOST:8002/xiaozhi/ota/\"".into()
    }

    fn show(&self, value: &Address) -> String {
        quoted(value.as_str())
    }
}

/// One of the presets.
struct Profile;

impl Kind for Profile {
    type Value = &'static Preset;

    fn read(&self, given: &Given<'_>) -> Result<&'static Preset, Complaint> {
        let preset = given.text().and_then(Preset::named);
        preset.ok_or_else(|| Complaint::new(format!("it must be {}", self.expects())))
    }

    fn expects(&self) -> String {
        Preset::ALL.iter().map(|preset| quoted(preset.name)).collect::<Vec<_>>().join(" or ")
    }

    fn show(&self, value: &&'static Preset) -> String {
        quoted(value.name)
    }
}

/// A hardware address, in lower case with colons.
struct Mac;

impl Kind for Mac {
    type Value = String;

    fn read(&self, given: &Given<'_>) -> Result<String, Complaint> {
        let mac = given.text().and_then(mac);
        mac.ok_or_else(|| Complaint::new(format!("it must be {}", self.expects())))
    }

    fn expects(&self) -> String {
        "a hardware address like \"b8:27:eb:12:34:56\"".into()
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

fn mac(text: &str) -> Option<String> {
    let parts: Vec<_> = text.split([':', '-']).collect();
    let is_byte = |part: &&str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit());
    let nobody = parts.iter().all(|part| *part == "00");
    (parts.len() == 6 && parts.iter().all(is_byte) && !nobody).then(|| parts.join(":").to_ascii_lowercase())
}

/// Filters of MQTT.
struct Topics;

impl Kind for Topics {
    type Value = Vec<String>;

    fn read(&self, given: &Given<'_>) -> Result<Vec<String>, Complaint> {
        let complaint = || Complaint::new(format!("it must be {}", self.expects()));
        let items = given.value.as_array().filter(|items| items.len() <= MOST_TOPICS).ok_or_else(complaint)?;
        let filter = |text: &str| {
            let filled = text.replace("{mac}", "x").replace("{client_id}", "x");
            let wrong = text.contains('\0') || text.len() > TOPIC_LIMIT || !rumqttc::mqttbytes::valid_filter(&filled);
            (!wrong).then(|| text.to_owned())
        };
        items.iter().map(|item| item.get_ref().as_str().and_then(filter).ok_or_else(complaint)).collect()
    }

    fn expects(&self) -> String {
        format!(
            "a list in brackets: up to {MOST_TOPICS} topics of MQTT, each in quotes and of at most {TOPIC_LIMIT} bytes"
        )
    }

    fn show(&self, value: &Vec<String>) -> String {
        let topics: Vec<_> = value.iter().map(|topic| quoted(topic)).collect();
        format!("[{}]", topics.join(", "))
    }
}

/// Checks each server's settings together, and fetches keys. Returns what is legal, but probably not meant.
pub(super) fn complete(servers: &mut [Xiaozhi], read: ReadSecret<'_>, reading: &mut Reading<'_, '_>) -> Vec<String> {
    let mut warnings = Vec::new();
    for (nth, server) in servers.iter_mut().enumerate() {
        if server.ca_file.is_some() && !server.is_encrypted() && server.tls == Some(false) {
            let name = &server.name;
            warnings
                .push(format!("[xiaozhi] `{name}` has a `ca_file`, but neither `ota_url` nor the broker is encrypted"));
        }
        if server.echo == Echo::Server && server.mode != Mode::Realtime {
            let place = reading.origin(("xiaozhi", nth, "echo")).place();
            let mode = server.mode.name();
            reading.problems.add(place, || {
                format!(
                    "`echo` in [xiaozhi] is \"server\", but with `mode` \"{mode}\" the microphone is closed while the device \
                     speaks, and there is no echo; write mode = \"realtime\", or leave `echo` out"
                )
            });
        }
        warnings.extend(serial::complete(server, nth, read, reading));
    }
    warnings
}

/// What follows from the settings of a server together, for `auricle check`.
pub(super) fn facts(server: &Xiaozhi) -> Vec<String> {
    let host = server.host();
    let asks = if server.is_encrypted() {
        let known_by = match &server.ca_file {
            Some(file) => format!("the certificates of the system and in {}", quoted(&file.display().to_string())),
            None => "the certificates of the system".into(),
        };
        format!("It asks {host} with TLS where the broker is; the server is checked by {known_by}.")
    } else {
        format!(
            "It asks {host} without TLS where the broker is: the answer, with the password for the broker in it, can be \
             read on the way."
        )
    };
    let turn = match server.mode {
        Mode::Auto => {
            "From the wake word or the button on, all sound goes to the server, silence too, until it has heard the end of what you say; when it has spoken, it listens again, until somebody ends the conversation."
        }
        Mode::Manual => {
            "From the wake word or the button on, all sound goes to the server, until you press again or fall silent."
        }
        Mode::Realtime => {
            "From the wake word or the button on, all sound goes to the server, also while it speaks, until somebody ends the conversation."
        }
    };
    let echo = (server.echo == Echo::Server).then(|| {
        "It gets the microphone as it is, with the device's own voice in it, and is told what was played meanwhile: \
         `profile` in [audio] is for the wake words and other servers."
            .to_owned()
    });
    let who = match &server.device_id {
        Some(mac) => format!("It is known there as {mac}."),
        None => "It is known there by the hardware address of its first network interface.".into(),
    };
    let serial = server.serial_number.as_ref().map(|number| {
        format!("It is told the serial number {number}, and when it is activated, a signature made with its key.")
    });
    [Some(asks), Some(turn.into()), echo, Some(who), serial].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_addresses_are_read_as_people_write_them() {
        assert_eq!(mac("B8-27-EB-12-34-56").as_deref(), Some("b8:27:eb:12:34:56"));
        for wrong in
            ["", "b8:27:eb:12:34", "b8:27:eb:12:34:5g", "b827eb123456", "00:00:00:00:00:00", "b8:27:eb:12:34:56:"]
        {
            assert_eq!(mac(wrong), None, "{wrong}");
        }
    }
}
