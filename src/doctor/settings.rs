//! Can the settings be used?

use super::case::{Case, Reading};
use super::sheet::Finding;
use crate::config::{Loaded, Place};
use auricle_core::assistant::cause::Cause;

const CHECK: &str = "settings";

/// One finding per thing that is wrong; one if nothing is.
#[must_use]
pub fn look(case: &Case) -> Vec<Finding> {
    match &case.reading {
        Reading::Whole(loaded) => sound(loaded),
        Reading::WithoutSecrets(loaded, files) => {
            let mut findings = sound(loaded);
            let files: Vec<_> = files.iter().map(|file| format!("`{}`", file.display())).collect();
            let seen = format!("this user may not read {}, so the login was not tried", files.join(", "));
            findings.push(Finding::warning(CHECK, seen, "Run it with sudo to have everything looked at."));
            findings
        }
        Reading::Forbidden(file) => {
            let seen = format!("this user may not read `{}`: most could not be looked at", file.display());
            vec![Finding::warning(CHECK, seen, "Run it with sudo, or as a member of the file's group.")]
        }
        Reading::Broken(errors) => {
            let file = errors.file().map(|file| file.display().to_string()).unwrap_or_default();
            let problems = errors.problems().iter().map(|problem| {
                let place = if problem.place == Place::Environment { String::new() } else { format!("{file}: ") };
                Finding::fault(CHECK, format!("{place}{problem}"), remedy(&problem.place))
            });
            let more = (errors.left_out() > 0).then(|| {
                Finding::fault(CHECK, format!("… and {} more", errors.left_out()), "Correct the first ones first.")
            });
            problems.chain(more).collect()
        }
    }
}

const fn remedy(place: &Place) -> &'static str {
    match place {
        Place::File => "Correct the path or the file; `sudo auricle setup` writes a new one.",
        Place::Line(_) => "Correct that line; `auricle check` then says what the settings mean.",
        Place::Environment => "Correct or unset that variable.",
        Place::CommandLine => "Correct that argument.",
    }
}

fn sound(loaded: &Loaded) -> Vec<Finding> {
    let what = match loaded.file() {
        Some(file) => format!("{} can be used", file.display()),
        None => "there is no settings file, the defaults are used".to_owned(),
    };
    let servers = loaded.settings.server_names();
    let first = if servers.is_empty() {
        Finding::fault(CHECK, format!("{what}. {}", Cause::NotSetUp.text()), Cause::NotSetUp.remedy())
    } else {
        Finding::ok(CHECK, format!("{what}; servers: {}", servers.join(", ")))
    };
    let warnings = loaded.warnings.iter();
    std::iter::once(first)
        .chain(warnings.map(|text| Finding::warning(CHECK, text, "Change it if it is not meant.")))
        .collect()
}
