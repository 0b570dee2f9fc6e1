//! One recording on its storage: what is written when, and when it is safe.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use auricle_core::audio::TAPE_RATE;
use auricle_core::recording::{EncoderError, MAX_SAMPLES, Writer};
use thiserror::Error;

use super::storage::Storage;

/// The most bytes that are gathered before they are written.
const BLOCK: usize = 16 * 1024;

/// What a recording has done so far. Clones count the same one.
#[derive(Clone, Debug, Default)]
pub struct Counts(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    samples: AtomicU64,
    bytes: AtomicU64,
    syncs: AtomicU64,
}

/// A look at the counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecorderCounters {
    /// Samples taken from the ring, at 16 kHz.
    pub samples: u64,
    /// Bytes handed to the disk, headers that were written again included.
    pub bytes: u64,
    /// Times that the disk was asked to make it safe.
    pub syncs: u64,
}

impl Counts {
    /// The counts now.
    #[must_use]
    pub fn look(&self) -> RecorderCounters {
        RecorderCounters {
            samples: self.0.samples.load(Relaxed),
            bytes: self.0.bytes.load(Relaxed),
            syncs: self.0.syncs.load(Relaxed),
        }
    }
}

/// What stopped a recording from being written.
#[derive(Debug, Error)]
pub enum TakeError {
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] io::Error),
    /// The encoder refused.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
}

/// A recording that is being made.
#[derive(Debug)]
pub struct Take<S> {
    storage: S,
    writer: Writer,
    /// Made, not written yet.
    pending: Vec<u8>,
    /// Bytes written, and how many of them the header names.
    written: u64,
    named: u64,
    /// Whether anything was written since the last sync.
    dirty: bool,
    /// Samples taken, and how many of them were written.
    samples: u64,
    kept: u64,
    counts: Counts,
}

impl<S: Storage> Take<S> {
    /// Goes on with the file on `storage`, on which the first `length` bytes are safe: what `writer` began with.
    pub fn new(storage: S, writer: Writer, length: u64, counts: Counts) -> Self {
        let pending = Vec::with_capacity(2 * BLOCK);
        Self { storage, writer, pending, written: length, named: length, dirty: false, samples: 0, kept: 0, counts }
    }

    /// Takes sound, mono at 16 kHz. What is more than the longest recording is left out: see [`Take::is_full`].
    ///
    /// # Errors
    /// The disk or the encoder refused.
    pub fn push(&mut self, samples: &[i16]) -> Result<(), TakeError> {
        let room = usize::try_from(MAX_SAMPLES - self.samples).unwrap_or(usize::MAX);
        for piece in samples[..samples.len().min(room)].chunks(BLOCK / 2) {
            self.writer.push(piece, &mut self.pending)?;
            self.samples += piece.len() as u64;
            self.counts.0.samples.fetch_add(piece.len() as u64, Relaxed);
            if self.pending.len() >= BLOCK {
                self.write()?;
            }
        }
        Ok(())
    }

    /// Writes what was taken and makes it safe, then lets the header name it. The header itself is safe after the next
    /// call; should it be lost, the one before it still names sound that is there. Does nothing if nothing came.
    ///
    /// # Errors
    /// The disk refused; the header stays as it is.
    pub fn sync(&mut self) -> Result<(), TakeError> {
        self.write()?;
        self.make_safe()?;
        if self.named == self.written {
            return Ok(());
        }
        if let Some(head) = self.writer.head(self.written) {
            self.write_at(0, &head)?;
        }
        self.named = self.written;
        Ok(())
    }

    /// Ends the file; all of it is safe then.
    ///
    /// # Errors
    /// The disk or the encoder refused.
    pub fn finish(&mut self) -> Result<(), TakeError> {
        self.writer.finish(&mut self.pending)?;
        self.sync()?;
        Ok(self.make_safe()?)
    }

    /// Makes safe what could be written, after the disk had no room for the rest.
    ///
    /// # Errors
    /// The disk refused again.
    pub fn abandon(&mut self) -> Result<(), TakeError> {
        self.pending.clear();
        self.sync()?;
        Ok(self.make_safe()?)
    }

    /// The length of what was written, in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.kept as f64 / f64::from(TAPE_RATE)
    }

    /// Whether it is as long as a recording can be.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.samples >= MAX_SAMPLES
    }

    /// Bytes that are free on its disk.
    ///
    /// # Errors
    /// What the system says.
    pub fn free(&self) -> io::Result<u64> {
        self.storage.free()
    }

    fn write(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.pending);
        let done = self.write_at(self.written, &bytes);
        self.pending = bytes;
        done?;
        self.written += self.pending.len() as u64;
        self.pending.clear();
        self.kept = self.samples;
        Ok(())
    }

    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.dirty = true;
        self.storage.write_at(at, bytes)?;
        self.counts.0.bytes.fetch_add(bytes.len() as u64, Relaxed);
        Ok(())
    }

    /// After a failed sync nothing may be named any more, so a recording ends there.
    fn make_safe(&mut self) -> io::Result<()> {
        if self.dirty {
            self.storage.sync()?;
            self.counts.0.syncs.fetch_add(1, Relaxed);
            self.dirty = false;
        }
        Ok(())
    }
}
