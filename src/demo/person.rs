//! The person of the demo: espeak-ng speaks for them.

use auricle_core::audio::convert::ToDevice;

use crate::services::tts::{TtsError, TtsSettings, Voice};

/// A voice that is not the device's, so that nobody mistakes one for the other.
const PERSON: &str = "en-GB";

/// What a person says, at 16 kHz.
///
/// # Errors
/// When espeak-ng is missing or fails.
pub async fn speech(text: &str) -> Result<Vec<i16>, TtsError> {
    synthesise(text, PERSON, super::room::MIC_RATE).await
}

/// What the device would say, at the loudspeaker's rate.
///
/// # Errors
/// As above.
pub async fn expected(text: &str, language: &str) -> Result<Vec<i16>, TtsError> {
    synthesise(text, language, super::room::SPEAKER_RATE).await
}

async fn synthesise(text: &str, language: &str, rate: u32) -> Result<Vec<i16>, TtsError> {
    let voice = Voice::new(TtsSettings { language: language.to_owned(), command: Vec::new() });
    let mut utterance = voice.speak(text)?;
    let mut samples = Vec::new();
    let mut convert = None;
    while let Some(block) = utterance.next().await? {
        let device = convert.get_or_insert_with(|| ToDevice::new(block.rate, rate));
        if let Ok(device) = device {
            device.push(&block.samples, &mut samples);
        }
    }
    if let Some(Ok(mut device)) = convert {
        device.finish(&mut samples);
    }
    Ok(samples)
}
