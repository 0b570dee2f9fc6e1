//! The owner's programs that servers may run as tools of their language models.

use std::time::Duration;

use auricle_core::protocol::xiaozhi::mcp::{self, Argument, Builtin, Kind as ArgumentKind};
use toml::de::{DeTable, DeValue};

use super::define::Initial::{Default, Empty, Required};
use super::define::section;
use super::kind::{Checked, Complaint, Given, Kind, quoted};
use super::kinds::{CommandLine, Span};
use super::problem::quote;
use super::read::Reading;
use super::suggest::nearest;

/// So many arguments can a tool have.
const MOST_ARGUMENTS: usize = 8;

/// The longest text that an argument can be, in characters.
const LONGEST_TEXT: i64 = 1_000;

/// Names that begin like this are the device's own.
const OWN: &str = "self.";

section! {
    /// A program of yours that a xiaozhi server may run: its language model reads name and description, and calls the tool when
    /// what you say asks for it. Write `[[tools]]` once per tool. What the program prints is the answer. No shell runs; it is
    /// in the same sandbox as a hook.
    pub struct Tool = "tools" {
        /// Its name.
        name: String = TOOL_NAME, Required("\"lamp.set\""), Restart;
        /// What it does, for the language model: when to call it, and with what.
        description: String = DESCRIPTION, Required("\"Dims the lamp in the kitchen.\""), Restart;
        /// What it takes: tables such as { name = "level", type = "integer", min = 0, max = 100 }. `type` is "integer" (with `min`
        /// and `max`), "boolean" or "string" (with `longest`, in characters); each may have a `description`, and
        /// `optional = true`.
        arguments: Vec<Argument> = Arguments, Empty("[{ name = \"level\", type = \"integer\", min = 0, max = 100 }]"), Restart;
        /// The program and its arguments. A word that is {level} and nothing else becomes the argument of that name, whole, or is
        /// left out with an optional one that is not there. All arguments also come as JSON on the standard input.
        command: Vec<String> = CommandLine, Required("[\"/usr/local/bin/lamp\", \"{level}\"]"), Restart;
        /// How long it may run; then it is ended, with everything that it started. Servers wait for 30 s.
        timeout: Duration = Span { from_ms: 1000, to_ms: 30_000 }, Default("\"10s\""), Restart;
    }
}

const TOOL_NAME: Checked = Checked {
    expects: "letters, digits, `.`, `-` and `_`, at most 64, not beginning with `self.`, which are the device's own",
    passes: |text| is_name(text, 64) && !text.starts_with(OWN),
};

const DESCRIPTION: Checked = Checked {
    expects: "one line of text, at most 500 characters",
    passes: |text| !text.is_empty() && text.chars().count() <= 500 && !text.chars().any(char::is_control),
};

