//! The status: how a device says that it is there.
//!
//! LinTO: the admin page shows the network, the firmware and the volume out of `config`, and breaks if `config` is
//! there without `sound`. The flow copies every top-level key into its own configuration, so there are as few of them
//! as possible and none that it uses itself (`language`, `confMqtt`, `configTranscribe`, `configEvaluate`,
//! `configChatbot`). The broker's address and account are left out: a retained message is read by everybody.

use serde::{Deserialize, Serialize};

use crate::dialogue::{DeviceFacts, Interface};

/// The longest instance mark that is taken from somebody else's status, in characters.
const INSTANCE_LIMIT: usize = 64;

/// Says that this device went, or will have gone, away.
#[must_use]
pub fn offline() -> Vec<u8> {
    br#"{"connexion":"offline"}"#.to_vec()
}

/// Says that the device `serial` is online. `instance` marks this run of the program, so that a twin is recognised.
#[must_use]
pub fn online(serial: &str, instance: &str, device: &DeviceFacts) -> Vec<u8> {
    let status = Online {
        connexion: "online",
        on: &device.utc,
        sn: serial,
        config: Config {
            network: device.network.iter().map(Network::of).collect(),
            firmware: &device.firmware,
            sound: Sound { volume: device.volume, tts_lang: &device.language, mute: device.muted },
            instance,
        },
        meeting: device.meeting.as_ref().map(|meeting| Meeting {
            sessionname: &meeting.name,
            recording: meeting.recording,
            localrecording: meeting.recording,
            remoterecording: false,
        }),
    };
    // Serialising texts, numbers and booleans can't fail; if it ever did, an empty object harms nobody.
    serde_json::to_vec(&status).unwrap_or_else(|_| b"{}".to_vec())
}

#[derive(Serialize)]
struct Online<'a> {
    connexion: &'static str,
    on: &'a str,
    sn: &'a str,
    config: Config<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meeting: Option<Meeting<'a>>,
}

/// LinTO: the old admin page, the only sender of `managemeeting`, reads this and gets no other answer.
#[derive(Serialize)]
struct Meeting<'a> {
    sessionname: &'a str,
    recording: bool,
    localrecording: bool,
    remoterecording: bool,
}

#[derive(Serialize)]
struct Config<'a> {
    network: Vec<Network<'a>>,
    firmware: &'a str,
    sound: Sound<'a>,
    instance: &'a str,
}

#[derive(Serialize)]
struct Network<'a> {
    name: &'a str,
    ip_address: &'a str,
    mac_address: &'a str,
    gateway_ip: &'a str,
    netmask: &'a str,
    r#type: &'static str,
}

impl<'a> Network<'a> {
    fn of(interface: &'a Interface) -> Self {
        Self {
            name: &interface.name,
            ip_address: &interface.address,
            mac_address: &interface.mac,
            gateway_ip: &interface.gateway,
            netmask: &interface.netmask,
            r#type: if interface.wireless { "Wireless" } else { "Wired" },
        }
    }
}

#[derive(Serialize)]
struct Sound<'a> {
    volume: u8,
    tts_lang: &'a str,
    mute: bool,
}

/// What a status with our serial number says, whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Echo {
    /// A device is there.
    Online {
        /// Which run of our program; `None` for a client that doesn't mark itself.
        instance: Option<String>,
    },
    /// A device went away.
    Offline,
    /// Not a status.
    Other,
}

/// Reads a status.
#[must_use]
pub fn parse(payload: &[u8]) -> Echo {
    #[derive(Deserialize)]
    struct Seen {
        connexion: Option<String>,
        #[serde(default, deserialize_with = "lenient_config")]
        config: SeenConfig,
    }
    match serde_json::from_slice::<Seen>(payload) {
        Ok(Seen { connexion: Some(connexion), .. }) if connexion == "offline" => Echo::Offline,
        // The server takes everything that is not exactly "offline" for online.
        Ok(Seen { connexion: Some(_), config }) => {
            Echo::Online { instance: config.instance.map(|mark| mark.chars().take(INSTANCE_LIMIT).collect()) }
        }
        _ => Echo::Other,
    }
}

