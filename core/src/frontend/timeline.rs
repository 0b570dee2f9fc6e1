//! What the loudspeaker played, and when.

use super::DeviceTime;
use super::clock::{Clock, OFF};

/// So many seconds of played sound are kept; the oldest goes first. A loudspeaker's buffer is told ahead, and the
/// microphone's sound may come late: both are far below it.
const KEPT: usize = 3;
/// Rates that make sense, in Hz.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;
/// Sound that goes on without a stop leaves no gap. A time that says so all the same, up to this far off (nanoseconds),
/// was read late by a busy machine …
const DOUBTED: f64 = 100e6;
/// … unless so many come in a row: then samples were lost on the way here.
const STRIKES: u32 = 3;
/// Softer samples are the silence of a card that is kept running.
const SILENT: i16 = 3;

/// Played samples on a line: each has a number, and the clock knows when it left. Pauses are zeros.
#[derive(Debug)]
pub(super) struct Timeline {
    rate: u32,
    clock: Clock,
    samples: Vec<i16>,
    /// The number of the first of them.
    first: u64,
    /// Behind the last that is not silence.
    sounding: Option<u64>,
    /// Behind the last that was read.
    read: u64,
    late: u64,
    /// How late they were at most, in samples.
    lateness: u64,
    refused: u64,
    /// Whether the next samples go on where the last ended.
    goes_on: bool,
    /// Times in a row that were doubted.
    strikes: u32,
}

impl Timeline {
    pub(super) fn new() -> Self {
        let rate = *RATES.start();
        Self {
            rate,
            clock: Clock::new(rate),
            samples: Vec::new(),
            first: 0,
            sounding: None,
            read: 0,
            late: 0,
            lateness: 0,
            refused: 0,
            goes_on: false,
            strikes: 0,
        }
    }

    pub(super) const fn rate(&self) -> u32 {
        self.rate
    }

    pub(super) const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Samples that came after their place was read; they were taken for silence.
    pub(super) const fn late(&self) -> u64 {
        self.late
    }

    /// How late a sample was at most since the last call, in samples; 0: none was.
    pub(super) const fn take_lateness(&mut self) -> u64 {
        std::mem::replace(&mut self.lateness, 0)
    }

