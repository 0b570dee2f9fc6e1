//! From mono samples in a ring to frames in a card: volume, channels, format. Allocates nothing while it works.

use std::ops::Range;

use rtrb::Consumer;

use super::card::{Fault, PlaybackPcm, Shape};
use super::played::PlayedWriter;

/// Milliseconds that a change of volume takes from silence to full; a jump would click.
const GLIDE_MS: u32 = 20;

/// The gain for a volume in percent: the cube, which the ear hears as even steps.
pub(super) fn gain(percent: u8) -> f32 {
    (f32::from(percent.min(100)) / 100.0).powi(3)
}

/// Turns samples into frames and hands them to a card.
pub(super) struct Feeder {
    shape: Shape,
    /// Up to one period of frames.
    frames: Vec<u8>,
    /// The same, before it was made frames.
    mono: Vec<i16>,
    /// Those of them that the card has not taken yet, in bytes.
    left: Range<usize>,
    gain: f32,
    /// How much the gain may change from one sample to the next.
    step: f32,
}

impl Feeder {
    pub(super) fn new(shape: Shape, period: usize, percent: u8) -> Self {
        let step = 1_000.0 / (GLIDE_MS as f32 * shape.rate.max(1) as f32);
        Self {
            shape,
            frames: vec![0; period * shape.frame_bytes()],
            mono: vec![0; period],
            left: 0..0,
            gain: gain(percent),
            step,
        }
    }

    /// Frames that were taken out of a ring but not by the card.
    pub(super) fn held(&self) -> usize {
        self.left.len() / self.shape.frame_bytes()
    }

    /// Forgets them.
    pub(super) fn forget(&mut self) {
        self.left = 0..0;
    }

    /// Takes up to a period of samples, at most `room`, out of `ring`; returns how many.
    pub(super) fn take(&mut self, ring: &mut Consumer<i16>, room: usize, percent: u8) -> usize {
        let target = gain(percent);
        let count = room.min(ring.slots()).min(self.frames.len() / self.shape.frame_bytes());
        for index in 0..count {
            let Ok(sample) = ring.pop() else { return self.hold(index) };
            self.gain += (target - self.gain).clamp(-self.step, self.step);
            self.put(index, (f32::from(sample) * self.gain).round() as i16);
        }
        self.hold(count)
    }

    /// Makes up to a period of silence, at most `room`; returns how many frames. A change of volume needs no glide
    /// then: the next sound has it from its first sample on.
    pub(super) fn silence(&mut self, room: usize, percent: u8) -> usize {
        self.gain = gain(percent);
        let count = room.min(self.frames.len() / self.shape.frame_bytes());
        for index in 0..count {
            self.put(index, 0);
        }
        self.hold(count)
    }

    /// Hands over what is held; returns the frames that the card took, which `played` gets too.
    pub(super) fn write(&mut self, pcm: &mut dyn PlaybackPcm, played: &mut PlayedWriter) -> Result<usize, Fault> {
        if self.left.is_empty() {
            return Ok(0);
        }
        let taken = pcm.write(&self.frames[self.left.clone()])?;
        let (frame, before) = (self.shape.frame_bytes(), self.left.start);
        self.left.start = (before + taken * frame).min(self.left.end);
        played.push(&self.mono[before / frame..self.left.start / frame]);
        Ok(taken)
    }

    fn hold(&mut self, frames: usize) -> usize {
        self.left = 0..frames * self.shape.frame_bytes();
        frames
    }

    fn put(&mut self, index: usize, sample: i16) {
        self.mono[index] = sample;
        let (frame, width) = (self.shape.frame_bytes(), self.shape.format.bytes());
        for bytes in self.frames[index * frame..(index + 1) * frame].chunks_exact_mut(width) {
            self.shape.format.write(sample, bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use auricle_core::audio::convert::Format;

    fn feeder(percent: u8) -> (Feeder, rtrb::Producer<i16>, Consumer<i16>) {
        let shape = Shape { rate: 48_000, channels: 2, format: Format::S16 };
        let (producer, consumer) = rtrb::RingBuffer::new(4_800);
        (Feeder::new(shape, 960, percent), producer, consumer)
    }

    fn left_channel(feeder: &Feeder) -> Vec<i16> {
        feeder.frames[feeder.left.clone()].chunks(4).map(|f| i16::from_le_bytes([f[0], f[1]])).collect()
    }

    #[test]
    fn full_volume_changes_nothing_and_fills_all_channels() {
        let (mut feeder, mut producer, mut ring) = feeder(100);
        producer.push_entire_slice(&[1, -2, i16::MAX, i16::MIN]).unwrap();
        assert_eq!(feeder.take(&mut ring, 960, 100), 4);
        assert_eq!(left_channel(&feeder), [1, -2, i16::MAX, i16::MIN]);
        assert!(feeder.frames[..16].chunks(4).all(|frame| frame[..2] == frame[2..]));
    }

    #[test]
    fn volume_glides_without_a_step() {
        let (mut feeder, mut producer, mut ring) = feeder(100);
        producer.push_entire_slice(&[20_000; 1_920]).unwrap();
        feeder.take(&mut ring, 960, 0);
        let down = left_channel(&feeder);
        assert!(down.windows(2).all(|pair| pair[0].abs_diff(pair[1]) <= 22), "no step");
        assert!(down[0] > 19_900 && down[959] < 100, "{} to {}", down[0], down[959]);
        feeder.take(&mut ring, 960, 0);
        assert!(left_channel(&feeder).iter().all(|&sample| sample == 0));
    }

    #[test]
    fn a_volume_that_changed_in_a_pause_holds_from_the_first_sample_on() {
        let (mut feeder, mut producer, mut ring) = feeder(100);
        feeder.silence(960, 0);
        producer.push_entire_slice(&[20_000; 960]).unwrap();
        feeder.take(&mut ring, 960, 0);
        assert!(left_channel(&feeder).iter().all(|&sample| sample == 0));
    }

    #[test]
    fn volume_is_perceptual() {
        assert_eq!((gain(0), gain(100), gain(255)), (0.0, 1.0, 1.0));
        assert!((20.0 * gain(50).log10() + 18.06).abs() < 0.01);
    }
}
