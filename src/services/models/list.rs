//! What `auricle wake list` tells: the same from the daemon and without it.

use std::path::Path;

use serde_json::{Value, json};

use super::{Installed, Places};
use crate::config::{Settings, Trigger, WakeWord};

/// Every model that is installed or wanted. `listening`: the names of the words that a daemon listens for; `None`
/// without one.
#[must_use]
pub fn list(places: &Places, settings: &Settings, listening: Option<&[&str]>) -> Value {
    let files = places.files();
    let wanted = settings.wake.words.iter();
    let lacking = wanted.filter(|word| !files.contains_key(&word.model)).map(|word| word.model.as_str());
    let names = files.keys().map(String::as_str).chain(lacking);
    let models: Vec<Value> = names.map(|name| entry(places, settings, listening, name)).collect();
    json!({
        "trigger": settings.listen.triggers.contains(&Trigger::Wake),
        "running": listening.is_some(),
        "folder": places.own(),
        "models": models,
    })
}

fn entry(places: &Places, settings: &Settings, listening: Option<&[&str]>, name: &str) -> Value {
    let word = settings.wake.words.iter().find(|word| word.model == name);
    let listened = listening.is_some_and(|words| words.contains(&name));
    let (about, error) = match places.load(name) {
        Ok(installed) => (described(&installed), Value::Null),
        Err(trouble) => (json!({"file": null}), json!(trouble.to_string())),
    };
    let mut entry = json!({"name": name, "error": error, "used": word.is_some(), "listening": listened});
    if let Some(word) = word {
        entry["server"] = json!(server_of(word, settings));
        entry["sensitivity"] = json!(f64::from(word.sensitivity * 1000.0).round() / 1000.0);
    }
    if let (Some(entry), Value::Object(about)) = (entry.as_object_mut(), about) {
        entry.extend(about);
    }
    entry
}

/// The server that a word opens; `None` if there is none at all.
fn server_of<'s>(word: &'s WakeWord, settings: &'s Settings) -> Option<&'s str> {
    word.server.as_deref().or_else(|| settings.server_names().first().copied())
}

fn described(installed: &Installed) -> Value {
    let Installed { file, manifest, .. } = installed;
    let from = if manifest.website.is_empty() { &manifest.author } else { &manifest.website };
    json!({
        "wake_word": manifest.wake_word,
        "languages": manifest.languages,
        "cutoff": f64::from(manifest.cutoff * 1000.0).round() / 1000.0,
        "window": manifest.window,
        "from": from,
        "file": shown(file),
    })
}

/// Without the way over `..`.
fn shown(file: &Path) -> std::path::PathBuf {
    std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned())
}
