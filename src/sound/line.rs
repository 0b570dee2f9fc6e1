//! An open loudspeaker and the sound that goes through it: what is written when, and how much was heard.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use auricle_core::frontend::DeviceTime;
use rtrb::{Consumer, Producer};

use super::card::{Fault, PlaybackPcm, Shape};
use super::feeder::Feeder;
use super::loudspeaker::{Leaving, Shared};
use super::played::{PlayedWriter, after, now};

/// Periods of sound that start it.
const START: usize = 2;

/// A card that takes nothing for so long, plus its buffer, is lost. Before the first frame after each start it gets more
/// time: a sleeping PulseAudio sink wakes up each 2 s.
const STANDSTILL: Duration = Duration::from_secs(1);
const FIRST_STANDSTILL: Duration = Duration::from_secs(3);

/// Underruns in a row, without a frame played in between, that mean that the card is broken.
const MOST_FAULTS: u32 = 50;

/// The end of a sound is believed at the latest so long after it must have come: some drivers never report an empty queue.
const GRACE: Duration = Duration::from_millis(500);

/// The longest time between two looks at the card while it runs.
const LONGEST_NAP: Duration = Duration::from_millis(20);

/// A sound on its way through the ring.
pub(super) struct Stream {
    pub(super) id: u64,
    /// It comes no faster than it is heard.
    live: bool,
    ring: Consumer<i16>,
    leaving: Producer<Leaving>,
    /// Frames taken out of the ring, and those of them whose times were told.
    fed: u64,
    told: u64,
    /// Frames of silence since the last of them.
    after: u64,
    /// Silence is played because the ring is empty.
    dry: bool,
    pub(super) started: bool,
    last: Instant,
    /// When it is over at the latest.
    deadline: Option<Instant>,
}

impl Stream {
    pub(super) fn new(id: u64, live: bool, ring: Consumer<i16>, leaving: Producer<Leaving>) -> Self {
        Self {
            id,
            live,
            ring,
            leaving,
            fed: 0,
            told: 0,
            after: 0,
            dry: false,
            started: false,
            last: Instant::now(),
            deadline: None,
        }
    }

    /// Frames that went into the card, or are about to.
    pub(super) const fn fed(&self) -> u64 {
        self.fed
    }

    /// Whether something was taken out of the ring whose time has to be told.
    const fn is_timeless(&self) -> bool {
        self.live && self.told < self.fed
    }

    /// Tells when that leaves the loudspeaker, given how many frames lie before what is taken next.
    fn stamp(&mut self, now: DeviceTime, ahead: usize, rate: u32) {
        let (first, samples) = (self.told, self.fed - self.told);
        let ahead = i64::try_from(ahead).unwrap_or(i64::MAX).saturating_sub_unsigned(self.after + samples);
        self.told = self.fed;
        // Nobody may read it.
        let _ = self.leaving.push(Leaving { first, samples, at: after(now, ahead, rate) });
    }

    /// How long nothing has come.
    pub(super) fn starved(&self) -> Duration {
        self.last.elapsed()
    }

    /// Nothing more will come. Asked in this order: the writer may have written just before it left.
    fn complete(&self) -> bool {
        self.ring.is_abandoned() && self.ring.is_empty()
    }

    fn can_start(&self, period: usize) -> bool {
        let slots = self.ring.slots();
        slots >= START * period || (slots > 0 && (self.ring.is_abandoned() || self.fed > 0))
    }
}

/// An open loudspeaker. While it runs it is fed without a break, with silence where there is no sound, so that it never
/// runs dry and the next sound starts without a click.
pub(super) struct Line {
    pub(super) device: String,
    pcm: Box<dyn PlaybackPcm>,
    shared: Arc<Shared>,
    feeder: Feeder,
    running: bool,
    /// Frames that the card took.
    written: u64,
    /// Frames that had left the card's queue when they last grew, and when that was.
    played: u64,
    progress: Instant,
    /// Frames that it had taken when it was started last.
    began: u64,
    /// Underruns since then.
    faults: u32,
}

impl Line {
    pub(super) fn new(device: String, pcm: Box<dyn PlaybackPcm>, shared: Arc<Shared>) -> Self {
        let feeder = Feeder::new(pcm.shape(), pcm.period(), shared.volume.load(Relaxed));
        let progress = Instant::now();
        Self { device, pcm, shared, feeder, running: false, written: 0, played: 0, progress, began: 0, faults: 0 }
    }

    pub(super) fn shape(&self) -> Shape {
        self.pcm.shape()
    }

    pub(super) const fn running(&self) -> bool {
        self.running
    }

    /// Until the card needs to be looked at again.
    pub(super) fn nap(&self) -> Duration {
        let period = self.shape().span(self.pcm.period() as u64);
        period.clamp(Duration::from_millis(5), LONGEST_NAP)
    }

    /// Fills the card's queue, and starts the card with the first sound. An underrun is repaired.
    pub(super) fn feed(&mut self, mut stream: Option<&mut Stream>, played: &mut PlayedWriter) -> Result<(), Fault> {
        if !self.running && !stream.as_ref().is_some_and(|stream| stream.can_start(self.pcm.period())) {
            return Ok(());
        }
        let own = stream.as_deref_mut();
        let result = if self.running { self.fill(own, played) } else { self.begin(own, played) };
        if result.is_ok() {
            self.stamp(stream, played);
        }
        if result != Err(Fault::Xrun) {
            return result;
        }
        // All that was queued has been played, unless the machine slept.
        played.cut(now());
        self.shared.counters.xruns.fetch_add(1, Relaxed);
        self.running = false;
        self.faults += 1;
        if self.faults > MOST_FAULTS {
            return Err(Fault::Lost(libc::EPIPE));
        }
        let pcm = &mut self.pcm;
        self.shared.watch.over(|| pcm.recover())
    }

