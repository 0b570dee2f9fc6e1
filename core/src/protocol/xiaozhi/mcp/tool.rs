//! What a tool is: its name, what it does, and which arguments it takes.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::protocol::xiaozhi::fields::{Fields, quoted};

/// The most tools. xiaozhi: the gateway drops the page that goes beyond.
pub const TOOLS_LIMIT: usize = 32;

/// The most arguments of a tool.
const ARGUMENTS_LIMIT: usize = 16;

/// The longest name of a tool or an argument, in bytes.
const NAME_LIMIT: usize = 64;

/// The largest description of a tool with all its arguments as JSON, in bytes: with its frame it fits into a message.
const TOOL_LIMIT: usize = 6_000;

/// What an argument may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// Text of at most so many characters, without control characters but line breaks and tabs.
    Text {
        /// The most characters.
        longest: usize,
    },
}

/// An argument of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name: letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// For the language model; may be empty.
    pub description: String,
    /// What it may be.
    pub kind: Kind,
    /// Whether it may be left out.
    pub optional: bool,
}

/// A tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Its name: letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// What it does, for the language model.
    pub description: String,
    /// Its arguments.
    pub arguments: Vec<Argument>,
    /// For people, not for the language model.
    pub user_only: bool,
}

/// Why tools can't be offered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToolError {
    /// More than servers take.
    #[error("{0} tools are too many; servers take {TOOLS_LIMIT}, the device's own included: take some [[tools]] out")]
    Many(usize),
    /// A name that servers don't take.
    #[error(
        "{0} is no name of a tool or an argument; write up to {NAME_LIMIT} of the letters a-z, digits, `_`, `-`, `.`"
    )]
    Name(String),
    /// Two tools, or two arguments of one tool.
    #[error("there are two of the name {0}, for which servers also take `.` and `_` as the same; rename one")]
    Twice(String),
    /// Too many arguments.
    #[error("the tool {0} has {1} arguments; {ARGUMENTS_LIMIT} are the most")]
    Arguments(String, usize),
    /// A range without a number in it, or a text without a letter.
    #[error("no value is right for the argument {1} of the tool {0}; correct its range or its length")]
    Empty(String, String),
    /// Too long.
    #[error("the tool {0} is described in {1} bytes; {TOOL_LIMIT} are the most: shorten its descriptions")]
    Large(String, usize),
}

impl Tool {
    /// As it stands in the list of tools.
    pub(super) fn json(&self) -> String {
        let properties: Map<String, Value> = self.arguments.iter().map(Argument::property).collect();
        let mut schema = json!({"type": "object", "properties": properties});
        let required: Vec<&str> = self
            .arguments
            .iter()
            .filter(|argument| !argument.optional)
            .map(|argument| argument.name.as_str())
            .collect();
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        let mut tool = json!({"name": self.name, "description": self.description, "inputSchema": schema});
        if self.user_only {
            tool["annotations"] = json!({"audience": ["user"]});
        }
        tool.to_string()
    }

    /// Checks what a call brings along. What the tool does not know is left out.
    ///
    /// # Errors
    /// What is wrong, in words for the language model.
    pub(super) fn take(&self, given: &Fields) -> Result<Map<String, Value>, String> {
        let mut taken = Map::new();
        for argument in &self.arguments {
            let name = &argument.name;
            if given.has(name) {
                let value =
                    argument.kind.take(given, name).map_err(|why| format!("the argument `{name}` must be {why}"))?;
                taken.insert(name.clone(), value);
            } else if !argument.optional {
                return Err(format!("the argument `{name}` is missing"));
            }
        }
        Ok(taken)
    }

    fn check(&self) -> Result<(), ToolError> {
        let arguments = &self.arguments;
        if arguments.len() > ARGUMENTS_LIMIT {
            return Err(ToolError::Arguments(quoted(&self.name), arguments.len()));
        }
        names(arguments.iter().map(|argument| argument.name.as_str()))?;
        if let Some(empty) = arguments.iter().find(|argument| argument.kind.is_empty()) {
            return Err(ToolError::Empty(quoted(&self.name), quoted(&empty.name)));
        }
        match self.json().len() {
            size if size > TOOL_LIMIT => Err(ToolError::Large(quoted(&self.name), size)),
            _ => Ok(()),
        }
    }
}

