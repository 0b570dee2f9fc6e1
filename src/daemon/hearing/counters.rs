//! What the hearing thread counts, for the status.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicI64, AtomicU64};

use auricle_core::audio::TAPE_RATE;
use auricle_core::frontend::EchoState;

/// What the thread counts.
#[derive(Debug, Default)]
pub struct HearingCounters {
    /// Returns from waiting on the bell.
    pub polls: AtomicU64,
    /// Events that the control thread had no room for.
    pub dropped_events: AtomicU64,
    /// Commands that the thread had no room for.
    pub dropped_commands: AtomicU64,
    /// Samples for which a recording had no room: its disk was too slow.
    pub recording_lost: AtomicU64,
    /// Where the tape stands, in samples.
    pub position: AtomicU64,
    /// Whether a card is attached and delivers (1) or not (0).
    pub flowing: AtomicU64,
    /// Samples in peaks that were cut off at full scale.
    pub clipped: AtomicU64,
    /// Wake words that the device had said itself.
    pub own_words: AtomicU64,
    /// The echo canceller.
    pub echo: EchoCounters,
}

/// What is known about the echo.
#[derive(Debug, Default)]
pub struct EchoCounters {
    /// Samples of the tape while which it was cancelled.
    worked: AtomicU64,
    /// Milliseconds between a played sample and its echo.
    delay: AtomicI64,
    /// How much faster the loudspeaker's clock is than the microphone's, in millionths.
    drift: AtomicI64,
    /// How much softer the echo became, in dB, when it was cancelled last.
    enhancement: AtomicI64,
    /// Played samples that came too late or not at all to be of use.
    missed: AtomicU64,
}

impl EchoCounters {
    /// The state after so many more samples.
    pub(super) fn note(&self, state: EchoState, samples: usize, dropped: u64) {
        self.missed.store(dropped + state.late + state.refused, Relaxed);
        if state.active {
            self.worked.fetch_add(samples as u64, Relaxed);
            self.delay.store(state.delay.map_or(0, |delay| delay.round() as i64), Relaxed);
            self.drift.store(state.drift.round() as i64, Relaxed);
            self.enhancement.store(state.enhancement.round() as i64, Relaxed);
        }
    }

    /// The names and values of the status.
    pub(in crate::daemon) fn counts(&self) -> [(&'static str, i64); 5] {
        let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        [
            ("echo_seconds", whole(self.worked.load(Relaxed) / u64::from(TAPE_RATE))),
            ("echo_delay_ms", self.delay.load(Relaxed)),
            ("echo_drift_ppm", self.drift.load(Relaxed)),
            ("echo_reduced_db", self.enhancement.load(Relaxed)),
            ("echo_missed_samples", whole(self.missed.load(Relaxed))),
        ]
    }
}
