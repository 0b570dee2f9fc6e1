//! Noise suppression and gain: WebRTC's NS and AGC2, in frames of 10 ms.
//!
//! The result of a frame is its beginning and the end of the one before: 6 ms later. Both are held back, so that each
//! sample keeps its place.

use sonora_agc2::adaptive_digital_gain_controller::{AdaptiveDigitalGainController, FrameInfo};
use sonora_agc2::common::{
    ADJACENT_SPEECH_FRAMES_THRESHOLD, SATURATION_PROTECTOR_INITIAL_HEADROOM_DB, VAD_RESET_PERIOD_MS, float_s16_to_dbfs,
};
use sonora_agc2::limiter::Limiter;
use sonora_agc2::noise_level_estimator::NoiseLevelEstimator;
use sonora_agc2::saturation_protector::SaturationProtector;
use sonora_agc2::speech_level_estimator::{AdaptiveDigitalConfig, SpeechLevelEstimator};
use sonora_agc2::vad_wrapper::VoiceActivityDetectorWrapper;
use sonora_ns::config::{NsConfig, OVERLAP_SIZE, SuppressionLevel};
use sonora_ns::noise_suppressor::NoiseSuppressor;

use crate::audio::TAPE_RATE;

/// A frame in samples: 10 ms.
const FRAME: usize = 160;
/// The gain: where it begins and how far it goes, in dB. More would lift the noise of a quiet room.
const FIRST_GAIN: f32 = 0.0;
const MOST_GAIN: f32 = 30.0;

/// Suppresses noise and evens out the level of speech.
pub(super) struct Enhancer {
    noise: NoiseSuppressor,
    gain: Gain,
    frame: [f32; FRAME],
    len: usize,
    /// Samples of the result that belong to nothing: the delay of the first frame.
    skip: usize,
}

impl Enhancer {
    pub(super) fn new() -> Self {
        Self {
            noise: NoiseSuppressor::new(NsConfig { target_level: SuppressionLevel::K12dB }),
            gain: Gain::new(),
            frame: [0.0; FRAME],
            len: 0,
            skip: OVERLAP_SIZE,
        }
    }

    /// Takes `sound` and appends what is complete.
    pub(super) fn push(&mut self, sound: &[i16], out: &mut Vec<i16>) {
        for &sample in sound {
            self.frame[self.len] = f32::from(sample);
            self.len += 1;
            if self.len == FRAME {
                self.len = 0;
                self.noise.analyze(&self.frame);
                self.noise.process(&mut self.frame);
                self.gain.process(&mut self.frame);
                let skip = std::mem::take(&mut self.skip);
                out.extend(self.frame[skip..].iter().map(|sample| sample.round() as i16));
            }
        }
    }

    /// Appends what is still inside and starts anew.
    pub(super) fn finish(&mut self, out: &mut Vec<i16>) {
        // What the first frame left out, or what the others are late.
        let inside = if self.skip == 0 { self.len + OVERLAP_SIZE } else { self.len };
        let whole = out.len() + inside;
        while out.len() < whole {
            self.push(&[0; FRAME], out);
        }
        out.truncate(whole);
        *self = Self::new();
    }
}

impl std::fmt::Debug for Enhancer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enhancer").field("len", &self.len).finish_non_exhaustive()
    }
}

/// Brings speech to one level, whatever the distance.
struct Gain {
    voice: VoiceActivityDetectorWrapper,
    noise: NoiseLevelEstimator,
    speech: SpeechLevelEstimator,
    headroom: SaturationProtector,
    controller: AdaptiveDigitalGainController,
    limiter: Limiter,
}

impl Gain {
    fn new() -> Self {
        let config = AdaptiveDigitalConfig {
            initial_gain_db: FIRST_GAIN,
            max_gain_db: MOST_GAIN,
            ..AdaptiveDigitalConfig::default()
        };
        let frames = ADJACENT_SPEECH_FRAMES_THRESHOLD;
        let simd = sonora_simd::detect_backend();
        Self {
            voice: VoiceActivityDetectorWrapper::with_reset_period(VAD_RESET_PERIOD_MS, simd, TAPE_RATE as i32),
            noise: NoiseLevelEstimator::default(),
            speech: SpeechLevelEstimator::new(&config, frames),
            headroom: SaturationProtector::new(SATURATION_PROTECTOR_INITIAL_HEADROOM_DB, frames),
            controller: AdaptiveDigitalGainController::new(config, frames),
            limiter: Limiter::new(FRAME),
        }
    }

    fn process(&mut self, frame: &mut [f32; FRAME]) {
        let probability = self.voice.analyze(frame);
        let peak = frame.iter().fold(0.0, |peak: f32, sample| peak.max(sample.abs()));
        let power = frame.iter().map(|sample| sample * sample).sum::<f32>() / FRAME as f32;
        let noise = self.noise.analyze(&[frame]);
        self.speech.update(float_s16_to_dbfs(power.sqrt()), probability);
        self.headroom.analyze(probability, float_s16_to_dbfs(peak), self.speech.level_dbfs());
        let info = FrameInfo {
            speech_probability: probability,
            speech_level_dbfs: self.speech.level_dbfs(),
            speech_level_reliable: self.speech.is_confident(),
            noise_rms_dbfs: noise,
            headroom_db: self.headroom.headroom_db(),
            limiter_envelope_dbfs: float_s16_to_dbfs(self.limiter.last_audio_level()),
        };
        self.controller.process(&info, &mut [frame.as_mut_slice()]);
        self.limiter.process(&mut [frame.as_mut_slice()]);
    }
}
