//! What the device tells of itself.

use core::net::IpAddr;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Address, Serial};
use crate::fetch::Fetch;

/// The longest that a request may take.
const WITHIN: Duration = Duration::from_secs(10);

/// The longest answer, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;

/// The longest of the facts, in characters.
const FACT_LIMIT: usize = 100;

/// What a server is told about the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Version of this program, digits and dots.
    pub version: String,
    /// The hardware address, `aa:bb:cc:dd:ee:ff`.
    pub mac: String,
    /// A UUID of version 4 that was made once for this device, see [`uuid`].
    pub client_id: String,
    /// Speech language, a tag such as `en-US`.
    pub language: String,
    /// The board's name. Servers show it, and some put it into the client id of MQTT.
    pub board: String,
    /// The device's address in its network.
    pub ip: Option<IpAddr>,
    /// The serial number under which it is registered there. Most devices have none.
    pub serial: Option<Serial>,
}

impl Facts {
    /// The request for the configuration.
    ///
    /// xiaozhi: `application` must be there, and numbers must be numbers, or some servers fail on it.
    #[must_use]
    pub fn configuration(&self, address: &Address) -> Fetch {
        let mut board = json!({
            "type": self.board_type(),
            "name": plain(&self.board),
            "mac": self.mac(),
        });
        if let Some(ip) = self.ip {
            board["ip"] = Value::from(ip.to_string());
        }
        let body = json!({
            "version": 2,
            "language": plain(&self.language),
            "mac_address": self.mac(),
            "uuid": plain(&self.client_id),
            "application": {"name": "auricle", "version": plain(&self.version)},
            "board": board,
        });
        self.request(address.as_str().to_owned(), &body)
    }

    /// The question whether the device is activated by now, with what the server wants to see signed.
    ///
    /// xiaozhi: a device without a serial number that the server knows sends an empty object.
    #[must_use]
    pub fn activation(&self, address: &Address, challenge: &str) -> Fetch {
        let proof = self.serial.as_ref().map_or_else(|| json!({}), |serial| serial.proof(challenge));
        self.request(address.activation(), &proof)
    }

    fn request(&self, url: String, body: &Value) -> Fetch {
        let headers = [
            ("Content-Type", "application/json".to_owned()),
            ("Device-Id", self.mac()),
            ("Client-Id", plain(&self.client_id)),
            ("User-Agent", format!("{}/{}", self.board_type(), plain(&self.version))),
            ("Accept-Language", plain(&self.language)),
            ("Activation-Version", if self.serial.is_some() { "2" } else { "1" }.to_owned()),
        ];
        let serial = self.serial.as_ref().map(|serial| ("Serial-Number", plain(&serial.number)));
        let headers = headers.into_iter().chain(serial).map(|(name, value)| (name.to_owned(), value)).collect();
        Fetch { url, headers, body: body.to_string().into_bytes(), within: WITHIN, limit: ANSWER_LIMIT }
    }

    /// The hardware address as servers want it, in small letters with colons.
    fn mac(&self) -> String {
        plain(&self.mac).replace('-', ":").to_ascii_lowercase()
    }

    /// The board's name without anything that could disturb a client id or a header.
    fn board_type(&self) -> String {
        let letters = self.board.trim().chars().take(FACT_LIMIT);
        let dashed: String =
            letters.map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
        let words: Vec<&str> = dashed.split('-').filter(|word| !word.is_empty()).collect();
        if words.is_empty() { "linux".into() } else { words.join("-") }
    }
}

/// Without what a header can't have.
fn plain(text: &str) -> String {
    text.trim().chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(FACT_LIMIT).collect()
}

