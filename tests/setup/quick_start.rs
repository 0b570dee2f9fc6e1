//! The commands of README, as they stand there.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::broker::Broker;
use crate::place::{AURICLE, Place, err, out};
use crate::pulse::Pulse;

/// The commands below this heading, without `sudo` and comments, in words.
fn commands(heading: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, section) = text.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let lines = section.lines().filter_map(|line| line.trim().strip_prefix("$ "));
    let commands: Vec<Vec<String>> = lines
        .map(|line| {
            let line = line.split(" # ").next().unwrap();
            shlex::split(line.strip_prefix("sudo ").unwrap_or(line)).unwrap()
        })
        .collect();
    assert!(!commands.is_empty(), "no commands below `{heading}`");
    commands
}

/// A command for the daemon of this place.
fn to_daemon(place: &Place, pulse: &Pulse, words: &[String]) -> Output {
    let mut command = Command::new(AURICLE);
    command.args(words).env("AURICLE_CONTROL_SOCKET", place.path("control.sock"));
    command.args(["--config".as_ref(), place.file().as_os_str()]).env("ALSA_CONFIG_PATH", pulse.alsa_config_path());
    command.output().unwrap()
}

#[test]
fn each_command_of_the_five_steps_runs() {
    let (pulse, broker, place) = (Pulse::start(), Broker::start_with_users(&[("linto", "tales")], ""), Place::empty());
    let mut daemon = None;
    let mut seen = Vec::new();
    for words in commands("A talking Pi in five steps") {
        let names: Vec<&str> = words.iter().map(String::as_str).collect();
        match names[..] {
            // `make verify` installs it; here its name must be the one that `make deb` makes.
            ["apt", "install", file] => {
                assert_eq!(file, format!("./auricle_{}_arm64.deb", env!("CARGO_PKG_VERSION")));
            }
            ["auricle", "setup"] => {
                let url = format!("mqtt://127.0.0.1:{}", broker.port());
                let answers = ["--yes", "--server", &url, "--username", "linto", "--password-file", "-"];
                let cards = ["--capture", "testmic", "--playback", "testspk"];
                let output = place.run_with(&pulse, &[&answers[..], &cards].concat(), "tales\n");
                assert_eq!(output.status.code(), Some(0), "{}", err(&output));
                assert!(out(&output).contains("Its serial number: "), "{}", out(&output));
                daemon = Some(place.ready_daemon(&pulse));
            }
            ["auricle", "status"] => {
                assert!(daemon.is_some(), "the daemon runs by now");
                let output = to_daemon(&place, &pulse, &words[1..]);
                assert_eq!(output.status.code(), Some(0), "{}", err(&output));
                assert!(out(&output).contains("serial"), "{}", out(&output));
            }
            ["auricle", "doctor"] => {
                let output = to_daemon(&place, &pulse, &words[1..]);
                // This machine need not be without a fault; but each line has a verdict.
                assert!(matches!(output.status.code(), Some(0 | 1)), "{}", err(&output));
                let told = out(&output);
                for check in ["settings", "login", "microphone", "echo"] {
                    assert!(told.lines().any(|line| line.split_whitespace().nth(1) == Some(check)), "{check}: {told}");
                }
            }
            _ => panic!("nothing here runs `{}`", words.join(" ")),
        }
        seen.push(words[1].clone());
    }
    assert_eq!(seen, ["install", "setup", "status", "doctor"]);
}

#[test]
fn each_command_of_the_list_is_one() {
    for words in commands("What you can do with it") {
        assert_eq!(words[0], "auricle");
        let parsed = auricle::cli::command().try_get_matches_from(&words);
        assert!(parsed.is_ok(), "{}: {}", words.join(" "), parsed.unwrap_err());
    }
}
