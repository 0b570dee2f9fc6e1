//! The reference: what the loudspeaker played, at 16 kHz and in step with the microphone.

use super::BLOCK;
use super::DeviceTime;
use super::clock::Clock;
use super::kernel::Kernel;
use super::pace::Pace;
use super::timeline::Timeline;
use super::tracker::Drift;
use crate::audio::TAPE_RATE;

/// The place in the reference may be off by so much, in nanoseconds, before it is corrected: the canceller finds a delay
/// by itself, but a delay that moves costs it what it has learnt.
const NEAR: f64 = 4e6;
/// Beyond this it is not corrected slowly: it jumps.
const FAR: f64 = 20e6;
/// The fastest correction, as a share of the rate.
const FASTEST: f64 = 100e-6;
/// After so many silent blocks (0.5 s) it may jump in any case: nobody hears it.
const QUIET: usize = 125;
/// A block in seconds.
const SECONDS: f64 = BLOCK as f64 / TAPE_RATE as f64;

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
    /// So many blocks in a row were.
    quiet: usize,
    pace: Pace,
    jumped: bool,
}

impl Reference {
    pub(super) fn new() -> Self {
        let timeline = Timeline::new();
        let rate = timeline.rate();
        Self {
            timeline,
            kernel: Kernel::new(rate),
            rate,
            next: None,
            window: Vec::new(),
            silent: true,
            quiet: 0,
            pace: Pace::new(),
            jumped: false,
        }
    }

    pub(super) const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// How many blocks in a row were silence.
    pub(super) const fn quiet(&self) -> usize {
        self.quiet
    }

    /// How much faster than nominal the reference is read, as a share.
    pub(super) const fn drift(&self) -> f64 {
        self.pace.drift()
    }

    /// The sound itself shows this drift.
    pub(super) fn measured(&mut self, drift: Drift) {
        self.pace.measured(drift);
    }

    /// Whether it jumped before the last block.
    pub(super) const fn jumped(&self) -> bool {
        self.jumped
    }

    /// How far ahead of nominal it has been read when the microphone is at `position`, in samples of 16 kHz. Only
    /// differences mean anything.
    pub(super) fn ahead(&self, position: u64) -> f64 {
        self.next.map_or(0.0, |next| next * f64::from(TAPE_RATE) / f64::from(self.rate) - position as f64)
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
        let speaker = self.timeline.clock();
        let Some(time) = microphone.time(position as f64) else { return };
        let Some(wanted) = speaker.sample(time + lead) else { return };
        let rate = microphone.drift() - speaker.drift();
        let variance = microphone.drift_variance() + speaker.drift_variance();
        self.pace.pass(SECONDS, Drift { rate, variance });
        let (at, step) = self.follow(wanted);
        self.next = Some(at + step * BLOCK as f64);
        self.fill(at, step, out);
        self.quiet = if self.silent { self.quiet + 1 } else { 0 };
    }

    /// So many of the microphone's samples went by without a block.
    pub(super) fn skip(&mut self, samples: usize) {
        let step = f64::from(self.rate) / f64::from(TAPE_RATE) * (1.0 + self.pace.drift());
        self.next = self.next.map(|next| next + step * samples as f64);
    }

    /// Where to read now, and how far each sample goes on.
    fn follow(&mut self, wanted: f64) -> (f64, f64) {
        let step = f64::from(self.rate) / f64::from(TAPE_RATE) * (1.0 + self.pace.drift());
        let error = self.next.map_or(f64::INFINITY, |next| (wanted - next) / f64::from(self.rate) * 1e9);
        self.jumped = error.abs() > FAR || (self.silent && (error.abs() > NEAR || self.quiet > QUIET));
        match self.next {
            Some(next) if !self.jumped => {
                let correction = if error.abs() < NEAR { 0.0 } else { FASTEST.copysign(error) };
                (next, step * (1.0 + correction))
            }
            _ => (wanted, step),
        }
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
