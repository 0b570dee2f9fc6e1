//! Between what a sound card speaks and what the rest of the program speaks.
//!
//! A card has its own rate, number of channels and sample format. [`ToTape`] turns what it records into the 16 kHz
//! mono samples of the tape; [`ToDevice`] turns mono speech of any rate into the rate of the loudspeaker. Both take
//! pieces of any size.

use thiserror::Error;

use super::TAPE_RATE;
use crate::frontend::{Best, MOST_CHANNELS};

mod resampler;

use resampler::Resampler;

/// Rates that make sense for a card or a voice, in Hz.
pub const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// How a card writes one sample. All are little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Signed 16 bit.
    S16,
    /// Signed 32 bit.
    S32,
    /// Signed 24 bit in three bytes (ALSA's `S24_3LE`).
    S24Packed,
    /// Signed 24 bit in the low three bytes of four (ALSA's `S24_LE`). The top byte means nothing.
    S24,
    /// 32 bit float, full scale ±1.
    Float,
    /// 64 bit float, full scale ±1. No card has it, files do.
    Double,
    /// Unsigned 8 bit, silence at 128.
    U8,
}

impl Format {
    /// All that cards have, the best first.
    pub const ALL: [Self; 6] = [Self::S16, Self::S32, Self::S24Packed, Self::S24, Self::Float, Self::U8];

    /// Bytes of one sample.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::S16 => 2,
            Self::S24Packed => 3,
            Self::S32 | Self::S24 | Self::Float => 4,
            Self::Double => 8,
            Self::U8 => 1,
        }
    }

    /// ALSA's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::S16 => "S16_LE",
            Self::S32 => "S32_LE",
            Self::S24Packed => "S24_3LE",
            Self::S24 => "S24_LE",
            Self::Float => "FLOAT_LE",
            Self::Double => "FLOAT64_LE",
            Self::U8 => "U8",
        }
    }

    /// Reads the sample at the start of `bytes`, scaled to 16 bits: ±32768 is full scale. Silence if there are too few.
    #[must_use]
    pub fn read(self, bytes: &[u8]) -> f32 {
        match (self, bytes) {
            (Self::S16, &[a, b, ..]) => f32::from(i16::from_le_bytes([a, b])),
            (Self::S32, &[a, b, c, d, ..]) => i32::from_le_bytes([a, b, c, d]) as f32 / 65_536.0,
            // Shifted up, so that the sign comes from the 24th bit and the top byte is left out.
            (Self::S24Packed | Self::S24, &[a, b, c, ..]) => i32::from_le_bytes([0, a, b, c]) as f32 / 65_536.0,
            (Self::Float, &[a, b, c, d, ..]) => tame(f32::from_le_bytes([a, b, c, d])) * 32_768.0,
            (Self::Double, &[a, b, c, d, e, f, g, h, ..]) => {
                tame(f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32) * 32_768.0
            }
            (Self::U8, &[a, ..]) => (f32::from(a) - 128.0) * 256.0,
            _ => 0.0,
        }
    }

    /// Writes `sample` at the start of `bytes`; writes nothing if it does not fit. Allocates nothing.
    pub fn write(self, sample: i16, bytes: &mut [u8]) {
        let wide = i32::from(sample) << 16;
        match self {
            Self::S16 => put(bytes, &sample.to_le_bytes()),
            Self::S32 => put(bytes, &wide.to_le_bytes()),
            Self::S24Packed => {
                let [_, a, b, c] = wide.to_le_bytes();
                put(bytes, &[a, b, c]);
            }
            Self::S24 => put(bytes, &(wide >> 8).to_le_bytes()),
            Self::Float => put(bytes, &(f32::from(sample) / 32_768.0).to_le_bytes()),
            Self::Double => put(bytes, &(f64::from(sample) / 32_768.0).to_le_bytes()),
            Self::U8 => put(bytes, &[((sample >> 8) + 128) as u8]),
        }
    }
}

/// A broken float card may say anything; one infinite value would never leave a filter again.
fn tame(value: f32) -> f32 {
    if value.is_finite() { value.clamp(-4.0, 4.0) } else { 0.0 }
}

fn put(bytes: &mut [u8], sample: &[u8]) {
    if let Some(place) = bytes.get_mut(..sample.len()) {
        place.copy_from_slice(sample);
    }
}

/// Which channel of a card becomes the tape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Channel {
    /// The first: on microphone arrays with own signal processing it is the processed one.
    #[default]
    Auto,
    /// This one, counted from 0.
    Index(u16),
    /// The mean of all.
    Mean,
    /// The one that hears best, found while it listens.
    Best,
}

/// Why a conversion can't be set up.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConvertError {
    /// The wanted channel is not there.
    #[error("channel {wanted} does not exist: the card has {channels}, counted from 0; choose one below {channels}")]
    NoSuchChannel {
        /// What was asked for.
        wanted: u16,
        /// How many there are.
        channels: u16,
    },
    /// No channels at all.
    #[error("a card with 0 channels can't be used; choose another PCM")]
    NoChannels,
    /// A rate that nothing sensible has.
    #[error("{rate} Hz is not a sample rate that can be used; between 1000 and 768000 Hz are")]
    Rate {
        /// In Hz.
        rate: u32,
    },
}

