//! The connection to the broker, which stands all the time: what to subscribe to, and whether it can be used.

use std::time::Duration;

use super::Outbox;
use crate::assistant::cause::Cause;
use crate::dialogue::Ask;
use crate::link::{LinkAsk, Loss, Publication, Qos};
use crate::protocol::xiaozhi::MESSAGE_LIMIT;
use crate::time::Tick;

/// xiaozhi: a gateway that refuses the login accepts it and closes at once. A connection that has stood for so long, or
/// on which anything came, is one.
const PROBATION: Duration = Duration::from_secs(2);

/// What is said and heard where on the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// The topic to publish to.
    pub(super) publish: String,
    /// What to subscribe to at once.
    pub(super) subscribe: Vec<String>,
    /// What to subscribe to if nothing ever comes.
    pub(super) fallback: Vec<String>,
}

/// How we stand with the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// Whether something can be sent.
    pub(super) up: bool,
    /// Whether the login was refused.
    pub(super) refused: bool,
    /// Whether it is known where the broker is.
    pub(super) known: bool,
}

/// The presence of this device on its broker.
#[derive(Debug, Default)]
pub(super) struct Presence {
    reach: Option<Reach>,
    link: Link,
    refused: bool,
    /// Whether the fallback once brought the first message: this broker needs it.
    needs_fallback: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Link {
    #[default]
    Down,
    Up {
        since: Tick,
        /// Whether the assistant knows.
        told: bool,
        /// Whether anything ever came.
        heard: bool,
        /// Whether the fallback was subscribed.
        fallback: bool,
    },
}

impl Presence {
    /// From the next connection on.
    pub(super) fn reach(&mut self, reach: Reach) {
        self.reach = Some(reach);
    }

    /// A message to the server. One that is too large for it is told and not sent.
    pub(super) fn publish(&self, payload: Vec<u8>, out: &mut Outbox) {
        if payload.len() > MESSAGE_LIMIT {
            let size = payload.len();
            out.dropped("oversize_answer", format!("a message of {size} bytes; the server takes {MESSAGE_LIMIT}"));
            return;
        }
        let topic = self.reach.as_ref().map(|reach| reach.publish.clone()).unwrap_or_default();
        out.publish(Publication { topic, payload, qos: Qos::Zero, retain: false });
    }

    pub(super) const fn standing(&self) -> Standing {
        Standing { up: self.is_up(), refused: self.refused, known: self.reach.is_some() }
    }

    /// Whether anything has come since the connection stands.
    pub(super) const fn heard(&self) -> bool {
        matches!(self.link, Link::Up { heard: true, .. })
    }

    pub(super) fn connected(&mut self, now: Tick, out: &mut Outbox) {
        self.down(out);
        let fallback = self.needs_fallback;
        self.link = Link::Up { since: now, told: false, heard: false, fallback };
        let Some(reach) = &self.reach else { return };
        reach.subscribe.iter().for_each(|filter| subscribe(filter, out));
        if fallback {
            reach.fallback.iter().for_each(|filter| subscribe(filter, out));
        }
    }

    /// xiaozhi: the broker of some servers refuses what it delivers anyhow.
    pub(super) fn subscribed(refused: &[String], out: &mut Outbox) {
        if !refused.is_empty() {
            out.dropped("refused_subscription", format!("`{}`; it may not be needed", refused.join("`, `")));
        }
    }

    /// Something came.
    pub(super) fn message(&mut self, out: &mut Outbox) {
        if let Link::Up { heard, fallback, .. } = &mut self.link
            && !std::mem::replace(heard, true)
        {
            self.needs_fallback = *fallback;
        }
        self.tell(out);
    }

    pub(super) fn disconnected(&mut self, loss: Loss, out: &mut Outbox) {
        self.down(out);
        match loss {
            Loss::Unreachable(detail) | Loss::Lost(detail) => {
                self.refused = false;
                out.clear("BrokerRefused");
                out.raise(Cause::BrokerUnreachable { detail });
            }
            Loss::Refused(reason) => self.refuse(reason, out),
            Loss::ThrownOut(reason) => {
                let twin =
                    "perhaps another device has its hardware address, then give one of the two another `device_id`";
                self.refuse(format!("{reason}; {twin}"), out);
            }
        }
    }

    fn refuse(&mut self, reason: String, out: &mut Outbox) {
        self.refused = true;
        out.clear("BrokerUnreachable");
        out.raise(Cause::BrokerRefused { reason });
    }

    /// A hello got no answer: if nothing has ever come on this connection, other topics are subscribed. Whether that was
    /// done.
    pub(super) fn fall_back(&mut self, out: &mut Outbox) -> bool {
        let Link::Up { heard: false, fallback, .. } = &mut self.link else { return false };
        let Some(reach) = self.reach.as_ref().filter(|reach| !reach.fallback.is_empty()) else { return false };
        if std::mem::replace(fallback, true) {
            return false;
        }
        reach.fallback.iter().for_each(|filter| subscribe(filter, out));
        true
    }

    /// Lets pass what is due.
    pub(super) fn tick(&mut self, now: Tick, out: &mut Outbox) {
        if self.deadline().is_some_and(|due| due <= now) {
            self.tell(out);
        }
    }

    pub(super) fn deadline(&self) -> Option<Tick> {
        match self.link {
            Link::Up { since, told: false, .. } => Some(since + PROBATION),
            Link::Up { .. } | Link::Down => None,
        }
    }

    const fn is_up(&self) -> bool {
        matches!(self.link, Link::Up { .. })
    }

    fn tell(&mut self, out: &mut Outbox) {
        if let Link::Up { told, .. } = &mut self.link
            && !std::mem::replace(told, true)
        {
            self.refused = false;
            out.clear("BrokerUnreachable");
            out.clear("BrokerRefused");
            out.ask(Ask::LinkUp(true));
        }
    }

    fn down(&mut self, out: &mut Outbox) {
        if matches!(self.link, Link::Up { told: true, .. }) {
            out.ask(Ask::LinkUp(false));
        }
        self.link = Link::Down;
    }
}

/// xiaozhi: the gateway reads one filter only, so each goes alone.
fn subscribe(filter: &str, out: &mut Outbox) {
    out.ask(Ask::Link(LinkAsk::Subscribe(vec![(filter.to_owned(), Qos::Zero)])));
}
