//! A recording in the place of a microphone.

use thiserror::Error;

use super::WavError;
use super::container::{Bounds, Container};
use super::format::Format;
use crate::audio::convert::{Channel, ConvertError, ToTape};

/// Why a recording can't be heard.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RecordingError {
    /// It is no WAV file that is read.
    #[error(transparent)]
    Wav(#[from] WavError),
    /// It can't be brought onto the tape.
    #[error(transparent)]
    Convert(#[from] ConvertError),
}

/// Reads a WAV file of any rate, with any number of channels, that arrives in pieces: the sound of one microphone at
/// 16 kHz, made in the same way as that of a card. Holds less than a frame and 25 ms of it, however long it gets.
pub struct Recording {
    container: Container,
    channel: Channel,
    convert: Option<ToTape>,
}

impl Recording {
    /// Nothing has arrived.
    #[must_use]
    pub const fn new(channel: Channel) -> Self {
        Self { container: Container::new(Bounds::RECORDING), channel, convert: None }
    }

    /// What the header says, as soon as it has arrived.
    #[must_use]
    pub const fn format(&self) -> Option<Format> {
        self.container.format()
    }

    /// The bytes of sound that the header promises and that have not come; 0 also if it tells no length that can be.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.container.missing().unwrap_or(0)
    }

    /// Takes the next piece, of any length, and appends the samples that are complete.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<i16>) -> Result<(), RecordingError> {
        let mut rest = piece;
        loop {
            let sound = self.container.next(&mut rest)?;
            let (Some(format), false) = (self.format(), sound.is_empty()) else { return Ok(()) };
            let convert = match &mut self.convert {
                Some(convert) => convert,
                none => none.insert(ToTape::new(format.rate, format.channels, format.stored.into(), self.channel)?),
            };
            convert.push(sound, out);
        }
    }

    /// No more will come: appends what is still inside.
    ///
    /// # Errors
    /// If the sound had not begun yet.
    pub fn finish(&mut self, out: &mut Vec<i16>) -> Result<(), RecordingError> {
        if let Some(convert) = &mut self.convert {
            convert.finish(out);
        }
        Ok(self.container.end()?)
    }
}

/// The part of [`super::exercise`] that is about recordings.
pub(super) fn exercise(bytes: &[u8], length: usize) {
    let hear = |length: usize| {
        let (mut recording, mut sound) = (Recording::new(Channel::Auto), Vec::new());
        let pieces = bytes.chunks(length.max(1)).try_for_each(|piece| recording.push(piece, &mut sound));
        (pieces.and_then(|()| recording.finish(&mut sound)), recording.format(), sound)
    };
    let ((first, format, whole), (second, _, pieces)) = (hear(bytes.len()), hear(length));
    assert_eq!(first.is_ok(), second.is_ok(), "the split decides whether it is a recording");
    assert_eq!(whole, pieces, "the split changes the recording");
    if let Some(format) = format.filter(|_| first.is_ok()) {
        let most = bytes.len() as u64 * 16_000 / u64::from(format.rate) + 1;
        assert!(whole.len() as u64 <= most, "more sound than bytes");
    }
}
