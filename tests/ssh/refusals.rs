//! What does not come up, and that it says why and what to do.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use auricle::services::ssh::{Limits, SshError, TunnelRequest, TunnelSettings};

use crate::rig::{Running, failure, request, settings};
use crate::sshd::{SOON, Sshd, free_port, make_key};

fn assert_says(error: &SshError, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    assert!(!text.contains("PRIVATE") && !text.contains('\n'), "{text}");
}

#[test]
fn a_server_that_is_not_pinned_is_refused_with_the_line_to_add() {
    let (server, other) = (Sshd::start(), Sshd::start());
    for hosts in [vec![], vec![other.host_line("ed25519")]] {
        let error = failure(request(&server, 22), TunnelSettings { hosts, ..settings(&server) });
        assert!(matches!(error, SshError::UnknownHost { .. }), "{error}");
        assert_says(&error, &["ssh_hosts", &server.host_line("ed25519"), &server.fingerprint(), "ask its owner"]);
    }
    assert!(!server.log().contains("publickey"), "no login was tried: {}", server.log());
}

#[test]
fn a_server_with_another_key_than_the_pinned_one_is_refused() {
    let (server, other) = (Sshd::start(), Sshd::start());
    let (_, key) = other.host_line("ed25519").split_once(' ').map(|(_, key)| ((), key.to_owned())).unwrap();
    for name in [format!("[127.0.0.1]:{}", server.port()), "127.0.0.1".into()] {
        let hosts = vec![format!("{name} {key}")];
        let error = failure(request(&server, 22), TunnelSettings { hosts, ..settings(&server) });
        assert!(matches!(error, SshError::WrongHostKey { .. }), "{error}");
        assert_says(&error, &["ssh_hosts", "somebody may be in between", &server.fingerprint()]);
    }
    assert!(!server.log().contains("publickey"), "no login was tried: {}", server.log());
}

#[test]
fn a_damaged_line_of_the_known_hosts_is_named() {
    let server = Sshd::start();
    let hosts = vec![server.host_line("ed25519"), format!("@revoked {}", server.host_line("ed25519"))];
    assert_says(&failure(request(&server, 22), TunnelSettings { hosts, ..settings(&server) }), &["line 2", "markers"]);
}

#[test]
fn an_account_or_a_key_that_may_not_log_in_is_named() {
    let server = Sshd::start();
    let stranger = server.folder().join("stranger");
    make_key(&stranger, "ed25519");
    let key = fs::read_to_string(stranger).unwrap();
    for asked in [
        TunnelRequest { user: "nobody-at-all".into(), ..request(&server, 22) },
        TunnelRequest { key: key.into(), ..request(&server, 22) },
    ] {
        let user = asked.user.clone();
        let error = failure(asked, settings(&server));
        assert!(matches!(error, SshError::Login { .. }), "{error}");
        assert_says(&error, &[&user, &server.host(), "authorized_keys"]);
    }
}

#[test]
fn a_text_that_is_no_usable_key_is_refused_without_being_shown() {
    let server = Sshd::start();
    let locked = |format: &str| {
        let file = server.folder().join(format!("locked-{format}"));
        let words = ["-q", "-N", "secret", "-t", "ecdsa", "-m", format, "-f"];
        assert!(std::process::Command::new("ssh-keygen").args(words).arg(&file).status().unwrap().success());
        fs::read_to_string(file).unwrap()
    };
    let cut: String = server.key().chars().take(200).collect();
    for key in [locked("RFC4716"), locked("PEM"), cut, "-----BEGIN OPENSSH PRIVATE KEY-----".into()] {
        let error = failure(TunnelRequest { key: key.into(), ..request(&server, 22) }, settings(&server));
        assert!(matches!(error, SshError::Key { .. }), "{error}");
        assert_says(&error, &["the key can't be used", "ssh-keygen"]);
    }
}

