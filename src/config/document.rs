//! The settings file as sections of values with their lines, and what is wrong with its form.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::define::SectionDef;
use super::kind::NOT_YET;
use super::problem::{Place, Problems, quote};
use super::sections::{self, LATER, REPEATED};
use super::suggest::nearest;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// This line of the settings file, from 1.
    Line(usize),
    /// This variable.
    Environment(String),
    /// The command line.
    CommandLine,
}

impl Origin {
    /// Where a problem with the value is told.
    pub(super) const fn place(&self) -> Place {
        match self {
            Self::Line(line) => Place::Line(*line),
            Self::CommandLine => Place::CommandLine,
            Self::Environment(_) | Self::Default => Place::Environment,
        }
    }
}

/// A value that somebody set.
pub(super) enum Entry<'d> {
    /// In the file.
    Written { value: &'d DeValue<'d>, line: usize },
    /// In the environment.
    Variable { name: String, value: String },
    /// On the command line.
    Argument { name: String, value: String },
}

/// What is set in one section.
#[derive(Default)]
pub(super) struct Written<'d> {
    /// Line of its header; none if it stands in the environment or on the command line only.
    pub(super) line: Option<usize>,
    pub(super) entries: BTreeMap<&'static str, Entry<'d>>,
}

/// What is set in all sections.
#[derive(Default)]
pub(super) struct Document<'d> {
    pub(super) sections: BTreeMap<&'static str, Vec<Written<'d>>>,
    /// Lines that could not be understood at all. What is missing may stand there.
    pub(super) broken: BTreeSet<usize>,
}

/// Where the lines of a text begin.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The line of a byte, from 1.
    fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|start| *start <= byte).max(1)
    }
}

impl<'d> Document<'d> {
    /// Notes what the TOML parser refused.
    pub(super) fn refuse(&mut self, text: &str, errors: &[toml::de::Error], problems: &mut Problems) {
        let lines = Lines::of(text);
        for error in errors {
            let span = error.span().unwrap_or(text.len()..text.len());
            let line = lines.at(span.start);
            if !self.broken.insert(line) {
                continue;
            }
            // Not the error's own `Display`: it repeats the line, which may hold a password.
            problems.add(Place::Line(line), || match (error.message(), text.get(span)) {
                ("duplicate key", Some(key)) if REPEATED.contains(&key) => {
                    format!("`{key}` stands here a second time; keep one, or write [[{key}]] each time")
                }
                ("duplicate key", Some(key)) => format!("`{}` stands here a second time; keep one", quote(key)),
                (message, _) => format!("this is not TOML: {message}"),
            });
        }
    }

    /// Sorts what stands in the file into sections.
    pub(super) fn take(&mut self, table: &'d DeTable<'d>, lines: &Lines, problems: &mut Problems) {
        for (key, value) in table.iter() {
            let line = lines.at(key.span().start);
            let name = key.get_ref().as_ref();
            if self.broken.contains(&line) {
                continue;
            }
            let Some(section) = sections::served().into_iter().find(|section| section.name == name) else {
                problems.add(Place::Line(line), || unknown_section(name, value.get_ref()));
                continue;
            };
            for (table, line) in tables(section, value, line, lines, problems) {
                let written = self.take_section(section, table, line, lines, problems);
                self.sections.entry(section.name).or_default().push(written);
            }
        }
    }

    /// Sets one value. If the section stands several times, the error says how often.
    pub(super) fn put(&mut self, section: &'static str, key: &'static str, entry: Entry<'d>) -> Result<(), usize> {
        let all = self.sections.entry(section).or_default();
        if all.is_empty() {
            all.push(Written::default());
        }
        match all.as_mut_slice() {
            [only] => drop(only.entries.insert(key, entry)),
            several => return Err(several.len()),
        }
        Ok(())
    }

    fn take_section(
        &self,
        section: &'static SectionDef,
        table: &'d DeTable<'d>,
        line: usize,
        lines: &Lines,
        problems: &mut Problems,
    ) -> Written<'d> {
        let mut written = Written { line: Some(line), entries: BTreeMap::new() };
        for (key, value) in table.iter() {
            let line = lines.at(key.span().start);
            let name = key.get_ref().as_ref();
            if self.broken.contains(&line) {
                continue;
            }
            if let Some(setting) = section.setting(name) {
                written.entries.insert(setting.key, Entry::Written { value: value.get_ref(), line });
            } else {
                problems.add(Place::Line(line), || unknown_setting(section, name));
            }
        }
        written
    }
}

/// The table of a section, or its tables if it may stand several times.
fn tables<'d>(
    section: &'static SectionDef,
    value: &'d Spanned<DeValue<'d>>,
    line: usize,
    lines: &Lines,
    problems: &mut Problems,
) -> Vec<(&'d DeTable<'d>, usize)> {
    let name = section.name;
    let found = match value.get_ref() {
        DeValue::Table(table) => return vec![(table, line)],
        DeValue::Array(items) if REPEATED.contains(&name) => {
            items.iter().map(|item| Some((item.get_ref().as_table()?, lines.at(item.span().start)))).collect()
        }
        DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
            problems.add(Place::Line(line), || format!("[[{name}]] can't stand several times; write [{name}], once"));
            return Vec::new();
        }
        _ => None,
    };
    let found: Option<Vec<_>> = found;
    found.unwrap_or_else(|| {
        problems.add(Place::Line(line), || format!("`{name}` is a section; write [{name}] and its settings below it"));
        Vec::new()
    })
}

fn unknown_setting(section: &SectionDef, key: &str) -> String {
    let shown = quote(key);
    let beginning = format!("`{shown}` is not a setting of [{}];", section.name);
    if let Some(home) = section_with(key) {
        return format!("{beginning} it belongs to [{home}]");
    }
    match nearest(key, section.keys()) {
        Some(near) => format!("{beginning} did you mean `{near}`?"),
        None => format!("{beginning} it has {}", keys(section)),
    }
}

/// The section that has a setting of this name.
pub(super) fn section_with(key: &str) -> Option<&'static str> {
    sections::served().into_iter().find(|section| section.setting(key).is_some()).map(|section| section.name)
}

/// The settings of a section for a message.
pub(super) fn keys(section: &SectionDef) -> String {
    let keys: Vec<_> = section.keys().map(|key| format!("`{key}`")).collect();
    keys.join(", ")
}

/// The sections for a message.
pub(super) fn section_names() -> String {
    sections::served().map(|section| format!("[{}]", section.name)).join(", ")
}

fn unknown_section(name: &str, value: &DeValue<'_>) -> String {
    if LATER.contains(&name) {
        return format!("[{name}] {NOT_YET}; remove the section");
    }
    let shown = quote(name);
    let is_section = match value {
        DeValue::Table(_) => true,
        DeValue::Array(items) => items.first().is_some_and(|item| item.get_ref().is_table()),
        _ => false,
    };
    match section_with(name) {
        Some(home) if !is_section => return format!("`{shown}` stands outside of its section; put it below [{home}]"),
        _ => {}
    }
    let beginning = if is_section {
        format!("[{shown}] is not a section of the settings;")
    } else {
        format!("`{shown}` is not a setting, and stands outside of any section;")
    };
    let all = sections::served().map(|section| section.name).into_iter().chain(LATER);
    match nearest(name, all) {
        Some(near) if is_section => format!("{beginning} did you mean [{near}]?"),
        _ => format!("{beginning} the sections are {}", section_names()),
    }
}