/// Checks that all of these can be offered together.
pub(super) fn check(tools: &[Tool]) -> Result<(), ToolError> {
    if tools.len() > TOOLS_LIMIT {
        return Err(ToolError::Many(tools.len()));
    }
    names(tools.iter().map(|tool| tool.name.as_str()))?;
    tools.iter().try_for_each(Tool::check)
}

/// xiaozhi: servers rename tools for the language model, dots become underscores.
fn names<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), ToolError> {
    let mut known = BTreeSet::new();
    for name in names {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if !(1..=NAME_LIMIT).contains(&name.len()) || !name.bytes().all(letters) {
            return Err(ToolError::Name(quoted(name)));
        }
        if !known.insert(name.replace('.', "_")) {
            return Err(ToolError::Twice(quoted(name)));
        }
    }
    Ok(())
}

impl Argument {
    fn property(&self) -> (String, Value) {
        let mut property = match self.kind {
            Kind::Boolean => json!({"type": "boolean"}),
            Kind::Integer { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
            Kind::Text { longest } => json!({"type": "string", "maxLength": longest}),
        };
        if !self.description.is_empty() {
            property["description"] = json!(self.description);
        }
        (self.name.clone(), property)
    }
}

impl Kind {
    const fn is_empty(&self) -> bool {
        match *self {
            Self::Boolean => false,
            Self::Integer { min, max } => min > max,
            Self::Text { longest } => longest == 0,
        }
    }

