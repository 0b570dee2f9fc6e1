//! Where the broker is and how to log in there: asked of the server over HTTP, at the start and whenever that may have
//! changed. What it said last is kept over a restart, for the day on which it can't be asked.

use std::time::Duration;

use zeroize::Zeroizing;

use super::presence::Reach;
use super::{Outbox, XiaozhiSettings, policy};
use crate::assistant::cause::Cause;
use crate::assistant::report::Report;
use crate::dialogue::{Ask, DeviceFacts, Keepsake};
use crate::fetch::{FetchId, Fetched};
use crate::link::Access;
use crate::protocol::xiaozhi::access::{self, Address, Broker, Facts, Firmware, Login};
use crate::protocol::xiaozhi::preset::{self, Names, Preset};
use crate::time::Tick;

/// After a failure it is asked again so much later, then after twice that, up to the longest pause.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// An answer that is lost on its way back is given up so long after the limit of its request.
const MARGIN: Duration = Duration::from_secs(5);

/// A login that is refused makes an answer doubtful that is older than this.
const REFUSED: Duration = Duration::from_secs(60);
/// And a broker that can't be reached, one that is older than this.
const UNREACHABLE: Duration = Duration::from_secs(600);

/// What the server says about itself.
#[derive(Debug)]
pub(super) struct Configuration {
    address: Address,
    facts: Facts,
    preset: Preset,
    /// Topics that the owner adds.
    topics: Vec<String>,
    tls: Option<bool>,
    /// All that is known of the broker.
    broker: Broker,
    /// What is kept of it.
    kept: Option<Keepsake>,
    /// Whether the device was told to connect.
    connected: bool,
    offered: Option<Firmware>,
    phase: Phase,
    pause: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Not asked yet.
    Fresh,
    Fetching {
        id: FetchId,
        until: Tick,
    },
    /// It is asked again then.
    Waiting {
        until: Tick,
    },
    /// It has answered.
    Settled {
        since: Tick,
    },
}

impl Configuration {
    pub(super) fn new(settings: &XiaozhiSettings) -> Self {
        let broker = settings.remembered.as_ref().and_then(|kept| serde_json::from_str(&kept.0).ok());
        let facts = Facts {
            version: settings.version.clone(),
            mac: settings.mac.clone(),
            client_id: settings.client_id.clone(),
            language: settings.language.clone(),
            board: settings.board.clone(),
            ip: None,
        };
        Self {
            address: settings.ota_url.clone(),
            facts,
            preset: settings.preset,
            topics: settings.topics.clone(),
            tls: settings.tls,
            broker: broker.unwrap_or_default(),
            kept: settings.remembered.clone(),
            connected: false,
            offered: None,
            phase: Phase::Fresh,
            pause: FIRST_PAUSE,
        }
    }

    /// What the server is told about the device.
    pub(super) const fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(super) fn device(&mut self, facts: &DeviceFacts) {
        if !facts.language.is_empty() {
            self.facts.language.clone_from(&facts.language);
        }
        let mut addresses = facts.network.iter().filter_map(|interface| interface.address.parse().ok());
        self.facts.ip = addresses.find(core::net::IpAddr::is_ipv4);
    }

    /// Somebody wants to talk, or the server has something new to say: it is asked at once, unless it is being asked.
    pub(super) fn hurry(&mut self, now: Tick, out: &mut Outbox) {
        if !matches!(self.phase, Phase::Fetching { .. }) {
            self.fetch(now, out);
        }
    }

    /// The login was refused, or the broker can't be reached: perhaps the answer is too old.
    pub(super) fn doubt(&mut self, now: Tick, refused: bool) {
        if let Phase::Settled { since } = self.phase {
            let until = since + if refused { REFUSED } else { UNREACHABLE };
            if refused || until <= now {
                self.phase = Phase::Waiting { until: until.max(now) };
            }
        }
    }

    /// The answer to its question: what else stands in it. `None`: there is none, or it was not its question.
    pub(super) fn fetched(
        &mut self,
        now: Tick,
        id: FetchId,
        outcome: &Result<Fetched, String>,
        out: &mut Outbox,
    ) -> Option<access::Configuration> {
        if !matches!(self.phase, Phase::Fetching { id: asked, .. } if asked == id) {
            return None;
        }
        let read = match outcome {
            Ok(Fetched { status, body }) => {
                access::Configuration::read(*status, body).map_err(|error| error.to_string())
            }
            Err(why) => Err(why.clone()),
        };
        match read {
            Ok(answer) => {
                self.phase = Phase::Settled { since: now };
                self.pause = FIRST_PAUSE;
                self.take(&answer, out);
                Some(answer)
            }
            Err(why) => {
                self.fail(now, &why, out);
                None
            }
        }
    }

