//! From what is written to what is meant: each setting by its kind, each section as its struct.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::DeValue;

use super::arguments::argument;
use super::define::{Initial, Section, SectionDef, SettingDef};
use super::document::{Document, Entry, Origin, Written};
use super::environment::variable;
use super::kind::{Given, Kind};
use super::problem::{Place, Problems};

/// Section, which of its kind, key.
pub(super) type Address = (&'static str, usize, &'static str);

/// Where each value comes from. Defaults are not noted.
pub(super) type Origins = BTreeMap<Address, Origin>;

/// Reads whole sections.
pub(super) struct Reading<'r, 'd> {
    pub(super) document: &'r Document<'d>,
    /// The folder from which the file's relative paths count.
    pub(super) base: &'r Path,
    pub(super) problems: &'r mut Problems,
    pub(super) origins: Origins,
}

impl<'d> Reading<'_, 'd> {
    /// A section that stands once or not at all.
    pub(super) fn one<S: Section>(&mut self) -> Option<S> {
        let empty = Written::default();
        let document = self.document;
        let written = document.sections.get(S::definition().name).and_then(|all| all.first());
        self.section(written.unwrap_or(&empty), 0)
    }

    /// A section that stands any number of times. Each is read, so that everything wrong is found.
    pub(super) fn many<S: Section>(&mut self) -> Option<Vec<S>> {
        let document = self.document;
        let all = document.sections.get(S::definition().name).map(Vec::as_slice).unwrap_or_default();
        let read: Vec<Option<S>> = all.iter().enumerate().map(|(nth, written)| self.section(written, nth)).collect();
        read.into_iter().collect()
    }

    fn section<S: Section>(&mut self, written: &Written<'d>, nth: usize) -> Option<S> {
        S::read(&mut Reader {
            section: S::definition(),
            nth,
            written,
            base: self.base,
            complete: self.document.broken.is_empty(),
            problems: self.problems,
            origins: &mut self.origins,
        })
    }

    /// Where a value comes from.
    pub(super) fn origin(&self, address: Address) -> &Origin {
        self.origins.get(&address).unwrap_or(&Origin::Default)
    }
}

/// Reads the settings of one section.
pub(super) struct Reader<'r, 'd> {
    section: &'static SectionDef,
    nth: usize,
    written: &'r Written<'d>,
    base: &'r Path,
    /// Whether every line of the file was understood.
    complete: bool,
    problems: &'r mut Problems,
    origins: &'r mut Origins,
}

impl Reader<'_, '_> {
    /// The value of a setting; `None` if it is wrong or missing, which is noted.
    pub(super) fn take<K: Kind>(&mut self, key: &'static str, kind: &K) -> Option<K::Value> {
        let setting = self.section.setting(key)?;
        let (value, place, origin) = match self.written.entries.get(key) {
            None => return self.initial(setting, kind),
            Some(Entry::Written { value, line }) => {
                let read = kind.read(&Given { value, base: self.base });
                let subject = format!("`{key}` in [{}]", self.section.name);
                let value = read.map_err(|complaint| complaint.about(&subject, value));
                (value, Place::Line(*line), Origin::Line(*line))
            }
            Some(Entry::Variable { name, value }) => {
                let value = read_variable(kind, &format!("`{name}`"), value);
                (value, Place::Environment, Origin::Environment(name.clone()))
            }
            Some(Entry::Argument { name, value }) => {
                (read_variable(kind, &format!("`{name}`"), value), Place::CommandLine, Origin::CommandLine)
            }
        };
        self.origins.insert((self.section.name, self.nth, key), origin);
        value.map_err(|text| self.problems.add(place, || text)).ok()
    }

    fn initial<K: Kind>(&mut self, setting: &SettingDef, kind: &K) -> Option<K::Value> {
        let Initial::Required(example) = setting.initial else { return initial(setting, kind) };
        if !self.complete {
            return None;
        }
        let (section, key) = (self.section.name, setting.key);
        let given = self.written.entries.values().any(|entry| matches!(entry, Entry::Argument { .. }));
        let (place, remedy) = match self.written.line {
            Some(line) => (Place::Line(line), format!("add one, for example {key} = {example}")),
            None if given => (Place::CommandLine, format!("add `{}={example}`", argument(section, key))),
            None => (Place::Environment, format!("set `{}`, for example to {example}", variable(section, key))),
        };
        self.problems.add(place, || format!("[{section}] has no `{key}`; {remedy}"));
        None
    }
}

/// The value when nothing is written.
fn initial<K: Kind>(setting: &SettingDef, kind: &K) -> Option<K::Value> {
    let value = DeValue::parse(setting.initial.text()?).ok()?.into_inner();
    kind.read(&Given { value: &value, base: Path::new("") }).ok()
}

/// A variable or argument is TOML if that makes a right value, else plain text: `80`, `"12s"` and `12s` are all understood.
fn read_variable<K: Kind>(kind: &K, subject: &str, text: &str) -> Result<K::Value, String> {
    let base = Path::new("");
    let as_toml = DeValue::parse(text).ok().map(toml::Spanned::into_inner);
    let mut message = None;
    if let Some(value) = &as_toml {
        match kind.read(&Given { value, base }) {
            Ok(value) => return Ok(value),
            Err(complaint) => message = Some(complaint.about(subject, value)),
        }
    }
    let plain = DeValue::String(text.into());
    kind.read(&Given { value: &plain, base })
        .map_err(|complaint| message.unwrap_or_else(|| complaint.about(subject, &plain)))
}
