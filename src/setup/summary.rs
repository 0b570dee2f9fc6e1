//! What was done, and what comes next.

use std::path::Path;

use super::answers::{Answers, no_variables};
use super::save::Saved;
use super::service::Started;
use crate::config::{self, Settings, Trigger};
use crate::device::{identity, state};
use crate::services::models::Places;
use auricle_core::assistant::cause::Cause;

/// The lines in the end.
pub(super) fn told(answers: &Answers, saved: &Saved, started: &Started) -> Vec<String> {
    let mut lines = vec![String::new(), written(saved)];
    if let Some(file) = &saved.password_file {
        lines.push(format!("The password is in {}.", file.display()));
    }
    lines.extend(opened_by(&saved.file));
    match started {
        Started::Running => {
            lines.push("The service `auricle` runs, now and after each start of the machine.".to_owned())
        }
        // The last line of all says it.
        Started::Failed(_) => {}
        Started::NoService => lines.push(format!("Start it with `auricle run --config {}`.", saved.file.display())),
    }
    lines.push(String::new());
    lines.push("What comes next:".to_owned());
    lines.push(format!("  1. Register this device in the admin page. Its serial number: {}", serial(&saved.file)));
    let application = answers.application.as_deref().filter(|name| !name.is_empty());
    let application =
        application.map_or_else(|| "its application".to_owned(), |name| format!("the application `{name}`"));
    lines.push(format!("  2. Attach {application} to it there."));
    lines.push("  3. Talk to it. `auricle status` says how it is.".to_owned());
    lines
}

/// What opens a turn with the settings as they are now.
fn opened_by(file: &Path) -> Vec<String> {
    let Ok(loaded) = config::load_without_secrets(Some(file), no_variables()) else { return Vec::new() };
    let Settings { listen, wake, device, .. } = &loaded.settings;
    let mut lines = Vec::new();
    if listen.triggers.contains(&Trigger::Voice) {
        lines.push("Any speech opens a turn: `triggers` in [listen] has \"voice\".".to_owned());
    }
    let places = Places::of(&device.state_dir);
    let words = wake.words.iter().filter(|_| listen.triggers.contains(&Trigger::Wake));
    lines.extend(words.map(|word| match places.load(&word.model) {
        Ok(installed) => format!("Say \"{}\" to talk to it.", installed.manifest.wake_word),
        Err(trouble) => format!("warning: {}", Cause::WakeMissing { detail: trouble.to_string() }.text()),
    }));
    lines
}

fn written(saved: &Saved) -> String {
    let file = saved.file.display();
    match (&saved.backup, saved.changed) {
        (Some(backup), _) => format!("Written: {file}. The settings before are in {}.", backup.display()),
        (None, true) => format!("Written: {file}."),
        (None, false) => format!("{file} was right already and stays as it is."),
    }
}

/// As the daemon will find it.
fn serial(file: &Path) -> String {
    let settings = config::load_without_secrets(Some(file), no_variables()).ok().map(|loaded| loaded.settings);
    let configured = settings.as_ref().and_then(|settings: &Settings| settings.device.serial.clone());
    let state = settings.and_then(|settings| state::peek(&settings.device.state_dir).ok().flatten());
    let remembered = state.and_then(|state| state.serial);
    let known = identity::known(configured.as_deref(), &identity::Board::default(), remembered.as_deref());
    let known = known.map(|(serial, _)| serial);
    known.unwrap_or_else(|| {
        "this board has none; the daemon makes one up when it first runs, and `auricle status` prints it".to_owned()
    })
}
