//! What a connection counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the [`super::Link`] was started. All of them only grow.
#[derive(Debug, Default)]
pub struct LinkCounters {
    /// Attempts to connect.
    pub attempts: AtomicU64,
    /// Attempts that the broker accepted.
    pub connects: AtomicU64,
    /// Messages handed to the owner.
    pub received: AtomicU64,
    /// Messages dropped because the owner did not take them for a second.
    pub dropped: AtomicU64,
    /// Messages over the limit, skipped.
    pub oversize: AtomicU64,
    /// QoS 2 messages that came twice; the second was not handed on.
    pub duplicates: AtomicU64,
    /// Connections given up because what came was not MQTT.
    pub malformed: AtomicU64,
    /// Publications written, or begun.
    pub published: AtomicU64,
    /// Asks answered `false`.
    pub refused_asks: AtomicU64,
    /// Publications refused because they are over the policy's limit; they are among the refused asks too.
    pub too_large: AtomicU64,
    /// Asks accepted and then dropped: their connection broke, or their time ran out, before they were written.
    pub stale_asks: AtomicU64,
    /// Connections reset because the broker did not acknowledge something in time.
    pub expired: AtomicU64,
    /// Bytes written to the socket.
    pub bytes_out: AtomicU64,
    /// Bytes read from the socket.
    pub bytes_in: AtomicU64,
    /// Wake-ups of the connection's task.
    pub wakeups: AtomicU64,
}

/// Adds one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl LinkCounters {
    /// Everything that tells of a queue, a limit or a loss, with its name.
    #[must_use]
    pub fn counts(&self) -> [(&'static str, u64); 10] {
        [
            ("attempts", &self.attempts),
            ("connects", &self.connects),
            ("dropped", &self.dropped),
            ("oversize", &self.oversize),
            ("duplicates", &self.duplicates),
            ("malformed", &self.malformed),
            ("refused_asks", &self.refused_asks),
            ("too_large", &self.too_large),
            ("stale_asks", &self.stale_asks),
            ("expired", &self.expired),
        ]
        .map(|(name, counter)| (name, counter.load(Ordering::Relaxed)))
    }
}
