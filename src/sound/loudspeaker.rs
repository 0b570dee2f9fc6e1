//! The loudspeaker: a real-time thread that copies samples from a ring to the card.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use auricle_core::dialogue::PlayEnd;
use auricle_core::frontend::DeviceTime;

use super::bell::Bell;
use super::card::Cards;
use super::error::SoundError;
use super::played::{Played, played};
use super::player::Player;
use super::watch::{GOODBYE, Watch};

/// Orders that wait for the thread. It takes them within 20 ms unless a frozen sound server holds it.
const ORDERS: usize = 64;

/// Which loudspeaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaybackWant {
    /// `auto` or an ALSA PCM name.
    pub device: String,
}

/// A part of a sound on its way to the loudspeaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// The number of its first sample.
    pub first: u64,
    /// How many.
    pub samples: u64,
    /// When the first of them leaves the loudspeaker, usually still to come.
    pub at: DeviceTime,
}

/// What the loudspeaker thread tells. Each `play` ends with exactly one `Ended` or `Failed` with its id.
pub enum SpeakerNotice {
    /// The device is open: write the sound here.
    Ready {
        /// Which.
        id: u64,
        /// Of the device, in Hz.
        rate: u32,
        /// Mono, 2 s. It plays as soon as two periods (40 ms) are there; dropping it says that the sound is complete.
        ring: rtrb::Producer<i16>,
        /// When each part of it leaves the loudspeaker, told only of live sound. It may be left alone.
        leaving: rtrb::Consumer<Leaving>,
    },
    /// The first sample is on its way to the card.
    Started {
        /// Which.
        id: u64,
    },
    /// It is over: the last sample was played, it was flushed, or nothing came for 30 s (`Failed`).
    Ended {
        /// Which.
        id: u64,
        /// How.
        end: PlayEnd,
        /// How much of it left the loudspeaker; silence put in where the ring was empty is not counted.
        heard: Duration,
    },
    /// There is no loudspeaker, or it broke.
    Failed {
        /// What was to be played; `None` is the answer to a probe.
        id: Option<u64>,
        /// Why.
        error: SoundError,
    },
    /// A probe found that the loudspeaker can be used.
    Back,
}

/// What the loudspeaker thread counts. They only grow.
#[derive(Debug, Default)]
pub struct SpeakerCounters {
    /// Returns from a wait. None while nothing plays and the device is closed.
    pub polls: AtomicU64,
    /// Times that the ring was empty in the middle of a sound, so that silence was played.
    pub underruns: AtomicU64,
    /// Times that the thread came too late and the card ran dry.
    pub xruns: AtomicU64,
    /// Frames of sound, without silence put in, given to the card.
    pub frames: AtomicU64,
}

/// What the control thread wants.
pub(super) enum Order {
    Play { id: u64, live: bool, at: Instant },
    Flush { id: u64 },
    Probe,
}

/// What both sides see.
pub(super) struct Shared {
    /// Wakes the thread.
    pub(super) bell: Bell,
    /// Percent.
    pub(super) volume: AtomicU8,
    pub(super) quit: AtomicBool,
    pub(super) counters: SpeakerCounters,
    pub(super) watch: Watch,
}

/// The handle of the loudspeaker thread. All its methods return at once.
pub struct Loudspeaker {
    shared: Arc<Shared>,
    device: String,
    /// Only for those who give orders; the sound thread has the other end and takes no lock.
    orders: Mutex<rtrb::Producer<Order>>,
    thread: Option<JoinHandle<()>>,
    /// Rings when the thread has ended.
    ended: Bell,
}

impl Loudspeaker {
    /// Starts the thread; the device is opened for each sound and closed one second after the last. `notify` is called
    /// on the sound thread and should pass the notice on and return.
    ///
    /// # Errors
    /// The system refuses a thread or a descriptor.
    pub fn start(
        cards: Arc<dyn Cards>,
        want: PlaybackWant,
        notify: Box<dyn Fn(SpeakerNotice) + Send>,
    ) -> io::Result<Self> {
        Self::overheard(cards, want, notify).map(|(speaker, _)| speaker)
    }

    /// As [`Self::start`], with what is played for whoever wants to know.
    ///
    /// # Errors
    /// The system refuses a thread or a descriptor.
    pub fn overheard(
        cards: Arc<dyn Cards>,
        want: PlaybackWant,
        notify: Box<dyn Fn(SpeakerNotice) + Send>,
    ) -> io::Result<(Self, Played)> {
        let shared = Arc::new(Shared {
            bell: Bell::new()?,
            volume: AtomicU8::new(100),
            quit: AtomicBool::new(false),
            counters: SpeakerCounters::default(),
            watch: Watch::new(),
        });
        let (orders, taken) = rtrb::RingBuffer::new(ORDERS);
        let (writer, played) = played();
        let ended = Bell::new()?;
        let (device, done) = (want.device.clone(), ended.clone());
        let mut player = Player::new(cards, want.device, Arc::clone(&shared), taken, writer, notify);
        let thread = std::thread::Builder::new().name("sound-playback".into()).spawn(move || {
            player.run();
            drop(player);
            done.ring();
        })?;
        Ok((Self { shared, device, orders: Mutex::new(orders), thread: Some(thread), ended }, played))
    }

    /// Plays a sound: answered by [`SpeakerNotice::Ready`]. If one plays already, this one waits for its end; if one
    /// waits already, it fails. An order that a frozen device held up for more than 2 s fails instead of being heard
    /// late. False if the thread is stuck and can take no more orders: nothing will be told about this one.
    pub fn play(&self, id: u64) -> bool {
        self.order(Order::Play { id, live: false, at: Instant::now() })
    }

    /// As [`Self::play`], for sound that comes no faster than it is heard: it may come 20 ms late without a gap.
    pub fn play_live(&self, id: u64) -> bool {
        self.order(Order::Play { id, live: true, at: Instant::now() })
    }

    /// Stops this sound within 50 ms, or takes it out of the queue. Another id is ignored.
    pub fn flush(&self, id: u64) {
        self.order(Order::Flush { id });
    }

    /// Sets the volume in percent, also of what plays now. Perceptual: the gain is the cube of it, so that 50 sounds
    /// half as loud as 100 (−18 dB). Above 100 is 100. The change glides within 20 ms.
    pub fn volume(&self, percent: u8) {
        self.shared.volume.store(percent.min(100), Ordering::Relaxed);
    }

    /// Opens and closes the device to see whether it can be used: answered by [`SpeakerNotice::Back`] or
    /// [`SpeakerNotice::Failed`] without an id.
    pub fn probe(&self) {
        self.order(Order::Probe);
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> &SpeakerCounters {
        &self.shared.counters
    }

    /// Whether the thread hangs in a call into the device. A frozen sound server does that to whoever opens or closes,
    /// and the thread can't tell it itself; so ask about once a second from `play` until [`SpeakerNotice::Started`] or
    /// the end. A device that freezes while it plays is told by [`SpeakerNotice::Failed`] without being asked. The
    /// thread goes on by itself as soon as the server thaws or dies.
    ///
    /// # Errors
    /// [`SoundError::Stuck`].
    pub fn check(&self) -> Result<(), SoundError> {
        if self.shared.watch.stuck() { Err(SoundError::Stuck { device: self.device.clone() }) } else { Ok(()) }
    }

    fn order(&self, order: Order) -> bool {
        let taken = self.orders.lock().unwrap_or_else(PoisonError::into_inner).push(order).is_ok();
        self.shared.bell.ring();
        taken
    }
}

impl Drop for Loudspeaker {
    /// Stops at once and ends the thread. Does not wait for a thread that a frozen server holds.
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
