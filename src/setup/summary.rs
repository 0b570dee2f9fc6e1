//! What was done, and what comes next.

use std::path::Path;

use super::answers::{Answers, Present, no_variables};
use super::save::Saved;
use super::service::Started;
use crate::config::{self, Settings};
use crate::device::{identity, state};

/// The lines in the end.
pub(super) fn told(answers: &Answers, present: &Present, saved: &Saved, started: &Started) -> Vec<String> {
    let mut lines = vec![String::new(), written(saved)];
    if let Some(file) = &saved.password_file {
        lines.push(format!("The password is in {}.", file.display()));
    }
    if present.needs_trigger() {
        lines.push("Any speech opens a turn: `triggers = [\"voice\"]` in [listen].".to_owned());
    }
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
