//! The last step: from the buffer's rate to the card's, into the loudspeaker's ring.

use std::time::Duration;

use auricle_core::audio::convert::{ConvertError, ToDevice};
use rtrb::{Consumer, Producer};

use crate::daemon::speech::Sink;
use crate::sound::Leaving;

/// The loudspeaker's end of a stream.
pub(super) struct Outlet {
    rate: u32,
    ring: Producer<i16>,
    convert: ToDevice,
    samples: Vec<i16>,
}

impl Outlet {
    /// For sound of so many Hz; beside it what is told of when it leaves.
    ///
    /// # Errors
    /// The card has a rate that nothing sensible has.
    pub(super) fn new(sink: Sink, rate: u32) -> Result<(Self, Consumer<Leaving>), ConvertError> {
        let Sink { rate: card, ring, leaving } = sink;
        let convert = ToDevice::new(rate, card)?;
        Ok((Self { rate: card, ring, convert, samples: Vec::new() }, leaving))
    }

    /// Samples per second of the card.
    pub(super) const fn rate(&self) -> u32 {
        self.rate
    }

    /// Whether nobody listens any more: it was stopped, or the card is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.ring.is_abandoned()
    }

    /// Sound that the card has not taken yet.
    pub(super) fn ahead(&self) -> Duration {
        let waiting = self.ring.buffer().capacity() - self.ring.slots();
        Duration::from_micros(waiting as u64 * 1_000_000 / u64::from(self.rate.max(1)))
    }

    /// Puts sound into the ring, which has room for far more than anybody should give it.
    pub(super) fn pour(&mut self, sound: &[i16]) {
        self.samples.clear();
        self.convert.push(sound, &mut self.samples);
        self.write();
    }

    /// There is no more.
    pub(super) fn finish(mut self) {
        self.samples.clear();
        self.convert.finish(&mut self.samples);
        self.write();
    }

    fn write(&mut self) {
        let fits = self.samples.len().min(self.ring.slots());
        // It fits: only this end fills the ring.
        let _ = self.ring.push_entire_slice(&self.samples[..fits]);
    }
}
