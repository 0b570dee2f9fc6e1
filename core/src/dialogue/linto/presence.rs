//! Being there: subscribe, say so, see that it arrives, notice twins.
//!
//! LinTO: the server answers each status at once, so everything is subscribed before the first one. A broker whose
//! account rules forbid our topics says yes to everything and delivers nothing; that the own status never comes back
//! is the only sign of it. Nothing here ever reacts to the server's answer to a status: with a server that answers
//! each, that would never end.

use std::time::Duration;

use super::LintoSettings;
use super::twins::Twins;
use super::{Outbox, short};
use crate::assistant::cause::Cause;
use crate::dialogue::{Ask, DeviceFacts};
use crate::link::{LinkAsk, Loss, Message, Publication, Qos};
use crate::pace::Pace;
use crate::protocol::linto::scope::{Scope, Topics};
use crate::protocol::linto::status::{self, Echo};
use crate::time::Tick;

/// The broker has so long for its answer to the subscription.
const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(10);

/// The own status has so long to come back.
const ECHO_TIMEOUT: Duration = Duration::from_secs(5);

/// How we stand with the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// Whether a request can be sent.
    pub(super) up: bool,
    /// Whether the broker refuses us, aloud or by silence. It is tried all the same as long as `up`: rules that hide
    /// only the own status from us do no harm.
    pub(super) refused: bool,
    /// Whether an application was heard on the scope of the requests since the subscription.
    pub(super) application: bool,
}

/// What the broker refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// The connection.
    Connection,
    /// The subscription, or a part of it.
    Subscription,
    /// Nothing aloud, but the own status did not come back.
    Delivery,
}

/// The presence of this device on its server.
#[derive(Debug)]
pub(super) struct Presence {
    topics: Topics,
    serial: String,
    instance: String,
    facts: DeviceFacts,
    link: Link,
    refusal: Option<Refusal>,
    /// Whether an application was heard since the subscription.
    application: bool,
    twins: Twins,
    /// Statuses because something about the device changed.
    news: Pace,
    /// Statuses because of what others said under our serial number. Two devices with one serial number answer each
    /// other with them, so they are rare.
    replies: Pace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Down,
    /// The broker has until then to answer; `None`: it has not.
    Subscribing(Option<Tick>),
    Up {
        /// Whether answers can reach us.
        usable: bool,
        /// The own status has until then to come back.
        echo: Option<Tick>,
    },
}

impl Presence {
    pub(super) fn new(topics: Topics, settings: &LintoSettings) -> Self {
        Self {
            topics,
            serial: settings.serial.clone(),
            instance: settings.instance.clone(),
            facts: DeviceFacts::default(),
            link: Link::Down,
            refusal: None,
            application: false,
            twins: Twins::default(),
            news: Pace::new(2, Duration::from_secs(3)),
            replies: Pace::new(3, Duration::from_secs(120)),
        }
    }

    pub(super) const fn standing(&self) -> Standing {
        Standing {
            up: matches!(self.link, Link::Up { usable: true, .. }),
            refused: self.refusal.is_some(),
            application: self.application,
        }
    }

    /// An application said something on `scope`. LinTO: one that listens there answers each status. What the admin page
    /// sends on the same scope says nothing about applications.
    pub(super) fn application_heard(&mut self, scope: Scope) {
        self.application |= scope == self.topics.request_scope();
    }

    pub(super) fn connected(&mut self, now: Tick, out: &mut Outbox) {
        self.down(out);
        self.link = Link::Subscribing(Some(now + SUBSCRIBE_TIMEOUT));
        out.ask(Ask::Link(LinkAsk::Subscribe(self.topics.filters())));
    }

    pub(super) fn subscribed(&mut self, now: Tick, refused: &[String], out: &mut Outbox) {
        if !matches!(self.link, Link::Subscribing(_)) {
            return;
        }
        self.refusal = (!refused.is_empty()).then_some(Refusal::Subscription);
        out.clear("BrokerUnreachable");
        match refused.first() {
            Some(filter) => {
                let reason = format!("the account may not subscribe `{filter}`");
                out.raise(Cause::BrokerRefused { reason });
            }
            None => out.clear("BrokerRefused"),
        }
        let allowed = |filter: &str| !refused.iter().any(|refused| refused == filter);
        let usable = allowed(&self.topics.commands(self.topics.request_scope()));
        let echo = allowed(&self.topics.egress(Scope::Admin, "status")).then(|| now + ECHO_TIMEOUT);
        self.link = Link::Up { usable, echo };
        self.application = false;
        self.news.forget();
        self.replies.forget();
        self.announce(self.topics.scopes(), out);
        if usable {
            out.ask(Ask::LinkUp(true));
        }
    }

