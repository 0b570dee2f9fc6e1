//! WAV: the header that we write, and a reader for files that arrive in pieces and whose header can't be trusted.
//!
//! Speech programs write WAV to a pipe before they know how long it gets, so sizes are wrong more often than right:
//! zero, all ones, or a round number near two gigabytes. The reader takes the bytes that are there, and never makes
//! room for more than that.

use thiserror::Error;

/// Length of [`header`] in bytes.
pub const HEADER_LENGTH: usize = 44;

/// The header of a WAV file of `samples` samples, mono, 16 bit, at `rate` Hz.
#[must_use]
pub fn header(samples: u64, rate: u32) -> [u8; HEADER_LENGTH] {
    let data = u32::try_from(samples.saturating_mul(2)).unwrap_or(u32::MAX);
    let mut header = [0; HEADER_LENGTH];
    header[..4].copy_from_slice(b"RIFF");
    header[4..8].copy_from_slice(&data.saturating_add(36).to_le_bytes());
    header[8..16].copy_from_slice(b"WAVEfmt ");
    header[16..20].copy_from_slice(&16u32.to_le_bytes());
    header[20..22].copy_from_slice(&PCM.to_le_bytes());
    header[22..24].copy_from_slice(&1u16.to_le_bytes());
    header[24..28].copy_from_slice(&rate.to_le_bytes());
    header[28..32].copy_from_slice(&rate.saturating_mul(2).to_le_bytes());
    header[32..34].copy_from_slice(&2u16.to_le_bytes());
    header[34..36].copy_from_slice(&16u16.to_le_bytes());
    header[36..40].copy_from_slice(b"data");
    header[40..].copy_from_slice(&data.to_le_bytes());
    header
}

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xFFFE;
/// The longest format chunk that has a meaning.
const FORMAT_LENGTH: usize = 40;
/// The most bytes of other chunks before the sound.
const SKIP_LIMIT: u64 = 1 << 20;
/// A size from here on is a placeholder of a writer that didn't know the length.
const PLACEHOLDER: u32 = 0x7FFF_0000;
/// The most channels.
const CHANNELS: u16 = 8;
// A frame that is not complete yet is kept in the same place as the format chunk.
const _: () = assert!(CHANNELS as usize * 4 <= FORMAT_LENGTH);

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
}

impl Stored {
    const fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::S16 => 2,
            Self::S24 => 3,
            Self::S32 | Self::F32 => 4,
        }
    }

    /// One sample as 32 bit full scale. `bytes` has exactly the length of a sample.
    fn value(self, bytes: &[u8]) -> i64 {
        match (self, bytes) {
            (Self::U8, [a]) => (i64::from(*a) - 128) << 24,
            (Self::S16, [a, b]) => i64::from(i16::from_le_bytes([*a, *b])) << 16,
            (Self::S24, [a, b, c]) => i64::from(i32::from_le_bytes([0, *a, *b, *c])),
            (Self::S32, [a, b, c, d]) => i64::from(i32::from_le_bytes([*a, *b, *c, *d])),
            // Casting saturates, and makes NaN zero.
            (Self::F32, [a, b, c, d]) => {
                (f64::from(f32::from_le_bytes([*a, *b, *c, *d])) * 2_147_483_648.0) as i32 as i64
            }
            _ => 0,
        }
    }
}

/// What the header says about the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Samples per second, 4,000 to 192,000.
    pub rate: u32,
    /// Channels, 1 to 8. The reader gives their mean.
    pub channels: u16,
    /// How a sample is stored.
    pub stored: Stored,
}

impl Format {
    const fn frame(self) -> usize {
        self.channels as usize * self.stored.bytes()
    }
}

/// Why bytes are not a WAV file that can be played.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WavError {
    /// It does not begin like a WAV file.
    #[error("expected a WAV file, which begins with `RIFF` and `WAVE`, but found {found}; let the program write WAV")]
    NotWav {
        /// What the first bytes are.
        found: String,
    },
    /// The sound comes before its format, or the format is too short.
    #[error("the WAV file's header is damaged: {what}; write the file anew")]
    Damaged {
        /// What is wrong with it.
        what: String,
    },
    /// A format that is not read.
    #[error(
        "the WAV file has {found}; write PCM with 8, 16, 24 or 32 bits or 32 bit floating point, 1 to 8 channels, \
         4000 to 192000 Hz"
    )]
    Unsupported {
        /// What was found.
        found: String,
    },
    /// It ended before any sound.
    #[error("the WAV file ended after {bytes} bytes, before any sound; the program that wrote it failed")]
    Ended {
        /// Its length in bytes.
        bytes: u64,
    },
}

/// Reads a WAV file that arrives in pieces.
#[derive(Debug)]
pub struct Reader {
    step: Step,
    /// What has arrived of the header part, chunk head or frame that is not complete yet.
    part: [u8; FORMAT_LENGTH],
    filled: usize,
    format: Option<Format>,
    bytes: u64,
    skipped: u64,
}

