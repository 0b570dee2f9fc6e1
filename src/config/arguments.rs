//! Settings on the command line: `--set section.key=value`. They come last and win.

use super::define::SectionDef;
use super::document::{Document, Entry, keys, section_names, section_with};
use super::kind::NOT_YET;
use super::problem::{Place, Problems, quote};
use super::sections::{self, LATER};
use super::suggest::nearest;

/// How a setting is called in a message.
pub(super) fn argument(section: &str, key: &str) -> String {
    format!("--set {section}.{key}")
}

/// Puts the command line over everything else.
pub(super) fn overlay(document: &mut Document<'_>, arguments: &[String], problems: &mut Problems) {
    for text in arguments {
        match find(text) {
            Ok((section, key, value)) => set(document, section, key, value, problems),
            Err(text) => problems.add(Place::CommandLine, || text),
        }
    }
}

/// Section, key and value of an argument, or what is wrong with it.
fn find(text: &str) -> Result<(&'static str, &'static str, &str), String> {
    let Some((path, value)) = text.split_once('=') else {
        return Err(format!("`--set {0}` has no value; write `--set {0}=VALUE`", quote(text)));
    };
    let path = path.trim();
    let Some((name, key)) = path.split_once('.') else { return Err(without_section(path)) };
    let section = sections::served().into_iter().find(|section| section.name == name);
    let section = section.ok_or_else(|| unknown_section(path, name, key))?;
    let setting = section.setting(key).ok_or_else(|| unknown_key(path, section, key))?;
    Ok((section.name, setting.key, value.trim()))
}

fn without_section(key: &str) -> String {
    let shown = quote(key);
    match section_with(key) {
        Some(home) => format!("`--set {shown}` lacks its section; write `--set {home}.{shown}=…`"),
        None => format!("`--set {shown}` is not a setting; write `--set SECTION.KEY=VALUE`"),
    }
}

fn unknown_section(path: &str, name: &str, key: &str) -> String {
    let beginning = format!("`--set {}` is not a setting;", quote(path));
    if LATER.contains(&name) {
        return format!("`--set {}` can't be used: [{name}] {NOT_YET}; leave it out", quote(path));
    }
    let near = nearest(name, sections::served().map(|section| section.name));
    match near.and_then(|near| sections::served().into_iter().find(|section| section.name == near)) {
        Some(near) => {
            format!("{beginning} did you mean `{}.{}`?", near.name, nearest(key, near.keys()).unwrap_or("…"))
        }
        None => format!("{beginning} the sections are {}", section_names()),
    }
}

fn unknown_key(path: &str, section: &SectionDef, key: &str) -> String {
    let beginning = format!("`--set {}` is not a setting;", quote(path));
    if let Some(home) = section_with(key) {
        return format!("{beginning} did you mean `{home}.{key}`?");
    }
    match nearest(key, section.keys()) {
        Some(near) => format!("{beginning} did you mean `{}.{near}`?", section.name),
        None => format!("{beginning} [{}] has {}", section.name, keys(section)),
    }
}

fn set(document: &mut Document<'_>, section: &'static str, key: &'static str, value: &str, problems: &mut Problems) {
    let entry = Entry::Argument { name: argument(section, key), value: value.to_owned() };
    if let Err(several) = document.put(section, key, entry) {
        problems.add(Place::CommandLine, || {
            format!(
                "`{}` can't tell which of the {several} [[{section}]] it is for; write `{key}` in the settings file",
                argument(section, key)
            )
        });
    }
}
