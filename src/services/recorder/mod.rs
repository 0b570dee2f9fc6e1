//! The recorder of meetings: sound from a ring to a file that plays whenever the power goes.
//!
//! A thread of its own writes and waits for the disk; nobody else does. As long as the ring holds what comes while one
//! sync lasts, a slow disk costs nothing. With a disk that makes data safe within 200 ms, a power cut costs less than
//! one second.

mod error;
mod storage;
pub mod take;
mod transcript;
mod worker;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Release};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rtrb::Consumer;

pub use self::error::RecorderError;
pub use self::storage::{DiskFile, Storage};
use self::take::Counts;
pub use self::take::RecorderCounters;
pub use self::transcript::{Transcript, transcript_path};
pub use self::worker::PERIOD;
use self::worker::Worker;
pub use auricle_core::recording::Format;

/// How long the end of the program waits for the file to be closed.
const FAREWELL: Duration = Duration::from_millis(1_500);

/// What the owner decides: section [meeting].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecorderSettings {
    /// Where recordings go. Made if it is not there, for this user alone.
    pub directory: PathBuf,
    /// How they are stored.
    pub format: Format,
    /// Bytes that stay free on the disk.
    pub min_free: u64,
}

/// What becomes of a recording. `Started` and later `Ended`, or `Refused` alone.
#[derive(Debug)]
pub enum RecorderNotice {
    /// The file is there.
    Started {
        /// Where.
        file: PathBuf,
    },
    /// The file is closed.
    Ended {
        /// Where.
        file: PathBuf,
        /// How much sound is in it.
        seconds: f64,
        /// Why it ended.
        why: Ending,
    },
    /// There is no recording.
    Refused(RecorderError),
}

/// Why a recording ended. The file plays in each case.
#[derive(Debug)]
pub enum Ending {
    /// It was told to, or nobody fills the ring any more. All that was in the ring is in the file.
    Stopped,
    /// Less than `min_free` is free, or nothing.
    DiskFull {
        /// Bytes that are free.
        free: u64,
    },
    /// The disk failed, or the recording is as long as one can be.
    Failed(RecorderError),
}

/// A recording that runs. Dropped, it stops and waits up to 1.5 s until the file is closed.
#[derive(Debug)]
pub struct Recorder {
    stop: Arc<AtomicBool>,
    counts: Counts,
    thread: Option<JoinHandle<()>>,
    /// Says nothing; it breaks when the thread ends.
    ended: Receiver<()>,
}

impl Recorder {
    /// Starts a recording named `NAME-TIME.wav` of what comes through `ring`: mono at 16 kHz. Returns at once; what
    /// becomes of it is told by `notify`, on the recorder's thread.
    ///
    /// The ring should hold 10 s: as long as the disk may need to make data safe.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(
        settings: RecorderSettings,
        name: &str,
        time: &str,
        ring: Consumer<i16>,
        notify: Box<dyn Fn(RecorderNotice) + Send>,
    ) -> io::Result<Self> {
        let (name, time) = (name.to_owned(), time.to_owned());
        let make = {
            let RecorderSettings { directory, format, min_free } = settings.clone();
            move |beginning: &[u8]| DiskFile::create(&directory, (&name, &time), format, min_free, beginning)
        };
        Self::start_on(make, &settings, ring, notify)
    }

    /// As [`Recorder::start`], on any storage: `make` is called on the recorder's thread, makes a file with
    /// the beginning that it is given, and tells its name. Of the settings, the folder is not used.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start_on<S: Storage>(
        make: impl FnOnce(&[u8]) -> Result<(PathBuf, S), RecorderError> + Send + 'static,
        settings: &RecorderSettings,
        ring: Consumer<i16>,
        notify: Box<dyn Fn(RecorderNotice) + Send>,
    ) -> io::Result<Self> {
        let (stop, counts) = (Arc::new(AtomicBool::new(false)), Counts::default());
        let worker = Worker {
            ring,
            stop: stop.clone(),
            format: settings.format,
            min_free: settings.min_free,
            counts: counts.clone(),
            notify,
        };
        let (alive, ended) = channel();
        let thread = thread::Builder::new().name("recorder".into()).spawn(move || {
            let _alive = alive;
            worker.run(make);
        })?;
        Ok(Self { stop, counts, thread: Some(thread), ended })
    }

    /// Ends the recording. What is in the ring is still written; then [`RecorderNotice::Ended`] comes.
    pub fn stop(&self) {
        self.stop.store(true, Release);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// What it has done so far.
    #[must_use]
    pub fn counters(&self) -> RecorderCounters {
        self.counts.look()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.stop();
        // A disk that does not answer must not keep the program from ending.
        if self.ended.recv_timeout(FAREWELL) == Err(RecvTimeoutError::Disconnected)
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}
