//! What a server answers to the request for the configuration.

use super::Broker;
use crate::protocol::xiaozhi::fields::{Fields, quoted};

/// The longest activation code, version or address that is kept, in characters.
const LINE: usize = 200;

/// The longest text for the owner, in characters.
const TEXT: usize = 1_000;

/// The longest challenge, in bytes.
const CHALLENGE: usize = 1_000;

/// What a server answered. Every part of it may be missing.
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

/// A device that belongs to nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activation {
    /// What the owner types on the server's page, usually six digits; empty if there is none. On one line.
    pub code: String,
    /// A text for the owner.
    pub message: String,
    /// What the server wants to see signed, as it wrote it; then it wants to be asked until it is done.
    pub challenge: Option<String>,
    /// How long the server waits, in milliseconds.
    pub timeout: Option<u32>,
}

/// A firmware that a server offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Firmware {
    /// Its version, on one line.
    pub version: String,
    /// Where it is; often empty or made up.
    pub url: String,
}

/// Why an answer is no configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigurationError {
    /// Another status of HTTP than 200.
    #[error("the server answered with the status {0} instead of a configuration; check `ota_url`")]
    Status(u16),
    /// Not a JSON object.
    #[error("the server answered {0} instead of a configuration; check `ota_url`")]
    Form(String),
    /// The server said no, in its own words.
    #[error("the server refused the configuration: {0}; look at its log")]
    Refused(String),
}

impl Configuration {
    /// Reads an answer.
    ///
    /// # Errors
    /// It is no configuration; what it is instead.
    pub fn read(status: u16, body: &[u8]) -> Result<Self, ConfigurationError> {
        if status != 200 {
            return Err(ConfigurationError::Status(status));
        }
        let text = String::from_utf8_lossy(body);
        let answer = Fields::read(&text).ok_or_else(|| ConfigurationError::Form(quoted(text.trim())))?;
        if let Some(words) = refusal(&answer) {
            return Err(ConfigurationError::Refused(words));
        }
        let mut ignored = Vec::new();
        let mut section = |key: &str| {
            let found = answer.object(key);
            if found.is_none() && answer.has(key) {
                ignored.push(key.to_owned());
            }
            found
        };
        let (mqtt, gateway) = (section("mqtt"), section("mqtt_gateway"));
        let activation = section("activation").as_ref().and_then(Activation::read);
        let firmware = section("firmware").as_ref().and_then(Firmware::read);
        let server_time = section("server_time").and_then(|time| time.get::<f64>("timestamp"));
        Ok(Self {
            mqtt: mqtt.map(|mqtt| Broker::read(&mqtt, gateway.as_ref(), &mut ignored)),
            websocket: answer.object("websocket").is_some(),
            activation,
            firmware,
            // Above 0; what is no time at all becomes one that is far off.
            server_time: server_time.filter(|millis| *millis > 0.0).map(|millis| millis as u64),
            ignored,
        })
    }
}

impl Activation {
    /// xiaozhi: without a code and a challenge there is nothing to do for anybody.
    fn read(section: &Fields) -> Option<Self> {
        let code = section.get::<u64>("code").map(|code| code.to_string());
        let activation = Self {
            code: code.or_else(|| line(section, "code")).unwrap_or_default(),
            message: section.shown("message", TEXT).unwrap_or_default(),
            challenge: section.exact("challenge", CHALLENGE),
            timeout: section.get("timeout_ms"),
        };
        (!activation.code.is_empty() || activation.challenge.is_some()).then_some(activation)
    }
}

impl Firmware {
    fn read(section: &Fields) -> Option<Self> {
        let version = line(section, "version").filter(|version| !version.is_empty())?;
        Some(Self { version, url: line(section, "url").unwrap_or_default() })
    }

    /// Whether it is newer than `own`: the dotted numbers are compared one by one.
    #[must_use]
    pub fn newer_than(&self, own: &str) -> bool {
        fn numbers(version: &str) -> Vec<u64> {
            let number = |part: &str| part.bytes().take_while(u8::is_ascii_digit).count();
            version.split('.').map(|part| part[..number(part)].parse().unwrap_or(0)).collect()
        }
        numbers(&self.version) > numbers(own)
    }
}

fn line(section: &Fields, key: &str) -> Option<String> {
    section.shown(key, LINE).map(|text| text.replace('\n', " "))
}

/// Why the server refuses, if it does: `{"success":false,"message":"…"}` or `{"error":"…"}`.
fn refusal(answer: &Fields) -> Option<String> {
    let words = || ["error", "message", "msg"].iter().find_map(|key| line(answer, key)).filter(|it| !it.is_empty());
    let refused = answer.get("success") == Some(false) || answer.has("error") && !answer.has("mqtt");
    refused.then(|| words().map_or_else(|| "without a reason".into(), |words| quoted_whole(&words)))
}

fn quoted_whole(words: &str) -> String {
    format!("`{words}`")
}

