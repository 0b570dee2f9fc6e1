//! A sound card's clock, learnt from the times of its blocks.
//!
//! Each block says when its first sample passed, a few milliseconds off. A Kalman filter over two numbers, the time of a
//! sample and the rate's error, makes a line of it: at first it believes the nominal rate, after half a minute it knows
//! the true one to a few parts in a million. How much a single time is worth is learnt too.

use super::DeviceTime;

/// Nanoseconds in a second.
const SECOND: f64 = 1e9;
/// How wrong a card's rate is before anything is known: crystals are within 100 ppm.
const DRIFT: f64 = 100e-6;
/// A rate that is further off than this is not believed.
const MOST_DRIFT: f64 = 2_000e-6;
/// How far the rate may wander: 0.3 ppm in a second, in ten thousand seconds 30 ppm. Crystals follow the temperature.
const WANDER: f64 = 0.3e-6;
/// The error of a single time, in nanoseconds: at first, at least and at most.
const JITTER: f64 = 2e6;
const LEAST_JITTER: f64 = 0.1e6;
const MOST_JITTER: f64 = 5e6;
/// How much one time teaches about the jitter.
const TEACHES: f64 = 1.0 / 64.0;
/// A time that is so far off the line, in nanoseconds, is left out …
pub(super) const OFF: f64 = 20e6;
/// … unless so many come in a row: then samples are missing, and the line goes on from the last.
const STRIKES: u32 = 3;

/// Maps sample numbers to times, with the rate's error.
#[derive(Debug)]
pub(super) struct Clock {
    /// Nominal nanoseconds for each sample.
    period: f64,
    line: Option<Line>,
    drift: f64,
    drift_variance: f64,
    jitter: f64,
    strikes: u32,
}

/// A point of the line and what is known of it.
#[derive(Clone, Copy, Debug)]
struct Line {
    sample: u64,
    time: f64,
    variance: f64,
    /// How much an error of the point goes along with one of the rate.
    covariance: f64,
}

impl Clock {
    pub(super) fn new(rate: u32) -> Self {
        Self {
            period: SECOND / f64::from(rate),
            line: None,
            drift: 0.0,
            drift_variance: DRIFT * DRIFT,
            jitter: JITTER * JITTER,
            strikes: 0,
        }
    }

    /// How much longer a sample takes than it should, as a share; below 0: the clock is fast.
    pub(super) const fn drift(&self) -> f64 {
        self.drift
    }

    /// The variance of that.
    pub(super) const fn drift_variance(&self) -> f64 {
        self.drift_variance
    }

    /// True nanoseconds for each sample.
    pub(super) fn period(&self) -> f64 {
        self.period * (1.0 + self.drift)
    }

    /// Forgets the line, but not the rate: a card keeps its crystal.
    pub(super) const fn restart(&mut self) {
        self.line = None;
        self.strikes = 0;
    }

    /// When sample number `sample` passes, in nanoseconds. `None` before the first time is known.
    pub(super) fn time(&self, sample: f64) -> Option<f64> {
        self.line.map(|line| line.time + (sample - line.sample as f64) * self.period())
    }

    /// The sample that passes at `time`, with a fraction. `None` before the first time is known.
    pub(super) fn sample(&self, time: f64) -> Option<f64> {
        self.line.map(|line| line.sample as f64 + (time - line.time) / self.period())
    }

    /// The line goes on from here: `sample` passed at `at`, whatever was before.
    pub(super) const fn jump(&mut self, sample: u64, at: DeviceTime) {
        self.line = Some(Line { sample, time: at.0 as f64, variance: self.jitter, covariance: 0.0 });
        self.strikes = 0;
    }

    /// Sample number `sample` is said to have passed at `at`.
    pub(super) fn observe(&mut self, sample: u64, at: DeviceTime) {
        let Some(mut line) = self.line else { return self.jump(sample, at) };
        let span = sample.saturating_sub(line.sample) as f64 * self.period;
        self.predict(&mut line, span, sample);
        let error = at.0 as f64 - line.time;
        if error.abs() > OFF {
            self.line = Some(line);
            self.strikes += 1;
            if self.strikes >= STRIKES {
                self.jump(sample, at);
            }
            return;
        }
        self.strikes = 0;
        self.correct(&mut line, error);
        self.line = Some(line);
        self.jitter += (error * error - self.jitter) * TEACHES;
        self.jitter = self.jitter.clamp(LEAST_JITTER * LEAST_JITTER, MOST_JITTER * MOST_JITTER);
    }

    fn predict(&mut self, line: &mut Line, span: f64, sample: u64) {
        line.time += span * (1.0 + self.drift);
        line.sample = line.sample.max(sample);
        line.variance += span * (2.0 * line.covariance + span * self.drift_variance);
        line.covariance += span * self.drift_variance;
        self.drift_variance = (self.drift_variance + WANDER * WANDER * span / SECOND).min(DRIFT * DRIFT);
    }

    fn correct(&mut self, line: &mut Line, error: f64) {
        let certainty = 1.0 / (line.variance + self.jitter);
        let (point, rate) = (line.variance * certainty, line.covariance * certainty);
        line.time += point * error;
        self.drift = (self.drift + rate * error).clamp(-MOST_DRIFT, MOST_DRIFT);
        self.drift_variance = (self.drift_variance - rate * line.covariance).max(0.0);
        line.covariance *= 1.0 - point;
        line.variance *= 1.0 - point;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Blocks of 20 ms for so long, `drift` ppm too slow, each up to 2 ms late or early.
    fn learn(clock: &mut Clock, seconds: u64, drift: f64) {
        let mut seed = 1_u64;
        for block in 0..seconds * 50 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let jitter = (seed >> 33) as f64 / f64::from(1_u32 << 31) * 4e6 - 2e6;
            let time = 1e9 + (block * 320) as f64 * 62_500.0 * (1.0 + drift * 1e-6) + jitter;
            clock.observe(block * 320, DeviceTime(time as u64));
        }
    }

    #[test]
    fn it_learns_the_rate_within_half_a_minute() {
        for drift in [-100.0, 0.0, 100.0, 300.0] {
            let mut clock = Clock::new(16_000);
            learn(&mut clock, 30, drift);
            let error = clock.drift() * 1e6 - drift;
            assert!(error.abs() < 12.0, "{drift} ppm: off by {error}");
        }
    }

    #[test]
    fn a_wrong_time_is_left_out_and_missing_samples_are_noticed() {
        let mut clock = Clock::new(16_000);
        learn(&mut clock, 30, 0.0);
        let now = 30 * 16_000;
        let before = clock.time(now as f64).unwrap();
        clock.observe(now, DeviceTime(before as u64 + 300_000_000));
        assert!((clock.time(now as f64).unwrap() - before).abs() < 1.0);
        for block in 1..4 {
            clock.observe(now + block * 320, DeviceTime(before as u64 + block * 20_000_000 + 50_000_000));
        }
        assert!((clock.time(now as f64).unwrap() - before - 50e6).abs() < 1e5);
    }
}
