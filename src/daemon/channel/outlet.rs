//! The last step: from the buffer's rate to the card's, into the loudspeaker's ring.

use std::time::Duration;

use auricle_core::audio::convert::{ConvertError, ToDevice};

use crate::daemon::speech::Sink;

/// The loudspeaker's end of a stream.
pub(super) struct Outlet {
    sink: Sink,
    convert: ToDevice,
    samples: Vec<i16>,
}

impl Outlet {
    /// For sound of so many Hz.
    ///
    /// # Errors
    /// The card has a rate that nothing sensible has.
    pub(super) fn new(sink: Sink, rate: u32) -> Result<Self, ConvertError> {
        let convert = ToDevice::new(rate, sink.rate)?;
        Ok(Self { sink, convert, samples: Vec::new() })
    }

    /// Whether nobody listens any more: it was stopped, or the card is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.sink.ring.is_abandoned()
    }

    /// Sound that the card has not taken yet.
    pub(super) fn ahead(&self) -> Duration {
        let waiting = self.sink.ring.buffer().capacity() - self.sink.ring.slots();
        Duration::from_micros(waiting as u64 * 1_000_000 / u64::from(self.sink.rate.max(1)))
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
        let fits = self.samples.len().min(self.sink.ring.slots());
        // It fits: only this end fills the ring.
        let _ = self.sink.ring.push_entire_slice(&self.samples[..fits]);
    }
}
