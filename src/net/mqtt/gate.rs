//! The way out to the owner, who may be slow or gone.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use auricle_core::link::LinkEvent;
use tokio::sync::mpsc;

use super::counters::{LinkCounters, count};

/// How long a full channel stops us from reading the socket before messages are dropped instead.
const PATIENCE: Duration = Duration::from_secs(1);

/// Owed events at which reading stops, whatever the patience.
const OWED_MAX: usize = 64;

/// The owner has dropped the receiver.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OwnerGone;

/// Hands events to the owner: what changes the state of the connection for certain, messages as long as there is room.
#[derive(Debug)]
pub(super) struct Gate {
    events: mpsc::Sender<LinkEvent>,
    owed: VecDeque<LinkEvent>,
    blocked: Option<Instant>,
    counters: Arc<LinkCounters>,
}

impl Gate {
    pub(super) fn new(events: mpsc::Sender<LinkEvent>, counters: Arc<LinkCounters>) -> Self {
        Self { events, owed: VecDeque::new(), blocked: None, counters }
    }

    /// Whether to go on taking messages from the broker: there is room for one, or there has been none for so long that
    /// it will be dropped.
    pub(super) fn accepts(&mut self, now: Instant) -> bool {
        if self.has_room() {
            self.blocked = None;
            return true;
        }
        let since = *self.blocked.get_or_insert(now);
        now >= since + PATIENCE && self.owed.len() < OWED_MAX
    }

    /// When patience ends, while it is being used up.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        self.blocked.map(|since| since + PATIENCE).filter(|&end| end > now)
    }

    /// Hands over what must not be lost. The end of a connection makes void what is still owed of it.
    pub(super) fn owe(&mut self, event: LinkEvent) {
        if matches!(event, LinkEvent::Disconnected(_)) {
            self.owed.clear();
        }
        self.owed.push_back(event);
        while let Ok(permit) = self.events.try_reserve() {
            let Some(event) = self.owed.pop_front() else { return };
            permit.send(event);
        }
    }

    /// Hands over a message, or drops it if there is no room.
    pub(super) fn offer(&self, event: LinkEvent) {
        let delivered = self.owed.is_empty() && self.events.try_send(event).is_ok();
        count(if delivered { &self.counters.received } else { &self.counters.dropped });
    }

    /// Hands over what is owed as soon as there is room, and waits for room if nothing is owed and there is none.
    /// Never returns while all is well and nothing is to be done. Cancelling it loses nothing.
    pub(super) async fn watch(&mut self) -> Result<(), OwnerGone> {
        if self.has_room() {
            self.events.closed().await;
            return Err(OwnerGone);
        }
        let permit = self.events.reserve().await.map_err(|_| OwnerGone)?;
        if let Some(event) = self.owed.pop_front() {
            permit.send(event);
        }
        Ok(())
    }

    fn has_room(&self) -> bool {
        self.owed.is_empty() && self.events.capacity() > 0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use auricle_core::link::{Loss, Message};

    fn message(name: &str) -> LinkEvent {
        LinkEvent::Message(Message { topic: name.into(), payload: Vec::new(), retained: false })
    }

    fn lost(why: &str) -> LinkEvent {
        LinkEvent::Disconnected(Loss::Lost(why.into()))
    }

    fn gate() -> (Gate, mpsc::Receiver<LinkEvent>) {
        let (events, owner) = mpsc::channel(1);
        (Gate::new(events, Arc::default()), owner)
    }

    #[tokio::test]
    async fn a_full_channel_drops_messages_after_a_second_but_never_the_state() {
        let (mut gate, mut owner) = gate();
        let start = Instant::now();
        gate.offer(message("first"));
        assert!(!gate.accepts(start));
        assert!(!gate.accepts(start + PATIENCE / 2));
        assert!(gate.accepts(start + PATIENCE));
        gate.offer(message("second"));
        gate.owe(lost("gone"));
        assert_eq!(owner.recv().await, Some(message("first")));
        gate.watch().await.unwrap();
        assert_eq!(owner.recv().await, Some(lost("gone")));
        assert!(gate.accepts(start + PATIENCE));
        assert_eq!(gate.counters.dropped.load(std::sync::atomic::Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn an_owner_who_does_not_listen_is_owed_only_the_last_loss() {
        let (mut gate, mut owner) = gate();
        gate.offer(message("first"));
        for round in 0..1_000 {
            gate.owe(LinkEvent::Connected);
            gate.owe(lost(&round.to_string()));
        }
        assert_eq!(gate.owed.len(), 1);
        owner.recv().await;
        gate.watch().await.unwrap();
        assert_eq!(owner.recv().await, Some(lost("999")));
    }

    #[tokio::test]
    async fn an_owner_who_is_gone_is_noticed() {
        let (mut gate, owner) = gate();
        drop(owner);
        assert_eq!(gate.watch().await, Err(OwnerGone));
    }
}