#[derive(Clone, Debug)]
enum Step {
    Riff,
    ChunkHead,
    /// The format chunk of this size.
    Format(u32),
    /// So many bytes of no interest.
    Skip(u64),
    /// So many bytes of sound; `None`: until the end.
    Data(Option<u64>),
    /// Behind the sound.
    Tail,
    Failed(WavError),
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// Nothing has arrived.
    #[must_use]
    pub const fn new() -> Self {
        Self { step: Step::Riff, part: [0; FORMAT_LENGTH], filled: 0, format: None, bytes: 0, skipped: 0 }
    }

    /// What the header says, as soon as it has arrived.
    #[must_use]
    pub const fn format(&self) -> Option<Format> {
        self.format
    }

    /// Takes the next piece, of any length, and appends its sound to `out`: mono, at the rate of the file.
    ///
    /// # Errors
    /// The first thing that is wrong, again at each further call. What was appended before stays valid.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<i16>) -> Result<(), WavError> {
        let mut rest = piece;
        self.bytes += piece.len() as u64;
        while !rest.is_empty() && !matches!(self.step, Step::Tail) {
            if let Err(error) = self.advance(&mut rest, out) {
                self.step = Step::Failed(error.clone());
                return Err(error);
            }
        }
        Ok(())
    }

    /// No more will come.
    ///
    /// # Errors
    /// If the sound had not begun yet, or [`Reader::push`] had failed.
    pub fn end(&self) -> Result<(), WavError> {
        match &self.step {
            Step::Data(_) | Step::Tail => Ok(()),
            Step::Failed(error) => Err(error.clone()),
            _ => Err(WavError::Ended { bytes: self.bytes }),
        }
    }

    fn advance(&mut self, rest: &mut &[u8], out: &mut Vec<i16>) -> Result<(), WavError> {
        match self.step {
            Step::Riff => {
                self.gather(rest, 12);
                // Garbage is named as soon as it can be told, not only after 12 bytes.
                check_riff(&self.part[..self.filled])?;
                if self.filled == 12 {
                    self.go(Step::ChunkHead);
                }
            }
            Step::ChunkHead => {
                if self.gather(rest, 8) {
                    self.open_chunk()?;
                }
            }
            Step::Format(size) => {
                let length = FORMAT_LENGTH.min(size as usize);
                if self.gather(rest, length) {
                    self.format = Some(parse_format(&self.part[..length])?);
                    self.skip(padded(size) - length as u64);
                }
            }
            Step::Skip(left) => {
                let now = take(rest, left);
                self.skip(left - now.len() as u64);
            }
            Step::Data(left) => self.sound(rest, left, out),
            Step::Tail => *rest = &[],
            Step::Failed(ref error) => return Err(error.clone()),
        }
        Ok(())
    }

    /// Fills the part up to `length`; whether it is complete.
    fn gather(&mut self, rest: &mut &[u8], length: usize) -> bool {
        let now = take(rest, (length - self.filled) as u64);
        self.part[self.filled..self.filled + now.len()].copy_from_slice(now);
        self.filled += now.len();
        self.filled == length
    }

    fn go(&mut self, step: Step) {
        self.filled = 0;
        self.step = step;
    }

    fn skip(&mut self, left: u64) {
        self.go(if left == 0 { Step::ChunkHead } else { Step::Skip(left) });
    }

    fn open_chunk(&mut self) -> Result<(), WavError> {
        let [a, b, c, d, e, f, g, h, ..] = self.part;
        let (id, size) = ([a, b, c, d], u32::from_le_bytes([e, f, g, h]));
        match (&id, self.format) {
            (b"fmt ", _) if size < 16 => {
                return Err(WavError::Damaged {
                    what: format!("its format chunk has {size} bytes, 16 are the fewest"),
                });
            }
            (b"fmt ", None) => {
                self.count(id, padded(size))?;
                self.go(Step::Format(size));
            }
            (b"data", None) => {
                return Err(WavError::Damaged { what: "the sound comes before its format".into() });
            }
            (b"data", Some(_)) => {
                let known = size != 0 && size < PLACEHOLDER;
                self.go(Step::Data(known.then_some(u64::from(size))));
            }
            _ => {
                self.count(id, padded(size))?;
                self.skip(padded(size));
            }
        }
        Ok(())
    }

    /// Counts what comes before the sound against its limit.
    fn count(&mut self, id: [u8; 4], size: u64) -> Result<(), WavError> {
        self.skipped += size + 8;
        if self.skipped > SKIP_LIMIT {
            let what = format!("more than {SKIP_LIMIT} bytes before the sound, the last in chunk {}", shown(&id));
            return Err(WavError::Damaged { what });
        }
        Ok(())
    }

    fn sound(&mut self, rest: &mut &[u8], left: Option<u64>, out: &mut Vec<i16>) {
        // The sound never begins without a format.
        let Some(format) = self.format else { return };
        let frame = format.frame();
        let mut now = take(rest, left.unwrap_or(u64::MAX));
        let left = left.map(|left| left - now.len() as u64);
        if self.filled > 0 && self.gather(&mut now, frame) {
            out.push(mono(format, &self.part[..frame]));
            self.filled = 0;
        }
        let frames = now.chunks_exact(frame);
        let odd = frames.remainder();
        out.extend(frames.map(|bytes| mono(format, bytes)));
        self.part[self.filled..self.filled + odd.len()].copy_from_slice(odd);
        self.filled += odd.len();
        self.step = if left == Some(0) { Step::Tail } else { Step::Data(left) };
    }
}

