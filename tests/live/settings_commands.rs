//! `auricle check`, and `auricle run` with settings that can't be used or are not there yet.

use std::path::Path;
use std::process::{Command, Output};

use crate::broker::SOON;
use crate::daemon::{AURICLE, Daemon, Settings};
use crate::pulse::Pulse;

fn auricle(command: &str, file: &Path) -> Output {
    Command::new(AURICLE).arg(command).arg("--config").arg(file).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn check_says_what_the_settings_mean() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auricle.toml");
    let settings = "[linto]\nbroker = \"MQTTS://linto.example.org\"\napplication = \"My device app\"\n\
                    username = \"linto\"\npassword = \"very-secret\"\n[listen]\ntriggers = [\"voice\"]\n";
    std::fs::write(&file, settings).unwrap();
    let output = auricle("check", &file);
    assert_eq!(output.status.code(), Some(0));
    let words = text(&output.stdout);
    for part in ["auricle.toml", "linto.example.org at port 8883 with TLS", "appe641f28d162046568b294b07efc152f3"] {
        assert!(words.contains(part), "{part} is not in\n{words}");
    }
    assert!(!words.contains("very-secret"));
}

#[test]
fn bad_settings_are_told_with_file_line_and_remedy_and_exit_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auricle.toml");
    std::fs::write(&file, "[device]\nserial = \"raspberry1\"\n\n[linto]\nbrocker = \"mqtt://h\"\n").unwrap();
    for command in ["check", "run"] {
        let output = auricle(command, &file);
        assert_eq!(output.status.code(), Some(2), "{command}");
        let complaint = text(&output.stderr);
        let line = "line 5: `brocker` is not a setting of [linto]; did you mean `broker`?";
        assert!(complaint.contains(file.to_str().unwrap()) && complaint.contains(line), "{complaint}");
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn a_settings_file_that_is_not_there_is_named() {
    let file = Path::new("/nowhere/auricle.toml");
    for command in ["check", "run"] {
        let output = auricle(command, file);
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert!(text(&output.stderr).contains("/nowhere/auricle.toml"), "{}", text(&output.stderr));
    }
}

#[test]
fn without_a_server_the_daemon_runs_and_says_that_it_is_not_set_up() {
    let pulse = Pulse::start();
    let daemon = Daemon::start(&pulse, &Settings::new().with("listen", "triggers", "[]"));
    let status = daemon.wait_status("the cause", |status| status["causes"][0]["code"] == "NotSetUp");
    assert!(status["causes"][0]["remedy"].as_str().unwrap().contains("[linto]"), "{status}");
    assert_eq!((&status["state"], &status["servers"]), (&"degraded".into(), &serde_json::json!([])));
    let listen = daemon.run_cli(&["listen"]);
    assert_eq!(listen.status.code(), Some(1));
    assert!(text(&listen.stderr).contains("No server is configured."), "{}", text(&listen.stderr));
    let sentence = "I am not set up yet. Please name a server in my settings.";
    daemon.wait_event("spoken", |event| event["text"] == sentence, SOON);
}

#[test]
fn a_second_daemon_with_the_same_socket_does_not_start() {
    let pulse = Pulse::start();
    let daemon = Daemon::start(&pulse, &Settings::new());
    let second = auricle("run", &daemon.settings_file());
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains("another auricle daemon runs"), "{}", text(&second.stderr));
    assert_eq!(daemon.status()["causes"][0]["code"], "NotSetUp");
}
