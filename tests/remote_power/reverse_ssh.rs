//! `startreversessh`: an operator's way in, through a real sshd to a real sshd.

use std::fs;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::broker::{SOON, wait_until};
use crate::daemon::Settings;
use crate::operator::{answers, ask, audit, audit_events, edit, ping, quiet, text};
use crate::sshd::{Sshd, free_port};
use crate::stage::Stage;

const LEAF: &str = "startreversessh";

/// A device that allows tunnels to this server, and whose folder for keys is the server's own.
fn allowed(server: &Sshd) -> Stage {
    pinned(server, &server.host_line("ed25519"))
}

/// A device that trusts this line.
fn pinned(server: &Sshd, line: &str) -> Stage {
    Stage::with(|settings| allowing(quiet(settings), server, line))
}

fn allowing(settings: Settings, server: &Sshd, line: &str) -> Settings {
    let settings = settings.text("remote", "ssh", "on").with("remote", "ssh_hosts", json!([line]));
    settings.text("remote", "ssh_key_dir", server.folder().to_str().unwrap())
}

/// A request as operators send it: numbers as strings.
fn request(server: &Sshd, there: u16, here: u16) -> Value {
    json!({
        "remoteHost": server.host(),
        "remoteSSHPort": there.to_string(),
        "mySSHPort": here.to_string(),
        "remoteUser": Sshd::user(),
        "privateKey": server.key(),
    })
}

/// The reason, which is in both fields and nowhere else.
#[track_caller]
fn reason(answer: &Value) -> String {
    assert_eq!(answer["status"], answer["reversesshstatus"], "{answer}");
    assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
    let reason = text(answer, "status");
    assert!(!reason.is_empty() && reason != "ok" && !reason.contains('\n'), "{answer}");
    reason.to_owned()
}

#[track_caller]
fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

