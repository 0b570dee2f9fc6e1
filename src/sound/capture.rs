//! The thread behind the microphone.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::time::{Duration, Instant};

use auricle_core::frontend::DeviceTime;
use rtrb::{Consumer, Producer, RingBuffer};

use super::bell::Bell;
use super::card::{CapturePcm, Cards, Direction, Fault, Shape, Woken, choose};
use super::error::{SoundError, words};
use super::microphone::{MicNotice, Shared, Stamp};
use super::played::{after, now};
use super::priority;

/// Between blocks while nobody waits for them. Below half of the card's buffer.
const IDLE_BLOCK: Duration = Duration::from_millis(70);

/// No sample for so long: the device is lost.
const SILENCE: Duration = Duration::from_secs(1);

/// The first sample may take longer: the monitor of a sleeping PulseAudio sink needs up to 2 s.
const FIRST_SILENCE: Duration = Duration::from_secs(3);

/// Between attempts to open: the first, and the longest.
const RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(2);

/// Sound that the ring holds.
const RING: Duration = Duration::from_secs(2);

/// Blocks whose times the ring of stamps holds: 10 ms each.
const STAMPS: usize = 256;

/// Why recording ended.
enum End {
    /// Closed, or the thread is to end.
    Ordered,
    Failed(SoundError),
}

/// The state of the thread.
pub(super) struct Recorder {
    cards: Arc<dyn Cards>,
    want: String,
    shared: Arc<Shared>,
    /// Rung after each block.
    bell: Bell,
    notify: Box<dyn Fn(MicNotice) + Send>,
    /// The calls of `close` that were answered.
    closes: u32,
    /// What was last told, so that it is not told again.
    told: Option<SoundError>,
    retry: Duration,
}

impl Recorder {
    pub(super) fn new(
        cards: Arc<dyn Cards>,
        want: String,
        shared: Arc<Shared>,
        bell: Bell,
        notify: Box<dyn Fn(MicNotice) + Send>,
    ) -> Self {
        Self { cards, want, shared, bell, notify, closes: 0, told: None, retry: RETRY }
    }

    pub(super) fn run(&mut self) {
        priority::raise();
        while !self.shared.quit.load(Acquire) {
            self.answer_close();
            if !self.shared.open.load(Acquire) {
                let _ = self.shared.bell.wait(None);
                continue;
            }
            if let End::Failed(error) = self.record() {
                self.tell(error);
                self.pause();
            }
        }
    }

    /// Open to close. The failure is told before the device is closed: closing may block for ever.
    fn record(&mut self) -> End {
        let opened = self.shared.watch.over(|| {
            let device = choose(&*self.cards, &self.want, Direction::Capture)?;
            self.cards.open_capture(&device).map(|pcm| (device, pcm))
        });
        let (device, mut pcm) = match opened {
            Ok(opened) => opened,
            Err(error) => return End::Failed(error),
        };
        let end = match self.shared.watch.over(|| pcm.start()) {
            Ok(()) => self.deliver(&device, &mut *pcm),
            Err(Fault::Lost(errno)) => lost(&device, errno),
            Err(Fault::Xrun) => lost(&device, libc::EPIPE),
        };
        if let End::Failed(error) = &end {
            self.tell(error.clone());
        }
        self.shared.watch.over(move || drop(pcm));
        end
    }

    /// The period loop. Up to its end it takes no lock, allocates nothing and logs nothing; only the notice of the
    /// first block does.
    fn deliver(&mut self, device: &str, pcm: &mut dyn CapturePcm) -> End {
        let shape = pcm.shape();
        let frame = shape.frame_bytes();
        let mut block = vec![0; pcm.buffer().max(pcm.period()) * frame];
        let (mut spool, ring, stamps) = spool(shape);
        let mut opened = Some((ring, stamps));
        let (mut last, mut patience) = (Instant::now(), FIRST_SILENCE);
        let mut idle_reads = 0;
        loop {
            let soon = opened.is_some() || self.shared.listening.load(Acquire);
            let result = self.sleep(pcm, patience.saturating_sub(last.elapsed()), soon && idle_reads < 3);
            if self.ordered() {
                return End::Ordered;
            }
            match result.and_then(|()| pcm.read(&mut block)) {
                Ok(0) => idle_reads += 1,
                Ok(bytes) => {
                    self.put(&mut spool, pcm, &block[..bytes]);
                    if let Some((ring, stamps)) = opened.take() {
                        self.opened(MicNotice::Opened { device: device.into(), shape, ring, stamps });
                    }
                    self.bell.ring();
                    (last, patience, idle_reads) = (Instant::now(), SILENCE, 0);
                }
                Err(Fault::Xrun) => {
                    self.shared.counters.xruns.fetch_add(1, Relaxed);
                    if let Err(Fault::Lost(errno)) = self.shared.watch.over(|| pcm.recover()) {
                        return lost(device, errno);
                    }
                    idle_reads += 1;
                }
                Err(Fault::Lost(errno)) => return lost(device, errno),
            }
            if last.elapsed() >= patience {
                return End::Failed(SoundError::Silent { device: device.into(), seconds: patience.as_secs() });
            }
        }
    }

