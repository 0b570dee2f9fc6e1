//! What differs between the servers that speak xiaozhi. Everything else is read tolerantly, whoever sends it.

use std::time::Duration;

/// The longest topic that is subscribed to, in bytes. xiaozhi: the gateway reads only packets of up to 127 bytes.
pub const TOPIC_LIMIT: usize = 120;

/// xiaozhi: where every device publishes.
const UPLINK: &str = "device-server";

/// Where the Node gateway sends what is for one device.
const BY_MAC: &str = "devices/p2p/{mac}";

/// Where its descendants behind a broker do.
const BY_CLIENT_ID: &str = "devices/p2p/{client_id}";

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
    /// Where to publish, whatever the server says.
    publish: Option<&'static str>,
    /// What to subscribe to when the server names nothing.
    subscribe: &'static [&'static str],
    /// What to subscribe to when nothing arrives.
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

/// The reference gateway pushes without being asked; the fallback is for brokers that don't.
const UPSTREAM: Preset = Preset {
    name: "upstream",
    frame: Duration::from_millis(60),
    raw: false,
    ping: false,
    publish: None,
    subscribe: &[],
    fallback: &[BY_MAC, BY_CLIENT_ID],
};

/// A fork behind a broker of its own, which sends to the whole client id.
const CHEEKO: Preset = Preset { name: "cheeko-dev", ping: true, subscribe: &[BY_CLIENT_ID], ..UPSTREAM };

impl Preset {
    /// Every preset; the first is the default.
    pub const ALL: &'static [Self] = &[
        UPSTREAM,
        CHEEKO,
        // The fork's older branch decodes no more than 30 ms at once and announces Opus but sends samples.
        Self { name: "cheeko-livekit", frame: Duration::from_millis(20), raw: true, ..CHEEKO },
        // Go servers bring a broker that subscribes for the device; these are the topics that it uses.
        Self { name: "go", fallback: &["/p2p/device_sub/{mac}", "/devices/p2p/{mac}"], ..UPSTREAM },
        // A gateway in Java learns from the topic who publishes, and sends everything three times: once here, once by
        // hardware address, once to all devices.
        Self {
            name: "java",
            publish: Some("device/{client_id}/up"),
            subscribe: &["device/{client_id}/down"],
            fallback: &[BY_MAC],
            ..UPSTREAM
        },
    ];

    /// The preset of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|preset| preset.name == name)
    }

    /// Where to publish, when the server named `told`.
    #[must_use]
    pub fn publish_topic(&self, told: Option<&str>, names: Names<'_>) -> String {
        match self.publish {
            Some(template) => names.fill(template),
            None => told.unwrap_or(UPLINK).to_owned(),
        }
    }

    /// What to subscribe to right after the login, each in a packet of its own, when the server named `told` and the
    /// owner `extra`, in which `{mac}` and `{client_id}` are replaced too. Topics that are too long are left out.
    #[must_use]
    pub fn subscriptions(&self, told: Option<&str>, extra: &[String], names: Names<'_>) -> Vec<String> {
        let own = match told {
            // A gateway that names a topic sends nowhere else.
            Some(told) => vec![told.to_owned()],
            None => names.fill_all(self.subscribe.iter().copied()),
        };
        usable(own.into_iter().chain(names.fill_all(extra.iter().map(String::as_str))))
    }

    /// What to subscribe to once if a hello got no answer and nothing has ever arrived on this connection.
    #[must_use]
    pub fn fallback(&self, names: Names<'_>) -> Vec<String> {
        usable(names.fill_all(self.fallback.iter().copied()))
    }

    /// What opens the channel of this session instead of a frame of silence.
    #[must_use]
    pub fn greeting(&self, session_id: &str) -> Option<String> {
        self.ping.then(|| format!("ping:{session_id}"))
    }
}

/// Why a topic that a server names is not subscribed, if it is not.
#[must_use]
pub fn unusable(topic: &str) -> Option<String> {
    let size = topic.len();
    (size > TOPIC_LIMIT).then(|| {
        format!("the server names a topic of {size} bytes; a gateway can read {TOPIC_LIMIT}, so it is not subscribed")
    })
}

impl Default for &Preset {
    fn default() -> Self {
        &UPSTREAM
    }
}

impl Names<'_> {
    /// xiaozhi: topics have the hardware address with underscores.
    fn fill(self, template: &str) -> String {
        template.replace("{mac}", &self.mac.replace(':', "_")).replace("{client_id}", self.client_id)
    }

    fn fill_all<'a>(self, templates: impl Iterator<Item = &'a str>) -> Vec<String> {
        // A wildcard in a client id would ask for what is meant for others.
        let wild = self.client_id.contains(['+', '#']);
        let own = |template: &&str| !(wild && template.contains("{client_id}"));
        templates.filter(own).map(|template| self.fill(template)).collect()
    }
}

