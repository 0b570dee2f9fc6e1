//! Sound that a server sends in datagrams: put in order, decoded, and concealed where a packet is missing.

use opus::{Channels, Decoder};
use thiserror::Error;

use crate::time::Tick;

mod counters;

pub use counters::Counters;

/// Why there is no way for the sound of a server.
#[derive(Debug, Error)]
pub enum DownlinkError {
    /// A rate that Opus does not decode to.
    #[error("Opus does not decode to {0} Hz; take 8000, 12000, 16000, 24000 or 48000")]
    Rate(u32),
    /// libopus refuses, for example since it has no memory.
    #[error("libopus made no decoder: {0}; is there memory left?")]
    Opus(#[from] opus::Error),
}

/// What one [`Downlink::pull`] gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// Sound that the server sent.
    Sound,
    /// Sound in place of what is missing.
    Concealed,
    /// Nothing, and nothing is due: ask again within 20 ms.
    Wait,
    /// Nothing, and nothing will come: all has been given. Stays so until [`Downlink::start`].
    Ended,
}

/// Samples per second of a server that sends raw samples.
pub const RAW_RATE: u32 = 16_000;

/// The way of one server's sound from the datagrams to the loudspeaker.
#[derive(Debug)]
pub struct Downlink {
    rate: u32,
    /// `None`: what comes is raw.
    decoder: Option<Decoder>,
    counters: Counters,
}

impl Downlink {
    /// For packets of Opus, decoded at `rate`: 8, 12, 16, 24 or 48 kHz.
    ///
    /// # Errors
    /// For another rate, and when libopus has no memory.
    pub fn new(rate: u32) -> Result<Self, DownlinkError> {
        if ![8_000, 12_000, 16_000, 24_000, 48_000].contains(&rate) {
            return Err(DownlinkError::Rate(rate));
        }
        let decoder = Decoder::new(rate, Channels::Mono)?;
        Ok(Self { rate, decoder: Some(decoder), counters: Counters::default() })
    }

    /// For packets that are raw: s16le, mono, 16 kHz, usually 640 bytes.
    #[must_use]
    pub fn raw() -> Self {
        Self { rate: RAW_RATE, decoder: None, counters: Counters::default() }
    }

    /// Samples per second of what [`Downlink::pull`] gives.
    #[must_use]
    pub const fn rate(&self) -> u32 {
        self.rate
    }

    /// Takes a packet, in whatever order they come. `sequence` counts modulo 2^32 and may begin anywhere.
    pub fn push(&mut self, _now: Tick, _sequence: u32, _packet: &[u8]) {
        self.counters.received += 1;
    }

    /// Appends the next piece, mono at [`Downlink::rate`], as soon as it is due: call it every 20 ms or more often, and
    /// each time until it gives no sound. It is due a little ahead of the moment in which the loudspeaker runs dry, so
    /// the caller needs no measure of its own.
    pub fn pull(&mut self, _now: Tick, _out: &mut Vec<i16>) -> Pulled {
        let _ = self.decoder.as_ref();
        Pulled::Wait
    }

    /// The packet whose place the last piece filled; `None` when that piece was put in between, and before the first.
    #[must_use]
    pub const fn place(&self) -> Option<u32> {
        None
    }

    /// What arrives from now on is kept, up to 1 s of it; the oldest goes first. Nothing is given out.
    pub fn hold(&mut self) {}

    /// From now on it is given out, what is held first.
    pub fn start(&mut self, _now: Tick) {}

    /// The server has sent all: when 300 ms have passed and nothing is left, [`Pulled::Ended`].
    pub fn drain(&mut self, _now: Tick) {}

    /// Throws away what is there. What comes is held again.
    pub fn clear(&mut self) {}

    /// Since the beginning.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.counters
    }
}
