//! Is there a voice, and does it speak the language?

use std::time::{Duration, Instant};

use auricle_core::sentences::Sentence;

use crate::config::Settings;
use crate::doctor::case::Case;
use crate::doctor::sheet::Finding;
use crate::services::tts::{Limits, TtsError, TtsSettings, Voice};

const CHECK: &str = "voice";

/// Shorter than the daemon's patience, since somebody waits for this report.
const LIMITS: Limits = Limits {
    first_sound: Duration::from_secs(4),
    pause: Duration::from_secs(2),
    sound: Duration::from_secs(20),
    exit: Duration::from_secs(1),
};

/// A voice that needs longer for its first sound lets people wait.
const SLOW: Duration = Duration::from_millis(1_500);

/// Lets the engine of the settings speak a sentence, which nobody hears.
pub async fn look(case: &Case) -> Finding {
    match case.settings() {
        None => Finding::skipped(CHECK, "the settings are not known"),
        Some(settings) => match speak(settings).await {
            Ok(finding) => finding,
            Err(error) => Finding::fault(CHECK, error.to_string(), error.remedy()),
        },
    }
}

async fn speak(settings: &Settings) -> Result<Finding, TtsError> {
    let (language, command) = (settings.tts.language.clone(), settings.tts.command.clone());
    let engine = command.first().map_or("espeak-ng", String::as_str).to_owned();
    let voice = Voice::with_limits(TtsSettings { language: language.clone(), command }, LIMITS);
    let known = voice.voices().await?.count().map_or_else(String::new, |count| format!(" (of {count} languages)"));
    let begun = Instant::now();
    let mut utterance = voice.say(Sentence::HeardYou)?;
    let (mut first, mut length) = (None, 0.0);
    while let Some(block) = utterance.next().await? {
        first.get_or_insert_with(|| begun.elapsed());
        length += block.samples.len() as f64 / f64::from(block.rate.max(1));
    }
    let first = first.unwrap_or_default();
    // Sentences of the device's own may be spoken in English on purpose; the language of the settings is what counts.
    if let Ok(known) = voice.voices().await
        && known.knows(&language).is_none()
    {
        let error = TtsError::UnknownLanguage { language };
        return Ok(Finding::warning(CHECK, error.to_string(), error.remedy()));
    }
    let seen = format!(
        "`{engine}` speaks {language}{known}: first sound after {} ms, {length:.1} s in all",
        first.as_millis()
    );
    if first > SLOW {
        let remedy = "A smaller voice begins sooner; see `command` in [tts].";
        return Ok(Finding::warning(CHECK, seen, remedy));
    }
    Ok(Finding::ok(CHECK, seen))
}
