//! Without questions, and `auricle devices`.

use std::os::unix::process::CommandExt;
use std::process::Command;

use serde_json::{Value, json};

use crate::broker::{Broker, SOON, wait_until};
use crate::place::{AURICLE, Place, err, out};
use crate::pulse::Pulse;

const CARDS: [&str; 4] = ["--capture", "testmic", "--playback", "testspk"];

#[test]
fn the_daemon_starts_with_what_was_written() {
    let pulse = Pulse::start();
    let broker = Broker::start_with_users(&[("linto", "tales")], "");
    let (place, url) = (Place::empty(), format!("mqtt://127.0.0.1:{}", broker.port()));
    let mut words = vec!["--yes", "--server", &url, "--username", "linto", "--password-file", "-"];
    words.extend(["--application", "My app", "--application-kind", "multi-user", "--scope", "blk"]);
    words.extend(CARDS);
    let output = place.run_with(&pulse, &words, "tales\n");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let told = out(&output);
    for part in ["Written: ", "auricle run --config", "Its serial number: ", "Attach the application `My app`"] {
        assert!(told.contains(part), "{told}");
    }
    // Nobody speaks in this room.
    assert!(err(&output).contains("warning: `testmic` delivers nothing but zeros"), "{}", err(&output));
    let _daemon = place.ready_daemon(&pulse);
    wait_until("the daemon to be connected", SOON, || {
        let status = Command::new(AURICLE)
            .args(["status", "--json"])
            .env("AURICLE_CONTROL_SOCKET", place.path("control.sock"))
            .output()
            .unwrap();
        let status: Value = serde_json::from_slice(&status.stdout).ok()?;
        (status["servers"][0]["link"] == "up" && status["counters"]["tape_position"].as_u64() > Some(0)).then_some(())
    });
}

#[test]
fn a_test_that_fails_ends_it_with_nothing_changed() {
    let pulse = Pulse::start();
    let broker = Broker::start_with_users(&[("linto", "tales")], "");
    let (place, url) = (Place::empty(), format!("mqtt://127.0.0.1:{}", broker.port()));
    let login = ["--yes", "--server", &url, "--username", "linto", "--password-file", "-"];
    let output = place.run_with(&pulse, &[&login[..], &CARDS].concat(), "wrong\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("`linto`") && err(&output).contains("--no-test"), "{}", err(&output));
    let nowhere = ["--capture", "testmic", "--playback", "hw:CARD=nowhere"];
    let output = place.run_with(&pulse, &[&login[..], &nowhere].concat(), "tales\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("`hw:CARD=nowhere`"), "{}", err(&output));
    assert_eq!(place.files(), [""; 0]);
    let output = place.run_with(&pulse, &[&login[..], &nowhere, &["--no-test"]].concat(), "tales\n");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(place.files(), ["auricle.toml", "linto.password"]);
}

#[test]
fn what_cannot_be_used_is_exit_code_2() {
    let pulse = Pulse::start();
    let refused = |place: &Place, words: &[&str], part: &str| {
        let files = place.files();
        let output = place.run(&pulse, words);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", err(&output));
        assert!(err(&output).contains(part), "{words:?}: {}", err(&output));
        assert_eq!(place.files(), files);
    };
    let empty = Place::empty();
    refused(&empty, &["--yes"], "`--server`");
    refused(&empty, &["--yes", "--server", "http://h"], "begins with mqtts://");
    refused(&empty, &["--yes", "--no-test", "--server", "mqtts://h", "--scope", "a/b"], "`scope`");
    refused(&empty, &["--yes", "--server", "h", "--password-file", "/nowhere"], "there is no such file");
    refused(&empty, &["--yes", "--server", "h", "--password-file", "-"], "first line");
    refused(&empty, &["--password-file", "-"], "`--yes`");
    refused(&empty, &["--yes", "--application-kind", "x"], "multi-user");
    refused(&Place::with("[linto]\nbrocker = 1\n"), &["--yes", "--server", "h"], "line 2");
}

#[test]
fn without_answers_it_says_how_to_go_without_questions() {
    let pulse = Pulse::start();
    let place = Place::empty();
    let output = place.run_with(&pulse, &["--no-test"], "mqtts://h\nlinto\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("`auricle setup --yes`"), "{}", err(&output));
    assert_eq!(place.files(), [""; 0]);
}

#[test]
fn a_last_answer_without_the_end_of_its_line_counts() {
    let pulse = Pulse::start();
    let place = Place::empty();
    let output = place.run_with(&pulse, &["--no-test"], "mqtts://h\n-\n-\ntestmic\ntestspk");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(place.settings().audio.playback.name(), "testspk");
}

#[test]
fn the_file_of_the_system_is_for_root() {
    if !nix::unistd::geteuid().is_root() {
        println!("not as root: the test can't become another user, and is skipped");
        return;
    }
    let place = Place::empty();
    // Where another user can reach it.
    let copy = place.path("auricle");
    std::fs::copy(AURICLE, &copy).unwrap();
    std::fs::set_permissions(place.path(""), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let output = Command::new(copy).arg("setup").uid(65_534).gid(65_534).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("sudo auricle setup") && out(&output).is_empty(), "{}", err(&output));
}

#[test]
fn devices_are_listed_for_people_and_for_scripts() {
    let pulse = Pulse::start();
    let devices = |words: &[&str]| {
        let output = Command::new(AURICLE)
            .arg("devices")
            .args(words)
            .env("ALSA_CONFIG_PATH", pulse.alsa_config_path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", err(&output));
        out(&output)
    };
    let words = devices(&[]);
    assert!(words.contains("Microphones, for `capture` in [audio]:\n"), "{words}");
    assert!(words.contains("testmic") && words.contains("Volume controls"), "{words}");
    let told: Value = serde_json::from_str(&devices(&["--json"])).unwrap();
    let named = |side: &str, name: &str| {
        told[side].as_array().unwrap().iter().find(|device| device["name"] == name).cloned().unwrap_or_default()
    };
    assert_eq!(named("capture", "testmic")["state"], json!("named"), "{told}");
    assert_eq!(named("playback", "testspk")["state"], json!("named"), "{told}");
    assert!(told["mixers"].is_array() && told["auto"]["capture"].is_object(), "{told}");
}