fn stands(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Whatever leaves the device or is kept on it has no line of this key.
#[track_caller]
fn assert_nowhere(stage: &Stage, key: &str) {
    let wire: String = stage.flow.probe.seen().iter().map(|seen| seen.text()).collect();
    let events: String = stage.daemon.events().iter().map(Value::to_string).collect();
    let places = [
        ("wire", wire),
        ("log", stage.daemon.log()),
        ("events", events),
        ("status", stage.daemon.status().to_string()),
        ("state", fs::read_to_string(stage.daemon.state_dir().join("state.json")).unwrap_or_default()),
    ];
    let lines = key.lines().filter(|line| line.len() > 10 && !line.starts_with("-----"));
    for line in lines {
        for (place, text) in &places {
            assert!(!text.contains(line), "the key is in the {place}");
        }
    }
}

#[test]
fn off_it_says_so_and_how_the_owner_turns_it_on() {
    let (server, stage) = (Sshd::start(), Stage::with(quiet));
    let answer = ask(&stage.flow, LEAF, &request(&server, free_port(), 22));
    assert_has(&reason(&answer), &["off on this device", "owner", "ssh = \"on\"", "[remote]"]);
    assert!(!server.log().contains("Connection from"), "{}", server.log());
    assert_eq!(audit(&stage.daemon).len(), 1);
    assert_has(&audit(&stage.daemon)[0], &["blk/tolinto/raspberry1/startreversessh", "refused", &server.host()]);
    assert_nowhere(&stage, &server.key());
}

/// The files of libssh, and of the Kerberos libraries that it brings along, in the daemon's memory.
fn loaded(stage: &Stage) -> Vec<String> {
    let maps = fs::read_to_string(format!("/proc/{}/maps", stage.daemon.pid())).unwrap();
    let names = maps.lines().filter_map(|line| line.rsplit_once('/')).map(|(_, name)| name.to_owned());
    let wanted = ["libssh.", "libgssapi", "libkrb5", "libk5crypto"];
    names.filter(|name| wanted.iter().any(|wanted| name.starts_with(wanted))).collect()
}

/// Most devices never have a tunnel.
#[test]
fn libssh_is_loaded_for_the_first_tunnel_and_not_before() {
    let (server, device) = (Sshd::start(), Sshd::start());
    let stage = allowed(&server);
    assert_eq!(loaded(&stage), [""; 0]);
    // A request that is refused loads nothing either.
    let mut bad = request(&server, free_port(), device.port());
    bad["privateKey"] = "../client".into();
    reason(&ask(&stage.flow, LEAF, &bad));
    assert_eq!(loaded(&stage), [""; 0]);
    let answer = ask(&stage.flow, LEAF, &request(&server, free_port(), device.port()));
    assert_eq!(answer, json!({"reversesshstatus": "ok"}));
    // The system's own; one that was built into the program would not be seen here.
    assert!(loaded(&stage).iter().any(|name| name.starts_with("libssh.so.4")), "{:?}", loaded(&stage));
}

/// A file that is no library stands for none: it hides the system's.
#[test]
fn a_device_without_libssh_works_and_names_the_package() {
    let (server, folder) = (Sshd::start(), tempfile::tempdir().unwrap());
    let hiding = folder.path().join("libssh.so.4");
    fs::write(&hiding, "no library").unwrap();
    let stage = Stage::with(|settings| {
        let settings = allowing(quiet(settings), &server, &server.host_line("ed25519"));
        settings.environment("LD_LIBRARY_PATH", folder.path().display())
    });
    let try_it = || ask(&stage.flow, LEAF, &request(&server, free_port(), 22));
    assert_has(&reason(&try_it()), &["needs libssh", &hiding.display().to_string(), "`sudo apt install libssh-4`"]);
    assert!(!server.log().contains("Connection from"), "{}", server.log());
    ping(&stage.flow);
    // The owner does what he was told, and need not start the device again.
    fs::remove_file(&hiding).unwrap();
    assert_eq!(try_it(), json!({"reversesshstatus": "ok"}));
}

/// The whole visit of an operator.
#[test]
fn somebody_logs_in_while_it_stands_and_a_person_ends_it() {
    let (server, device, there) = (Sshd::start(), Sshd::start(), free_port());
    let stage = allowed(&server);
    let answer = ask(&stage.flow, LEAF, &request(&server, there, device.port()));
    assert_eq!(answer, json!({"reversesshstatus": "ok"}));
    let output = device.client(there).arg("echo hello").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "hello\n", "{}", String::from_utf8_lossy(&output.stderr));
    ping(&stage.flow);

    let second = reason(&ask(&stage.flow, LEAF, &request(&server, free_port(), device.port())));
    assert_has(&second, &["tunnel already", &server.host(), "`auricle ssh stop`"]);
    assert!(stands(there));

    let stopped = stage.daemon.run_cli(&["ssh", "stop"]);
    assert!(stopped.status.success(), "{}", String::from_utf8_lossy(&stopped.stderr));
    wait_until("the server's port to close", SOON, || (!stands(there)).then_some(()));
    let again = stage.daemon.run_cli(&["ssh", "stop"]);
    assert_eq!(again.status.code(), Some(1));
    assert_has(&String::from_utf8_lossy(&again.stderr), &["no tunnel"]);
    assert_eq!(answers(&stage.flow, LEAF).len(), 2, "its end is no answer");

    let audit = audit(&stage.daemon);
    assert_eq!(audit.len(), 3, "{audit:#?}");
    let whole = format!("tunnel {}@{}", Sshd::user(), server.host());
    assert_has(&audit[0], &[&whole, "blk/tolinto/raspberry1/startreversessh", &format!("stands, port {there} there")]);
    assert_has(&audit[1], &[&whole, "blk/tolinto/raspberry1/startreversessh", "refused: there is a tunnel already"]);
    // Whether the look at its port counts depends on who was faster.
    assert_has(&audit[2], &[&whole, "ended: stopped", " connections, "]);
    assert_eq!(audit_events(&stage.daemon).len(), 3);
    assert_nowhere(&stage, &server.key());

    // The place is free again.
    let third = ask(&stage.flow, LEAF, &request(&server, free_port(), device.port()));
    assert_eq!(third, json!({"reversesshstatus": "ok"}));
}

#[test]
fn a_server_that_is_not_trusted_is_refused_with_the_remedy() {
    let (server, other) = (Sshd::start(), Sshd::start());
    let stage = pinned(&server, &other.host_line("ed25519"));
    let try_it = || ask(&stage.flow, LEAF, &request(&server, free_port(), 22));
    let line = server.host_line("ed25519");
    assert_has(&reason(&try_it()), &["not in `ssh_hosts`", &server.fingerprint(), &line, "ask its owner"]);
    // Its name is known, with another key.
    let (_, key) =
        other.host_line("ed25519").split_once(' ').map(|(host, key)| (host.to_owned(), key.to_owned())).unwrap();
    edit(&stage.daemon, &other.host_line("ed25519"), &format!("[127.0.0.1]:{} {key}", server.port()));
    assert_has(&reason(&try_it()), &["another key", "somebody may be in between", &server.fingerprint(), &line]);
    assert!(!server.log().contains("publickey"), "no login was tried: {}", server.log());
    // The owner does what he was told.
    let wrong = format!("[127.0.0.1]:{} {key}", server.port());
    edit(&stage.daemon, &wrong, &line);
    assert_eq!(try_it(), json!({"reversesshstatus": "ok"}));
}