/// A UUID of version 4 out of random bytes.
#[must_use]
pub fn uuid(random: [u8; 16]) -> String {
    let mut number = u128::from_be_bytes(random);
    number = number & !(0xf << 76) | 4 << 76;
    number = number & !(0x3 << 62) | 2 << 62;
    let digits = format!("{number:032x}");
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::protocol::xiaozhi::access::SerialKey;

    fn facts() -> Facts {
        Facts {
            version: "0.2.0".into(),
            mac: "B8-27-EB-00-00-01".into(),
            client_id: "db4ead3e-c5e2-4dd4-bbf1-0295195e5058".into(),
            language: "fr-FR".into(),
            board: "Raspberry Pi 4 Model B Rev 1.5".into(),
            ip: Some([192, 168, 1, 7].into()),
            serial: None,
        }
    }

    fn header<'a>(fetch: &'a Fetch, name: &str) -> &'a str {
        &fetch.headers.iter().find(|(it, _)| it == name).unwrap().1
    }

    #[test]
    fn the_request_says_what_every_server_reads() {
        let fetch = facts().configuration(&Address::new("https://host/xiaozhi/ota/").unwrap());
        assert_eq!(fetch.url, "https://host/xiaozhi/ota/");
        let body: Value = serde_json::from_slice(&fetch.body).unwrap();
        let wanted = json!({
            "version": 2,
            "language": "fr-FR",
            "mac_address": "b8:27:eb:00:00:01",
            "uuid": "db4ead3e-c5e2-4dd4-bbf1-0295195e5058",
            "application": {"name": "auricle", "version": "0.2.0"},
            "board": {
                "type": "raspberry-pi-4-model-b-rev-1-5", "name": "Raspberry Pi 4 Model B Rev 1.5",
                "mac": "b8:27:eb:00:00:01", "ip": "192.168.1.7",
            },
        });
        assert_eq!(body, wanted);
        let names: Vec<&str> = fetch.headers.iter().map(|(name, _)| name.as_str()).collect();
        let wanted = ["Content-Type", "Device-Id", "Client-Id", "User-Agent", "Accept-Language", "Activation-Version"];
        assert_eq!(names, wanted);
        assert_eq!(header(&fetch, "Device-Id"), "b8:27:eb:00:00:01");
        assert_eq!(header(&fetch, "User-Agent"), "raspberry-pi-4-model-b-rev-1-5/0.2.0");
        assert_eq!(header(&fetch, "Activation-Version"), "1");
    }

    #[test]
    fn activation_is_asked_for_with_the_same_headers_and_an_empty_object() {
        let address = Address::new("https://host/xiaozhi/ota").unwrap();
        let (configuration, activation) = (facts().configuration(&address), facts().activation(&address, "c"));
        assert_eq!(activation.url, "https://host/xiaozhi/ota/activate");
        assert_eq!((activation.headers, &activation.body[..]), (configuration.headers, &b"{}"[..]));
    }

    #[test]
    fn a_serial_number_is_told_each_time_and_the_challenge_signed() {
        let address = Address::new("https://host/xiaozhi/ota/").unwrap();
        let serial = Serial { number: "SN-12".into(), key: SerialKey::read(&"5f".repeat(32)).unwrap() };
        let facts = Facts { serial: Some(serial), ..facts() };
        let (configuration, activation) = (facts.configuration(&address), facts.activation(&address, "c"));
        assert_eq!(header(&configuration, "Serial-Number"), "SN-12");
        assert_eq!(header(&configuration, "Activation-Version"), "2");
        assert_eq!(activation.headers, configuration.headers);
        let body: Value = serde_json::from_slice(&activation.body).unwrap();
        assert_eq!((&body["challenge"], &body["Payload"]["serial_number"]), (&json!("c"), &json!("SN-12")));
    }

    #[test]
    fn nothing_in_the_facts_breaks_a_header() {
        let odd =
            Facts { version: "1\r\nX: y".into(), language: "é\n".into(), board: " 树莓派@@@\n".into(), ..facts() };
        let fetch = odd.configuration(&Address::new("http://h/").unwrap());
        for (name, value) in &fetch.headers {
            assert!(value.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{name}: {value:?}");
        }
        assert_eq!(header(&fetch, "User-Agent"), "linux/1X: y");
    }

    #[test]
    fn a_uuid_is_of_version_4() {
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
