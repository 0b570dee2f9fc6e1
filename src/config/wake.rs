//! The wake words of the settings.

use toml::de::{DeTable, DeValue};

use super::document::Origin;
use super::kind::{Complaint, Given, Kind, quoted};
use super::problem::quote;
use super::read::Reading;
use super::sections::{Listen, Trigger, Wake};
use super::suggest::nearest;
use crate::services::models;

/// So many words can be listened for.
const MOST: usize = 8;

/// How easily a word is heard unless somebody says otherwise: as its model means it.
const AS_MADE: f32 = 0.5;

/// What an entry can say.
const KEYS: [&str; 3] = ["model", "server", "sensitivity"];

/// A wake word of the settings.
#[derive(Clone, Debug, PartialEq)]
pub struct WakeWord {
    /// The name of its model.
    pub model: String,
    /// The server that it opens; `None`: the first one.
    pub server: Option<String>,
    /// How easily it is heard, 0 to 1; at 0.5 the model's own cut-off counts.
    pub sensitivity: f32,
}

impl WakeWord {
    fn new(model: &str) -> Result<Self, Complaint> {
        if !models::is_name(model) {
            return Err(Complaint::new(format!(
                "\"{}\" is no model's name: the name of its file without `.tflite`, of letters, digits, `_` and `-`",
                quote(model)
            )));
        }
        Ok(Self { model: model.to_owned(), server: None, sensitivity: AS_MADE })
    }

    fn of_table(table: &DeTable<'_>) -> Result<Self, Complaint> {
        if let Some(stranger) = table.keys().map(|key| key.get_ref().as_ref()).find(|key| !KEYS.contains(key)) {
            let near = nearest(stranger, KEYS).map(|near| format!("; did you mean `{near}`?"));
            let near = near.unwrap_or_else(|| "; it has `model`, `server` and `sensitivity`".to_owned());
            return Err(Complaint::new(format!("`{}` is not a part of a word{near}", quote(stranger))));
        }
        let model = table.get("model").map(|value| value.get_ref());
        let model =
            model.ok_or_else(|| Complaint::new("a word needs its `model`, for example model = \"okay_nabu\""))?;
        let model = model.as_str().ok_or_else(|| Complaint::new("`model` must be a name in quotes"))?;
        let mut word = Self::new(model)?;
        if let Some(server) = table.get("server") {
            let name = server.get_ref().as_str().filter(|name| !name.is_empty());
            let name = name.ok_or_else(|| Complaint::new("`server` must be the name of a server, in quotes"))?;
            word.server = Some(name.to_owned());
        }
        if let Some(sensitivity) = table.get("sensitivity") {
            word.sensitivity = share(sensitivity.get_ref())
                .ok_or_else(|| Complaint::new("`sensitivity` must be a number from 0 (deaf) to 1 (hears most)"))?;
        }
        Ok(word)
    }

    /// These words and one more, as they are written in the settings; `None` if there are as many as there may be.
    #[must_use]
    pub fn list_with(words: &[Self], model: &str) -> Option<String> {
        if words.len() >= MOST {
            return None;
        }
        let more = Self { model: model.to_owned(), server: None, sensitivity: AS_MADE };
        let words: Vec<_> = words.iter().chain([&more]).map(Self::shown).collect();
        Some(format!("[{}]", words.join(", ")))
    }

    fn shown(&self) -> String {
        let server = self.server.as_ref().map(|server| format!(", server = {}", quoted(server)));
        let sensitivity = (self.sensitivity != AS_MADE).then(|| format!(", sensitivity = {}", self.sensitivity));
        match (server, sensitivity) {
            (None, None) => quoted(&self.model),
            (server, sensitivity) => format!(
                "{{ model = {}{}{} }}",
                quoted(&self.model),
                server.unwrap_or_default(),
                sensitivity.unwrap_or_default()
            ),
        }
    }
}

