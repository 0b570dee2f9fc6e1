//! What a channel counts.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::latency::Latency;

/// Counts of one server's channel since the start of the program, over all its sessions. Except for the buffer's two,
/// they only grow.
#[derive(Debug, Default)]
pub struct ChannelCounters {
    /// Datagrams that the system took.
    pub sent: AtomicU64,
    /// Of those, with sound that was caught while a packet of the server was played, which it was told.
    pub over_playback: AtomicU64,
    /// Datagrams for which it had no room at that moment.
    pub unsent: AtomicU64,
    /// Times that it said that nobody is there, or that nothing can be sent.
    pub errors: AtomicU64,
    /// Packets that were opened and are of use.
    pub received: AtomicU64,
    /// Datagrams that are none of this protocol, or of a wrong length.
    pub refused: AtomicU64,
    /// Datagrams that had come before.
    pub repeated: AtomicU64,
    /// Packets that came when their time was over.
    pub late: AtomicU64,
    /// Packets that never came.
    pub lost: AtomicU64,
    /// Packets for which something else was played.
    pub concealed: AtomicU64,
    /// Of those, from what the following packet carries of the one before it.
    pub repaired: AtomicU64,
    /// Packets that were thrown away because too many waited.
    pub overflowed: AtomicU64,
    /// Packets that are no sound.
    pub damaged: AtomicU64,
    /// Times that the sound ran out while more was to come.
    pub stalls: AtomicU64,
    /// Sound that waits for its time, in milliseconds.
    pub buffer: AtomicU64,
    /// How much of it the network asks for at the moment, in milliseconds.
    pub target: AtomicU64,
    /// From the last sample of a frame, as the microphone delivered it, to its datagram on the way.
    pub latency: Latency,
}

/// Adds one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

impl ChannelCounters {
    /// Everything with its name in the status.
    #[must_use]
    pub fn counts(&self) -> [(&'static str, u64); 18] {
        let of = |counter: &AtomicU64| counter.load(Relaxed);
        let micros = |share| u64::try_from(self.latency.below(share).as_micros()).unwrap_or(u64::MAX);
        [
            ("sent", of(&self.sent)),
            ("sent_over_playback", of(&self.over_playback)),
            ("unsent", of(&self.unsent)),
            ("send_errors", of(&self.errors)),
            ("received", of(&self.received)),
            ("refused", of(&self.refused)),
            ("repeated", of(&self.repeated)),
            ("late", of(&self.late)),
            ("lost", of(&self.lost)),
            ("concealed", of(&self.concealed)),
            ("repaired", of(&self.repaired)),
            ("overflowed", of(&self.overflowed)),
            ("damaged", of(&self.damaged)),
            ("stalls", of(&self.stalls)),
            ("buffer_ms", of(&self.buffer)),
            ("buffer_target_ms", of(&self.target)),
            ("frame_sent_p50_us", micros(0.5)),
            ("frame_sent_p95_us", micros(0.95)),
        ]
    }
}
