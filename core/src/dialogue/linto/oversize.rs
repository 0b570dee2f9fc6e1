//! Messages that are too large. One is an accident; a retained one comes again with each connection, for ever.

use std::time::Duration;

use super::{Outbox, short};
use crate::assistant::cause::Cause;
use crate::time::Tick;

/// So many in a row on one topic mean that the broker keeps it.
const POISONED: u32 = 3;

/// So many topics are watched; of more, the oldest is forgotten.
const WATCHED: usize = 8;

/// Retained messages come right after the subscription; what has not come by then is gone.
const RECHECK: Duration = Duration::from_secs(10);

/// The topics on which messages were too large.
#[derive(Debug, Default)]
pub(super) struct Oversize {
    topics: Vec<Watched>,
    recheck: Option<Tick>,
}

#[derive(Debug)]
struct Watched {
    topic: String,
    in_a_row: u32,
    /// Whether it came again with this connection.
    seen: bool,
}

impl Oversize {
    /// A message was skipped.
    pub(super) fn skipped(&mut self, topic: &str, size: usize, out: &mut Outbox) {
        out.dropped("oversize_message", format!("{size} bytes on `{}`", short(topic)));
        match self.topics.iter_mut().find(|watched| watched.topic == topic) {
            Some(watched) => {
                watched.in_a_row = watched.in_a_row.saturating_add(1);
                watched.seen = true;
            }
            None => {
                if self.topics.len() == WATCHED {
                    self.topics.remove(0);
                }
                self.topics.push(Watched { topic: topic.into(), in_a_row: 1, seen: true });
            }
        }
        self.tell(out);
    }

    /// A message of normal size came.
    pub(super) fn normal(&mut self, topic: &str, out: &mut Outbox) {
        self.topics.retain(|watched| watched.topic != topic);
        self.tell(out);
    }

    /// What is retained comes now.
    pub(super) fn subscribed(&mut self, now: Tick) {
        self.topics.iter_mut().for_each(|watched| watched.seen = false);
        self.recheck = (!self.topics.is_empty()).then(|| now + RECHECK);
    }

    pub(super) fn tick(&mut self, now: Tick, out: &mut Outbox) {
        if self.recheck.is_some_and(|due| now >= due) {
            self.recheck = None;
            self.topics.retain(|watched| watched.seen);
            self.tell(out);
        }
    }

    pub(super) const fn deadline(&self) -> Option<Tick> {
        self.recheck
    }

    fn tell(&self, out: &mut Outbox) {
        match self.topics.iter().find(|watched| watched.in_a_row >= POISONED) {
            Some(watched) => out.raise(Cause::PoisonedTopic { topic: watched.topic.clone() }),
            None => out.clear("PoisonedTopic"),
        }
    }

    #[cfg(test)]
    pub(super) const fn watched(&self) -> usize {
        self.topics.len()
    }
}
