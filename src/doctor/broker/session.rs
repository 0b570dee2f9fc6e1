//! A short visit at the broker, only while no daemon runs: a login under a client id of its own, a word to itself, and
//! a status, which LinTO's applications answer with `tts_lang`.
//!
//! Nothing is kept (no retained message is touched), and the visit ends as offline, which is what the device is. The
//! status goes to the scope of the requests only; nobody but the application and the server's book of devices reads it
//! there.

use std::time::Duration;

use auricle_core::dialogue::DeviceFacts;
use auricle_core::dialogue::linto::INCOMING_LIMIT;
use auricle_core::link::{LinkAsk, LinkEvent, Loss, Message, Policy, Publication, Qos};
use auricle_core::protocol::linto::scope::Topics;
use auricle_core::protocol::linto::status;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use crate::config::Linto;
use crate::net::mqtt::{Address, Backoff, Link, LinkSettings};

/// From the first packet to the last.
const CONNECT: Duration = Duration::from_secs(5);
const SUBSCRIBE: Duration = Duration::from_secs(2);
const LISTEN: Duration = Duration::from_secs(3);
const GOODBYE: Duration = Duration::from_millis(500);

/// The last level of the topic on which the device talks to itself. No client of LinTO knows it.
const WORD: &str = "doctor";

/// What came of a visit.
pub(super) enum Outcome {
    /// There was no login.
    Refused(Loss),
    /// There was a login, and then the connection was lost.
    Lost(Loss),
    /// There was no answer to the subscription.
    NoSubscription,
    /// This filter may not be subscribed.
    Forbidden(String),
    /// This was heard.
    Heard(Heard),
}

/// What was heard during a visit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// Something of our own came back.
    pub(super) echo: bool,
    /// An application answered.
    pub(super) application: bool,
}

/// Who visits whom.
pub(super) struct Visit {
    settings: LinkSettings,
    topics: Topics,
    serial: String,
    /// Marks what is ours.
    mark: String,
}

impl Visit {
    pub(super) fn new(server: &Linto, serial: &str) -> Self {
        let topics = Topics::new(server.admin_scope(), &server.request_scope(), serial);
        let mark = crate::device::identity::nonce().unwrap_or_else(|_| std::process::id().to_string());
        let offline = Publication {
            topic: topics.egress(topics.request_scope(), "status"),
            payload: status::offline(),
            qos: Qos::One,
            retain: false,
        };
        let policy = Policy {
            keep_alive: Duration::from_secs(15),
            will: Some(offline.clone()),
            farewell: vec![offline],
            client_id: format!("auricle-{serial}"),
            suffix: true,
            // It hears what the device would hear.
            incoming_limit: INCOMING_LIMIT,
            short_life: Duration::ZERO,
            short_lives: u32::MAX,
            refusal: None,
            single_filter: false,
            outgoing_limit: None,
        };
        let broker = &server.broker;
        let settings = LinkSettings {
            address: Address { tls: broker.tls, host: broker.host.clone(), port: broker.port },
            ca_file: server.ca_file.clone(),
            username: server.username.clone(),
            password: server.password.as_ref().map(|password| Zeroizing::new(password.expose().to_owned())),
            policy,
            backoff: Backoff::default(),
        };
        Self { settings, topics, serial: serial.to_owned(), mark }
    }

    fn filters(&self) -> Vec<(String, Qos)> {
        let own_status = (self.topics.egress(self.topics.request_scope(), "status"), Qos::One);
        let mut filters = self.topics.filters();
        filters.retain(|filter| filter.0 != own_status.0);
        filters.push(own_status);
        filters
    }

    fn word(&self) -> Publication {
        let payload = format!("{{\"mark\":\"{}\"}}", self.mark).into_bytes();
        let topic = self.topics.ingress(self.topics.request_scope(), WORD);
        Publication { topic, payload, qos: Qos::One, retain: false }
    }

    fn status(&self) -> Publication {
        let facts = DeviceFacts {
            firmware: env!("CARGO_PKG_VERSION").to_owned(),
            utc: crate::daemon::clock::utc(),
            ..DeviceFacts::default()
        };
        let topic = self.topics.egress(self.topics.request_scope(), "status");
        Publication { topic, payload: status::online(&self.serial, &self.mark, &facts), qos: Qos::One, retain: false }
    }

    fn hear(&self, message: &Message, heard: &mut Heard) {
        let scope = self.topics.request_scope();
        let of_ours = [self.topics.ingress(scope, WORD), self.topics.egress(scope, "status")];
        let mark = self.mark.as_bytes();
        heard.echo |= of_ours.contains(&message.topic) && message.payload.windows(mark.len()).any(|part| part == mark);
        heard.application |= !message.retained && message.topic == self.topics.ingress(scope, "tts_lang");
    }
}

/// Visits the broker; takes at most 11 s.
pub(super) async fn visit(visit: &Visit) -> Outcome {
    let (sender, mut events) = mpsc::channel(64);
    let link = Link::start(visit.settings.clone(), sender);
    let outcome = talk(visit, &link, &mut events).await;
    // Whoever waits for us to take an event would not say goodbye.
    let emptied = tokio::spawn(async move { while events.recv().await.is_some() {} });
    link.shutdown(GOODBYE).await;
    emptied.abort();
    outcome
}

async fn talk(visit: &Visit, link: &Link, events: &mut mpsc::Receiver<LinkEvent>) -> Outcome {
    let late = || Outcome::Refused(Loss::Unreachable(format!("no login within {} s", CONNECT.as_secs())));
    match timeout_at(Instant::now() + CONNECT, events.recv()).await {
        Ok(Some(LinkEvent::Connected)) => {}
        Ok(Some(LinkEvent::Disconnected(loss))) => return Outcome::Refused(loss),
        _ => return late(),
    }
    link.ask(LinkAsk::Subscribe(visit.filters()));
    let mut heard = Heard::default();
    let end = Instant::now() + SUBSCRIBE;
    loop {
        match timeout_at(end, events.recv()).await {
            Ok(Some(LinkEvent::Subscribed { refused })) => match refused.into_iter().next() {
                // Only what comes to the device is needed; some accounts hide its own words from it.
                Some(filter) if filter.contains("/tolinto/") => return Outcome::Forbidden(filter),
                _ => break,
            },
            Ok(Some(LinkEvent::Disconnected(loss))) => return Outcome::Lost(loss),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return Outcome::NoSubscription,
        }
    }
    link.ask(LinkAsk::Publish(visit.word()));
    link.ask(LinkAsk::Publish(visit.status()));
    let end = Instant::now() + LISTEN;
    while !(heard.echo && heard.application) {
        match timeout_at(end, events.recv()).await {
            Ok(Some(LinkEvent::Message(message))) => visit.hear(&message, &mut heard),
            Ok(Some(LinkEvent::Disconnected(loss))) => return Outcome::Lost(loss),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => break,
        }
    }
    Outcome::Heard(heard)
}
