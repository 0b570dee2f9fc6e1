//! `auricle wake list` and `auricle wake add`, with a daemon and without one, and what `auricle check` says of words.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::broker::SOON;
use crate::daemon::{AURICLE, Daemon, Settings};
use crate::pulse::Pulse;
use crate::wake_word::model;

/// A settings file with its state folder, and files to add.
struct Desk(TempDir);

impl Desk {
    fn new(words: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let settings = Settings::linto(1).with("listen", "triggers", "[\"wake\"]").with("wake", "words", words);
        let settings = settings.text("device", "state_dir", desk.path("state").to_str().unwrap());
        let settings = settings.text("control", "socket", desk.path("nobody.sock").to_str().unwrap());
        fs::write(desk.path("auricle.toml"), settings.to_toml()).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Model and description under this name.
    fn put(&self, name: &str, [bytes, description]: [Vec<u8>; 2]) -> String {
        let file = self.path(&format!("{name}.tflite"));
        fs::write(&file, bytes).unwrap();
        fs::write(file.with_extension("json"), description).unwrap();
        file.to_str().unwrap().to_owned()
    }

    fn run(&self, words: &[&str]) -> Output {
        let file = self.path("auricle.toml");
        let mut command = Command::new(AURICLE);
        command.args(words).arg("--config").arg(file).env_remove("AURICLE_CONTROL_SOCKET");
        command.env_remove("AURICLE_STATE_DIR").env_remove("AURICLE_MODEL_DIR").output().unwrap()
    }
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn listed(output: &Output, name: &str) -> Value {
    let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", err(output)));
    let models = told["models"].as_array().unwrap();
    models.iter().find(|model| model["name"] == name).cloned().unwrap_or(Value::Null)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_model_is_added_on_disk_and_listed() {
    let desk = Desk::new("[\"okay_nabu\"]");
    let file = desk.put("hey_printer", model("alexa"));
    let added = desk.run(&["wake", "add", &file]);
    assert!(added.status.success(), "{}", err(&added));
    assert!(out(&added).contains("words = [\"okay_nabu\", \"hey_printer\"]"), "{}", out(&added));
    let there = desk.path("state/models/hey_printer.tflite");
    assert_eq!(fs::read(&there).unwrap(), model("alexa")[0]);
    assert_eq!(
        (mode(&there), mode(&there.with_extension("json")), mode(there.parent().unwrap())),
        (0o644, 0o644, 0o755)
    );
    assert_eq!(fs::read_dir(there.parent().unwrap()).unwrap().count(), 2, "nothing else is left");

    let list = desk.run(&["wake", "list", "--json"]);
    let (new, used) = (listed(&list, "hey_printer"), listed(&list, "okay_nabu"));
    assert_eq!((&new["wake_word"], &new["used"], &new["error"]), (&"Alexa".into(), &false.into(), &Value::Null));
    assert_eq!((&used["server"], &used["listening"]), (&"linto".into(), &false.into()));
    assert!(out(&desk.run(&["wake", "list"])).contains("The daemon does not run"));
    // Once more is nothing new; another one of that name is refused.
    assert!(desk.run(&["wake", "add", &file]).status.success());
    let other = desk.run(&["wake", "add", &desk.put("hey_printer", model("hey_jarvis"))]);
    assert!(
        !other.status.success() && err(&other).contains("another model `hey_printer` is there already"),
        "{}",
        err(&other)
    );
    assert_eq!(fs::read(&there).unwrap(), model("alexa")[0]);
    let shadow = desk.run(&["wake", "add", &desk.put("okay_nabu", model("alexa"))]);
    assert!(err(&shadow).contains("another model `okay_nabu`"), "{}", err(&shadow));
}

#[test]
fn what_can_not_be_used_is_refused_and_leaves_nothing() {
    let desk = Desk::new("[\"okay_nabu\"]");
    let [bytes, description] = model("alexa");
    let foreign = [b"RIFF....WAVEfmt ".to_vec(), description.clone()];
    let no_json = desk.path("lonely.tflite");
    fs::write(&no_json, &bytes).unwrap();
    let cases = [
        (desk.put("half", [bytes[..30_000].to_vec(), description.clone()]), "half.tflite can't be used"),
        (desk.put("sound", foreign), "sound.tflite can't be used"),
        (desk.put("huge", [vec![0; 2_000_000], description.clone()]), "larger than 1048576 bytes"),
        (desk.put("text", [bytes.clone(), b"hello".to_vec()]), "the description"),
        (no_json.to_str().unwrap().to_owned(), "lonely.json is missing"),
        (desk.put("bad name", [bytes, description]), "is no model's file"),
        (desk.path("auricle.toml").to_str().unwrap().to_owned(), "is no model's file"),
        (desk.path("nothing.tflite").to_str().unwrap().to_owned(), "nothing.tflite"),
    ];
    for (file, why) in cases {
        let output = desk.run(&["wake", "add", &file, "--json"]);
        assert!(!output.status.success() && err(&output).contains(why), "{file}: {}", err(&output));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["ok"], false);
    }
    assert!(!desk.path("state/models").exists());
}

#[test]
fn a_running_daemon_takes_a_model_and_listens_for_it_at_once() {
    let pulse = Pulse::start();
    let settings = Settings::new().with("listen", "triggers", "[\"wake\"]").with("wake", "words", "[\"hey_printer\"]");
    let daemon = Daemon::start(&pulse, &settings);
    let cause = daemon.wait_status("the cause", |status| status["causes"].to_string().contains("WakeMissing"));
    assert!(cause["causes"].to_string().contains("no model `hey_printer` is installed"), "{cause:#}");
    let missing = listed(&daemon.run_cli(&["wake", "list", "--json"]), "hey_printer");
    assert_eq!((&missing["used"], &missing["listening"]), (&true.into(), &false.into()));

    let desk = Desk::new("[\"okay_nabu\"]");
    let file = desk.put("hey_printer", model("alexa"));
    let added = daemon.run_cli(&["wake", "add", &file]);
    assert!(out(&added).contains("The settings name it already"), "{}{}", out(&added), err(&added));
    daemon.wait_event("cause_cleared", |event| event["code"] == "WakeMissing", SOON);
    assert!(daemon.state_dir().join("models/hey_printer.json").exists());
    assert_eq!(listed(&daemon.run_cli(&["wake", "list", "--json"]), "hey_printer")["listening"], true);
    assert!(out(&daemon.run_cli(&["wake", "list"])).contains("*  hey_printer  say \"Alexa\""));
    let damaged = daemon.run_cli(&["wake", "add", &desk.put("half", [b"TFL3".to_vec(), model("alexa")[1].clone()])]);
    assert!(!damaged.status.success() && err(&damaged).contains("half.tflite can't be used"), "{}", err(&damaged));
}

#[test]
fn check_says_what_a_word_means_and_what_is_wrong_with_one() {
    let good = Desk::new("[{ model = \"okay_nabu\", sensitivity = 0.7 }]").run(&["check"]);
    assert!(good.status.success(), "{}", err(&good));
    assert!(out(&good).contains("\"Okay Nabu\" opens linto: `okay_nabu`"), "{}", out(&good));
    let desk = Desk::new("[\"okay_naboo\"]");
    let bad = desk.run(&["check"]);
    assert_eq!(bad.status.code(), Some(2));
    let words = fs::read_to_string(desk.path("auricle.toml")).unwrap();
    let line = words.lines().position(|line| line.starts_with("words")).unwrap() + 1;
    let told = format!("line {line}: `words` in [wake]: no model `okay_naboo` is installed; did you mean `okay_nabu`?");
    assert!(err(&bad).contains(&told), "{}", err(&bad));
}

#[test]
fn check_finds_a_model_that_lacks_its_description() {
    let desk = Desk::new("[\"hey_printer\"]");
    let folder = desk.path("state/models");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("hey_printer.tflite"), &model("alexa")[0]).unwrap();
    let bad = desk.run(&["check"]);
    let told = format!("the model `hey_printer` lacks its description {}", folder.join("hey_printer.json").display());
    assert!(bad.status.code() == Some(2) && err(&bad).contains(&told), "{}", err(&bad));
    fs::write(folder.join("hey_printer.json"), &model("alexa")[1]).unwrap();
    assert!(desk.run(&["check"]).status.success());
    // Something else than a file can't be read, and that is no matter of who looks.
    fs::remove_file(folder.join("hey_printer.json")).unwrap();
    fs::create_dir(folder.join("hey_printer.json")).unwrap();
    let bad = desk.run(&["check"]);
    assert!(bad.status.code() == Some(2) && err(&bad).contains("can't be read"), "{}", err(&bad));
}

#[test]
fn a_damaged_model_gives_way_to_a_good_one_of_its_name() {
    let desk = Desk::new("[\"hey_printer\"]");
    let folder = desk.path("state/models");
    fs::create_dir_all(&folder).unwrap();
    let [bytes, description] = model("alexa");
    fs::write(folder.join("hey_printer.tflite"), &bytes[..bytes.len() / 2]).unwrap();
    fs::write(folder.join("hey_printer.json"), &description).unwrap();
    let file = desk.put("hey_printer", [bytes, description]);
    let added = desk.run(&["wake", "add", &file]);
    assert!(added.status.success(), "{}", err(&added));
    assert!(desk.run(&["check"]).status.success());
}