/// Reads bytes as an answer, for the fuzzer and its kept seeds.
#[doc(hidden)]
pub fn exercise(bytes: &[u8]) {
    let short = |text: &str| {
        assert!(text.chars().count() <= TEXT, "a text is longer than its limit");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "control characters in {text:?}");
    };
    match Configuration::read(200, bytes) {
        Err(error) => short(&error.to_string()),
        Ok(configuration) => {
            let mqtt = configuration.mqtt.unwrap_or_default();
            if let Ok(login) = mqtt.login(None) {
                assert!(login.port != 0 && !login.host.is_empty() && !login.client_id.is_empty(), "{login:?}");
            }
            let kept = serde_json::to_string(&mqtt).unwrap_or_default();
            assert_eq!(serde_json::from_str(&kept).ok(), Some(mqtt), "a broker changed over a restart");
            let activation = configuration.activation.unwrap_or_default();
            let firmware = configuration.firmware.unwrap_or_default();
            let _ = firmware.newer_than("0.1.0");
            [activation.code, activation.message, firmware.version, firmware.url].iter().for_each(|it| short(it));
            assert!(configuration.ignored.len() <= 20, "{:?}", configuration.ignored);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn read(body: &str) -> Result<Configuration, ConfigurationError> {
        Configuration::read(200, body.as_bytes())
    }

    #[test]
    fn a_whole_answer_is_read() {
        let configuration = read(
            r#"{"server_time":{"timestamp":1763700000000,"timezone_offset":60},
                "firmware":{"version":"1.0.0","url":""},
                "mqtt":{"endpoint":"mqtt.example.org","client_id":"c","keepalive":240},
                "websocket":{"url":"wss://example.org","token":"t"},
                "activation":{"code":"012345","message":"example.org\n012345","challenge":"x","timeout_ms":30000}}"#,
        )
        .unwrap();
        assert_eq!(configuration.server_time, Some(1_763_700_000_000));
        let activation = Activation {
            code: "012345".into(),
            message: "example.org\n012345".into(),
            challenge: Some("x".into()),
            timeout: Some(30_000),
        };
        assert_eq!((configuration.activation, configuration.websocket), (Some(activation), true));
        assert_eq!(configuration.firmware, Some(Firmware { version: "1.0.0".into(), url: String::new() }));
        assert_eq!(configuration.mqtt.unwrap().host.as_deref(), Some("mqtt.example.org"));
        assert!(configuration.ignored.is_empty());
    }

    #[test]
    fn every_part_may_be_missing_or_of_a_wrong_type() {
        assert_eq!(read("{}"), Ok(Configuration::default()));
        let odd = r#"{"mqtt":[],"websocket":0,"activation":"no","firmware":false,"server_time":7,"mqtt_gateway":null}"#;
        let ignored = ["mqtt", "activation", "firmware", "server_time"].map(String::from).to_vec();
        assert_eq!(read(odd), Ok(Configuration { ignored, ..Configuration::default() }));
        let nothing = r#"{"activation":{"message":"x"},"firmware":{"version":""},"server_time":{"timestamp":"x"}}"#;
        assert_eq!(read(nothing), Ok(Configuration::default()));
    }

    #[test]
    fn a_code_may_be_a_number_and_stays_on_one_line() {
        let code = |body: &str| read(body).unwrap().activation.unwrap().code;
        assert_eq!(code(r#"{"activation":{"code":123456}}"#), "123456");
        assert_eq!(code(r#"{"activation":{"code":" 12\n34 "}}"#), "12 34");
        let challenge = read(r#"{"activation":{"challenge":"x"}}"#).unwrap().activation.unwrap();
        assert_eq!(challenge, Activation { challenge: Some("x".into()), ..Activation::default() });
    }

    #[test]
    fn an_answer_that_is_none_is_named() {
        let refused = |words: &str| Err(ConfigurationError::Refused(words.into()));
        assert_eq!(read(r#"{"success":false,"message":"request error."}"#), refused("`request error.`"));
        assert_eq!(read(r#"{"error":"Invalid device ID"}"#), refused("`Invalid device ID`"));
        assert_eq!(read(r#"{"success":false}"#), refused("without a reason"));
        assert_eq!(read("<html>it\nworks"), Err(ConfigurationError::Form("`<html>it\u{fffd}works`".into())));
        assert_eq!(read("[]"), Err(ConfigurationError::Form("`[]`".into())));
        assert_eq!(Configuration::read(404, b"{}"), Err(ConfigurationError::Status(404)));
        assert!(read(r#"{"success":true,"error":null}"#).is_ok());
    }

    #[test]
    fn a_newer_firmware_is_told_by_its_numbers() {
        let newer =
            |version: &str, own: &str| Firmware { version: version.into(), ..Firmware::default() }.newer_than(own);
        assert!(newer("0.10.0", "0.9.9") && newer("1.0.0.1", "1.0.0") && newer("2", "1.9"));
        assert!(!newer("0.9.9", "0.10.0") && !newer("1.0.0", "1.0.0") && !newer("x.é", "0.1") && !newer("", "0.1"));
        assert!(!newer(&"9".repeat(99), "1"), "a number without meaning is none");
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
            exercise(&bytes);
        }

        #[test]
        fn no_value_is_too_much(section in "mqtt|activation|firmware|server_time", key in
            "endpoint|client_id|password|keepalive|broker|port|code|message|version|url|timestamp", text: String, number: f64) {
            exercise(serde_json::json!({&section: {&key: text}}).to_string().as_bytes());
            exercise(serde_json::json!({&section: {&key: number}}).to_string().as_bytes());
            exercise(serde_json::json!({&section: {"client_id": "c", &key: format!("[{text}]:1")}}).to_string().as_bytes());
        }
    }
}
