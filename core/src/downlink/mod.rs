//! Sound that a server sends in datagrams: put in order, decoded, and concealed where a packet is missing.
//!
//! Packets are ordered by their sequence alone: a server's timestamps are no clock of the sound. xiaozhi: the first five
//! or six packets of an answer come at once, then one each 60 ms; so an answer can begin at once and still has 300 ms in
//! hand. Where a server keeps pace from the start, the beginning waits for the delay that the link has been found to need.
//!
//! A place whose packet is missing when its time has come is filled from the copy that the following packet carries, else
//! by carrying on what was heard, and carrying back what follows if that is there. When nothing at all is there the sound
//! is carried on for a moment, and waits: the packet may only be late, and then nothing of it is lost. The decoder itself
//! makes nothing up: after a lost packet it begins anew, and after a late one it goes on as if nothing had happened.

use std::collections::VecDeque;
use std::time::Duration;

use thiserror::Error;

use crate::time::Tick;

mod breath;
mod counters;
mod delay;
mod give;
mod join;
mod missing;
mod pauses;
mod predict;
mod queue;
mod source;
mod take;
#[cfg(test)]
mod tests;

pub use counters::Counters;
use delay::Delay;
use join::Join;
use pauses::Pauses;
use queue::Queue;
use source::Source;

/// How long before the loudspeaker runs dry the next piece is given. What has not come by then is missing.
pub const LEAD: Duration = Duration::from_millis(40);

/// How much is kept before it is played.
pub const HELD: Duration = Duration::from_secs(1);

/// How much waits at most while it is played. What comes beyond it is refused: the newest, so that what is there stays in
/// one piece.
pub const BOUND: Duration = Duration::from_secs(3);

/// How long after the last packet, and after [`Downlink::drain`], more may still come.
pub const DRAINED: Duration = Duration::from_millis(300);

/// Samples per second of a server that sends raw samples.
pub const RAW_RATE: u32 = 16_000;

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

/// Where an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Holding,
    /// It has been started; enough is to come before the first piece is given.
    Filling,
    Playing,
    Ended,
}

/// A piece that is made before its turn.
#[derive(Debug)]
struct Ready {
    sound: Vec<i16>,
    pulled: Pulled,
}

/// The way of one server's sound from the datagrams to the loudspeaker.
#[derive(Debug)]
pub struct Downlink {
    rate: u32,
    source: Source,
    queue: Queue,
    delay: Delay,
    join: Join,
    pauses: Pauses,
    counters: Counters,
    phase: Phase,
    /// The place that comes next; kept from one answer to the next, since the server counts on.
    next: Option<u32>,
    /// The places before: bit 0 is the last one; 1 if its packet was there in time.
    heard: u64,
    /// Packets in a row that lie far behind.
    strange: u32,
    /// Samples in a packet.
    span: usize,
    /// When what has been given has been played.
    due: Option<Tick>,
    /// Since when nothing is there.
    dry: Option<Tick>,
    /// Samples of missing places that have been waited through.
    credit: usize,
    /// Whether missing packets have lately turned out to be late ones.
    hope: u32,
    drained: Option<Tick>,
    last_came: Tick,
    /// The piece that is being made.
    piece: Vec<i16>,
    /// The pieces after it that are made already.
    ready: VecDeque<Ready>,
    place: Option<u32>,
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
        Ok(Self::with(rate, Source::opus(rate)?))
    }

    /// For packets that are raw: s16le, mono, 16 kHz, usually 640 bytes.
    #[must_use]
    pub fn raw() -> Self {
        Self::with(RAW_RATE, Source::Raw)
    }

    fn with(rate: u32, source: Source) -> Self {
        Self {
            rate,
            source,
            queue: Queue::default(),
            delay: Delay::new(micros(LEAD)),
            join: Join::new(rate),
            pauses: Pauses::default(),
            counters: Counters::default(),
            phase: Phase::Holding,
            next: None,
            heard: 0,
            strange: 0,
            span: 0,
            due: None,
            dry: None,
            credit: 0,
            hope: 0,
            drained: None,
            last_came: Tick::ZERO,
            piece: Vec::new(),
            ready: VecDeque::new(),
            place: None,
        }
    }

    /// Samples per second of what [`Downlink::pull`] gives.
    #[must_use]
    pub const fn rate(&self) -> u32 {
        self.rate
    }

    /// Takes a packet, in whatever order they come. `sequence` counts modulo 2^32 and may begin anywhere.
    pub fn push(&mut self, now: Tick, sequence: u32, packet: &[u8]) {
        self.take(now, sequence, packet);
    }

    /// Appends the next piece, mono at [`Downlink::rate`], as soon as it is due: call it every 20 ms or more often, and
    /// each time until it gives no sound. A piece is due [`LEAD`] ahead of the moment in which the loudspeaker runs dry, so
    /// the caller needs no measure of its own.
    pub fn pull(&mut self, now: Tick, out: &mut Vec<i16>) -> Pulled {
        match self.phase {
            Phase::Holding => return Pulled::Wait,
            Phase::Ended => return Pulled::Ended,
            Phase::Filling if !self.is_filled(now) => return self.nothing(now),
            Phase::Filling => self.begin(),
            Phase::Playing => {}
        }
        if self.due.is_some_and(|due| now + LEAD < due) {
            return Pulled::Wait;
        }
        self.give(now, out)
    }

    /// The packet whose place the last piece filled; `None` when that piece was put in between, and before the first.
    #[must_use]
    pub const fn place(&self) -> Option<u32> {
        self.place
    }

    /// What arrives from now on is kept, up to [`HELD`] of it; the oldest goes first. Nothing is given out.
    pub fn hold(&mut self) {
        self.phase = Phase::Holding;
        self.ready.clear();
        self.delay.forget();
    }

    /// From now on it is given out, what is held first. Does nothing while an answer is on, except that more is expected.
    pub fn start(&mut self, now: Tick) {
        self.drained = None;
        if matches!(self.phase, Phase::Filling | Phase::Playing) {
            return;
        }
        self.drop_held(now);
        self.phase = Phase::Filling;
        (self.due, self.dry, self.credit) = (None, None, 0);
        self.pauses = Pauses::default();
        self.source.reset();
        self.join.forget();
    }

    /// The server has sent all: when [`DRAINED`] has passed and nothing is left, [`Pulled::Ended`].
    pub fn drain(&mut self, now: Tick) {
        self.drained.get_or_insert(now);
    }

    /// Throws away what is there. What comes is held again.
    pub fn clear(&mut self) {
        if let Some(last) = self.queue.last() {
            self.next = Some(last.sequence.wrapping_add(1));
            self.heard = u64::MAX;
        }
        self.queue.clear();
        self.hold();
    }

    /// Since the beginning.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let waiting = self.queue.samples() + self.ready.iter().map(|piece| piece.sound.len()).sum::<usize>();
        let depth = u32::try_from(waiting as u64 * 1_000 / u64::from(self.rate)).unwrap_or(u32::MAX);
        let target = u32::try_from(self.delay.target() / 1_000).unwrap_or(0);
        Counters { depth, target, ..self.counters }
    }

    fn samples(&self, span: Duration) -> usize {
        usize::try_from(span.as_micros() * u128::from(self.rate) / 1_000_000).unwrap_or(usize::MAX)
    }

    fn span_of(&self, samples: usize) -> Duration {
        Duration::from_micros(samples as u64 * 1_000_000 / u64::from(self.rate))
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