    /// Samples whose rate makes no sense.
    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }

    /// The number behind the last sample that is not silence; `None` if nothing ever sounded.
    pub(super) const fn sounding(&self) -> Option<u64> {
        self.sounding
    }

    const fn end(&self) -> u64 {
        self.first + self.samples.len() as u64
    }

    /// The loudspeaker plays `samples` from `at` on.
    pub(super) fn push(&mut self, at: DeviceTime, rate: u32, samples: &[i16]) {
        if samples.is_empty() {
            return;
        }
        if !RATES.contains(&rate) {
            self.refused += samples.len() as u64;
            return;
        }
        if rate != self.rate {
            *self = Self { rate, clock: Clock::new(rate), late: self.late, refused: self.refused, ..Self::new() };
        }
        self.place(at);
        self.append(samples);
        self.goes_on = true;
    }

    /// What was to leave at `at` or later never did.
    pub(super) fn cut(&mut self, at: DeviceTime) {
        if let Some(sample) = self.clock.sample(at.0 as f64) {
            self.truncate(sample.max(0.0) as u64);
        }
        self.goes_on = false;
    }

    /// Makes the line end where a sample that leaves at `at` belongs.
    fn place(&mut self, at: DeviceTime) {
        let end = self.end();
        let Some(expected) = self.clock.time(end as f64) else { return self.clock.jump(end, at) };
        let gap = at.0 as f64 - expected;
        if gap.abs() <= OFF {
            self.strikes = 0;
            return self.clock.observe(end, at);
        }
        self.strikes += 1;
        if self.goes_on && gap.abs() <= DOUBTED && self.strikes < STRIKES {
            return;
        }
        self.strikes = 0;
        let samples = (gap / self.clock.period()).round() as i64;
        if samples < 0 {
            self.truncate(end.saturating_sub(samples.unsigned_abs()));
        } else {
            self.pause(samples.unsigned_abs());
        }
        self.clock.jump(self.end(), at);
    }

    fn truncate(&mut self, end: u64) {
        let keep = usize::try_from(end.saturating_sub(self.first)).unwrap_or(usize::MAX);
        self.samples.truncate(keep);
        self.sounding = self.sounding.map(|sounding| sounding.min(self.end()));
    }

    fn pause(&mut self, samples: u64) {
        let room = (KEPT * self.rate as usize) as u64;
        if samples >= room {
            // The clock jumps with it: how long the pause was does not matter any more.
            self.first = self.end() + room;
            self.samples.clear();
        } else {
            self.samples.resize(self.samples.len() + samples as usize, 0);
        }
    }

    fn append(&mut self, samples: &[i16]) {
        let start = self.end();
        let room = KEPT * self.rate as usize;
        let kept = &samples[samples.len().saturating_sub(room)..];
        if let Some(last) = samples.iter().rposition(|sample| sample.unsigned_abs() > SILENT.unsigned_abs()) {
            self.sounding = Some(start + last as u64 + 1);
            let behind = self.read.saturating_sub(start);
            self.late += behind.min(last as u64 + 1);
            self.lateness = self.lateness.max(behind);
        }
        if kept.len() < samples.len() {
            self.samples.clear();
            self.first = start + (samples.len() - kept.len()) as u64;
        }
        // Moved seldom, a third of it at once.
        if self.samples.len() + kept.len() > room + room / 3 {
            let old = (self.samples.len() + kept.len() - room).min(self.samples.len());
            self.samples.drain(..old);
            self.first += old as u64;
        }
        self.samples.extend_from_slice(kept);
    }

    /// Fills `out` with the samples from number `from` on; what is not there is silence. Says whether all is silence.
    pub(super) fn read(&mut self, from: i64, out: &mut [f32]) -> bool {
        let behind = u64::try_from(from.saturating_add(out.len() as i64)).unwrap_or(0);
        self.read = self.read.max(behind);
        out.fill(0.0);
        let skip = (self.first as i64).saturating_sub(from);
        let (Ok(start), Ok(skip)) = (usize::try_from(-skip.min(0)), usize::try_from(skip.max(0))) else { return true };
        let there = self.samples.get(start..).unwrap_or_default();
        let room = out.get_mut(skip..).unwrap_or_default();
        let mut loudest = 0;
        for (out, sample) in room.iter_mut().zip(there) {
            *out = f32::from(*sample);
            loudest = loudest.max(sample.unsigned_abs());
        }
        loudest <= SILENT.unsigned_abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;
    const BLOCK: usize = 320;

    /// Blocks of 20 ms, each full of its number, the first at 1 s; `off` says by how many ms the time of a block is wrong.
    fn told(blocks: std::ops::Range<u64>, off: impl Fn(u64) -> i64) -> Timeline {
        let mut timeline = Timeline::new();
        for block in blocks {
            let at = (1_000 + block * 20).saturating_add_signed(off(block)) * MS;
            timeline.push(DeviceTime(at), 16_000, &[100 + block as i16; BLOCK]);
        }
        timeline
    }

    /// What is read for this time, in ms.
    fn at(timeline: &mut Timeline, millis: u64) -> i16 {
        let sample = timeline.clock().sample((millis * MS) as f64).unwrap_or(0.0);
        let mut out = [0.0];
        timeline.read(sample.round() as i64, &mut out);
        out[0] as i16
    }

    #[test]
    fn a_time_that_was_read_late_tears_nothing() {
        for wrong in [-60, 25, 60, 95] {
            let mut timeline = told(0..20, |block| if block == 10 || block == 15 { wrong } else { 0 });
            for block in 0..20 {
                let read = at(&mut timeline, 1_010 + block * 20);
                assert_eq!(read, 100 + block as i16, "{wrong} ms off, block {block}");
            }
        }
    }

    #[test]
    fn sound_that_is_missing_is_a_gap_after_the_third_time_and_after_a_stop_at_once() {
        let mut timeline = told(0..20, |block| if block >= 10 { 60 } else { 0 });
        let read = [9, 13, 17].map(|block| at(&mut timeline, 1_010 + block * 20 + if block > 9 { 60 } else { 0 }));
        assert_eq!(read, [109, 113, 117]);
        let mut timeline = told(0..10, |_| 0);
        timeline.cut(DeviceTime(1_150 * MS));
        timeline.push(DeviceTime(1_230 * MS), 16_000, &[50; BLOCK]);
        assert_eq!([1_145, 1_160, 1_225, 1_235].map(|millis| at(&mut timeline, millis)), [107, 0, 0, 50]);
    }

    #[test]
    fn what_is_kept_is_bounded_however_long_and_wherever_it_goes() {
        let mut timeline = Timeline::new();
        for n in 0..50_u64 {
            let at = [0, u64::MAX, 1_000 * MS, 3_600_000 * MS][n as usize % 4];
            timeline.push(DeviceTime(at), 192_000, &vec![9; 100_000]);
            timeline.cut(DeviceTime(at));
        }
        assert!(timeline.samples.capacity() <= 2 * KEPT * 192_000, "{}", timeline.samples.capacity());
    }
}
