//! How much of an answer was understood.

use super::answer::RATE;
use super::players::Heard;

/// 20 ms.
const WINDOW: usize = RATE / 50;

/// Windows this much below the loudest of an answer are no speech, in dB.
const SPEECH: f64 = 35.0;

/// What is this much below the reference is a gap, in dB.
const GAP: f64 = 20.0;

/// Limits of what counts for the signal-to-noise ratio of a window, in dB.
const SNR: (f64, f64) = (-10.0, 35.0);

#[derive(Clone, Copy, Default, Debug)]
pub struct Figures {
    /// Windows of speech, and those of them that are gaps.
    pub speech: usize,
    pub gaps: usize,
    /// Of the ratios over the windows of speech in dB; the same over those that are not as in the reference.
    pub snr: f64,
    pub worse: usize,
    pub worse_snr: f64,
    /// Of the delays in ms, and how many.
    pub delay: f64,
    pub packets: usize,
    pub cost: f64,
}

impl Figures {
    pub fn add(&mut self, reference: &[i16], heard: &Heard) {
        let levels: Vec<f64> = reference.chunks(WINDOW).map(level).collect();
        let loudest = levels.iter().copied().fold(-120.0, f64::max);
        let windows = reference.chunks(WINDOW).zip(heard.sound.chunks(WINDOW));
        for ((wanted, got), &level_wanted) in windows.zip(&levels) {
            if level_wanted < loudest - SPEECH {
                continue;
            }
            self.speech += 1;
            self.gaps += usize::from(level(got) < level_wanted - GAP);
            let snr = snr(wanted, got);
            self.snr += snr;
            if snr < SNR.1 {
                self.worse += 1;
                self.worse_snr += snr;
            }
        }
        for (at, between) in &heard.between {
            let before = levels[(at / WINDOW).saturating_sub(1)];
            if before >= loudest - SPEECH {
                self.gaps += between.chunks(WINDOW).filter(|piece| level(piece) < before - GAP).count();
            }
        }
        self.delay += heard.delays.iter().sum::<f64>();
        self.packets += heard.delays.len();
        self.cost += heard.cost;
    }

    /// Mean over the windows of speech, in dB.
    pub fn segmental_snr(&self) -> f64 {
        self.snr / self.speech.max(1) as f64
    }

    /// Mean over the windows of speech that differ from the reference, in dB.
    pub fn snr_where_it_differs(&self) -> f64 {
        self.worse_snr / self.worse.max(1) as f64
    }

    /// In ms.
    pub fn mean_delay(&self) -> f64 {
        self.delay / self.packets.max(1) as f64
    }
}

fn level(sound: &[i16]) -> f64 {
    let power = sound.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / sound.len().max(1) as f64;
    10.0 * (power / 32_768_f64.powi(2)).max(1e-12).log10()
}

fn snr(wanted: &[i16], got: &[i16]) -> f64 {
    let power: f64 = wanted.iter().map(|&s| f64::from(s).powi(2)).sum();
    let noise: f64 = wanted.iter().zip(got).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum();
    (10.0 * (power.max(1.0) / noise.max(1e-3)).log10()).clamp(SNR.0, SNR.1)
}
