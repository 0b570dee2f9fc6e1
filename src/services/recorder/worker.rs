//! The thread that writes.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Acquire};
use std::thread;
use std::time::{Duration, Instant};

use auricle_core::recording::{Format, MAX_SAMPLES, Writer};
use rtrb::Consumer;

use super::error::RecorderError;
use super::storage::Storage;
use super::take::{Counts, Take, TakeError};
use super::{Ending, RecorderNotice};

/// How often sound is written and made safe. Twice this, and what one sync takes, is the most that a power cut costs:
/// the header of a WAV file is one sync behind.
pub const PERIOD: Duration = Duration::from_millis(400);

/// How often the free space is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// The most samples that are taken at once, so that the ring has room again soon.
const AT_ONCE: usize = 8_000;

/// What the thread works with.
pub(super) struct Worker {
    pub(super) ring: Consumer<i16>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) format: Format,
    pub(super) min_free: u64,
    pub(super) counts: Counts,
    pub(super) notify: Box<dyn Fn(RecorderNotice) + Send>,
}

impl Worker {
    /// Records until it is told to stop, nobody fills the ring any more, or nothing more can be written. `make` makes
    /// the file with the beginning that it is given.
    pub(super) fn run<S: Storage>(mut self, make: impl FnOnce(&[u8]) -> Result<(PathBuf, S), RecorderError>) {
        match self.begin(make) {
            Err(error) => (self.notify)(RecorderNotice::Refused(error)),
            Ok((file, mut take)) => {
                (self.notify)(RecorderNotice::Started { file: file.clone() });
                let why = self.record(&file, &mut take);
                (self.notify)(RecorderNotice::Ended { file, seconds: take.seconds(), why });
            }
        }
    }

    fn begin<S: Storage>(
        &self,
        make: impl FnOnce(&[u8]) -> Result<(PathBuf, S), RecorderError>,
    ) -> Result<(PathBuf, Take<S>), RecorderError> {
        // Without random numbers any other will do: it only tells streams apart in files that are put together.
        let serial = getrandom::u32().unwrap_or(1);
        let mut beginning = Vec::new();
        let writer = Writer::begin(self.format, serial, &mut beginning)?;
        let (file, storage) = make(&beginning)?;
        Ok((file, Take::new(storage, writer, beginning.len() as u64, self.counts.clone())))
    }

    fn record<S: Storage>(&mut self, file: &Path, take: &mut Take<S>) -> Ending {
        let ending = match self.write_on(file, take) {
            Ok(ending) => take.finish().map(|()| ending),
            Err(error) => Err(error),
        };
        ending.unwrap_or_else(|error| broken_off(error, file, take))
    }

    /// Writes until the recording is to end.
    fn write_on<S: Storage>(&mut self, file: &Path, take: &mut Take<S>) -> Result<Ending, TakeError> {
        let mut looked = Instant::now();
        loop {
            let start = Instant::now();
            // Looked at before the ring is emptied, so that what lies in it now is still written.
            let last = self.stop.load(Acquire) || self.ring.is_abandoned();
            self.drain(take)?;
            if last {
                return Ok(Ending::Stopped);
            }
            take.sync()?;
            if take.is_full() {
                let hours = MAX_SAMPLES / 16_000 / 3_600;
                return Ok(Ending::Failed(RecorderError::TooLong { path: file.into(), hours }));
            }
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                let free = take.free()?;
                if free < self.min_free {
                    return Ok(Ending::DiskFull { free });
                }
            }
            thread::park_timeout(PERIOD.saturating_sub(start.elapsed()));
        }
    }

    /// Takes what lies in the ring now; what comes meanwhile is for the next time.
    fn drain<S: Storage>(&mut self, take: &mut Take<S>) -> Result<(), TakeError> {
        let mut left = self.ring.slots();
        while left > 0 {
            // The slots were counted, so the chunk is there.
            let Ok(chunk) = self.ring.read_chunk(left.min(AT_ONCE)) else { return Ok(()) };
            left -= chunk.len();
            let (first, second) = chunk.as_slices();
            take.push(first)?;
            take.push(second)?;
            chunk.commit_all();
        }
        Ok(())
    }
}

/// The recording ends with what is on the disk.
fn broken_off<S: Storage>(error: TakeError, file: &Path, take: &mut Take<S>) -> Ending {
    match error {
        TakeError::Encoder(error) => {
            let _ = take.abandon();
            Ending::Failed(error.into())
        }
        TakeError::Disk(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
            // What was written before is safe or is made so; a disk that refuses that too has been told already.
            let _ = take.abandon();
            Ending::DiskFull { free: take.free().unwrap_or(0) }
        }
        TakeError::Disk(source) => Ending::Failed(RecorderError::Write { path: file.into(), source }),
    }
}
