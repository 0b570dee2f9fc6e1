//! Are the models of the wake words there, and can they be used?

use super::case::Case;
use super::sheet::Finding;
use crate::config::Trigger;
use crate::services::models::{ModelTrouble, Places};
use auricle_core::assistant::cause::Cause;

const CHECK: &str = "wake";

/// One finding for each word.
#[must_use]
pub fn look(case: &Case) -> Vec<Finding> {
    let Some(settings) = case.settings() else {
        return vec![Finding::skipped(CHECK, "the settings are not known")];
    };
    if !settings.listen.triggers.contains(&Trigger::Wake) {
        return vec![Finding::skipped(CHECK, "`triggers` in [listen] lacks \"wake\": no word is listened for")];
    }
    let places = Places::of(&case.host.path(&settings.device.state_dir));
    let words = settings.wake.words.iter();
    words
        .map(|word| match places.load(&word.model) {
            Ok(installed) => {
                let (say, file) = (&installed.manifest.wake_word, installed.file.display());
                Finding::ok(CHECK, format!("`{}`: say \"{say}\"; {file} can be used", word.model))
            }
            // Whoever may not look can't say that it is missing.
            Err(trouble @ ModelTrouble::Denied { .. }) => {
                Finding::warning(CHECK, trouble.to_string(), "Run it with sudo to have everything looked at.")
            }
            Err(trouble) => Finding::fault(CHECK, trouble.to_string(), remedy()),
        })
        .collect()
}

fn remedy() -> &'static str {
    Cause::WakeMissing { detail: String::new() }.remedy()
}