#[derive(Default, Deserialize)]
struct SeenConfig {
    instance: Option<String>,
}

/// A `config` of an unknown shape is one without a mark, not a broken status.
fn lenient_config<'de, D: serde::Deserializer<'de>>(from: D) -> Result<SeenConfig, D::Error> {
    let raw = Box::<serde_json::value::RawValue>::deserialize(from)?;
    Ok(serde_json::from_str(raw.get()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::dialogue::MeetingFacts;
    use serde_json::Value;

    fn facts() -> DeviceFacts {
        DeviceFacts {
            utc: "2024-05-01T10:20:30.123Z".into(),
            volume: 55,
            muted: true,
            language: "fr-FR".into(),
            meeting: None,
            firmware: "0.1.0".into(),
            network: vec![Interface {
                name: "wlan0".into(),
                address: "192.168.1.7".into(),
                mac: "b8:27:eb:00:00:01".into(),
                gateway: "192.168.1.1".into(),
                netmask: "255.255.255.0".into(),
                wireless: true,
            }],
        }
    }

    #[test]
    fn the_status_has_what_every_part_of_the_server_reads() {
        let text = String::from_utf8(online("raspberry1", "a1b2", &facts())).unwrap();
        insta::assert_snapshot!(text, @r#"
        {"connexion":"online","on":"2024-05-01T10:20:30.123Z","sn":"raspberry1","config":{"network":[{"name":"wlan0","ip_address":"192.168.1.7","mac_address":"b8:27:eb:00:00:01","gateway_ip":"192.168.1.1","netmask":"255.255.255.0","type":"Wireless"}],"firmware":"0.1.0","sound":{"volume":55,"tts_lang":"fr-FR","mute":true},"instance":"a1b2"}}
        "#);
    }

    #[test]
    fn a_status_has_only_top_level_keys_that_the_flow_does_not_use_itself() {
        let status: Value = serde_json::from_slice(&online("raspberry1", "a1b2", &facts())).unwrap();
        let keys: Vec<&str> = status.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["config", "connexion", "on", "sn"]);
    }

    #[test]
    fn a_device_that_lets_servers_record_tells_whether_it_does() {
        let meeting = Some(MeetingFacts { name: "Budget".into(), recording: true });
        let status: Value =
            serde_json::from_slice(&online("raspberry1", "a1b2", &DeviceFacts { meeting, ..facts() })).unwrap();
        insta::assert_snapshot!(status["meeting"], @r#"{"localrecording":true,"recording":true,"remoterecording":false,"sessionname":"Budget"}"#);
    }

    #[test]
    fn the_own_status_is_recognised_by_its_mark() {
        assert_eq!(parse(&online("raspberry1", "a1b2", &facts())), Echo::Online { instance: Some("a1b2".into()) });
        assert_eq!(parse(&offline()), Echo::Offline);
    }

    #[test]
    fn a_status_of_other_clients_is_read_too() {
        for other in [
            r#"{"connexion":"online","config":{"sound":{}}}"#,
            r#"{"connexion":"online","config":{"instance":7}}"#,
            r#"{"connexion":"online","config":"none"}"#,
            r#"{"connexion":"online"}"#,
        ] {
            assert_eq!(parse(other.as_bytes()), Echo::Online { instance: None }, "{other}");
        }
        assert_eq!(parse(br#"{"connexion":"offline","config":{"firmware":"1"},"auth_token":"x"}"#), Echo::Offline);
    }

    #[test]
    fn what_is_not_a_status_is_told_apart() {
        for other in [&b""[..], b"online", b"{}", b"[]", b"{\"connexion\":1}", b"\xff\xfe", b"{\"connexion\":\"on"] {
            assert_eq!(parse(other), Echo::Other, "{other:?}");
        }
    }

    #[test]
    fn a_huge_mark_is_cut() {
        let status = format!(r#"{{"connexion":"online","config":{{"instance":"{}"}}}}"#, "x".repeat(100_000));
        let Echo::Online { instance: Some(mark) } = parse(status.as_bytes()) else { panic!("not online") };
        assert_eq!(mark.len(), INSTANCE_LIMIT);
    }
}
