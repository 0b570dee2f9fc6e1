//! How much of an answer was understood, and what was heard in place of the rest.

use super::answer::RATE;
use super::players::Heard;
use super::spectrum::distance;

/// 20 ms.
const WINDOW: usize = RATE / 50;

/// Windows this much below the loudest of an answer are no speech, in dB.
const SPEECH: f64 = 35.0;

/// What is this much below the reference is a gap, in dB.
const GAP: f64 = 20.0;

/// What is this much above the reference where something is missing, and loud enough for speech, is a noise, in dB.
const NOISE: f64 = 10.0;

/// Limits of what counts for the signal-to-noise ratio of a window, in dB.
const SNR: (f64, f64) = (-10.0, 35.0);

/// Within so many samples from a gap its seams lie, and a voice is of one kind: 5 and 20 ms.
const SEAM: usize = RATE / 200;
const NEAR: usize = RATE / 50;

/// A step from sample to sample at a gap is a click if it is greater than all that the voice does around it by this factor,
/// and than this.
const CLICK: f64 = 1.5;
const AUDIBLE: f64 = 200.0;

#[derive(Clone, Copy, Default, Debug)]
pub struct Figures {
    /// Windows of speech, and those of them that are gaps.
    pub speech: usize,
    pub gaps: usize,
    /// Of the ratios over the windows of speech in dB.
    pub snr: f64,
    /// Windows of speech in missing places, and how far their spectra are from those of the reference, in dB.
    pub missing: usize,
    pub distance: f64,
    /// Windows in missing places that are a noise.
    pub noises: usize,
    /// Rows of missing places, and those that click.
    pub rows: usize,
    pub clicks: usize,
    /// Of the delays in ms, and how many.
    pub delay: f64,
    pub packets: usize,
}

impl Figures {
    pub fn add(&mut self, reference: &[i16], heard: &Heard) {
        let levels: Vec<f64> = reference.chunks(WINDOW).map(level).collect();
        let loudest = levels.iter().copied().fold(-120.0, f64::max);
        let span = reference.len() / heard.missing.len().max(1);
        let windows = reference.chunks(WINDOW).zip(heard.sound.chunks(WINDOW));
        for (number, ((wanted, got), &level_wanted)) in windows.zip(&levels).enumerate() {
            let (missing, level_got) = (heard.missing[number * WINDOW / span], level(got));
            self.noises += usize::from(missing && level_got > (loudest - SPEECH).max(level_wanted + NOISE));
            if level_wanted < loudest - SPEECH {
                continue;
            }
            self.speech += 1;
            self.gaps += usize::from(level_got < level_wanted - GAP);
            self.snr += snr(wanted, got);
            if missing {
                self.missing += 1;
                self.distance += distance(wanted, got);
            }
        }
        for (at, between) in &heard.between {
            let before = levels[(at / WINDOW).saturating_sub(1)];
            if before >= loudest - SPEECH {
                self.gaps += between.chunks(WINDOW).filter(|piece| level(piece) < before - GAP).count();
            }
        }
        self.count_clicks(reference, heard, span);
        self.delay += heard.delays.iter().sum::<f64>();
        self.packets += heard.delays.len();
    }

    fn count_clicks(&mut self, reference: &[i16], heard: &Heard, span: usize) {
        let mut place = 0;
        for row in heard.missing.chunk_by(|a, b| a == b) {
            let (start, end) = (place * span, (place + row.len()) * span);
            place += row.len();
            if !row[0] {
                continue;
            }
            let around = |sound: &[i16], reach: usize| {
                steepest(&sound[start.saturating_sub(reach)..(end + reach).min(sound.len())])
            };
            let most = (around(reference, NEAR) * CLICK).max(AUDIBLE);
            self.rows += 1;
            self.clicks += usize::from(around(&heard.sound, SEAM) > most);
        }
    }

    /// Mean over the windows of speech, in dB.
    pub fn segmental_snr(&self) -> f64 {
        self.snr / self.speech.max(1) as f64
    }

    /// Mean over the windows of speech in missing places, in dB.
    pub fn mean_distance(&self) -> f64 {
        self.distance / self.missing.max(1) as f64
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

/// The greatest step from one sample to the next.
fn steepest(sound: &[i16]) -> f64 {
    sound.windows(2).map(|pair| f64::from(pair[1].abs_diff(pair[0]))).fold(0.0, f64::max)
}
