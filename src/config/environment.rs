//! Variables that override the file: `AURICLE_SECTION__KEY`.

use std::collections::BTreeMap;

use super::define::SectionDef;
use super::document::{Document, Entry, keys, section_names};
use super::kind::NOT_YET;
use super::problem::{Place, Problems, quote};
use super::sections::{self, LATER};
use super::suggest::nearest;

const PREFIX: &str = "AURICLE_";

/// Short names for what tests and scripts set most; they come last and win.
const SHORT: [(&str, &str, &str); 2] =
    [("AURICLE_STATE_DIR", "device", "state_dir"), ("AURICLE_CONTROL_SOCKET", "control", "socket")];

/// Auricle's variables of this process. Those that are not UTF-8 are left out.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| name.starts_with(PREFIX))?;
        Some((name, value.into_string().ok()?))
    })
}

/// The variable of a setting.
pub(super) fn variable(section: &str, key: &str) -> String {
    format!("{PREFIX}{section}__{key}").to_uppercase()
}

/// Puts the environment over what stands in the file. Returns warnings.
pub(super) fn overlay(
    document: &mut Document<'_>,
    variables: impl Iterator<Item = (String, String)>,
    problems: &mut Problems,
) -> Vec<String> {
    let mut variables: BTreeMap<_, _> = variables.filter(|(name, _)| name.starts_with(PREFIX)).collect();
    let short = SHORT.map(|(name, section, key)| (section, key, name, variables.remove(name)));
    let mut warnings = Vec::new();
    for (name, value) in variables {
        match find(&name) {
            Found::Setting(section, key) => set(document, section, key, Entry::Variable { name, value }, problems),
            Found::Wrong(text) => problems.add(Place::Environment, || text),
            Found::Near(near) => warnings.push(format!(
                "environment: `{}` is not used; did you mean `{near}`, with two `_` after the section?",
                quote(&name)
            )),
            Found::Foreign => {}
        }
    }
    for (section, key, name, value) in short {
        // An empty one counts as none, as is usual for the environment.
        let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
        set(document, section, key, Entry::Variable { name: name.into(), value }, problems);
    }
    warnings
}

enum Found {
    Setting(&'static str, &'static str),
    /// It has the form of a setting, but is none.
    Wrong(String),
    /// It lacks the form, but was probably meant as this setting.
    Near(String),
    /// Something else, for example of the log.
    Foreign,
}

fn find(name: &str) -> Found {
    let rest = name.strip_prefix(PREFIX).unwrap_or(name);
    let Some((section_name, key)) = rest.split_once("__") else { return find_by_single_underscore(rest) };
    let section = sections::served().into_iter().find(|section| section.name.to_uppercase() == section_name);
    let Some(section) = section else { return Found::Wrong(unknown_section(name, section_name, key)) };
    match section.keys().find(|known| known.to_uppercase() == key) {
        Some(known) => Found::Setting(section.name, known),
        None => Found::Wrong(unknown_key(name, section, key)),
    }
}

fn find_by_single_underscore(rest: &str) -> Found {
    for section in sections::served() {
        for key in section.keys() {
            if format!("{}_{key}", section.name).to_uppercase() == rest {
                return Found::Near(variable(section.name, key));
            }
        }
    }
    Found::Foreign
}

fn unknown_section(name: &str, section: &str, key: &str) -> String {
    let lower = section.to_lowercase();
    if LATER.contains(&lower.as_str()) {
        return format!("`{}` can't be used: [{lower}] {NOT_YET}; unset it", quote(name));
    }
    let near = nearest(section, sections::served().map(|section| section.name));
    let near = near.and_then(|near| sections::served().into_iter().find(|section| section.name == near));
    let beginning = format!("`{}` is not a setting;", quote(name));
    match near {
        Some(near) => {
            let key = nearest(key, near.keys()).map_or_else(|| "…".to_owned(), str::to_owned);
            format!("{beginning} did you mean `{}`?", variable(near.name, &key))
        }
        None => format!("{beginning} the sections are {}", section_names()),
    }
}

fn unknown_key(name: &str, section: &SectionDef, key: &str) -> String {
    let beginning = format!("`{}` is not a setting;", quote(name));
    match nearest(key, section.keys()) {
        Some(near) => format!("{beginning} did you mean `{}`?", variable(section.name, near)),
        None => format!("{beginning} [{}] has {}", section.name, keys(section)),
    }
}

fn set<'d>(
    document: &mut Document<'d>,
    section: &'static str,
    key: &'static str,
    entry: Entry<'d>,
    problems: &mut Problems,
) {
    if let Err(several) = document.put(section, key, entry) {
        let name = variable(section, key);
        problems.add(Place::Environment, || {
            format!(
                "`{name}` can't tell which of the {several} [[{section}]] it is for; write `{key}` in the settings file"
            )
        });
    }
}
