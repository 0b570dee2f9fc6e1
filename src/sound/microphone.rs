//! The microphone: a real-time thread that copies what the card records into a ring.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread::JoinHandle;

use auricle_core::frontend::DeviceTime;

use super::bell::Bell;
use super::capture::Recorder;
use super::card::{Cards, Shape};
use super::error::SoundError;
use super::watch::{GOODBYE, Watch};

/// Which microphone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureWant {
    /// `auto` or an ALSA PCM name.
    pub device: String,
}

/// How often hearing wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Nobody waits for the sound: a block per 70 ms.
    Idle,
    /// A turn runs: a block per period of 10 ms.
    Listening,
}

/// When a frame was caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The number of the frame, of those that were put into the ring since the device was opened.
    pub frame: u64,
    /// When it was in the air.
    pub at: DeviceTime,
}

/// What the microphone thread tells.
pub enum MicNotice {
    /// The device delivers: its first block is in the ring.
    Opened {
        /// Its PCM name.
        device: String,
        /// What the bytes in the ring are.
        shape: Shape,
        /// At least 2 s. Only whole frames are put in; when it is full, the newest are dropped and counted.
        ring: rtrb::Consumer<u8>,
        /// When the first frame of each block was caught, also before the block is in the ring. When it is full, the newest
        /// is dropped; the next one says the same.
        stamps: rtrb::Consumer<Stamp>,
    },
    /// There is no microphone. The thread keeps trying; the same error is told once.
    Failed(SoundError),
    /// The device is closed, by order: nothing records any more.
    Closed,
}

/// What the microphone thread counts. They only grow.
#[derive(Debug, Default)]
pub struct MicCounters {
    /// When the last block was read from the card, in nanoseconds of the kernel's monotonic clock.
    pub read: AtomicU64,
    /// Blocks put into the ring. While open, none for a second means that the microphone is gone.
    pub periods: AtomicU64,
    /// Returns from a wait while open.
    pub polls: AtomicU64,
    /// Times that the thread came too late and samples were lost in the card.
    pub xruns: AtomicU64,
    /// Bytes dropped because the ring was full.
    pub overflow_bytes: AtomicU64,
    /// Times that the device delivered again after it had failed.
    pub reopens: AtomicU64,
}

/// What both sides see.
pub(super) struct Shared {
    /// Wakes the thread.
    pub(super) bell: Bell,
    pub(super) open: AtomicBool,
    /// Calls of `close`. Counted, so that a `close` and an `open` at once still close the device in between.
    pub(super) closes: AtomicU32,
    pub(super) listening: AtomicBool,
    pub(super) quit: AtomicBool,
    pub(super) counters: MicCounters,
    pub(super) watch: Watch,
}

/// The handle of the microphone thread. All its methods return at once.
pub struct Microphone {
    shared: Arc<Shared>,
    device: String,
    thread: Option<JoinHandle<()>>,
    /// Rings when the thread has ended.
    ended: Bell,
}

impl Microphone {
    /// Starts the thread; the device stays closed until [`Self::open`]. `bell` rings after each block. `notify` is
    /// called on the sound thread, and only outside its period loop; it should pass the notice on and return.
    ///
    /// # Errors
    /// The system refuses a thread or a descriptor.
    pub fn start(
        cards: Arc<dyn Cards>,
        want: CaptureWant,
        bell: Bell,
        notify: Box<dyn Fn(MicNotice) + Send>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            bell: Bell::new()?,
            open: AtomicBool::new(false),
            closes: AtomicU32::new(0),
            listening: AtomicBool::new(false),
            quit: AtomicBool::new(false),
            counters: MicCounters::default(),
            watch: Watch::new(),
        });
        let ended = Bell::new()?;
        let (device, done) = (want.device.clone(), ended.clone());
        let mut recorder = Recorder::new(cards, want.device, Arc::clone(&shared), bell, notify);
        let thread = std::thread::Builder::new().name("sound-capture".into()).spawn(move || {
            recorder.run();
            drop(recorder);
            done.ring();
        })?;
        Ok(Self { shared, device, thread: Some(thread), ended })
    }

    /// Opens the device, and keeps it open: if it can't be opened or is lost, the thread tries again every 1 to 2 s.
    pub fn open(&self) {
        self.shared.open.store(true, Ordering::Release);
        self.shared.bell.ring();
    }

    /// Closes the device; answered by [`MicNotice::Closed`], also if it was closed before.
    pub fn close(&self) {
        self.shared.open.store(false, Ordering::Release);
        self.shared.closes.fetch_add(1, Ordering::AcqRel);
        self.shared.bell.ring();
    }

    /// Changes how often blocks come, at once: what was recorded so far is delivered with the change.
    pub fn pace(&self, pace: Pace) {
        self.shared.listening.store(pace == Pace::Listening, Ordering::Release);
        self.shared.bell.ring();
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> &MicCounters {
        &self.shared.counters
    }

    /// Whether the thread hangs in a call into the device. A frozen sound server does that to whoever opens or closes,
    /// and the thread can't tell it itself; so ask about once a second while the microphone should be open and no
    /// blocks come. A device that freezes while it records is told by [`MicNotice::Failed`] without being asked. The
    /// thread goes on by itself as soon as the server thaws or dies.
    ///
    /// # Errors
    /// [`SoundError::Stuck`].
    pub fn check(&self) -> Result<(), SoundError> {
        if self.shared.watch.stuck() { Err(SoundError::Stuck { device: self.device.clone() }) } else { Ok(()) }
    }
}

impl Drop for Microphone {
    /// Closes the device and ends the thread. Does not wait for a thread that a frozen server holds.
    fn drop(&mut self) {
        self.shared.quit.store(true, Ordering::Release);
        self.shared.bell.ring();
        if !self.shared.watch.stuck()
            && self.ended.wait(Some(GOODBYE))
            && let Some(thread) = self.thread.take()
        {
            // A panic of the thread was already printed by it.
            let _ = thread.join();
        }
    }
}