fn is_name(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

const KEYS: [&str; 7] = ["name", "type", "min", "max", "longest", "description", "optional"];

fn argument(table: &DeTable<'_>) -> Result<Argument, Complaint> {
    if let Some(stranger) = table.keys().map(|key| key.get_ref().as_ref()).find(|key| !KEYS.contains(key)) {
        let near = nearest(stranger, KEYS).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(Complaint::new(format!("`{}` is not a part of an argument{near}", quote(stranger))));
    }
    let text = |key: &str| table.get(key).map(|value| value.get_ref().as_str());
    let name = text("name").flatten().filter(|name| is_name(name, 32));
    let name = name.ok_or_else(|| {
        Complaint::new("each argument needs a `name` of letters, digits, `.`, `-` and `_`, at most 32")
    })?;
    let wrong = |what: &str| Complaint::new(format!("argument `{name}`: {what}"));
    let description = text("description").unwrap_or(Some(""));
    let description = description.filter(|text| text.is_empty() || (DESCRIPTION.passes)(text));
    let description = description.ok_or_else(|| wrong("`description` must be one line of text"))?;
    let optional = table.get("optional").map_or(Some(false), |value| value.get_ref().as_bool());
    let optional = optional.ok_or_else(|| wrong("`optional` must be true or false"))?;
    let kind = kind(table).map_err(|what| wrong(&what))?;
    Ok(Argument { name: name.to_owned(), description: description.to_owned(), kind, optional })
}

fn shown(argument: &Argument) -> String {
    let kind = match argument.kind {
        ArgumentKind::Boolean => "type = \"boolean\"".into(),
        ArgumentKind::Integer { min, max } => format!("type = \"integer\", min = {min}, max = {max}"),
        ArgumentKind::Text { longest } => format!("type = \"string\", longest = {longest}"),
    };
    let optional = if argument.optional { ", optional = true" } else { "" };
    let description = match argument.description.as_str() {
        "" => String::new(),
        text => format!(", description = {}", quoted(text)),
    };
    format!("{{ name = {}, {kind}{description}{optional} }}", quoted(&argument.name))
}

fn kind(table: &DeTable<'_>) -> Result<ArgumentKind, String> {
    let word = table.get("type").and_then(|value| value.get_ref().as_str());
    let whose = |keys: &[&str], what: &str| match keys.iter().find(|key| table.contains_key(**key)) {
        Some(key) => Err(format!("`{key}` is for {what}; leave it out")),
        None => Ok(()),
    };
    match word {
        Some("boolean") => {
            whose(&["min", "max", "longest"], "other types")?;
            Ok(ArgumentKind::Boolean)
        }
        Some("integer") => {
            whose(&["longest"], "type \"string\"")?;
            let (min, max) = (number(table, "min")?, number(table, "max")?);
            let (Some(min), Some(max)) = (min, max) else {
                return Err("an integer needs `min` and `max`, for example min = 0, max = 100".into());
            };
            if min > max {
                return Err(format!("`min` is {min} and `max` is {max}; exchange them"));
            }
            Ok(ArgumentKind::Integer { min, max })
        }
        Some("string") => {
            whose(&["min", "max"], "type \"integer\"")?;
            let longest = number(table, "longest")?.unwrap_or(200);
            let fitting = usize::try_from(longest).ok().filter(|_| (1..=LONGEST_TEXT).contains(&longest));
            let longest = fitting.ok_or_else(|| format!("`longest` must be 1 to {LONGEST_TEXT}"))?;
            Ok(ArgumentKind::Text { longest })
        }
        _ => Err("`type` must be \"integer\", \"boolean\" or \"string\"".into()),
    }
}

fn number(table: &DeTable<'_>, key: &str) -> Result<Option<i64>, String> {
    let Some(value) = table.get(key) else { return Ok(None) };
    let number = match value.get_ref() {
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    // What JSON numbers carry exactly everywhere.
    let exact = number.filter(|number| number.unsigned_abs() < 1 << 53);
    exact.map(Some).ok_or_else(|| format!("`{key}` must be a whole number"))
}

/// A list of tables.
struct Arguments;

impl Kind for Arguments {
    type Value = Vec<Argument>;

    fn read(&self, given: &Given<'_>) -> Result<Vec<Argument>, Complaint> {
        let complaint = || Complaint::new(format!("it must be {}", self.expects()));
        let items = given.value.as_array().filter(|items| items.len() <= MOST_ARGUMENTS).ok_or_else(complaint)?;
        let mut arguments: Vec<Argument> = Vec::new();
        for item in items.iter() {
            let argument = argument(item.get_ref().as_table().ok_or_else(complaint)?)?;
            if arguments.iter().any(|known| known.name == argument.name) {
                return Err(Complaint::new(format!("`{}` stands there twice; keep one", argument.name)));
            }
            arguments.push(argument);
        }
        Ok(arguments)
    }

    fn expects(&self) -> String {
        format!("a list in brackets: up to {MOST_ARGUMENTS} tables {{ name, type, … }}")
    }

    fn show(&self, value: &Vec<Argument>) -> String {
        format!("[{}]", value.iter().map(shown).collect::<Vec<_>>().join(", "))
    }
}

impl Tool {
    /// As servers are told about it.
    #[must_use]
    pub fn offered(&self) -> mcp::Tool {
        let Self { name, description, arguments, .. } = self;
        let (name, description, arguments) = (name.clone(), description.clone(), arguments.clone());
        mcp::Tool { name, description, arguments, user_only: false }
    }
}

/// The argument that a word of a command stands for.
#[must_use]
pub fn placeholder(word: &str) -> Option<&str> {
    let name = word.strip_prefix('{')?.strip_suffix('}')?;
    is_name(name, 32).then_some(name)
}

/// Checks the tools together. Returns warnings.
pub(super) fn check(tools: &[Tool], has_servers: bool, reading: &mut Reading<'_, '_>) -> Vec<String> {
    for (nth, tool) in tools.iter().enumerate() {
        check_command(tool, nth, reading);
    }
    let own = Builtin::tools(true, true).into_iter();
    let all = own.chain(tools.iter().map(Tool::offered)).collect();
    if let Err(error) = mcp::Server::new("", "", all) {
        let place = reading.origin(("tools", tools.len().saturating_sub(1), "name")).place();
        reading.problems.add(place, || format!("[[tools]]: {error}"));
    }
    if tools.is_empty() || has_servers {
        return Vec::new();
    }
    vec!["[[tools]] are for servers of [xiaozhi], and there is none: nobody can call them".into()]
}

fn check_command(tool: &Tool, nth: usize, reading: &mut Reading<'_, '_>) {
    let place = reading.origin(("tools", nth, "command")).place();
    let Some(program) = tool.command.first() else {
        reading.problems.add(place, || {
            format!(
                "`command` of the tool `{}` is empty; name a program, for example [\"/usr/local/bin/lamp\"]",
                tool.name
            )
        });
        return;
    };
    if placeholder(program).is_some() {
        reading.problems.add(place, || {
            format!(
                "`command` of the tool `{}` begins with {program}: a server must not choose the program; name one",
                tool.name
            )
        });
        return;
    }
    let names: Vec<_> = tool.arguments.iter().map(|argument| argument.name.as_str()).collect();
    let unknown = tool.command.iter().filter_map(|word| placeholder(word)).find(|name| !names.contains(name));
    if let Some(unknown) = unknown {
        reading.problems.add(place, || {
            let near = nearest(unknown, names.iter().copied());
            let remedy =
                near.map_or_else(|| "add it to `arguments`".into(), |near| format!("did you mean {{{near}}}?"));
            format!("`command` of the tool `{}` has {{{unknown}}}, which is no argument of it; {remedy}", tool.name)
        });
    }
}

/// What follows from the settings of a tool together, for `auricle check`.
pub(super) fn facts(tool: &Tool) -> Vec<String> {
    let names: Vec<_> = tool.arguments.iter().map(|argument| format!("`{}`", argument.name)).collect();
    let with = if names.is_empty() { "without arguments".into() } else { format!("with {}", names.join(", ")) };
    vec![format!("Each server of [xiaozhi] may run it {with}, whenever it wants to.")]
}
