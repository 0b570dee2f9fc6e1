//! Mono samples from one rate to another, in pieces of any size, not shifted in time.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Async, Fft, FixedAsync, FixedSync, Indexing, SincInterpolationParameters, WindowFunction};

/// The longest block, in milliseconds of sound, that the exact resampler may need before it gives anything.
const LONGEST_BLOCK_MS: usize = 25;

/// The block that is asked for.
const BLOCK_MS: usize = 10;

/// Length of the interpolating filter for rates without a small common ratio.
const SINC_LENGTH: usize = 128;

/// One direction of conversion.
pub(super) struct Resampler {
    engine: Box<dyn rubato::Resampler<f32>>,
    ratio: f64,
    /// Samples that don't fill a block yet.
    pending: Vec<f32>,
    block: Vec<f32>,
    /// Output that is still to be left out: the filter's own delay.
    delay: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// Both rates are different and within [`super::RATES`].
    pub(super) fn new(from: u32, to: u32) -> Self {
        let engine = engine(from as usize, to as usize);
        let block = vec![0.0; engine.output_frames_max()];
        let delay = engine.output_delay();
        let ratio = f64::from(to) / f64::from(from);
        Self { engine, ratio, pending: Vec::new(), block, delay, taken: 0, given: 0 }
    }

    pub(super) fn push(&mut self, samples: &[f32], give: impl FnMut(f32)) {
        self.taken += samples.len() as u64;
        self.pending.extend_from_slice(samples);
        self.convert(u64::MAX, give);
    }

    pub(super) fn finish(&mut self, mut give: impl FnMut(f32)) {
        let whole = (self.taken as f64 * self.ratio).round() as u64;
        // Bounded: a block always gives more than nothing once the delay is through.
        for _ in 0..64 {
            if self.given >= whole {
                break;
            }
            self.pending.resize(self.engine.input_frames_next().max(self.pending.len()), 0.0);
            self.convert(whole, &mut give);
        }
    }

    /// Converts all whole blocks; gives at most up to `whole` samples since the start.
    fn convert(&mut self, whole: u64, mut give: impl FnMut(f32)) {
        let mut start = 0;
        loop {
            let need = self.engine.input_frames_next();
            if self.pending.len() - start < need {
                break;
            }
            let Some(made) = self.convert_block(start) else { break };
            start += need;
            let skip = self.delay.min(made);
            self.delay -= skip;
            for &sample in &self.block[skip..made] {
                if self.given < whole {
                    give(sample);
                    self.given += 1;
                }
            }
        }
        self.pending.drain(..start);
    }

    /// The number of samples now in `block`; `None` never happens with buffers of these sizes.
    fn convert_block(&mut self, start: usize) -> Option<usize> {
        let (pending, room) = (self.pending.len(), self.block.len());
        let input = SequentialSlice::new(&self.pending, 1, pending).ok()?;
        let mut output = SequentialSlice::new_mut(&mut self.block, 1, room).ok()?;
        let place = Indexing::new().input_offset(start);
        self.engine.process_into_buffer(&input, &mut output, Some(&place)).ok().map(|(_, made)| made)
    }
}

/// Rates with a small common ratio (nearly all that exist) get the exact and cheap resampler; others would need blocks
/// of up to a second, so they get an interpolating one.
fn engine(from: usize, to: usize) -> Box<dyn rubato::Resampler<f32>> {
    let smallest = from / common(from, to);
    if smallest <= from * LONGEST_BLOCK_MS / 1000
        && let Ok(fft) =
            Fft::new_custom(from, to, from * BLOCK_MS / 1000, 1, 1, WindowFunction::BlackmanHarris2, FixedSync::Both)
    {
        return Box::new(fft);
    }
    interpolating(from, to)
}

fn interpolating(from: usize, to: usize) -> Box<dyn rubato::Resampler<f32>> {
    let parameters = SincInterpolationParameters::new(SINC_LENGTH, WindowFunction::BlackmanHarris2);
    let (ratio, chunk) = (to as f64 / from as f64, (from * BLOCK_MS / 1000).max(8));
    match Async::new_sinc(ratio, 1.0, &parameters, chunk, 1, FixedAsync::Input) {
        Ok(engine) => Box::new(engine),
        // Only ratios that are not finite or not positive are refused, and both rates were checked.
        Err(error) => unreachable!("{from} to {to} Hz: {error}"),
    }
}

fn common(mut a: usize, mut b: usize) -> usize {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}
