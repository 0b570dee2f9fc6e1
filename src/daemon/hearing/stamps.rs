//! When the frames of a microphone were caught.

use std::collections::VecDeque;

use auricle_core::frontend::DeviceTime;

use crate::sound::Stamp;

/// Stamps that are kept. The conversion to the tape's rate gives a sample up to 20 ms after its frame came; a block is
/// 10 ms at least.
const KEPT: usize = 8;

/// Between blocks the card's own clock counts.
pub(super) struct Stamps {
    ring: rtrb::Consumer<Stamp>,
    /// Frames per second.
    rate: u32,
    /// In order; the first ones belong to frames that were read.
    known: VecDeque<Stamp>,
}

impl Stamps {
    pub(super) fn new(ring: rtrb::Consumer<Stamp>, rate: u32) -> Self {
        Self { ring, rate, known: VecDeque::with_capacity(KEPT) }
    }

    /// The first frame behind `frame` of which a block says its own time.
    pub(super) fn next_behind(&mut self, frame: u64) -> Option<u64> {
        while self.known.back().is_none_or(|last| last.frame <= frame) {
            let stamp = self.ring.pop().ok()?;
            if self.known.len() == KEPT {
                self.known.pop_front();
            }
            self.known.push_back(stamp);
        }
        self.known.iter().map(|stamp| stamp.frame).find(|&at| at > frame)
    }

    /// When this frame was caught. Before any stamp: the beginning of time.
    pub(super) fn time_of(&self, frame: u64) -> DeviceTime {
        let before = self.known.iter().rev().find(|stamp| stamp.frame <= frame);
        let Some(stamp) = before.or(self.known.front()) else { return DeviceTime(0) };
        let frames = i128::from(frame) - i128::from(stamp.frame);
        let nanos = i128::from(stamp.at.0) + frames * 1_000_000_000 / i128::from(self.rate.max(1));
        DeviceTime(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn stamps(of: &[(u64, u64)]) -> Stamps {
        let (mut writer, ring) = rtrb::RingBuffer::new(64);
        for &(frame, at) in of {
            writer.push(Stamp { frame, at: DeviceTime(at) }).unwrap();
        }
        Stamps::new(ring, 1_000)
    }

    #[test]
    fn between_stamps_the_cards_clock_counts_and_lost_frames_are_a_jump() {
        // 50 ms were lost before frame 20.
        let mut stamps = stamps(&[(0, 1_000_000_000), (10, 1_010_000_000), (20, 1_070_000_000)]);
        assert_eq!(stamps.next_behind(0), Some(10));
        assert_eq!(stamps.next_behind(10), Some(20));
        assert_eq!(stamps.next_behind(20), None);
        let at = |frame| stamps.time_of(frame).0 / 1_000_000;
        assert_eq!([at(0), at(9), at(10), at(19), at(20), at(35)], [1_000, 1_009, 1_010, 1_019, 1_070, 1_085]);
    }

    #[test]
    fn few_are_kept_and_what_lies_before_them_is_told_from_the_oldest() {
        let mut stamps = stamps(&(0..32).map(|n| (n * 10, (n + 100) * 10_000_000)).collect::<Vec<_>>());
        assert_eq!(stamps.next_behind(300), Some(310));
        assert_eq!(stamps.time_of(0).0, 1_000_000_000);
        assert_eq!(stamps.known.len(), KEPT);
    }

    #[test]
    fn without_any_it_is_the_beginning_of_time() {
        let mut stamps = stamps(&[]);
        assert_eq!((stamps.next_behind(0), stamps.time_of(5)), (None, DeviceTime(0)));
    }
}
