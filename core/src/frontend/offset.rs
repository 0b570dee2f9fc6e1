//! A constant offset, as cheap microphones have it.

use crate::audio::TAPE_RATE;

/// The mean is taken over so many samples: a second.
const SPAN: u32 = TAPE_RATE;
/// So many means in a row have to agree, so that no rumble is taken for an offset.
const AGREE: usize = 4;
/// What is below this is none: −54 dBFS. Such a microphone's samples stay as they are.
const REAL: i32 = 64;
/// What is taken away is changed when it is wrong by more than this.
const WRONG: i32 = 8;
/// It changes by 1 every so many samples: an offset of a tenth of full scale is gone within 3 s and nobody hears it.
const SLOPE: u32 = 16;

/// Measures the offset and takes it away, slowly.
#[derive(Debug, Default)]
pub(super) struct Offset {
    sum: i64,
    count: u32,
    means: [i32; AGREE],
    known: usize,
    wanted: i32,
    taken: i32,
    since: u32,
}

impl Offset {
    /// What the offset is, in steps of 16 bits.
    pub(super) fn measured(&self) -> i32 {
        if self.known == 0 { 0 } else { self.means[(self.known - 1) % AGREE] }
    }

    /// Appends `sound` without it.
    pub(super) fn push(&mut self, mut sound: &[i16], out: &mut Vec<i16>) {
        while !sound.is_empty() {
            let (now, later) = sound.split_at(sound.len().min((SPAN - self.count) as usize));
            sound = later;
            self.sum += now.iter().map(|&sample| i64::from(sample)).sum::<i64>();
            self.count += now.len() as u32;
            if self.taken == 0 && self.wanted == 0 {
                out.extend_from_slice(now);
            } else {
                out.extend(now.iter().map(|&sample| self.take_from(sample)));
            }
            if self.count == SPAN {
                self.conclude();
            }
        }
    }

    fn take_from(&mut self, sample: i16) -> i16 {
        if self.taken != self.wanted {
            self.since += 1;
            if self.since >= SLOPE {
                self.since = 0;
                self.taken += (self.wanted - self.taken).signum();
            }
        }
        let without = i32::from(sample) - self.taken;
        without.clamp(i16::MIN.into(), i16::MAX.into()) as i16
    }

    fn conclude(&mut self) {
        let mean = (self.sum / i64::from(SPAN)) as i32;
        (self.sum, self.count) = (0, 0);
        self.means[self.known % AGREE] = mean;
        self.known += 1;
        if self.known < AGREE {
            return;
        }
        let (least, most) = self.means.iter().fold((i32::MAX, i32::MIN), |(a, b), &mean| (a.min(mean), b.max(mean)));
        // The one nearest to none: rumble only ever adds.
        let sure = if least > 0 { least } else { most.min(0) };
        let sure = if sure.abs() < REAL { 0 } else { sure };
        if (sure - self.wanted).abs() > WRONG || sure == 0 {
            self.wanted = sure;
        }
    }
}
