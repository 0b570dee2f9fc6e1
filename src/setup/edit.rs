//! A settings file with other values and everything else as it was: comments, order, blank lines.

use toml_edit::{ArrayOfTables, DocumentMut, Item, TableLike, TomlError, Value};

/// One setting and its new value.
#[derive(Clone, Debug)]
pub struct Change {
    /// The section's name; of a section that stands several times, the first is meant.
    pub section: &'static str,
    /// The setting.
    pub key: &'static str,
    /// Its new value.
    pub value: Value,
}

impl Change {
    /// A text.
    pub fn text(section: &'static str, key: &'static str, value: &str) -> Self {
        Self { section, key, value: value.into() }
    }
}

/// The text with these values. A setting that is there keeps its place and its comment; one that only stands there as a
/// comment (`# key = example`, as in the commented default) is taken out of it; any other is added to its section.
///
/// # Errors
/// The text is not TOML.
pub fn edited(text: &str, changes: &[Change]) -> Result<String, TomlError> {
    let mut text = text.to_owned();
    for change in changes {
        text = with(&text, change)?;
    }
    Ok(text)
}

fn with(text: &str, change: &Change) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let section = section(&mut document, change.section);
    let known = section.is_some();
    if let Some(value) = section.and_then(|table| table.get_mut(change.key)).and_then(Item::as_value_mut) {
        let decor = value.decor().clone();
        *value = change.value.clone();
        *value.decor_mut() = decor;
        return Ok(document.to_string());
    }
    if let Some(text) = uncommented(text, change, known)
        && text.parse::<DocumentMut>().is_ok()
    {
        return Ok(text);
    }
    add(&mut document, change);
    Ok(document.to_string())
}

fn section<'a>(document: &'a mut DocumentMut, name: &str) -> Option<&'a mut dyn TableLike> {
    let item = document.get_mut(name)?;
    if item.is_array_of_tables() {
        return item.as_array_of_tables_mut().and_then(|tables| tables.get_mut(0)).map(|table| table as _);
    }
    item.as_table_like_mut()
}

fn add(document: &mut DocumentMut, change: &Change) {
    match section(document, change.section) {
        Some(table) => {
            table.insert(change.key, Item::Value(change.value.clone()));
        }
        None => {
            let mut table = toml_edit::Table::new();
            table.insert(change.key, Item::Value(change.value.clone()));
            document.insert(change.section, Item::Table(table));
        }
    }
}

/// The text with the comment of this setting made a setting, and that of its section's header, if it has to be. `None` if
/// there is no such comment.
fn uncommented(text: &str, change: &Change, known: bool) -> Option<String> {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let is_ours = |line: &str| header(line) == Some((change.section, !known));
    let start = lines.iter().position(|line| is_ours(line))?;
    let rest = &lines[start + 1..];
    let length = rest.iter().position(|line| header(line).is_some()).unwrap_or(rest.len());
    let example = format!("# {} = ", change.key);
    let place = start + 1 + rest[..length].iter().position(|line| line.starts_with(&example))?;
    lines[place] = format!("{} = {}", change.key, change.value);
    if !known {
        lines[start] = format!("[{}]", change.section);
    }
    Some(lines.join("\n"))
}

/// The name in a line like `[linto]`, `[[linto]]`, `# [linto]`, and whether it is a comment.
fn header(line: &str) -> Option<(&str, bool)> {
    let (line, comment) = line.strip_prefix("# ").map_or((line, false), |line| (line, true));
    let line = line.trim_end();
    let inner = line.strip_prefix('[')?.strip_suffix(']')?;
    let inner = inner.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(inner);
    let is_name = !inner.is_empty() && inner.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    is_name.then_some((inner, comment))
}

/// How many sections of this name there are.
pub(super) fn count(text: &str, name: &str) -> usize {
    let document: Option<DocumentMut> = text.parse().ok();
    let item = document.as_ref().and_then(|document| document.get(name));
    item.map_or(0, |item| item.as_array_of_tables().map_or(1, ArrayOfTables::len))
}

/// Whether this setting is written down.
pub(super) fn has(text: &str, name: &str, key: &str) -> bool {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return false };
    section(&mut document, name).is_some_and(|table| table.contains_key(key))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn edit(text: &str, section: &'static str, key: &'static str, value: &str) -> String {
        edited(text, &[Change::text(section, key, value)]).unwrap()
    }

    #[test]
    fn a_value_is_replaced_and_its_comment_stays() {
        let text = "# mine\n[audio]\nvolume = 5 # low\ncapture  =  \"a\"   # the good one\n\n# end\n";
        let new = "# mine\n[audio]\nvolume = 5 # low\ncapture  =  \"b\"   # the good one\n\n# end\n";
        assert_eq!(edit(text, "audio", "capture", "b"), new);
    }

    #[test]
    fn a_commented_default_is_taken_out_of_its_comment_where_it_stands() {
        let text = "# The server.\n# [linto]\n\n# Its name.\n# name = \"linto\"\n\n# Where.\n# broker = \"x\"\n\n[device]\n\n# broker = 1\n";
        let new = "# The server.\n[linto]\n\n# Its name.\n# name = \"linto\"\n\n# Where.\nbroker = \"mqtt://h\"\n\n[device]\n\n# broker = 1\n";
        assert_eq!(edit(text, "linto", "broker", "mqtt://h"), new);
    }

    #[test]
    fn what_stands_nowhere_is_added_to_its_section() {
        assert_eq!(edit("[audio]\nvolume = 5\n", "audio", "capture", "b"), "[audio]\nvolume = 5\ncapture = \"b\"\n");
        assert_eq!(edit("a = 1\n", "audio", "capture", "b"), "a = 1\n\n[audio]\ncapture = \"b\"\n");
        // The comment of another section is not taken for it.
        let text = "[audio]\n# broker = 1\n[linto]\nname = \"a\"\n";
        assert_eq!(
            edit(text, "linto", "broker", "b"),
            "[audio]\n# broker = 1\n[linto]\nname = \"a\"\nbroker = \"b\"\n"
        );
    }

    #[test]
    fn of_several_sections_the_first_is_meant_and_inline_ones_stay_inline() {
        let text = "[[linto]]\nname = \"a\"\nbroker = \"x\"\n[[linto]]\nname = \"b\"\nbroker = \"y\"\n";
        assert_eq!(edit(text, "linto", "broker", "z"), text.replace('x', "z"));
        assert_eq!(count(text, "linto"), 2);
        assert_eq!(edit("linto = { broker = \"x\" }\n", "linto", "broker", "z"), "linto = { broker = \"z\" }\n");
        assert_eq!(edit("linto.broker = \"x\" # here\n", "linto", "broker", "z"), "linto.broker = \"z\" # here\n");
    }

    #[test]
    fn what_is_no_toml_is_refused() {
        assert!(edited("[audio\n", &[]).is_ok());
        assert!(edited("[audio\n", &[Change::text("audio", "capture", "b")]).is_err());
        assert!(!has("[audio\n", "audio", "capture") && count("[audio\n", "audio") == 0);
    }

    #[test]
    fn values_are_quoted_whatever_they_are() {
        for value in ["a\"b", "a\\b", "a\nb", "ünï", "'"] {
            let text = edit("[linto]\n# username = \"x\"\n", "linto", "username", value);
            let document: DocumentMut = text.parse().unwrap();
            assert_eq!(document["linto"]["username"].as_str(), Some(value), "{text}");
        }
    }
}