#[test]
fn a_key_outside_of_its_folder_is_refused_before_anything_is_sent() {
    let server = Sshd::start();
    let keys = server.folder().join("keys");
    fs::create_dir(&keys).unwrap();
    symlink(server.key_file(), keys.join("link")).unwrap();
    for key in [server.key_file().to_str().unwrap(), "../client", "link", "/etc/passwd", ""] {
        let allowed = TunnelSettings { key_dir: keys.clone(), ..settings(&server) };
        let error = failure(TunnelRequest { key: key.to_owned().into(), ..request(&server, 22) }, allowed);
        assert!(matches!(error, SshError::KeyOutside { .. }), "{key}: {error}");
        assert_says(&error, &["ssh_key_dir"]);
    }
    assert!(!server.log().contains("Connection from"), "{}", server.log());
}

#[test]
fn values_that_can_not_be_right_are_refused_before_anything_is_sent() {
    let server = Sshd::start();
    let ask = |change: &dyn Fn(&mut TunnelRequest)| {
        let mut asked = request(&server, 22);
        change(&mut asked);
        failure(asked, settings(&server)).to_string()
    };
    assert!(ask(&|asked| asked.host = "-oProxyCommand=reboot".into()).contains("begins with `-`"));
    assert!(ask(&|asked| asked.host = "a b".into()).contains("characters"));
    assert!(ask(&|asked| asked.user = "a\nb".into()).contains("control characters"));
    assert!(ask(&|asked| asked.local_port = 0).contains("port 0"));
    assert!(!server.log().contains("Connection from"), "{}", server.log());
}

#[test]
fn a_port_that_is_taken_on_the_server_is_named() {
    let server = Sshd::start();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    // One of both is enough for sshd, and not every machine has this one.
    let _both = TcpListener::bind(("::1", port));
    let error = failure(TunnelRequest { remote_port: port, ..request(&server, 22) }, settings(&server));
    assert!(matches!(error, SshError::Forward { .. }), "{error}");
    assert_says(&error, &[&format!("its port {port}"), "taken", "choose another port"]);
}

#[test]
fn a_server_that_forbids_forwarding_is_named() {
    let server = Sshd::start_with("AllowTcpForwarding no");
    assert_says(&failure(request(&server, 22), settings(&server)), &["AllowTcpForwarding"]);
}

#[test]
fn a_port_without_a_server_is_named() {
    let server = Sshd::start();
    let asked = TunnelRequest { host: format!("127.0.0.1:{}", free_port()), ..request(&server, 22) };
    let error = failure(asked, settings(&server));
    assert!(matches!(error, SshError::Unreachable { .. }), "{error}");
    assert_says(&error, &["refused", "check address, port and firewall"]);
}

#[test]
fn a_name_that_does_not_exist_is_named() {
    let server = Sshd::start();
    let error =
        failure(TunnelRequest { host: "no-such-host.invalid".into(), ..request(&server, 22) }, settings(&server));
    assert!(matches!(error, SshError::Name { .. }), "{error}");
    assert_says(&error, &["no-such-host.invalid", "DNS"]);
}

#[test]
fn something_else_than_an_ssh_server_is_named() {
    let server = Sshd::start();
    let web = crate::rig::service(|mut stream| {
        let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let error = failure(TunnelRequest { host: format!("127.0.0.1:{web}"), ..request(&server, 22) }, settings(&server));
    assert!(matches!(error, SshError::Handshake { .. }), "{error}");
}

#[test]
fn a_server_that_says_nothing_is_given_up_in_time() {
    let server = Sshd::start();
    let silent = crate::rig::service(|mut stream| drop(stream.read_to_end(&mut Vec::new())));
    let asked = TunnelRequest { host: format!("127.0.0.1:{silent}"), ..request(&server, 22) };
    let limits = Limits { handshake: Duration::from_millis(300), ..Limits::default() };
    let start = Instant::now();
    let error = Running::start(asked, settings(&server), limits).failure(SOON);
    assert!(matches!(error, SshError::Slow { .. }), "{error}");
    assert!(start.elapsed() >= limits.handshake, "{error}");
}

#[test]
fn a_request_never_shows_its_key() {
    let server = Sshd::start();
    let asked = request(&server, 22);
    let body = asked.key.lines().nth(1).unwrap().to_owned();
    let shown = format!("{asked:?}");
    assert!(!shown.contains(&body) && shown.contains("(secret)"), "{shown}");
}