    /// What newly holds, and what is only told.
    fn take(&mut self, answer: &access::Configuration, out: &mut Outbox) {
        if let Some(broker) = answer.mqtt.clone() {
            self.broker.merge(broker);
        }
        for key in &answer.ignored {
            out.report(Report::Command { topic: "configuration".into(), result: format!("`{key}` can't be used") });
        }
        let offered = answer.firmware.clone().filter(|firmware| {
            !firmware.url.is_empty() && !firmware.version.is_empty() && firmware.version != self.facts.version
        });
        if offered.is_some() && offered != self.offered {
            let version = offered.as_ref().map(|firmware| firmware.version.clone()).unwrap_or_default();
            let result = format!("offers version {version}; nothing is installed, the package manager does that");
            out.report(Report::Command { topic: "firmware".into(), result });
        }
        self.offered = offered;
    }

    fn fail(&mut self, now: Tick, why: &str, out: &mut Outbox) {
        let detail = format!("{}: {why}", self.address.as_str());
        if self.broker.login(self.tls).is_ok() {
            // What it said before may still hold.
            out.dropped("configuration", detail);
        } else {
            out.raise(Cause::NoConfiguration { detail });
        }
        self.phase = Phase::Waiting { until: now + self.pause };
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    /// Has the device connect with what is known, and says what it does there; told as a cause if that is not enough.
    pub(super) fn connect(&mut self, out: &mut Outbox) -> Option<Reach> {
        match self.broker.login(self.tls) {
            Ok(login) => {
                out.clear("NoConfiguration");
                self.remember(out);
                Some(self.reach(login, out))
            }
            Err(error) => {
                let detail = format!("{}: {error}", self.address.as_str());
                out.raise(Cause::NoConfiguration { detail });
                None
            }
        }
    }

    /// The same with what was remembered, if the server can't be asked.
    pub(super) fn connect_as_before(&mut self, out: &mut Outbox) -> Option<Reach> {
        let login = self.broker.login(self.tls).ok().filter(|_| !self.connected)?;
        Some(self.reach(login, out))
    }

    fn reach(&mut self, login: Login, out: &mut Outbox) -> Reach {
        self.connected = true;
        let policy = policy(&login);
        let Login { tls, host, port, client_id, username, password, publish_topic, subscribe_topic, keep_alive: _ } =
            login;
        let names = Names { mac: &self.facts.mac, client_id: &client_id };
        if let Some(why) = subscribe_topic.as_deref().and_then(preset::unusable) {
            out.dropped("refused_subscription", why);
        }
        let reach = Reach {
            publish: self.preset.publish_topic(publish_topic.as_deref(), names),
            subscribe: self.preset.subscriptions(subscribe_topic.as_deref(), &self.topics, names),
            fallback: self.preset.fallback(names),
        };
        out.ask(Ask::Connect(Box::new(Access { tls, host, port, username, password, policy })));
        reach
    }

    fn remember(&mut self, out: &mut Outbox) {
        // Numbers and texts always have a JSON form.
        let Ok(json) = serde_json::to_string(&self.broker) else { return };
        let keepsake = Keepsake(Zeroizing::new(json));
        if self.kept.as_ref() != Some(&keepsake) {
            self.kept = Some(keepsake.clone());
            out.ask(Ask::Remember(keepsake));
        }
    }

    /// Lets pass what is due.
    pub(super) fn tick(&mut self, now: Tick, out: &mut Outbox) {
        if self.deadline().is_none_or(|due| now < due) {
            return;
        }
        match self.phase {
            Phase::Fetching { .. } => self.fail(now, "no answer", out),
            Phase::Fresh | Phase::Waiting { .. } => self.fetch(now, out),
            Phase::Settled { .. } => {}
        }
    }

    pub(super) const fn deadline(&self) -> Option<Tick> {
        match self.phase {
            Phase::Fresh => Some(Tick::ZERO),
            Phase::Fetching { until, .. } | Phase::Waiting { until } => Some(until),
            Phase::Settled { .. } => None,
        }
    }

    fn fetch(&mut self, now: Tick, out: &mut Outbox) {
        let fetch = self.facts.configuration(&self.address);
        let until = now + fetch.within + MARGIN;
        self.phase = Phase::Fetching { id: out.fetch(fetch), until };
    }
}
