//! The wake words of the settings, with their models.

use auricle_core::wake::Word;

use crate::config::{Loaded, Origin, Trigger};
use crate::services::models::{ModelTrouble, Places};

/// The words to listen for, and what is wrong with those whose models can't be used.
///
/// # Errors
/// When a word that somebody asked for has no model. Of the words that count by default that is only told.
pub fn wake_words(loaded: &Loaded) -> Result<(Vec<Word>, Vec<ModelTrouble>), Vec<ModelTrouble>> {
    let settings = &loaded.settings;
    if !settings.listen.triggers.contains(&Trigger::Wake) {
        return Ok((Vec::new(), Vec::new()));
    }
    let places = Places::of(&settings.device.state_dir);
    let (mut words, mut troubles) = (Vec::new(), Vec::new());
    for wanted in &settings.wake.words {
        match places.load(&wanted.model) {
            Ok(installed) => words.push(installed.word(wanted.sensitivity)),
            Err(trouble) => troubles.push(trouble),
        }
    }
    let asked_for = *loaded.origin("wake", "words") != Origin::Default;
    if asked_for && !troubles.is_empty() { Err(troubles) } else { Ok((words, troubles)) }
}