/// The mean of the channels, rounded to the nearest.
fn mono(format: Format, frame: &[u8]) -> i16 {
    let sum: i64 = frame.chunks_exact(format.stored.bytes()).map(|bytes| format.stored.value(bytes)).sum();
    let mean = sum / i64::from(format.channels);
    i16::try_from((mean + 0x8000) >> 16).unwrap_or(i16::MAX)
}

/// Cuts up to `length` bytes off the front.
fn take<'a>(rest: &mut &'a [u8], length: u64) -> &'a [u8] {
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
    let (now, later) = rest.split_at(length);
    *rest = later;
    now
}

/// A chunk of odd size is followed by one byte of filling.
const fn padded(size: u32) -> u64 {
    size as u64 + (size & 1) as u64
}

fn check_riff(part: &[u8]) -> Result<(), WavError> {
    let riff = &part[..part.len().min(4)];
    let wave = part.get(8..).unwrap_or_default();
    if b"RIFF".starts_with(riff) && b"WAVE".starts_with(wave) {
        return Ok(());
    }
    let name = match riff {
        b"OggS" => " (Ogg)",
        b"fLaC" => " (FLAC)",
        [b'I', b'D', b'3', ..] | [0xFF, 0xE0..=0xFF, ..] => " (MP3)",
        b"RF64" | b"RIFX" => " (a kind of WAV that is not read)",
        b"RIFF" => " (not a sound)",
        _ => "",
    };
    Err(WavError::NotWav { found: format!("{}{name}", shown(part)) })
}

/// Bytes as text, if they are, else as numbers.
fn shown(bytes: &[u8]) -> String {
    if bytes.iter().all(|b| b.is_ascii_graphic() || *b == b' ') {
        return format!("`{}`", String::from_utf8_lossy(bytes));
    }
    let numbers: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    format!("the bytes {}", numbers.join(" "))
}

fn parse_format(chunk: &[u8]) -> Result<Format, WavError> {
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
        _ => return unsupported(format!("{} with {bits} bits", tag_name(tag))),
    };
    if !(1..=CHANNELS).contains(&channels) {
        return unsupported(format!("{channels} channels"));
    }
    if !(4_000..=192_000).contains(&rate) {
        return unsupported(format!("{rate} samples per second"));
    }
    let format = Format { rate, channels, stored };
    if usize::from(block) != format.frame() {
        return unsupported(format!("frames of {block} bytes instead of {}", format.frame()));
    }
    Ok(format)
}

fn tag_name(tag: u16) -> String {
    let name = match tag {
        PCM => "PCM",
        FLOAT => "floating point",
        2 | 0x11 => "ADPCM",
        6 => "A-law",
        7 => "mu-law",
        0x55 => "MP3",
        _ => return format!("format number {tag}"),
    };
    name.into()
}

/// Reads `bytes` as a file in one piece and in many, for the fuzzer and its kept seeds.
///
/// Checks what must hold for any input and panics if it doesn't.
#[doc(hidden)]
pub fn exercise(bytes: &[u8]) {
    let (mut whole, mut pieces) = (Reader::new(), Reader::new());
    let (mut at_once, mut bit_by_bit) = (Vec::new(), Vec::new());
    let first = whole.push(bytes, &mut at_once).and_then(|()| whole.end());
    let length = bytes.first().map_or(1, |b| usize::from(*b) % 17 + 1);
    let mut second = Ok(());
    for piece in bytes.chunks(length) {
        second = second.and_then(|()| pieces.push(piece, &mut bit_by_bit));
    }
    let second = second.and_then(|()| pieces.end());
    assert_eq!(first.is_ok(), second.is_ok(), "the split decides whether it is a WAV file");
    assert_eq!(at_once, bit_by_bit, "the split changes the sound");
    assert!(at_once.len() <= bytes.len(), "more sound than bytes");
}

#[cfg(test)]
#[path = "wav_tests.rs"]
mod tests;
