//! The reference: what the loudspeaker played, at 16 kHz and in step with the microphone.

use super::BLOCK;
use super::DeviceTime;
use super::clock::Clock;
use super::kernel::Kernel;
use super::timeline::Timeline;
use crate::audio::TAPE_RATE;

/// The place in the reference may be off by so much, in nanoseconds, before it is corrected: the canceller finds a delay
/// by itself, but a delay that moves costs it what it has learnt.
const NEAR: f64 = 2e6;
/// Beyond this it is not corrected slowly: it jumps.
const FAR: f64 = 20e6;
/// The fastest correction, as a share of the rate.
const FASTEST: f64 = 100e-6;

/// Follows the played samples at the microphone's pace.
#[derive(Debug)]
pub(super) struct Reference {
    timeline: Timeline,
    kernel: Kernel,
    /// The rate that the kernel is for.
    rate: u32,
    /// Where the next block begins, in played samples.
    next: Option<f64>,
    window: Vec<f32>,
    silent: bool,
}

impl Reference {
    pub(super) fn new() -> Self {
        let timeline = Timeline::new();
        let rate = timeline.rate();
        Self { timeline, kernel: Kernel::new(rate), rate, next: None, window: Vec::new(), silent: true }
    }

    pub(super) const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Whether the last block was silence.
    pub(super) const fn silent(&self) -> bool {
        self.silent
    }

    pub(super) fn played(&mut self, at: DeviceTime, rate: u32, samples: &[i16]) {
        self.timeline.push(at, rate, samples);
        if self.timeline.rate() != self.rate {
            self.rate = self.timeline.rate();
            self.kernel = Kernel::new(self.rate);
            self.next = None;
        }
    }

    pub(super) fn cut(&mut self, at: DeviceTime) {
        self.timeline.cut(at);
    }

    /// How late a played sample was told at most since the last call, in nanoseconds; 0: none was.
    pub(super) fn take_lateness(&mut self) -> f64 {
        self.timeline.take_lateness() as f64 * 1e9 / f64::from(self.rate)
    }

    /// Whether anything sounds at `time` (nanoseconds) or later, or did up to `hang` nanoseconds before.
    pub(super) fn sounds(&self, time: f64, hang: f64) -> bool {
        let Some(sounding) = self.timeline.sounding() else { return false };
        self.timeline.clock().time(sounding as f64).is_some_and(|end| end + hang > time)
    }

    /// The block that was played while the microphone's samples from `position` on were caught, and `lead` nanoseconds
    /// later.
    pub(super) fn block(&mut self, microphone: &Clock, position: u64, lead: f64, out: &mut [f32; BLOCK]) {
        out.fill(0.0);
        let place = |samples: usize| {
            let time = microphone.time(position as f64 + samples as f64)? + lead;
            self.timeline.clock().sample(time)
        };
        let (Some(start), Some(end)) = (place(0), place(BLOCK)) else { return };
        let step = (end - start) / BLOCK as f64;
        // A clock that is off by more than a fifth is none; the window stays bounded.
        let nominal = f64::from(self.rate) / f64::from(TAPE_RATE);
        if !(step > nominal * 0.8 && step < nominal * 1.2) {
            return;
        }
        let (at, step) = self.follow(start, step);
        self.next = Some(at + step * BLOCK as f64);
        self.fill(at, step, out);
    }

    /// Where to read now, and how far each sample goes on.
    fn follow(&self, wanted: f64, step: f64) -> (f64, f64) {
        let Some(next) = self.next else { return (wanted, step) };
        let nanoseconds = 1e9 / f64::from(self.rate);
        let error = (wanted - next) * nanoseconds;
        // Nobody hears a jump within silence.
        if self.silent || error.abs() > FAR {
            return (wanted, step);
        }
        let correction = if error.abs() < NEAR { 0.0 } else { FASTEST.copysign(error) };
        (next, step * (1.0 + correction))
    }

    fn fill(&mut self, at: f64, step: f64, out: &mut [f32; BLOCK]) {
        let base = at.floor();
        let span = (at - base + step * BLOCK as f64).ceil() as usize;
        self.window.resize(span + self.kernel.taps() + 1, 0.0);
        self.silent = self.timeline.read(base as i64 - self.kernel.before() as i64, &mut self.window);
        if self.silent {
            return;
        }
        for (n, out) in out.iter_mut().enumerate() {
            let place = at - base + step * n as f64;
            *out = self.kernel.at(&self.window[place as usize..], place.fract());
        }
    }
}