/// Each topic once, without those that the gateway could not read.
fn usable(topics: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut usable: Vec<String> = Vec::new();
    for topic in topics {
        if (1..=TOPIC_LIMIT).contains(&topic.len()) && !usable.contains(&topic) {
            usable.push(topic);
        }
    }
    usable
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NAMES: Names<'_> = Names { mac: "00:16:3e:ac:b5:38", client_id: "GID_a@@@00_16_3e_ac_b5_38@@@u" };

    fn preset(name: &str) -> &'static Preset {
        Preset::named(name).unwrap()
    }

    #[test]
    fn each_preset_is_found_by_its_name_and_upstream_is_the_default() {
        for preset in Preset::ALL {
            assert_eq!(Preset::named(preset.name), Some(preset));
        }
        assert_eq!(<&Preset>::default(), &Preset::ALL[0]);
        assert_eq!((Preset::ALL[0].name, Preset::named("Upstream"), Preset::named("")), ("upstream", None, None));
    }

    #[test]
    fn only_the_fork_pings_and_only_its_older_branch_sends_samples() {
        let greetings = Preset::ALL.iter().map(|preset| (preset.name, preset.greeting("s"), preset.raw));
        let ping = || Some("ping:s".to_owned());
        assert!(greetings.eq([
            ("upstream", None, false),
            ("cheeko-dev", ping(), false),
            ("cheeko-livekit", ping(), true),
            ("go", None, false),
            ("java", None, false),
        ]));
        let short: Vec<&str> =
            Preset::ALL.iter().filter(|preset| preset.frame.as_millis() != 60).map(|preset| preset.name).collect();
        assert_eq!(short, ["cheeko-livekit"]);
    }

    #[test]
    fn upstream_subscribes_to_what_it_is_told_and_else_only_when_nothing_arrives() {
        let upstream = preset("upstream");
        assert_eq!(upstream.subscriptions(None, &[], NAMES), [""; 0]);
        assert_eq!(upstream.subscriptions(Some("devices/p2p/x"), &[], NAMES), ["devices/p2p/x"]);
        let fallback = ["devices/p2p/00_16_3e_ac_b5_38", "devices/p2p/GID_a@@@00_16_3e_ac_b5_38@@@u"];
        assert_eq!(upstream.fallback(NAMES), fallback);
        assert_eq!(upstream.publish_topic(None, NAMES), "device-server");
        assert_eq!(upstream.publish_topic(Some("up"), NAMES), "up");
    }

    #[test]
    fn the_fork_is_heard_under_the_whole_client_id() {
        for name in ["cheeko-dev", "cheeko-livekit"] {
            assert_eq!(preset(name).subscriptions(None, &[], NAMES), ["devices/p2p/GID_a@@@00_16_3e_ac_b5_38@@@u"]);
        }
    }

    #[test]
    fn the_java_gateway_learns_from_the_topic_who_speaks() {
        let java = preset("java");
        assert_eq!(java.publish_topic(Some("device-server"), NAMES), "device/GID_a@@@00_16_3e_ac_b5_38@@@u/up");
        assert_eq!(java.subscriptions(None, &[], NAMES), ["device/GID_a@@@00_16_3e_ac_b5_38@@@u/down"]);
    }

    #[test]
    fn the_owners_topics_come_on_top_each_once() {
        let extra = ["a/{mac}", "b/{client_id}", "a/{mac}", "told", ""].map(String::from);
        assert_eq!(
            preset("go").subscriptions(Some("told"), &extra, NAMES),
            ["told", "a/00_16_3e_ac_b5_38", "b/GID_a@@@00_16_3e_ac_b5_38@@@u"]
        );
    }

    #[test]
    fn a_topic_that_the_gateway_can_not_read_is_left_out() {
        let names = Names { client_id: &"x".repeat(109), ..NAMES };
        assert_eq!(preset("upstream").fallback(names), ["devices/p2p/00_16_3e_ac_b5_38"]);
        let names = Names { client_id: &"x".repeat(108), ..NAMES };
        assert_eq!(preset("upstream").fallback(names).len(), 2);
    }

    #[test]
    fn a_topic_that_is_left_out_is_told() {
        assert_eq!(unusable(&"x".repeat(120)), None);
        let why = unusable(&"x".repeat(121)).unwrap();
        assert!(why.contains("121 bytes") && why.contains("not subscribed"), "{why}");
    }

    #[test]
    fn a_client_id_with_a_wildcard_asks_for_nobody_elses_messages() {
        for client_id in ["#", "+", "a+b"] {
            let names = Names { client_id, ..NAMES };
            assert_eq!(preset("upstream").fallback(names), ["devices/p2p/00_16_3e_ac_b5_38"]);
        }
    }
}