#[test]
fn the_key_may_be_a_file_in_the_folder_for_keys_and_no_other_file() {
    let (server, outside) = (Sshd::start(), Sshd::start());
    let stage = allowed(&server);
    let with = |key: &str| {
        let mut request = request(&server, free_port(), 22);
        request["privateKey"] = key.into();
        ask(&stage.flow, LEAF, &request)
    };
    assert_eq!(with("client"), json!({"reversesshstatus": "ok"}));
    assert!(stage.daemon.run_cli(&["ssh", "stop"]).status.success());
    let elsewhere = outside.key_file();
    for path in [elsewhere.to_str().unwrap(), "../client", "/etc/shadow"] {
        assert_has(&reason(&with(path)), &[path, "not inside", "ssh_key_dir"]);
    }
    assert_has(&reason(&with("absent")), &["absent", "can't be read", "ssh_key_dir"]);
    assert_has(&reason(&with("authorized_keys")), &["holds none", "ssh-keygen"]);
    assert_has(&reason(&with("")), &["no `privateKey`", "PEM"]);
    // Somebody else's key, and one that was damaged on its way.
    assert_has(&reason(&with(&outside.key())), &["does not accept the key", "authorized_keys"]);
    let damaged = server.key().replace('a', "b");
    assert_has(&reason(&with(&damaged)), &["can't be used", "ssh-keygen"]);
    let headless: String = server.key().lines().filter(|line| !line.starts_with('-')).collect();
    reason(&with(&headless));
    for key in [server.key(), outside.key(), damaged, headless] {
        assert_nowhere(&stage, &key);
    }
}

#[test]
fn what_is_missing_in_a_request_is_named() {
    let server = Sshd::start();
    let stage = allowed(&server);
    let whole = request(&server, free_port(), 22);
    for (field, value, part) in [
        ("remoteHost", json!(null), "no `remoteHost`"),
        ("remoteHost", json!("a b"), "`remoteHost` is `a b`"),
        ("remoteUser", json!(""), "no `remoteUser`"),
        ("remoteSSHPort", json!(null), "no `remoteSSHPort`"),
        ("remoteSSHPort", json!("70000"), "0 to 65535"),
        ("mySSHPort", json!(0), "1 to 65535"),
        ("privateKey", json!(null), "no `privateKey`"),
    ] {
        let mut request = whole.clone();
        request[field] = value;
        if request[field].is_null() {
            request.as_object_mut().unwrap().remove(field);
        }
        assert_has(&reason(&ask(&stage.flow, LEAF, &request)), &[part]);
    }
    let nobody = json!({"remoteHost": format!("127.0.0.1:{}", free_port()), "remoteUser": "x", "remoteSSHPort": 0,
        "privateKey": server.key()});
    assert_has(&reason(&ask(&stage.flow, LEAF, &nobody)), &["can't be reached"]);
    assert_nowhere(&stage, &server.key());
}

#[test]
fn a_server_that_forwards_nothing_is_named() {
    let server = Sshd::start_with("AllowTcpForwarding no");
    let stage = allowed(&server);
    let answer = reason(&ask(&stage.flow, LEAF, &request(&server, free_port(), 22)));
    assert_has(&answer, &[&server.host(), "refuses to listen", "AllowTcpForwarding", "choose another port"]);
}

#[test]
fn the_daemons_end_is_the_tunnels_end() {
    let (server, device, there) = (Sshd::start(), Sshd::start(), free_port());
    let mut stage = allowed(&server);
    let answer = ask(&stage.flow, LEAF, &request(&server, there, device.port()));
    assert_eq!(answer, json!({"reversesshstatus": "ok"}));
    let visitor = device.client(there).arg("sleep 300").spawn().map(Visitor).unwrap();
    wait_until("the visitor to be in", SOON, || device.log().contains("Accepted publickey").then_some(()));

    let (ended, took) = stage.daemon.terminate();
    assert!(ended.success() && took < Duration::from_secs(2), "{ended} after {took:?}");
    wait_until("the server's port to close", SOON, || (!stands(there)).then_some(()));
    drop(visitor);
    let audit = audit(&stage.daemon);
    assert_eq!(audit.len(), 2, "{audit:#?}");
    assert_has(&audit[1], &["ended: the daemon ends"]);
}

/// Gone with the test.
struct Visitor(std::process::Child);

impl Drop for Visitor {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
