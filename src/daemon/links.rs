//! The servers' connections to their brokers: begun, kept, replaced.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use auricle_core::assistant::event::{Event, ServerId};
use auricle_core::link::{Access, LinkEvent};
use tokio::sync::mpsc;

use super::control::{Control, Server};
use super::input::Input;
use crate::net::mqtt::{Address, Backoff, Link, LinkSettings};

/// Events of one broker connection that may wait to be passed on.
const LINK_EVENTS: usize = 64;

/// A connection that is replaced may take so long for its goodbye.
const PARTING: Duration = Duration::from_secs(1);

/// What is known of a server's connection beside the connection itself.
#[derive(Default)]
pub(super) struct Line {
    /// Which connection it is: of an older one nothing more is heard.
    number: u64,
    /// Where it goes, if the server's protocol said so.
    access: Option<Access>,
    /// Certificates that are trusted besides those of the system.
    ca_file: Option<PathBuf>,
    /// What connections counted that are gone.
    past: BTreeMap<&'static str, u64>,
}

impl Line {
    /// One that trusts these certificates too.
    pub(super) fn trusting(ca_file: Option<PathBuf>) -> Self {
        Self { ca_file, ..Self::default() }
    }

    /// Certificates that are trusted besides those of the system.
    pub(super) fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }
}

impl Server {
    /// What its connections have counted since the start.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let now = self.link.iter().flat_map(|link| link.counters().counts());
        now.map(|(name, count)| (name, count + self.line.past.get(name).copied().unwrap_or(0)))
    }

    /// Ends the connection there is, if any, and begins one.
    fn replace(&mut self, id: ServerId, settings: LinkSettings, inbox: &mpsc::Sender<Input>) {
        if let Some(old) = self.link.take() {
            for (name, count) in old.counters().counts() {
                *self.line.past.entry(name).or_default() += count;
            }
            tokio::spawn(old.shutdown(PARTING));
        }
        self.line.number += 1;
        self.link = Some(begin(settings, id, self.line.number, inbox.clone()));
    }
}

/// Begins a connection whose events come as inputs under this number.
pub(super) fn begin(settings: LinkSettings, id: ServerId, number: u64, inbox: mpsc::Sender<Input>) -> Link {
    let (sender, mut events) = mpsc::channel(LINK_EVENTS);
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            if inbox.send(Input::Link(id, number, event)).await.is_err() {
                return;
            }
        }
    });
    Link::start(settings, sender)
}

impl Control {
    /// Has the server's connection go there. One that goes there already stays as it is; of one that is replaced nothing
    /// more is heard.
    pub(super) fn connect(&mut self, id: ServerId, access: Access) {
        let Some(server) = self.servers.get_mut(id.0) else { return };
        if server.link.is_some() && server.line.access.as_ref() == Some(&access) {
            return;
        }
        tracing::info!("{}: the broker is {access:?}", server.name);
        let settings = LinkSettings {
            address: Address { tls: access.tls, host: access.host.clone(), port: access.port },
            ca_file: server.line.ca_file.clone(),
            username: Some(access.username.clone()).filter(|name| !name.is_empty()),
            password: Some(access.password.clone()),
            policy: access.policy.clone(),
            backoff: Backoff::default(),
        };
        server.replace(id, settings, &self.inbox);
        server.line.access = Some(access);
    }

    pub(super) fn link_event(&mut self, id: ServerId, number: u64, event: LinkEvent) {
        if self.servers.get(id.0).is_none_or(|server| server.line.number != number) {
            return;
        }
        if event == LinkEvent::Connected {
            self.decide(Event::Facts(self.facts()));
        }
        self.decide(Event::Link(id, event));
    }
}
