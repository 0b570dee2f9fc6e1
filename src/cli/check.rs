//! `auricle check`: reads the settings and says what they mean.

use std::path::Path;
use std::process::ExitCode;

use crate::config::{self, Loaded, Origin, Trigger};
use crate::services::models::{ModelTrouble, Places};

/// Prints the settings in words. Exit code 2 if they can't be used.
pub fn check(path: Option<&Path>) -> ExitCode {
    let loaded = match super::run::load(path) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
    print!("{}", config::explain(&loaded));
    if wake_words(&loaded) { ExitCode::SUCCESS } else { ExitCode::from(super::BAD_SETTINGS) }
}

/// Says what the wake words mean. False if one that somebody wrote has no model that can be used: the daemon would run
/// without it.
fn wake_words(loaded: &Loaded) -> bool {
    let settings = &loaded.settings;
    if !settings.listen.triggers.contains(&Trigger::Wake) {
        return true;
    }
    let places = Places::of(&settings.device.state_dir);
    let origin = loaded.origin("wake", "words");
    let first = settings.server_names().first().copied();
    let mut all_there = true;
    for word in &settings.wake.words {
        match places.load(&word.model) {
            Ok(installed) => {
                let server = word.server.as_deref().or(first).unwrap_or("a server, once there is one");
                println!("\n  → \"{}\" opens {server}: `{}`.", installed.manifest.wake_word, word.model);
            }
            // Whoever may not look can't say that it is missing.
            Err(trouble @ ModelTrouble::Denied { .. }) => eprintln!("warning: {trouble}"),
            Err(trouble) => {
                eprintln!("{}", complaint(loaded, origin, &trouble));
                all_there &= *origin == Origin::Default;
            }
        }
    }
    all_there
}

fn complaint(loaded: &Loaded, origin: &Origin, trouble: &ModelTrouble) -> String {
    let file = loaded.file().map(|file| format!("{}: ", file.display())).unwrap_or_default();
    let place = match origin {
        Origin::Default => "warning: ".to_owned(),
        Origin::Line(line) => format!("{file}line {line}: "),
        Origin::Environment(name) => format!("environment: `{name}`: "),
        Origin::CommandLine => String::new(),
    };
    format!(
        "{place}`words` in [wake]: {trouble}; `auricle wake list` shows what there is, `auricle wake add` brings more"
    )
}