    /// Until the next block is due: as `soon` as the device has one, which those who listen and those who wait for the
    /// first block want, or later. A device that says that it has something and has nothing is not believed again and
    /// again: it must not make this loop spin.
    fn sleep(&self, pcm: &mut dyn CapturePcm, patience: Duration, soon: bool) -> Result<(), Fault> {
        let woken = if soon {
            pcm.wait(&self.shared.bell, patience)
        } else {
            let _ = self.shared.bell.wait(Some(IDLE_BLOCK));
            Ok(Woken::Timeout)
        };
        self.shared.counters.polls.fetch_add(1, Relaxed);
        woken.map(|_| ())
    }

    fn put(&self, spool: &mut Spool, pcm: &mut dyn CapturePcm, block: &[u8]) {
        self.shared.counters.read.store(now().0, Relaxed);
        // A card that can't tell now does so at the next block.
        if let Ok(behind) = pcm.delay() {
            spool.stamp(now(), behind, block.len());
        }
        let lost = spool.put(block);
        self.shared.counters.periods.fetch_add(1, Relaxed);
        self.shared.counters.overflow_bytes.fetch_add(lost as u64, Relaxed);
    }

    fn opened(&mut self, notice: MicNotice) {
        self.retry = RETRY;
        if self.told.take().is_some() {
            self.shared.counters.reopens.fetch_add(1, Relaxed);
        }
        (self.notify)(notice);
    }

    fn tell(&mut self, error: SoundError) {
        if self.told.as_ref() != Some(&error) {
            self.told = Some(error.clone());
            (self.notify)(MicNotice::Failed(error));
        }
    }

    /// Between two attempts; ends early on an order.
    fn pause(&mut self) {
        let until = Instant::now() + self.retry;
        self.retry = (self.retry * 3 / 2).min(LONGEST_RETRY);
        while !self.ordered() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let _ = self.shared.bell.wait(Some(left));
        }
    }

    fn ordered(&self) -> bool {
        self.shared.quit.load(Acquire) || self.shared.closes.load(Acquire) != self.closes
    }

    /// The device is closed whenever this is called.
    fn answer_close(&mut self) {
        let closes = self.shared.closes.load(Acquire);
        if closes != self.closes {
            self.closes = closes;
            self.told = None;
            self.retry = RETRY;
            (self.notify)(MicNotice::Closed);
        }
    }
}

/// Where the blocks go.
struct Spool {
    ring: Producer<u8>,
    stamps: Producer<Stamp>,
    shape: Shape,
    /// Put into the ring so far.
    frames: u64,
}

fn spool(shape: Shape) -> (Spool, Consumer<u8>, Consumer<Stamp>) {
    let (ring, consumer) = RingBuffer::new(shape.frames(RING) * shape.frame_bytes());
    let (stamps, times) = RingBuffer::new(STAMPS);
    (Spool { ring, stamps, shape, frames: 0 }, consumer, times)
}

impl Spool {
    /// Tells when the first frame of the next block of so many bytes was caught, whose last one lies `behind` frames
    /// before `now`.
    fn stamp(&mut self, now: DeviceTime, behind: usize, bytes: usize) {
        let ago = i64::try_from(behind + bytes / self.shape.frame_bytes()).unwrap_or(i64::MAX);
        let _ = self.stamps.push(Stamp { frame: self.frames, at: after(now, -ago, self.shape.rate) });
    }

    /// Whole frames only, so that a reader never loses step. Returns the bytes for which there was no room.
    fn put(&mut self, block: &[u8]) -> usize {
        let (room, frame) = (self.ring.slots(), self.shape.frame_bytes());
        let fits = block.len().min(room - room % frame);
        let _ = self.ring.push_entire_slice(&block[..fits]);
        self.frames += (fits / frame) as u64;
        block.len() - fits
    }
}

fn lost(device: &str, errno: i32) -> End {
    End::Failed(SoundError::Lost { device: device.into(), why: words(errno) })
}
