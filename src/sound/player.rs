//! The thread behind the loudspeaker.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::time::{Duration, Instant};

use auricle_core::dialogue::PlayEnd;
use rtrb::{Consumer, RingBuffer};

use super::card::{Cards, Direction, Fault, choose};
use super::error::{SoundError, words};
use super::line::{Line, Stream};
use super::loudspeaker::{Order, Shared, SpeakerNotice};
use super::played::{PlayedWriter, now};
use super::priority;

/// An order that a stuck device held up for longer is no longer wanted.
const STALE: Duration = Duration::from_secs(2);

/// The device stays open so long after the last sound: no click between two sentences, no hiss for the night.
const LINGER: Duration = Duration::from_secs(1);

/// Nothing comes out of the ring for so long: whoever writes is gone.
const STARVED: Duration = Duration::from_secs(30);

/// Sound that a ring holds.
const RING: Duration = Duration::from_secs(2);

/// Parts of a live sound whose times wait to be read, one for each look at the card: a second or more. Then the newest is
/// dropped.
const LEAVING: usize = 128;

/// Between looks at the ring before the first samples are there.
const ATTENTIVE: Duration = Duration::from_millis(10);

/// The state of the thread.
pub(super) struct Player {
    cards: Arc<dyn Cards>,
    want: String,
    shared: Arc<Shared>,
    orders: Consumer<Order>,
    notify: Box<dyn Fn(SpeakerNotice) + Send>,
    /// Who has to know what is heard.
    played: PlayedWriter,
    /// The open device.
    line: Option<Line>,
    current: Option<Stream>,
    /// Waits for the end of `current`; and whether it is live.
    next: Option<(u64, bool)>,
    /// When the last sound ended.
    idle_since: Instant,
}

impl Player {
    pub(super) fn new(
        cards: Arc<dyn Cards>,
        want: String,
        shared: Arc<Shared>,
        orders: Consumer<Order>,
        played: PlayedWriter,
        notify: Box<dyn Fn(SpeakerNotice) + Send>,
    ) -> Self {
        let idle_since = Instant::now();
        Self { cards, want, shared, orders, notify, played, line: None, current: None, next: None, idle_since }
    }

    pub(super) fn run(&mut self) {
        priority::raise();
        loop {
            let _ = self.shared.bell.wait(self.nap());
            self.shared.counters.polls.fetch_add(1, Relaxed);
            if self.shared.quit.load(Acquire) {
                return self.close();
            }
            while let Ok(order) = self.orders.pop() {
                self.obey(order);
            }
            self.advance();
            while self.current.is_none()
                && let Some((id, live)) = self.next.take()
            {
                self.begin(id, live);
            }
        }
    }

