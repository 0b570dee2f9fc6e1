//! The format chunk, and samples in each of the formats.

use super::WavError;
use super::container::Bounds;
use crate::audio::convert;

pub(super) const PCM: u16 = 1;
pub(super) const FLOAT: u16 = 3;
pub(super) const EXTENSIBLE: u16 = 0xFFFE;
/// How a sample is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Unsigned, 8 bit.
    U8,
    /// Signed, 16 bit.
    S16,
    /// Signed, 24 bit in 3 bytes.
    S24,
    /// Signed, 32 bit.
    S32,
    /// Floating point, 32 bit, full scale is 1.
    F32,
    /// Floating point, 64 bit, full scale is 1.
    F64,
}

impl From<Stored> for convert::Format {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::U8 => Self::U8,
            Stored::S16 => Self::S16,
            Stored::S24 => Self::S24Packed,
            Stored::S32 => Self::S32,
            Stored::F32 => Self::Float,
            Stored::F64 => Self::Double,
        }
    }
}

impl Stored {
    const fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::S16 => 2,
            Self::S24 => 3,
            Self::S32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// One sample as 32 bit full scale. `bytes` has exactly the length of a sample.
    fn value(self, bytes: &[u8]) -> i64 {
        match (self, bytes) {
            (Self::U8, [a]) => (i64::from(*a) - 128) << 24,
            (Self::S16, [a, b]) => i64::from(i16::from_le_bytes([*a, *b])) << 16,
            (Self::S24, [a, b, c]) => i64::from(i32::from_le_bytes([0, *a, *b, *c])),
            (Self::S32, [a, b, c, d]) => i64::from(i32::from_le_bytes([*a, *b, *c, *d])),
            (Self::F32, [a, b, c, d]) => whole(f32::from_le_bytes([*a, *b, *c, *d]).into()),
            (Self::F64, [a, b, c, d, e, f, g, h]) => whole(f64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h])),
            _ => 0,
        }
    }
}

/// A sample of floating point as 32 bit full scale. Casting saturates, and makes NaN zero.
const fn whole(sample: f64) -> i64 {
    (sample * 2_147_483_648.0) as i32 as i64
}

/// What the header says about the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Samples per second.
    pub rate: u32,
    /// Channels, at least 1.
    pub channels: u16,
    /// How a sample is stored.
    pub stored: Stored,
}

impl Format {
    /// Bytes of one sample of all channels.
    pub(super) const fn frame(self) -> usize {
        self.channels as usize * self.stored.bytes()
    }
}

/// The mean of the channels, rounded to the nearest.
pub(super) fn mono(format: Format, frame: &[u8]) -> i16 {
    let sum: i64 = frame.chunks_exact(format.stored.bytes()).map(|bytes| format.stored.value(bytes)).sum();
    let mean = sum / i64::from(format.channels);
    i16::try_from((mean + 0x8000) >> 16).unwrap_or(i16::MAX)
}

/// Reads a format chunk; what lies behind its end counts as zero.
pub(super) fn parse_format(chunk: &[u8], bounds: &Bounds) -> Result<Format, WavError> {
    let half = |at: usize| chunk.get(at..at + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]));
    let unsupported = |found: String| Err(WavError::Unsupported { found });
    let (channels, bits, block) = (half(2), half(14), half(12));
    let rate = u32::from(half(4)) | u32::from(half(6)) << 16;
    // Extensible: the real format is the beginning of an identifier behind the classic fields.
    let tag = if half(0) == EXTENSIBLE { half(24) } else { half(0) };
    let stored = match (tag, bits) {
        (PCM, 8) => Stored::U8,
        (PCM, 16) => Stored::S16,
        (PCM, 24) => Stored::S24,
        (PCM, 32) => Stored::S32,
        (FLOAT, 32) => Stored::F32,
        (FLOAT, 64) => Stored::F64,
        (PCM | FLOAT, _) => return unsupported(format!("{} with {bits} bits", tag_name(tag))),
        _ => return unsupported(format!("{} (format {tag:#06x})", tag_name(tag))),
    };
    if !(1..=bounds.channels).contains(&channels) {
        return unsupported(format!("{channels} channels"));
    }
    if !bounds.rates.contains(&rate) {
        return unsupported(format!("{rate} samples per second"));
    }
    let format = Format { rate, channels, stored };
    if usize::from(block) != format.frame() {
        return unsupported(format!("frames of {block} bytes instead of {}", format.frame()));
    }
    Ok(format)
}

const fn tag_name(tag: u16) -> &'static str {
    match tag {
        PCM => "PCM",
        FLOAT => "floating point",
        2 | 0x11 => "ADPCM",
        6 => "A-law",
        7 => "mu-law",
        0x31 => "GSM 6.10",
        0x50 => "MP2",
        0x55 => "MP3",
        0xFF => "AAC",
        0x160..=0x163 => "Windows Media Audio",
        _ => "compressed sound",
    }
}
