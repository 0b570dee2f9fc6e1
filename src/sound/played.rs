//! What really went into the loudspeaker, on its way to whoever has to tell it from what people say.
//!
//! The loudspeaker's thread knows only after it has written when a sample will be heard, and it writes ahead: what a
//! flush throws away was written and is never heard. So sound travels ahead of its time, each block with the moment at
//! which it leaves the loudspeaker, and a stop takes back what is not heard after all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use auricle_core::frontend::DeviceTime;
use nix::time::{ClockId, clock_gettime};
use rtrb::{Consumer, Producer, RingBuffer};

/// Samples on the way: 1 s at 48 kHz, 250 ms at 192 kHz. A card's queue is 120 ms, and it is read each 70 ms.
const SAMPLES: usize = 48_000;

/// Blocks on the way. One is 10 ms or more.
const MARKS: usize = 256;

/// The present on the kernel's monotonic clock.
pub(crate) fn now() -> DeviceTime {
    // The clock is always there; 0 would only spoil a delay.
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(0, |now| {
        u64::try_from(now.tv_sec()).unwrap_or(0) * 1_000_000_000 + u64::try_from(now.tv_nsec()).unwrap_or(0)
    });
    DeviceTime(now)
}

/// The moment `frames` at `rate` Hz behind `at`, or before it.
pub(super) fn after(at: DeviceTime, frames: i64, rate: u32) -> DeviceTime {
    let span = i128::from(frames) * 1_000_000_000 / i128::from(rate.max(1));
    DeviceTime(u64::try_from((i128::from(at.0) + span).max(0)).unwrap_or(u64::MAX))
}

/// What a piece of the ring of samples is.
enum Mark {
    /// So many samples, the first of which leaves the loudspeaker at `at`; `None`: it is not known when.
    Block { at: Option<DeviceTime>, rate: u32, frames: usize },
    /// From this moment on, nothing that was written before is heard.
    Cut(DeviceTime),
}

/// What both ends see.
#[derive(Default)]
struct Shared {
    wanted: AtomicBool,
    dropped: AtomicU64,
}

/// Both ends. Nothing is carried until the reader wants it.
pub(super) fn played() -> (PlayedWriter, Played) {
    let (samples, samples_out) = RingBuffer::new(SAMPLES);
    let (marks, marks_out) = RingBuffer::new(MARKS);
    let shared = Arc::<Shared>::default();
    let writer = PlayedWriter { samples, marks, shared: Arc::clone(&shared), pending: 0 };
    (writer, Played { samples: samples_out, marks: marks_out, shared })
}

/// The end of the loudspeaker's thread: takes no lock, allocates nothing.
pub(super) struct PlayedWriter {
    samples: Producer<i16>,
    marks: Producer<Mark>,
    shared: Arc<Shared>,
    /// Samples in the ring that no mark tells about yet.
    pending: usize,
}

impl PlayedWriter {
    /// The card took these. What does not fit is dropped and counted.
    pub(super) fn push(&mut self, samples: &[i16]) {
        if !self.shared.wanted.load(Relaxed) {
            return;
        }
        // The last place is kept for a cut.
        let fits = if self.marks.slots() > 1 { self.samples.slots().min(samples.len()) } else { 0 };
        let _ = self.samples.push_entire_slice(&samples[..fits]);
        self.pending += fits;
        self.shared.dropped.fetch_add((samples.len() - fits) as u64, Relaxed);
    }

    /// Whether anything was pushed that has no time yet.
    pub(super) const fn is_timeless(&self) -> bool {
        self.pending > 0
    }

    /// What was pushed since the last time begins to leave the loudspeaker at `at`; `None`: nobody knows.
    pub(super) fn stamp(&mut self, at: Option<DeviceTime>, rate: u32) {
        let frames = std::mem::take(&mut self.pending);
        if frames > 0 {
            // Only this end fills the ring: the place that `push` saw is still there.
            let _ = self.marks.push(Mark::Block { at, rate, frames });
        }
    }

    /// What was pushed since the last time and begins to leave the loudspeaker `ahead` frames less what was pushed from
    /// `now`: a card tells how much lies behind the last frame that it took.
    pub(super) fn stamp_behind(&mut self, now: DeviceTime, ahead: usize, rate: u32) {
        let first = i64::try_from(ahead).unwrap_or(i64::MAX) - i64::try_from(self.pending).unwrap_or(0);
        self.stamp(Some(after(now, first, rate)), rate);
    }

    /// The queue of the card was thrown away, or has run dry.
    pub(super) fn cut(&mut self, at: DeviceTime) {
        self.stamp(None, 1);
        if self.shared.wanted.load(Relaxed) {
            let _ = self.marks.push(Mark::Cut(at));
        }
    }
}

/// What the loudspeaker plays.
#[derive(Debug, PartialEq, Eq)]
pub enum Sounds<'a> {
    /// These samples, mono, at `rate` Hz, as loud as they leave; the first of them at `at`.
    Block {
        /// Usually still to come.
        at: DeviceTime,
        /// In Hz.
        rate: u32,
        /// At least one.
        samples: &'a [i16],
    },
    /// What was told before and was to leave at this moment or later never does.
    Stopped(DeviceTime),
}

/// The end of whoever wants to know what the loudspeaker plays.
pub struct Played {
    samples: Consumer<i16>,
    marks: Consumer<Mark>,
    shared: Arc<Shared>,
}