    /// How long nothing needs to be done.
    fn nap(&self) -> Option<Duration> {
        let line = self.line.as_ref()?;
        Some(match &self.current {
            Some(_) if !line.running() => ATTENTIVE,
            None if !line.running() => LINGER.saturating_sub(self.idle_since.elapsed()) + ATTENTIVE,
            _ => line.nap(),
        })
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Play { id, at, .. } if at.elapsed() > STALE => {
                self.fail(Some(id), SoundError::Stuck { device: self.want.clone() });
            }
            Order::Play { id, live, .. } if self.current.is_none() && self.next.is_none() => self.begin(id, live),
            Order::Play { id, live, .. } if self.next.is_none() => self.next = Some((id, live)),
            Order::Play { id, .. } => self.fail(Some(id), SoundError::Full),
            Order::Flush { id } => self.flush(id),
            Order::Probe => self.probe(),
        }
    }

    /// Makes it the current sound, on a device that is opened for it if need be.
    fn begin(&mut self, id: u64, live: bool) {
        if self.line.is_none() {
            match self.open() {
                Ok(line) => self.line = Some(line),
                Err(error) => return self.fail(Some(id), error),
            }
        }
        let Some(line) = &self.line else { return };
        let rate = line.shape().rate;
        let (ring, samples) = RingBuffer::new(line.shape().frames(RING));
        let (told, leaving) = RingBuffer::new(LEAVING);
        self.current = Some(Stream::new(id, live, samples, told));
        (self.notify)(SpeakerNotice::Ready { id, rate, ring, leaving });
    }

    /// A device that took too long to open was stuck; what was to be played is no longer wanted.
    fn open(&self) -> Result<Line, SoundError> {
        let start = Instant::now();
        let (device, pcm) = self.shared.watch.over(|| {
            let device = choose(&*self.cards, &self.want, Direction::Playback)?;
            self.cards.open_playback(&device).map(|pcm| (device, pcm))
        })?;
        if start.elapsed() > STALE {
            self.shared.watch.over(move || drop(pcm));
            return Err(SoundError::Stuck { device });
        }
        Ok(Line::new(device, pcm, Arc::clone(&self.shared)))
    }

    /// One period. No lock, no allocation, no log, except for notices.
    fn advance(&mut self) {
        let Some(line) = &mut self.line else { return };
        match line.feed(self.current.as_mut(), &mut self.played) {
            Err(Fault::Lost(errno)) => {
                let error = SoundError::Lost { device: line.device.clone(), why: words(errno) };
                return self.lost(error);
            }
            Ok(()) | Err(Fault::Xrun) => {}
        }
        if let Some(seconds) = line.stands_still() {
            let error = SoundError::Silent { device: line.device.clone(), seconds };
            return self.lost(error);
        }
        match &mut self.current {
            Some(stream) => {
                let finished = line.finished(stream);
                if line.running() && stream.fed() > 0 && !stream.started {
                    stream.started = true;
                    (self.notify)(SpeakerNotice::Started { id: stream.id });
                }
                match finished {
                    Ok(true) => self.end(PlayEnd::Finished),
                    // A fault shows again at the next feed.
                    _ if stream.starved() > STARVED => self.end(PlayEnd::Failed),
                    _ => {}
                }
            }
            None if self.idle_since.elapsed() > LINGER => self.close(),
            None => {}
        }
    }

    fn flush(&mut self, id: u64) {
        if self.next.is_some_and(|(next, _)| next == id) {
            self.next = None;
            (self.notify)(SpeakerNotice::Ended { id, end: PlayEnd::Flushed, heard: Duration::ZERO });
        }
        if self.current.as_ref().is_some_and(|stream| stream.id == id) {
            let heard = self.heard();
            let stopped = self.line.as_mut().map_or(Ok(()), |line| line.stop(&mut self.played));
            self.tell_end(PlayEnd::Flushed, heard);
            if stopped.is_err() {
                self.close();
            }
        }
    }

    fn probe(&mut self) {
        if self.line.is_some() {
            return (self.notify)(SpeakerNotice::Back);
        }
        match self.open() {
            Ok(line) => {
                self.shared.watch.over(move || drop(line));
                (self.notify)(SpeakerNotice::Back);
            }
            Err(error) => self.fail(None, error),
        }
    }

    fn heard(&mut self) -> Duration {
        match (&mut self.line, &self.current) {
            (Some(line), Some(stream)) => line.heard(stream),
            _ => Duration::ZERO,
        }
    }

    fn end(&mut self, end: PlayEnd) {
        let heard = self.heard();
        self.tell_end(end, heard);
    }

    fn tell_end(&mut self, end: PlayEnd, heard: Duration) {
        self.idle_since = Instant::now();
        if let Some(stream) = self.current.take() {
            (self.notify)(SpeakerNotice::Ended { id: stream.id, end, heard });
        }
    }

    /// Tells it before it closes the device: closing may block for ever.
    fn lost(&mut self, error: SoundError) {
        let id = self.current.take().map(|stream| stream.id);
        self.fail(id, error);
        self.close();
    }

    fn fail(&self, id: Option<u64>, error: SoundError) {
        (self.notify)(SpeakerNotice::Failed { id, error });
    }

    fn close(&mut self) {
        if let Some(line) = self.line.take() {
            self.shared.watch.over(move || drop(line));
            self.played.cut(now());
        }
    }
}
