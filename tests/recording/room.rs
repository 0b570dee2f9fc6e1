//! What the other tests record in: a folder, a ring, and what was told.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use auricle::services::recorder::{Ending, Format, Recorder, RecorderNotice, RecorderSettings};
use rtrb::{Producer, RingBuffer};

/// Samples in the ring: 10 s.
pub const RING: usize = 160_000;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub const TIME: &str = "2026-11-20T21-56-24";

/// What the recorder told.
pub struct Told(Receiver<RecorderNotice>);

impl Told {
    pub fn next(&self) -> RecorderNotice {
        self.0.recv_timeout(PATIENCE).expect("the recorder says what becomes of the recording")
    }

    pub fn started(&self) -> PathBuf {
        match self.next() {
            RecorderNotice::Started { file } => file,
            other => panic!("{other:?}"),
        }
    }

    /// Seconds and reason.
    pub fn ended(&self) -> (f64, Ending) {
        match self.next() {
            RecorderNotice::Ended { seconds, why, .. } => (seconds, why),
            other => panic!("{other:?}"),
        }
    }

    /// The words of a refusal.
    pub fn refused(&self) -> String {
        match self.next() {
            RecorderNotice::Refused(error) => error.to_string(),
            other => panic!("{other:?}"),
        }
    }
}

pub fn settings(directory: &Path, format: Format) -> RecorderSettings {
    RecorderSettings { directory: directory.into(), format, min_free: 0 }
}

/// Where notices go, and where they come out.
pub fn told() -> (Box<dyn Fn(RecorderNotice) + Send>, Told) {
    let (sender, receiver) = channel();
    (Box::new(move |notice| drop(sender.send(notice))), Told(receiver))
}

pub fn start(settings: RecorderSettings, name: &str) -> (Recorder, Producer<i16>, Told) {
    let ((producer, ring), (notify, told)) = (RingBuffer::new(RING), told());
    (Recorder::start(settings, name, TIME, ring, notify).unwrap(), producer, told)
}

/// Fills the ring; panics if it is full.
pub fn hand_over(ring: &mut Producer<i16>, samples: &[i16]) {
    let chunk = ring.write_chunk_uninit(samples.len()).expect("the ring has room");
    chunk.fill_from_iter(samples.iter().copied());
}

/// Waits until something holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
