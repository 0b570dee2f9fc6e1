//! The container: finds the format and the sound in a WAV file that arrives in pieces.

use std::ops::RangeInclusive;

use super::WavError;
use super::format::{Format, parse_format};
use crate::audio::convert::RATES;

/// The longest format chunk that has a meaning.
const FORMAT_LENGTH: usize = 40;
/// What is read of the chunk with the sizes of a file beyond 4 GB: those of the file and of its sound.
const SIZES_LENGTH: usize = 16;

/// What is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Samples per second.
    pub rates: RangeInclusive<u32>,
    /// The most channels.
    pub channels: u16,
    /// The most bytes of other chunks before the sound.
    pub before_sound: u64,
}

impl Bounds {
    /// For what speech programs and servers send.
    pub const MESSAGE: Self = Self { rates: 4_000..=192_000, channels: 8, before_sound: 1 << 20 };
    /// For what people recorded, with whatever their programs noted before the sound.
    pub const RECORDING: Self = Self { rates: RATES, channels: u16::MAX, before_sound: u64::MAX };
}

/// Finds the sound in a WAV file that arrives in pieces.
#[derive(Debug)]
pub struct Container {
    bounds: Bounds,
    step: Step,
    /// What has arrived of the part that is not complete yet.
    part: [u8; FORMAT_LENGTH],
    filled: usize,
    format: Option<Format>,
    /// The size of the sound, where a chunk of its own tells it.
    large: Option<u64>,
    bytes: u64,
    skipped: u64,
}

#[derive(Clone, Debug)]
enum Step {
    Riff,
    ChunkHead,
    /// The format chunk of this size.
    Format(u32),
    /// The sizes of a large file, in a chunk of this size.
    Sizes(u32),
    /// So many bytes of no interest, and whether one of filling follows.
    Skip(u64, bool),
    /// So many bytes of sound; `None`: until the end.
    Data(Option<u64>),
    /// Behind the sound.
    Tail,
    Failed(WavError),
}