    /// The value of `name`, or what it must be.
    fn take(&self, given: &Fields, name: &str) -> Result<Value, String> {
        match *self {
            Self::Boolean => given.get::<bool>(name).map(Value::from).ok_or_else(|| "true or false".into()),
            Self::Integer { min, max } => {
                let number = given.get::<i64>(name).or_else(|| given.get::<f64>(name).and_then(whole));
                number
                    .filter(|number| (min..=max).contains(number))
                    .map(Value::from)
                    .ok_or_else(|| format!("a whole number from {min} to {max}"))
            }
            Self::Text { longest } => {
                let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
                given
                    .get::<String>(name)
                    .filter(|text| text.chars().nth(longest).is_none() && !text.contains(odd))
                    .map(Value::from)
                    .ok_or_else(|| format!("a text of at most {longest} characters, without control characters"))
            }
        }
    }
}

/// Language models write 50 as 50.0 too. Beyond 2^53 such a number is no longer exact.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn argument(name: &str, kind: Kind) -> Argument {
        Argument { name: name.into(), description: String::new(), kind, optional: false }
    }

    fn tool(name: &str, arguments: Vec<Argument>) -> Tool {
        Tool { name: name.into(), description: "does it".into(), arguments, user_only: false }
    }

    fn lamp() -> Tool {
        let optional = Argument {
            optional: true,
            description: "a colour".into(),
            ..argument("colour", Kind::Text { longest: 5 })
        };
        let level = argument("level", Kind::Integer { min: -10, max: 100 });
        tool("lamp.set", vec![argument("on", Kind::Boolean), level, optional])
    }

    fn take(arguments: &str) -> Result<String, String> {
        lamp().take(&Fields::read(arguments).unwrap()).map(|taken| Value::from(taken).to_string())
    }

    #[test]
    fn a_tool_is_described_by_a_schema() {
        let described: Value = serde_json::from_str(&lamp().json()).unwrap();
        let wanted = json!({
            "name": "lamp.set", "description": "does it",
            "inputSchema": {"type": "object", "required": ["on", "level"], "properties": {
                "on": {"type": "boolean"},
                "level": {"type": "integer", "minimum": -10, "maximum": 100},
                "colour": {"type": "string", "maxLength": 5, "description": "a colour"},
            }},
        });
        assert_eq!(described, wanted);
        let plain: Value = serde_json::from_str(&Tool { user_only: true, ..tool("x", vec![]) }.json()).unwrap();
        assert_eq!(plain["inputSchema"], json!({"type": "object", "properties": {}}));
        assert_eq!(plain["annotations"], json!({"audience": ["user"]}));
    }

    #[test]
    fn arguments_are_taken_as_the_schema_wants_them() {
        for (given, taken) in [
            (r#"{"on":true,"level":-10}"#, r#"{"level":-10,"on":true}"#),
            (r#"{"on":false,"level":50.0,"colour":"rosé"}"#, r#"{"colour":"rosé","level":50,"on":false}"#),
            (r#"{"on":false,"level":1e2,"colour":null,"other":[]}"#, r#"{"level":100,"on":false}"#),
            (r#"{"on":true,"level":0,"colour":"a\n\tb"}"#, r#"{"colour":"a\n\tb","level":0,"on":true}"#),
        ] {
            assert_eq!(take(given).as_deref(), Ok(taken), "{given}");
        }
    }

    #[test]
    fn what_an_argument_can_not_be_is_told_by_name() {
        for (given, why) in [
            (r#"{"level":1}"#, "the argument `on` is missing"),
            (r#"{"on":null,"level":1}"#, "the argument `on` is missing"),
            (r#"{"on":"true","level":1}"#, "the argument `on` must be true or false"),
            (r#"{"on":true,"level":101}"#, "the argument `level` must be a whole number from -10 to 100"),
            (r#"{"on":true,"level":0.5}"#, "the argument `level` must be a whole number from -10 to 100"),
            (r#"{"on":true,"level":1e300}"#, "the argument `level` must be a whole number from -10 to 100"),
            (r#"{"on":true,"level":"5"}"#, "the argument `level` must be a whole number from -10 to 100"),
        ] {
            assert_eq!(take(given), Err(why.into()), "{given}");
        }
        for colour in ["123456", "a\\u0000", "\\u001b"] {
            let why = "the argument `colour` must be a text of at most 5 characters, without control characters";
            assert_eq!(take(&format!(r#"{{"on":true,"level":1,"colour":"{colour}"}}"#)), Err(why.into()), "{colour}");
        }
    }

    #[test]
    fn a_number_that_is_no_longer_exact_is_not_taken_for_another() {
        let any = tool("t", vec![argument("n", Kind::Integer { min: i64::MIN, max: i64::MAX })]);
        let take = |number: &str| {
            let given = Fields::read(&format!(r#"{{"n":{number}}}"#)).unwrap();
            any.take(&given).ok().and_then(|taken| taken["n"].as_i64())
        };
        assert_eq!((take("9223372036854775807"), take("-1e15")), (Some(i64::MAX), Some(-1_000_000_000_000_000)));
        assert_eq!((take("9223372036854775808"), take("1e300"), take("-1e300")), (None, None, None));
    }

    #[test]
    fn tools_that_can_not_be_offered_are_refused_by_name() {
        assert_eq!(check(&[lamp(), tool("lamp", vec![])]), Ok(()));
        let many: Vec<Tool> = (0..33).map(|n| tool(&format!("t{n}"), vec![])).collect();
        assert_eq!((check(&many), check(&many[..32])), (Err(ToolError::Many(33)), Ok(())));
        for name in ["", "a b", "é", "a/b", &"x".repeat(65)] {
            assert_eq!(check(&[tool(name, vec![])]), Err(ToolError::Name(quoted(name))));
            assert_eq!(check(&[tool("t", vec![argument(name, Kind::Boolean)])]), Err(ToolError::Name(quoted(name))));
        }
        assert_eq!(check(&[tool("a.b", vec![]), tool("a_b", vec![])]), Err(ToolError::Twice("`a_b`".into())));
        let twice = vec![argument("a", Kind::Boolean), argument("a", Kind::Boolean)];
        assert_eq!(check(&[tool("t", twice)]), Err(ToolError::Twice("`a`".into())));
        let seventeen = (0..17).map(|n| argument(&format!("a{n}"), Kind::Boolean)).collect();
        assert_eq!(check(&[tool("t", seventeen)]), Err(ToolError::Arguments("`t`".into(), 17)));
        for kind in [Kind::Integer { min: 1, max: 0 }, Kind::Text { longest: 0 }] {
            let empty = tool("t", vec![argument("a", kind)]);
            assert_eq!(check(&[empty]), Err(ToolError::Empty("`t`".into(), "`a`".into())));
        }
        let large = Tool { description: "é".repeat(3_000), ..tool("t", vec![]) };
        assert!(matches!(check(&[large]), Err(ToolError::Large(name, 6_001..)) if name == "`t`"));
    }
}
