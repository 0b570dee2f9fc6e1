//! A link on a thread with a runtime of its own, as in the daemon, with its events in a channel that a test can wait on.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use auricle::net::mqtt::{Address, Backoff, Link, LinkSettings};
use auricle_core::link::{LinkAsk, LinkEvent, Loss, Message, Policy, Publication, Qos};

use crate::broker::SOON;

pub const KEEP_ALIVE: Duration = Duration::from_secs(1);

/// Settings for a plain broker, with attempts that follow each other fast.
pub fn settings(port: u16) -> LinkSettings {
    LinkSettings {
        address: Address { tls: false, host: "127.0.0.1".into(), port },
        ca_file: None,
        username: None,
        password: None,
        policy: Policy {
            keep_alive: KEEP_ALIVE,
            will: Some(publication("status", "gone", Qos::One, true)),
            farewell: vec![publication("status", "bye", Qos::One, true)],
            client_id: "device".into(),
            suffix: true,
            incoming_limit: 100_000,
            short_life: Duration::from_secs(10),
            short_lives: 3,
            refusal: None,
            single_filter: false,
            outgoing_limit: None,
        },
        backoff: fast(),
    }
}

/// Delays of 50–200 ms.
pub fn fast() -> Backoff {
    let (first, last) = (Duration::from_millis(50), Duration::from_millis(200));
    Backoff::default().between(first, last).refused_between(first, last)
}

pub fn publication(topic: &str, payload: impl Into<Vec<u8>>, qos: Qos, retain: bool) -> Publication {
    Publication { topic: topic.into(), payload: payload.into(), qos, retain }
}

pub struct Device {
    pub link: Option<Link>,
    events: Receiver<LinkEvent>,
    thread: Option<JoinHandle<()>>,
}

impl Device {
    /// Starts a link.
    pub fn start(settings: LinkSettings) -> Self {
        let (hand_over, take) = channel();
        let (forward, events) = channel();
        let thread = std::thread::spawn(move || {
            runtime().block_on(async {
                let (sender, mut receiver) = tokio::sync::mpsc::channel(64);
                hand_over.send(Link::start(settings, sender)).unwrap();
                while let Some(event) = receiver.recv().await {
                    let _ = forward.send(event);
                }
            });
        });
        Self { link: Some(take.recv().unwrap()), events, thread: Some(thread) }
    }

    /// Starts a link and waits until the broker has accepted it.
    pub fn connected(settings: LinkSettings) -> Self {
        let device = Self::start(settings);
        device.wait_connected();
        device
    }

    pub fn link(&self) -> &Link {
        self.link.as_ref().unwrap()
    }

    /// The first event to which `wanted` gives a value; panics after `within`, listing what came.
    pub fn wait<T>(&self, within: Duration, mut wanted: impl FnMut(&LinkEvent) -> Option<T>) -> T {
        let deadline = Instant::now() + within;
        let mut passed = Vec::new();
        loop {
            match self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(event) => match wanted(&event) {
                    Some(value) => return value,
                    None => passed.push(event),
                },
                Err(RecvTimeoutError::Timeout) => panic!("waited {within:?} in vain; came: {passed:?}"),
                Err(RecvTimeoutError::Disconnected) => panic!("the link has ended; came: {passed:?}"),
            }
        }
    }

    pub fn wait_connected(&self) {
        self.wait(SOON, |event| (*event == LinkEvent::Connected).then_some(()));
    }

    pub fn wait_loss(&self, within: Duration) -> Loss {
        self.wait(within, |event| match event {
            LinkEvent::Disconnected(loss) => Some(loss.clone()),
            _ => None,
        })
    }

    pub fn wait_message(&self) -> Message {
        self.wait(SOON, |event| match event {
            LinkEvent::Message(message) => Some(message.clone()),
            _ => None,
        })
    }

    /// Subscribes with QoS 2 and waits for the answer; the refused filters.
    pub fn subscribe(&self, filters: &[&str]) -> Vec<String> {
        let filters = filters.iter().map(|filter| ((*filter).to_owned(), Qos::Two)).collect();
        assert!(self.link().ask(LinkAsk::Subscribe(filters)));
        self.wait(SOON, |event| match event {
            LinkEvent::Subscribed { refused } => Some(refused.clone()),
            _ => None,
        })
    }

    pub fn publish(&self, publication: Publication) {
        assert!(self.link().ask(LinkAsk::Publish(publication)));
    }

    /// Shuts down; how long that took.
    pub fn shutdown(mut self, within: Duration) -> Duration {
        let link = self.link.take().unwrap();
        let start = Instant::now();
        runtime().block_on(link.shutdown(within));
        start.elapsed()
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        drop(self.link.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
