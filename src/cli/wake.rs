//! `auricle wake`: the models of wake words, with a daemon or without one.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use serde_json::{Value, json};

use super::Reach;
use super::table::table;
use super::talk::{finish, plain, settings, socket};
use crate::config::{Settings, WakeWord};
use crate::control::client::{self, ClientError};
use crate::services::models::Places;
use crate::services::models::add::Candidate;
use crate::services::models::list;
use crate::shown::printable;

/// Prints the models that are installed, and what becomes of them.
pub fn list(reach: &Reach) -> ExitCode {
    let told = match call(reach, Method::GET, "/wake", None) {
        Ok(told) => told.map_or_else(|| Ok(list::list(&places(reach)?, &own_settings(reach)?, None)), Ok),
        Err(why) => Err(why),
    };
    finish(reach, told, |told| print!("{}", in_words(told)))
}

/// Takes in a model, and says what to write into the settings.
pub fn add(file: &Path, reach: &Reach) -> ExitCode {
    finish(reach, added(file, reach), |told| print!("{}", next(told, settings(reach).ok().as_ref())))
}

fn added(file: &Path, reach: &Reach) -> Result<Value, String> {
    let candidate = Candidate::read(file).map_err(|error| error.to_string())?;
    let name = &candidate.installed.name;
    let (model, description) = (STANDARD.encode(&candidate.model), STANDARD.encode(&candidate.description));
    let body = json!({"name": name, "model": model, "description": description});
    if let Some(told) = call(reach, Method::POST, "/wake/add", Some(body))? {
        return Ok(told);
    }
    let path = candidate.install(&places(reach)?).map_err(|error| error.to_string())?;
    let manifest = &candidate.installed.manifest;
    Ok(json!({"ok": true, "name": name, "wake_word": manifest.wake_word, "file": path}))
}

/// Asks the daemon; `None` if none runs.
fn call(reach: &Reach, method: Method, path: &str, body: Option<Value>) -> Result<Option<Value>, String> {
    let runtime = super::runtime().map_err(|error| error.to_string())?;
    let socket = socket(reach)?;
    match runtime.block_on(client::call(&socket, method, path, body)) {
        Ok(told) => Ok(Some(told)),
        Err(ClientError::NoDaemon { .. }) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

fn own_settings(reach: &Reach) -> Result<Settings, String> {
    settings(reach).map_err(|errors| errors.to_string())
}

fn places(reach: &Reach) -> Result<Places, String> {
    Ok(Places::of(&own_settings(reach)?.device.state_dir))
}

fn in_words(told: &Value) -> String {
    let models = told["models"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    if models.is_empty() {
        return "No model of a wake word is installed: reinstall the package, or run `make models` in a checkout.\n"
            .into();
    }
    let rows: Vec<[String; 6]> = models.iter().map(row).collect();
    let mut text = table("", &rows);
    text += match (told["trigger"] == true, told["running"] == true) {
        (false, _) => "\n`triggers` in [listen] lacks \"wake\": no word is listened for.\n",
        (true, true) => "\n`*`: it is listened for.\n",
        (true, false) => "\nThe daemon does not run: nothing is listened for.\n",
    };
    text
}

fn row(model: &Value) -> [String; 6] {
    let text = |key: &str| printable(plain(&model[key]));
    let mark = if model["listening"] == true { "*" } else { "" };
    if let Some(error) = model["error"].as_str() {
        let error = printable(&format!("can't be used: {error}"));
        return [mark.into(), text("name"), error, String::new(), String::new(), String::new()];
    }
    let languages = model["languages"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    let languages: Vec<_> = languages.iter().map(|language| printable(plain(language))).collect();
    let usage = match (model["used"] == true, model["server"].as_str()) {
        (false, _) => "not in the settings".to_owned(),
        (true, server) => {
            let server = server.map_or_else(|| "a server, once there is one".to_owned(), |name| format!("`{name}`"));
            printable(&format!("opens {server}, sensitivity {}", model["sensitivity"]))
        }
    };
    let say = format!("say \"{}\"", text("wake_word"));
    [
        mark.into(),
        text("name"),
        say,
        languages.join(" "),
        format!("cut-off {}", model["cutoff"]),
        format!("{usage}; from {}", text("from")),
    ]
}

/// What to do now that it is there.
fn next(told: &Value, settings: Option<&Settings>) -> String {
    let (name, say, file) = (plain(&told["name"]), plain(&told["wake_word"]), PathBuf::from(plain(&told["file"])));
    let mut text = format!("`{}` is at {}: say \"{}\".\n", printable(name), file.display(), printable(say));
    let words = settings.map(|settings| settings.wake.words.as_slice()).unwrap_or_default();
    if words.iter().any(|word| word.model == name) {
        text += "The settings name it already.\n";
    } else if let Some(all) = WakeWord::list_with(words, name) {
        text += &format!(
            "To listen for it, write this into the settings; `sudo systemctl reload auricle` takes it over:\n\n[wake]\nwords = {all}\n"
        );
    } else {
        text += "The settings name as many words as there may be: put it into the place of one in `words` of [wake].\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_columns() {
        let told = json!({"trigger": true, "running": true, "models": [
            {"name": "okay_nabu", "error": null, "used": true, "listening": true, "server": "linto", "sensitivity": 0.5,
             "wake_word": "Okay\u{1b} Nabu", "languages": ["en", "fr"], "cutoff": 0.85, "from": "x.org", "file": "/m"},
            {"name": "alexa", "error": null, "used": false, "listening": false, "wake_word": "Alexa", "languages": [],
             "cutoff": 0.9, "from": "y"},
            {"name": "gone", "error": "no model", "used": true, "listening": false},
        ]});
        let expected = "\
*  okay_nabu  say \"Okay  Nabu\"         en fr  cut-off 0.85  opens `linto`, sensitivity 0.5; from x.org
   alexa      say \"Alexa\"                     cut-off 0.9   not in the settings; from y
   gone       can't be used: no model

`*`: it is listened for.
";
        assert_eq!(in_words(&told), expected);
        assert!(in_words(&json!({"models": []})).contains("make models"));
    }
}