    /// The first frames start a card as much as an order does, so that both may block for ever.
    fn begin(&mut self, stream: Option<&mut Stream>, played: &mut PlayedWriter) -> Result<(), Fault> {
        let shared = Arc::clone(&self.shared);
        self.began = self.written;
        shared.watch.over(|| {
            self.fill(stream, played)?;
            self.pcm.start()
        })?;
        self.running = true;
        self.progress = Instant::now();
        Ok(())
    }

    /// The period loop's body: no lock, no allocation, no log.
    fn fill(&mut self, mut stream: Option<&mut Stream>, played: &mut PlayedWriter) -> Result<(), Fault> {
        let mut room = self.pcm.room()?;
        self.note_progress(room);
        // A card that starts gets silence first where there is too little sound: not after it, inside a word. Of sound
        // that keeps pace there is always too little.
        let mut lead = match &stream {
            Some(stream) if !self.running && stream.live => self.floor(),
            Some(stream) if !self.running => self.floor().saturating_sub(stream.ring.slots()),
            _ => 0,
        };
        loop {
            let taken = self.feeder.write(&mut *self.pcm, played)?;
            self.written += taken as u64;
            room = room.saturating_sub(taken);
            if self.feeder.held() > 0 || room == 0 {
                return Ok(());
            }
            if lead > 0 {
                lead -= self.feeder.silence(lead.min(room), self.shared.volume.load(Relaxed));
            } else if !self.next(stream.as_deref_mut(), room) {
                return Ok(());
            }
        }
    }

    /// Tells when what the card took last will be heard. Nothing is asked where nobody wants to know.
    fn stamp(&mut self, stream: Option<&mut Stream>, played: &mut PlayedWriter) {
        let stream = stream.filter(|stream| stream.is_timeless());
        if !played.is_timeless() && stream.is_none() {
            return;
        }
        let rate = self.shape().rate;
        // A fault shows again at the next feed.
        let Ok(ahead) = self.pcm.delay() else { return played.stamp(None, rate) };
        let now = now();
        played.stamp_behind(now, ahead, rate);
        if let Some(stream) = stream {
            stream.stamp(now, ahead + self.feeder.held(), rate);
        }
    }

    /// Puts sound into the feeder, or silence if the queue gets low. False if neither is needed.
    fn next(&mut self, stream: Option<&mut Stream>, room: usize) -> bool {
        let missing = self.floor().saturating_sub(self.pcm.buffer().saturating_sub(room));
        let volume = self.shared.volume.load(Relaxed);
        let Some(stream) = stream else {
            return self.running && missing > 0 && self.feeder.silence(missing, volume) > 0;
        };
        let sound = self.feeder.take(&mut stream.ring, room, volume);
        if sound > 0 {
            stream.fed += sound as u64;
            (stream.after, stream.dry, stream.last) = (0, false, Instant::now());
            self.shared.counters.frames.fetch_add(sound as u64, Relaxed);
            return true;
        }
        if !self.running || missing == 0 {
            return false;
        }
        if !stream.dry && stream.fed > 0 && !stream.complete() {
            stream.dry = true;
            self.shared.counters.underruns.fetch_add(1, Relaxed);
        }
        let silence = self.feeder.silence(missing, volume);
        stream.after += silence as u64;
        silence > 0
    }

    /// Frames that the queue never falls below while the card runs: sound servers take several periods at once.
    fn floor(&self) -> usize {
        self.pcm.buffer().saturating_sub(self.pcm.period())
    }

    fn note_progress(&mut self, room: usize) {
        let played = self.written.saturating_sub(self.pcm.buffer().saturating_sub(room) as u64);
        if played != self.played {
            (self.played, self.progress, self.faults) = (played, Instant::now(), 0);
        }
    }

    /// The seconds for which the card has taken nothing, if that is too long.
    pub(super) fn stands_still(&self) -> Option<u64> {
        let patience = if self.played <= self.began { FIRST_STANDSTILL } else { STANDSTILL };
        let limit = patience + self.shape().span(self.pcm.buffer() as u64);
        let still = self.progress.elapsed();
        (self.running && still > limit).then_some(still.as_secs())
    }

    /// Frames of the stream that have not left the loudspeaker.
    fn unheard(&mut self, stream: &Stream) -> Result<u64, Fault> {
        if !self.running {
            return Ok(0);
        }
        let ahead = self.pcm.delay()? + self.feeder.held();
        Ok((ahead as u64).saturating_sub(stream.after).min(stream.fed))
    }

    /// How much of the stream was heard.
    pub(super) fn heard(&mut self, stream: &Stream) -> Duration {
        let unheard = self.unheard(stream).unwrap_or(0);
        self.shape().span(stream.fed - unheard)
    }

    /// Whether the last sample of the stream has left the loudspeaker.
    pub(super) fn finished(&mut self, stream: &mut Stream) -> Result<bool, Fault> {
        if !stream.complete() {
            return Ok(false);
        }
        let unheard = self.unheard(stream)?;
        let shape = self.shape();
        let deadline = *stream.deadline.get_or_insert_with(|| Instant::now() + shape.span(unheard) + GRACE);
        Ok(unheard == 0 || Instant::now() >= deadline)
    }

    /// Throws away what is queued.
    pub(super) fn stop(&mut self, played: &mut PlayedWriter) -> Result<(), Fault> {
        self.feeder.forget();
        self.running = false;
        let pcm = &mut self.pcm;
        let stopped = self.shared.watch.over(|| pcm.stop());
        // Not before it is certain: what is taken back and heard all the same would be somebody's voice.
        played.cut(now());
        stopped
    }
}