    pub(super) fn disconnected(&mut self, loss: Loss, out: &mut Outbox) {
        self.down(out);
        match loss {
            Loss::Unreachable(detail) | Loss::Lost(detail) => {
                self.refusal = None;
                out.clear("BrokerRefused");
                out.raise(Cause::BrokerUnreachable { detail });
            }
            Loss::Refused(reason) | Loss::ThrownOut(reason) => {
                out.clear("BrokerUnreachable");
                self.refuse(Refusal::Connection, reason, out);
            }
        }
    }

    /// What is told about the device; told again if something but the time is new.
    pub(super) fn device(&mut self, facts: DeviceFacts) {
        let before = std::mem::replace(&mut self.facts, facts);
        if (DeviceFacts { utc: self.facts.utc.clone(), ..before }) != self.facts {
            self.news.want();
        }
    }

    /// Somebody with our serial number, perhaps ourselves, published a status on the admin scope.
    pub(super) fn status(&mut self, now: Tick, message: &Message, out: &mut Outbox) {
        let Link::Up { usable, .. } = self.link else { return };
        if message.retained {
            // What the broker had kept says nothing about who is there now.
            return;
        }
        match status::parse(&message.payload) {
            Echo::Online { instance } if instance.as_ref() == Some(&self.instance) => {
                self.link = Link::Up { usable, echo: None };
                if self.refusal == Some(Refusal::Delivery) {
                    self.refusal = None;
                    out.clear("BrokerRefused");
                }
            }
            Echo::Online { instance } => {
                out.raise(Cause::TwinDevice { serial: self.serial.clone() });
                if self.twins.online(now, instance) {
                    self.replies.want();
                }
            }
            Echo::Offline => {
                // A twin went, or the will of a connection of ours that broke: the retained status is wrong now.
                self.twins.forget();
                out.clear("TwinDevice");
                self.replies.want();
            }
            Echo::Other => out.dropped(
                "odd_status",
                format!("`{}`: {} bytes that are no status", short(&message.topic), message.payload.len()),
            ),
        }
    }

    /// Lets pass what is due.
    pub(super) fn tick(&mut self, now: Tick, out: &mut Outbox) {
        let due = |deadline: Option<Tick>| deadline.is_some_and(|deadline| now >= deadline);
        match self.link {
            Link::Subscribing(deadline) if due(deadline) => {
                self.link = Link::Subscribing(None);
                let reason = format!("it did not answer the subscription within {} s", SUBSCRIBE_TIMEOUT.as_secs());
                self.refuse(Refusal::Subscription, reason, out);
            }
            Link::Up { usable, echo } if due(echo) => {
                self.link = Link::Up { usable, echo: None };
                let reason = "it accepts everything and delivers nothing: \
                              the account may not use this serial number's topics";
                self.refuse(Refusal::Delivery, reason.into(), out);
            }
            _ => {}
        }
        if due(self.twins.deadline()) {
            self.twins.forget();
            out.clear("TwinDevice");
        }
        if matches!(self.link, Link::Up { .. }) {
            if self.news.take(now) {
                self.replies.forget();
                self.announce(self.topics.scopes(), out);
            } else if self.replies.take(now) {
                self.announce(&[Scope::Admin], out);
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Tick> {
        let link = match self.link {
            Link::Down => [None; 3],
            Link::Subscribing(deadline) => [deadline, None, None],
            Link::Up { echo, .. } => [echo, self.news.deadline(), self.replies.deadline()],
        };
        link.into_iter().chain([self.twins.deadline()]).flatten().min()
    }

    fn down(&mut self, out: &mut Outbox) {
        if matches!(self.link, Link::Up { usable: true, .. }) {
            out.ask(Ask::LinkUp(false));
        }
        self.link = Link::Down;
    }

    fn refuse(&mut self, refusal: Refusal, reason: String, out: &mut Outbox) {
        self.refusal = Some(refusal);
        out.raise(Cause::BrokerRefused { reason });
    }

    fn announce(&self, scopes: &[Scope], out: &mut Outbox) {
        for scope in scopes {
            out.publish(Publication {
                topic: self.topics.egress(*scope, "status"),
                payload: status::online(&self.serial, &self.instance, &self.facts),
                qos: Qos::One,
                retain: *scope == Scope::Admin,
            });
        }
    }
}