/// From the bytes of a card to the tape.
pub struct ToTape {
    channels: usize,
    format: Format,
    channel: Channel,
    /// The start of a frame whose rest has not come yet.
    partial: Vec<u8>,
    mono: Vec<f32>,
    /// Chooses among the channels, if that is wanted.
    best: Option<Best>,
    /// `None` if the card runs at the tape's rate: then samples go through untouched.
    resampler: Option<Resampler>,
}

impl ToTape {
    /// For a card with this shape.
    ///
    /// # Errors
    /// The channel does not exist, or rate or channels are out of range.
    pub fn new(rate: u32, channels: u16, format: Format, channel: Channel) -> Result<Self, ConvertError> {
        check_rate(rate)?;
        if channels == 0 {
            return Err(ConvertError::NoChannels);
        }
        if let Channel::Index(wanted) = channel
            && wanted >= channels
        {
            return Err(ConvertError::NoSuchChannel { wanted, channels });
        }
        let resampler = (rate != TAPE_RATE).then(|| Resampler::new(rate, TAPE_RATE));
        let best = (channel == Channel::Best && channels > 1).then(|| Best::new(channels.into(), rate));
        let (channels, partial, mono) = (channels.into(), Vec::new(), Vec::new());
        Ok(Self { channels, format, channel, partial, mono, best, resampler })
    }

    /// Takes what the card recorded, split anywhere, and appends to `out` the samples that are complete.
    ///
    /// A mono 16 bit card at 16 kHz is passed through bit for bit. Others come up to 20 ms later, but not shifted: the
    /// first sample of the tape belongs to the first frame of the card.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<i16>) {
        let frame = self.channels * self.format.bytes();
        let mut rest = bytes;
        if !self.partial.is_empty() {
            let missing = (frame - self.partial.len()).min(rest.len());
            self.partial.extend_from_slice(&rest[..missing]);
            rest = &rest[missing..];
            if self.partial.len() < frame {
                return;
            }
            let whole = std::mem::take(&mut self.partial);
            self.pick(&whole);
        }
        let whole = rest.len() - rest.len() % frame;
        for bytes in rest[..whole].chunks_exact(frame) {
            self.pick(bytes);
        }
        self.partial.extend_from_slice(&rest[whole..]);
        match &mut self.resampler {
            None => out.extend(self.mono.iter().map(|&sample| round(sample))),
            Some(resampler) => resampler.push(&self.mono, |sample| out.push(round(sample))),
        }
        self.mono.clear();
    }

    /// There is no more: appends what is still inside. Altogether as much sound came out as went in, to the sample.
    pub fn finish(&mut self, out: &mut Vec<i16>) {
        if let Some(resampler) = &mut self.resampler {
            resampler.finish(|sample| out.push(round(sample)));
        }
    }

    /// Takes the wanted channel out of one frame.
    fn pick(&mut self, frame: &[u8]) {
        let width = self.format.bytes();
        let at = |index: usize| self.format.read(&frame[index * width..]);
        if let Some(best) = &mut self.best {
            let mut samples = [0.0; MOST_CHANNELS];
            let samples = &mut samples[..self.channels.min(MOST_CHANNELS)];
            samples.iter_mut().enumerate().for_each(|(index, sample)| *sample = at(index));
            return self.mono.push(best.push(samples));
        }
        self.mono.push(match self.channel {
            Channel::Auto | Channel::Best => at(0),
            Channel::Index(index) => at(index.into()),
            Channel::Mean => (0..self.channels).map(at).sum::<f32>() / self.channels as f32,
        });
    }
}

/// From mono speech of any rate to the rate of a loudspeaker.
pub struct ToDevice {
    resampler: Option<Resampler>,
    mono: Vec<f32>,
}

impl ToDevice {
    /// From `from` Hz to `to` Hz.
    ///
    /// # Errors
    /// A rate is out of range.
    pub fn new(from: u32, to: u32) -> Result<Self, ConvertError> {
        check_rate(from)?;
        check_rate(to)?;
        Ok(Self { resampler: (from != to).then(|| Resampler::new(from, to)), mono: Vec::new() })
    }

    /// Takes samples and appends to `out` those that are complete. Equal rates are passed through bit for bit.
    pub fn push(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        let Some(resampler) = &mut self.resampler else {
            out.extend_from_slice(samples);
            return;
        };
        self.mono.extend(samples.iter().map(|&sample| f32::from(sample)));
        resampler.push(&self.mono, |sample| out.push(round(sample)));
        self.mono.clear();
    }

    /// There is no more: appends what is still inside. Altogether as much sound came out as went in, to the sample.
    pub fn finish(&mut self, out: &mut Vec<i16>) {
        if let Some(resampler) = &mut self.resampler {
            resampler.finish(|sample| out.push(round(sample)));
        }
    }
}

fn check_rate(rate: u32) -> Result<(), ConvertError> {
    if RATES.contains(&rate) { Ok(()) } else { Err(ConvertError::Rate { rate }) }
}

/// To 16 bits; too loud is clipped.
fn round(sample: f32) -> i16 {
    sample.round() as i16
}

#[cfg(test)]
mod tests;