impl Played {
    /// Whether anything is to be carried from now on. Until then nothing is, and it costs nothing.
    pub fn want(&mut self, wanted: bool) {
        if self.shared.wanted.swap(wanted, Relaxed) != wanted {
            self.take(|_| {});
        }
    }

    /// Samples that were dropped because nobody took them in time.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Relaxed)
    }

    /// Gives out what is new, in order.
    pub fn take(&mut self, mut give: impl FnMut(Sounds<'_>)) {
        // What is added meanwhile comes the next time.
        for _ in 0..self.marks.slots() {
            match self.marks.pop() {
                Ok(Mark::Block { at, rate, frames }) => self.take_block(at, rate, frames, &mut give),
                Ok(Mark::Cut(at)) => give(Sounds::Stopped(at)),
                Err(_) => return,
            }
        }
    }

    fn take_block(&mut self, at: Option<DeviceTime>, rate: u32, frames: usize, give: &mut impl FnMut(Sounds<'_>)) {
        // A mark comes behind its samples: they are there.
        let Ok(chunk) = self.samples.read_chunk(frames) else { return };
        let (first, second) = chunk.as_slices();
        for (offset, samples) in [(0, first), (first.len(), second)] {
            if let Some(at) = at
                && !samples.is_empty()
            {
                give(Sounds::Block { at: after(at, offset as i64, rate), rate, samples });
            }
        }
        chunk.commit_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn at(millis: u64) -> DeviceTime {
        DeviceTime(millis * MS)
    }

    fn wanted() -> (PlayedWriter, Played) {
        let (writer, mut reader) = played();
        reader.want(true);
        (writer, reader)
    }

    /// Moments in ms, and the samples; none for a stop.
    fn taken(reader: &mut Played) -> Vec<(u64, Vec<i16>)> {
        let mut all = Vec::new();
        reader.take(|sounds| match sounds {
            Sounds::Block { at, rate, samples } => {
                assert_eq!(rate, 1_000);
                all.push((at.0 / MS, samples.to_vec()));
            }
            Sounds::Stopped(at) => all.push((at.0 / MS, vec![])),
        });
        all
    }

    #[test]
    fn a_block_comes_with_its_moment_and_not_before_that_is_known() {
        let (mut writer, mut reader) = wanted();
        writer.push(&[1, 2]);
        writer.push(&[3, 4]);
        assert!(writer.is_timeless());
        assert_eq!(taken(&mut reader), []);
        writer.stamp_behind(at(96), 8, 1_000);
        assert!(!writer.is_timeless());
        assert_eq!(taken(&mut reader), [(100, vec![1, 2, 3, 4])]);
        assert_eq!(taken(&mut reader), []);
    }

    #[test]
    fn around_the_end_of_the_ring_no_sample_changes_its_moment() {
        let (mut writer, mut reader) = wanted();
        writer.push(&vec![0; SAMPLES - 2]);
        writer.stamp(Some(at(1)), 1_000);
        taken(&mut reader);
        writer.push(&[1, 2, 3, 4, 5]);
        writer.stamp(Some(at(100)), 1_000);
        assert_eq!(taken(&mut reader), [(100, vec![1, 2]), (102, vec![3, 4, 5])]);
    }

    #[test]
    fn a_stop_stands_where_it_belongs() {
        let (mut writer, mut reader) = wanted();
        for (sample, moment) in [(1, 100), (2, 110)] {
            writer.push(&[sample]);
            writer.stamp(Some(at(moment)), 1_000);
            writer.cut(at(moment + 5));
        }
        assert_eq!(taken(&mut reader), [(100, vec![1]), (105, vec![]), (110, vec![2]), (115, vec![])]);
    }

    #[test]
    fn sound_without_a_time_is_left_out() {
        let (mut writer, mut reader) = wanted();
        writer.push(&[1, 2]);
        writer.stamp(None, 1_000);
        writer.push(&[3]);
        writer.cut(at(90));
        writer.push(&[4]);
        writer.stamp(Some(at(100)), 1_000);
        assert_eq!(taken(&mut reader), [(90, vec![]), (100, vec![4])]);
    }

    #[test]
    fn nothing_is_carried_that_nobody_wants() {
        let (mut writer, mut reader) = played();
        writer.push(&[1, 2]);
        assert!(!writer.is_timeless());
        reader.want(true);
        writer.push(&[3]);
        writer.stamp(Some(at(1)), 1_000);
        reader.want(false);
        reader.want(true);
        assert_eq!(taken(&mut reader), []);
        assert_eq!(reader.dropped(), 0);
    }

    #[test]
    fn the_newest_is_dropped_and_counted_and_a_stop_still_comes_through() {
        let (mut writer, mut reader) = wanted();
        for moment in 0..MARKS as u64 + 10 {
            writer.push(&[7]);
            writer.stamp(Some(at(moment)), 1_000);
        }
        assert_eq!(reader.dropped(), 11);
        writer.cut(at(100));
        let all = taken(&mut reader);
        assert_eq!((all.len(), all.last().map(|last| last.0)), (MARKS, Some(100)));
        writer.push(&vec![1; SAMPLES + 5]);
        writer.stamp(Some(at(20_000)), 1_000);
        assert_eq!(reader.dropped(), 16);
        let all: usize = taken(&mut reader).iter().map(|(_, samples)| samples.len()).sum();
        assert_eq!(all, SAMPLES);
    }
}
