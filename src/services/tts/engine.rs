//! The command line of an engine.

use std::io::{self, Write};
use std::process::Stdio;

use auricle_core::voices::{self, Voices};
use tokio::process::{Child, Command};

use super::espeak;
use crate::services::process::{Account, environment};

/// Program and arguments for one utterance.
pub(super) struct Engine {
    pub(super) program: String,
    arguments: Vec<String>,
    /// Whether it speaks English because it lacks the wanted language.
    pub(super) fell_back: bool,
    /// Who it runs as, if not as we do.
    pub(super) account: Option<Account>,
}

impl Engine {
    /// `command` if there is one, else espeak-ng with one of `voices`.
    pub(super) fn new(command: &[String], language: &str, voices: &Voices) -> Self {
        match command.split_first() {
            Some((program, arguments)) => Self::custom(program, arguments, language),
            None => Self::espeak(language, voices),
        }
    }

    fn espeak(language: &str, voices: &Voices) -> Self {
        let known = voices.voice(language);
        let voice = known.as_deref().unwrap_or(espeak::ENGLISH);
        // `-b 1`: the text is UTF-8, whatever the locale of the service.
        let arguments = ["-v", voice, "-b", "1", "--stdin", "--stdout"].map(String::from).to_vec();
        Self { program: espeak::PROGRAM.into(), arguments, fell_back: known.is_none(), account: None }
    }

    fn custom(program: &str, arguments: &[String], language: &str) -> Self {
        let fell_back = !voices::is_tag(language);
        let language = if fell_back { "en-US" } else { language };
        let arguments = arguments.iter().map(|argument| argument.replace("{lang}", language)).collect();
        Self { program: program.into(), arguments, fell_back, account: None }
    }

    /// Starts it with `text` on its stdin, in a process group of its own.
    ///
    /// `text` must fit into a fresh pipe (4096 bytes): nobody reads it yet.
    pub(super) fn start(&self, text: &str) -> io::Result<Child> {
        let (stdin, mut writer) = io::pipe()?;
        writer.write_all(text.as_bytes())?;
        drop(writer);
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        environment::clean(&mut command);
        if let Some(account) = &self.account {
            account.dress(&mut command);
        }
        command.process_group(0).kill_on_drop(true).spawn()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any() -> Voices {
        Voices::new(None)
    }

    fn command(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_language_is_replaced_in_each_argument() {
        let engine = Engine::new(&command(&["piper", "--model", "/v/{lang}.onnx", "{lang}", "-q"]), "fr-FR", &any());
        assert_eq!((engine.program.as_str(), engine.fell_back), ("piper", false));
        assert_eq!(engine.arguments, ["--model", "/v/fr-FR.onnx", "fr-FR", "-q"]);
    }

    #[test]
    fn a_server_can_smuggle_no_option_and_no_path_in() {
        for language in ["--help", "../../etc/x", "a b", "", "fr-FR\n", "é"] {
            let engine = Engine::new(&command(&["piper", "{lang}"]), language, &any());
            assert_eq!((engine.arguments, engine.fell_back), (vec!["en-US".to_string()], true), "{language:?}");
        }
        let espeak = Engine::new(&[], "--path=/tmp", &any());
        assert_eq!((espeak.arguments[1].as_str(), espeak.fell_back), ("en-us", true));
    }
}
