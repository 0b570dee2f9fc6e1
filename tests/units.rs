//! The units agree with the program, and their sandboxes are as tight as docs/install.md says.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use auricle::cli::BAD_SETTINGS;
use auricle::config;
use auricle::services::shell::SOCKET;

const DAEMON: &str = "auricle.service";
const CONSENT: &str = "auricle-shell.socket";
const COMMAND: &str = "auricle-shell@.service";

fn unit(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd").join(name)
}

/// All values of a key.
fn values(name: &str, key: &str) -> Vec<String> {
    let text = fs::read_to_string(unit(name)).unwrap();
    let lines = text.lines().filter_map(|line| line.split_once('=').filter(|(found, _)| *found == key));
    lines.map(|(_, value)| value.to_owned()).collect()
}

fn value(name: &str, key: &str) -> String {
    let [value] = values(name, key).try_into().unwrap_or_else(|all| panic!("{key} of {name}: {all:?}"));
    value
}

#[test]
fn the_units_name_what_the_program_has() {
    assert_eq!(value(CONSENT, "ListenStream"), SOCKET);
    assert_eq!(value(DAEMON, "RestartPreventExitStatus"), BAD_SETTINGS.to_string());
    for (unit, subcommand) in [(DAEMON, "run"), (COMMAND, "shell-session")] {
        assert_eq!(value(unit, "ExecStart"), format!("/usr/bin/auricle {subcommand}"));
        assert!(auricle::cli::command().get_subcommands().any(|command| command.get_name() == subcommand));
    }
    // After a kill nobody else makes the lights dark; `-`: whatever comes of it, the unit has not failed.
    assert_eq!(value(DAEMON, "ExecStopPost"), "-/usr/bin/auricle dark");
    assert!(auricle::cli::command().get_subcommands().any(|command| command.get_name() == "dark"));
    // Without it the status would tell no network interface.
    assert!(value(DAEMON, "RestrictAddressFamilies").split(' ').any(|family| family == "AF_NETLINK"));
    let settings = config::parse_str("", std::iter::empty()).unwrap().settings;
    assert_eq!(settings.control.socket, Path::new("/run").join(value(DAEMON, "RuntimeDirectory")).join("control.sock"));
    assert_eq!(settings.device.state_dir, Path::new("/var/lib").join(value(DAEMON, "StateDirectory")));
}

#[test]
fn only_the_daemon_reaches_the_commands_unit_and_only_with_consent() {
    assert_eq!(value(CONSENT, "SocketMode"), "0600");
    assert_eq!(value(CONSENT, "SocketUser"), value(DAEMON, "User"));
    assert_ne!(value(COMMAND, "User"), value(DAEMON, "User"));
    assert_eq!(value(COMMAND, "KillMode"), "control-group");
    let rules = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/debian/rules")).unwrap();
    assert!(rules.contains(&format!("dh_installsystemd --no-enable --no-start {CONSENT}")));
}

#[test]
fn an_upgrade_is_shown_and_waits_for_nobody() {
    let script =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/debian/auricle.prerm")).unwrap();
    assert!(script.contains("timeout 3 auricle updating >/dev/null 2>&1 || true"), "{script}");
    assert!(auricle::cli::command().get_subcommands().any(|command| command.get_name() == "updating"));
}

#[test]
fn the_sandboxes_are_tight() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/install.md")).unwrap();
    for name in [DAEMON, COMMAND] {
        let mut judge = Command::new("systemd-analyze");
        judge.args(["security", "--offline=true", "--no-pager", "--threshold=25"]).arg(unit(name));
        let judged = judge.output().expect("systemd-analyze of the package systemd");
        let told = String::from_utf8_lossy(&judged.stdout);
        let verdict = told.lines().last().unwrap_or_default();
        assert!(judged.status.success() && verdict.contains("exposure level"), "{name}: {judged:?}");
        // Another version of systemd counts a little differently; the page gives the figure of Debian 12.
        let figure = verdict.rsplit(": ").next().unwrap().split(' ').next().unwrap();
        if Command::new("systemd-analyze").arg("--version").output().unwrap().stdout.starts_with(b"systemd 252") {
            assert!(page.contains(&format!(" {figure}")), "{name} is {figure}, docs/install.md says something else");
        }
    }
}