/// A number from 0 to 1.
fn share(value: &DeValue<'_>) -> Option<f32> {
    let number = match value {
        DeValue::Float(number) => number.as_str().parse::<f32>().ok()?,
        DeValue::Integer(number) => number.as_str().parse::<f32>().ok()?,
        _ => return None,
    };
    (0.0..=1.0).contains(&number).then_some(number)
}

/// A list of words, each its model's name or a table.
pub(super) struct WakeWords;

impl Kind for WakeWords {
    type Value = Vec<WakeWord>;

    fn read(&self, given: &Given<'_>) -> Result<Self::Value, Complaint> {
        let items = given.value.as_array().filter(|items| items.len() <= MOST);
        let items = items.ok_or_else(|| Complaint::new(format!("it must be {}", self.expects())))?;
        let mut words: Vec<WakeWord> = Vec::new();
        for item in items.iter() {
            let word = match item.get_ref() {
                DeValue::String(name) => WakeWord::new(name)?,
                DeValue::Table(table) => WakeWord::of_table(table)?,
                _ => return Err(Complaint::new(format!("it must be {}", self.expects()))),
            };
            if words.iter().any(|known| known.model == word.model) {
                return Err(Complaint::new(format!("\"{}\" stands there twice; keep one", word.model)));
            }
            words.push(word);
        }
        Ok(words)
    }

    fn expects(&self) -> String {
        format!("a list in brackets: up to {MOST} names of models, or tables {{ model, server, sensitivity }}")
    }

    fn show(&self, value: &Self::Value) -> String {
        let words: Vec<_> = value.iter().map(WakeWord::shown).collect();
        format!("[{}]", words.join(", "))
    }
}

/// Checks the words against the servers and the triggers. Returns warnings.
pub(super) fn check(wake: &Wake, listen: &Listen, servers: &[&str], reading: &mut Reading<'_, '_>) -> Vec<String> {
    check_servers(wake, servers, reading);
    let origin = reading.origin(("wake", 0, "words"));
    let (place, written) = (origin.place(), *origin != Origin::Default);
    let triggers = &listen.triggers;
    match (triggers.contains(&Trigger::Wake), wake.words.is_empty()) {
        // Nobody would say why the device hears nothing.
        (true, true) => reading.problems.add(place, || {
            "`words` in [wake] is empty, and `triggers` in [listen] has \"wake\": name a word, for example words = [\"okay_nabu\"], or take \"wake\" out of `triggers`".to_owned()
        }),
        (false, false) if written => {
            return vec![
                "[wake] has `words`, but `triggers` in [listen] lacks \"wake\": they are not listened for".to_owned(),
            ];
        }
        (true, false) if triggers.contains(&Trigger::Voice) => {
            return vec![
                "`triggers` in [listen] has \"voice\" beside \"wake\": any speech opens a turn, and a wake word counts only while the device speaks or waits for an answer".to_owned(),
            ];
        }
        _ => {}
    }
    Vec::new()
}

fn check_servers(wake: &Wake, servers: &[&str], reading: &mut Reading<'_, '_>) {
    for word in &wake.words {
        let Some(name) = word.server.as_ref().filter(|name| !servers.contains(&name.as_str())) else {
            continue;
        };
        let place = reading.origin(("wake", 0, "words")).place();
        reading.problems.add(place, || {
            let remedy = match (nearest(name, servers.iter().copied()), servers.is_empty()) {
                (_, true) => "there is none; add a [linto] or [xiaozhi] section, or leave `server` out".to_owned(),
                (Some(near), _) => format!("did you mean \"{}\"?", quote(near)),
                (None, _) => {
                    format!("the servers are {}", servers.iter().map(|n| quoted(n)).collect::<Vec<_>>().join(", "))
                }
            };
            format!("`words` in [wake]: \"{}\" opens the server \"{}\"; {remedy}", word.model, quote(name))
        });
    }
}
