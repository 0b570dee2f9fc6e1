//! Settings that can't be used, or that this user may not read.

use crate::broker::Broker;
use crate::daemon::{SERIAL, Settings};
use crate::patient::Patient;

#[test]
fn each_problem_is_told_with_file_line_and_key_and_the_rest_is_still_looked_at() {
    let patient = Patient::new(&Settings::new());
    patient.write("[device]\nserial = \"a/b\"\n\n[linto]\nbrocker = \"mqtt://h\"\n");
    let report = patient.report();
    report.says("settings", "fault", &["auricle.toml: line 2", "`serial`"]);
    report.says("settings", "fault", &["auricle.toml: line 5", "did you mean `broker`?"]);
    for check in ["disk", "dns", "login", "microphone", "voice", "level", "echo"] {
        report.says(check, "skipped", &["settings are not known"]);
    }
    report.says("versions", "ok", &[env!("CARGO_PKG_VERSION"), "libasound", "OpenSSL", "Linux"]);
    assert!(matches!(report.of_check("clock")["verdict"].as_str(), Some("ok" | "warning")));
    assert_eq!(report.code, 1);
}

#[test]
fn a_file_that_is_not_there_is_a_fault() {
    let patient = Patient::new(&Settings::new());
    std::fs::remove_file(patient.file()).unwrap();
    let report = patient.report();
    report.says("settings", "fault", &["there is no such file"]);
    assert_eq!(report.code, 1);
}

#[test]
fn without_a_server_the_device_is_not_set_up() {
    let report = Patient::new(&Settings::new()).report();
    report.says("settings", "fault", &["No server is configured.", "[linto]"]);
    report.says("login", "skipped", &["no server"]);
}

#[test]
fn a_password_file_that_is_not_there_is_told_with_its_line() {
    let broker = Broker::start();
    let settings = Settings::linto(broker.port()).text("linto", "username", "linto");
    let patient = Patient::new(&settings.text("linto", "password_file", "/nowhere/linto.password"));
    patient.report().says("settings", "fault", &["/nowhere/linto.password", "line"]);
}

#[test]
fn legal_settings_that_are_hardly_meant_are_warnings() {
    let broker = Broker::start();
    let settings = Settings::linto(broker.port()).text("linto", "password", "lonely");
    Patient::new(&settings).report().says("settings", "warning", &["no `username`"]);
}

#[test]
fn nothing_is_written_where_the_daemon_keeps_its_state() {
    let broker = Broker::start();
    let patient = Patient::at(&broker);
    patient.report().says("serial", "ok", &[SERIAL]);
    let names = std::fs::read_dir(patient.folder()).unwrap().flatten().map(|entry| entry.file_name());
    let names = names.map(|name| name.into_string().unwrap());
    // The client library of the sound server keeps files of its own.
    let ours: Vec<_> = names.filter(|name| !name.starts_with("pulse-") && name != ".config").collect();
    assert_eq!(ours, ["auricle.toml"], "neither state nor socket nor anything temporary is left");
}