impl Container {
    /// Nothing has arrived.
    #[must_use]
    pub const fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            step: Step::Riff,
            part: [0; FORMAT_LENGTH],
            filled: 0,
            format: None,
            large: None,
            bytes: 0,
            skipped: 0,
        }
    }

    /// What the header says, as soon as it has arrived.
    #[must_use]
    pub const fn format(&self) -> Option<Format> {
        self.format
    }

    /// The bytes of sound that the header promises and that have not come; `None`: it tells no length that can be.
    #[must_use]
    pub const fn missing(&self) -> Option<u64> {
        match self.step {
            Step::Data(left) => left,
            _ => Some(0),
        }
    }

    /// Takes the front of `rest`, up to the end of the next sound in it, and returns that sound. Nothing is left of
    /// `rest` when there is no more. The sound may begin and end within a sample.
    ///
    /// # Errors
    /// The first thing that is wrong, again at each further call.
    pub fn next<'p>(&mut self, rest: &mut &'p [u8]) -> Result<&'p [u8], WavError> {
        while !rest.is_empty() {
            let before = rest.len();
            let advanced = self.advance(rest);
            self.bytes += (before - rest.len()) as u64;
            match advanced {
                Ok([]) => {}
                Ok(sound) => return Ok(sound),
                Err(error) => {
                    self.step = Step::Failed(error.clone());
                    return Err(error);
                }
            }
        }
        Ok(&[])
    }

    /// No more will come.
    ///
    /// # Errors
    /// If the sound had not begun yet, or [`Container::next`] had failed.
    pub fn end(&self) -> Result<(), WavError> {
        match &self.step {
            Step::Data(_) | Step::Tail => Ok(()),
            Step::Failed(error) => Err(error.clone()),
            _ => Err(WavError::Ended { bytes: self.bytes }),
        }
    }

    fn advance<'p>(&mut self, rest: &mut &'p [u8]) -> Result<&'p [u8], WavError> {
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
                    self.format = Some(parse_format(&self.part[..length], &self.bounds)?);
                    self.skip_rest(size, length);
                }
            }
            Step::Sizes(size) => {
                if self.gather(rest, SIZES_LENGTH) {
                    let [.., a, b, c, d, e, f, g, h]: [u8; SIZES_LENGTH] = first(&self.part);
                    self.large = Some(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
                    self.skip_rest(size, SIZES_LENGTH);
                }
            }
            Step::Skip(0, filling) => self.fill(rest, filling),
            Step::Skip(left, filling) => {
                let now = take(rest, left);
                self.step = Step::Skip(left - now.len() as u64, filling);
            }
            Step::Data(left) => return Ok(self.take_sound(rest, left)),
            Step::Tail => *rest = &[],
            Step::Failed(ref error) => return Err(error.clone()),
        }
        Ok(&[])
    }

    /// The bytes of sound at the start of `rest`, `left` of them at most.
    fn take_sound<'p>(&mut self, rest: &mut &'p [u8], left: Option<u64>) -> &'p [u8] {
        let now = take(rest, left.unwrap_or(u64::MAX));
        let left = left.map(|left| left - now.len() as u64);
        self.step = if left == Some(0) { Step::Tail } else { Step::Data(left) };
        now
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

    /// Leaves out what is left of a chunk of this size. A chunk of odd size is followed by one byte of filling.
    fn skip_rest(&mut self, size: u32, read: usize) {
        let left = u64::from(size).saturating_sub(read as u64);
        let odd = size % 2 == 1;
        self.go(if left == 0 && !odd { Step::ChunkHead } else { Step::Skip(left, odd) });
    }

    /// Leaves out the byte of filling, unless its writer forgot it: then a letter of the next chunk's name stands there.
    fn fill(&mut self, rest: &mut &[u8], filling: bool) {
        if filling && rest.first().is_some_and(|byte| !byte.is_ascii_alphanumeric()) {
            take(rest, 1);
        }
        self.go(Step::ChunkHead);
    }

    fn open_chunk(&mut self) -> Result<(), WavError> {
        let [a, b, c, d, e, f, g, h] = first(&self.part);
        let (id, size) = ([a, b, c, d], u32::from_le_bytes([e, f, g, h]));
        match (&id, self.format) {
            (b"fmt ", _) if size < 16 => {
                return Err(WavError::Damaged {
                    what: format!("its format chunk has {size} bytes, 16 are the fewest"),
                });
            }
            (b"fmt ", None) => {
                self.count(id, size)?;
                self.go(Step::Format(size));
            }
            (b"ds64", None) if size as usize >= SIZES_LENGTH => {
                self.count(id, size)?;
                self.go(Step::Sizes(size));
            }
            (b"data", None) => {
                return Err(WavError::Damaged { what: "the sound comes before its format".into() });
            }
            (b"data", Some(_)) => self.go(Step::Data(self.length(size))),
            _ => {
                self.count(id, size)?;
                self.skip_rest(size, 0);
            }
        }
        Ok(())
    }

    /// The length of the sound by its header. Writers that did not know it wrote nothing, the most, or a round number
    /// near two gigabytes.
    fn length(&self, size: u32) -> Option<u64> {
        match size {
            u32::MAX if self.large.is_some() => self.large.filter(|large| *large > 0),
            0 | 0x7FFF_0000..=0x8000_FFFF | 0xFFFF_0000.. => None,
            size => Some(size.into()),
        }
    }

    /// Counts what comes before the sound against its limit.
    fn count(&mut self, id: [u8; 4], size: u32) -> Result<(), WavError> {
        self.skipped = self.skipped.saturating_add(u64::from(size) + 8);
        let most = self.bounds.before_sound;
        if self.skipped > most {
            let what = format!("more than {most} bytes before the sound, the last in chunk {}", shown(&id));
            return Err(WavError::Damaged { what });
        }
        Ok(())
    }
}

/// The first `N` of more.
fn first<const N: usize>(part: &[u8; FORMAT_LENGTH]) -> [u8; N] {
    const { assert!(N <= FORMAT_LENGTH) };
    std::array::from_fn(|at| part[at])
}

/// Cuts up to `length` bytes off the front.
pub(super) fn take<'a>(rest: &mut &'a [u8], length: u64) -> &'a [u8] {
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
    let (now, later) = rest.split_at(length);
    *rest = later;
    now
}

fn check_riff(part: &[u8]) -> Result<(), WavError> {
    let riff = &part[..part.len().min(4)];
    let wave = part.get(8..).unwrap_or_default();
    let known = [b"RIFF", b"RF64", b"BW64"].into_iter().any(|name| name.starts_with(riff));
    if known && b"WAVE".starts_with(wave) {
        return Ok(());
    }
    let name = match riff {
        b"OggS" => " (Ogg)",
        b"fLaC" => " (FLAC)",
        [b'I', b'D', b'3', ..] | [0xFF, 0xE0..=0xFF, ..] => " (MP3)",
        b"RIFX" => " (a kind of WAV that is not read)",
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
