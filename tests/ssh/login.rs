//! What it is for: somebody logs in at the device, from far away.

use std::fs;
use std::os::unix::fs::symlink;

use auricle::services::ssh::{Ending, Limits, TunnelRequest, TunnelSettings};

use crate::rig::{Running, request, settings};
use crate::sshd::{SOON, Sshd, free_port};

#[test]
fn somebody_logs_in_at_the_device_through_the_server() {
    let (server, device) = (Sshd::start(), Sshd::start());
    let (_running, port) = Running::to(&server, device.port());
    let output = device.client(port).arg("echo hello").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "hello\n", "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success());
    assert!(device.log().contains("Accepted publickey"), "{}", device.log());
}

#[test]
fn the_server_listens_on_the_wanted_port_and_only_for_itself() {
    let (server, wanted) = (Sshd::start(), free_port());
    let asked = TunnelRequest { remote_port: wanted, ..request(&server, crate::rig::echo()) };
    let mut running = Running::start(asked, settings(&server), Limits::default());
    assert_eq!(running.up(), wanted);
    assert!(crate::rig::echoes(&mut crate::rig::connect(wanted)));
    // Of /proc/net/tcp: local address and port in hexadecimal, state 0A: listens.
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let end = format!(":{wanted:04X}");
    let listening: Vec<&str> = table
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            (fields[1].ends_with(&end) && fields[3] == "0A").then(|| fields[1])
        })
        .collect();
    assert_eq!(listening, [format!("0100007F{end}")], "127.0.0.1 and nothing else");
}

#[test]
fn the_key_may_be_a_file_in_the_folder_for_keys() {
    let server = Sshd::start();
    let keys = tempfile::tempdir().unwrap();
    fs::copy(server.key_file(), keys.path().join("support")).unwrap();
    // A link that stays inside is as good as the file.
    symlink("support", keys.path().join("link")).unwrap();
    for name in ["support", "link", keys.path().join("support").to_str().unwrap()] {
        let asked = TunnelRequest { key: name.to_owned().into(), ..request(&server, 9) };
        let allowed = TunnelSettings { key_dir: keys.path().into(), ..settings(&server) };
        let mut running = Running::start(asked, allowed, Limits::default());
        running.up();
        running.tunnel.stop();
        assert!(matches!(running.ending(SOON), Ending::Stopped));
    }
}

#[test]
fn every_kind_of_key_in_both_formats_is_taken() {
    let server = Sshd::start();
    for (kind, format) in
        [("ed25519", "RFC4716"), ("ecdsa", "RFC4716"), ("ecdsa", "PEM"), ("rsa", "RFC4716"), ("rsa", "PEM")]
    {
        let file = server.folder().join(format!("{kind}-{format}"));
        let status = std::process::Command::new("ssh-keygen")
            .args(["-q", "-N", "", "-t", kind, "-m", format, "-f"])
            .arg(&file)
            .status()
            .unwrap();
        assert!(status.success());
        let public = fs::read(file.with_extension("pub")).unwrap();
        fs::write(server.folder().join("authorized_keys"), public).unwrap();
        // An editor of another system wrote it, and the last line end was lost.
        let key = fs::read_to_string(&file).unwrap().trim_end().replace('\n', "\r\n");
        let asked = TunnelRequest { key: key.into(), ..request(&server, 9) };
        Running::start(asked, settings(&server), Limits::default()).up();
    }
}

#[test]
fn a_pinned_key_is_recognised_whichever_of_its_keys_the_server_likes_best() {
    let server = Sshd::start();
    let hashed = server.folder().join("hashed");
    fs::write(&hashed, server.host_line("ecdsa") + "\n").unwrap();
    let status = std::process::Command::new("ssh-keygen").arg("-Hf").arg(&hashed).output().unwrap().status;
    assert!(status.success());
    let hashed = fs::read_to_string(&hashed).unwrap();
    assert!(hashed.starts_with("|1|"), "{hashed}");
    let plain = server.host_line("ed25519").replace(&format!("[127.0.0.1]:{}", server.port()), "127.0.0.1");
    for line in [server.host_line("ed25519"), server.host_line("ecdsa"), hashed, plain] {
        let allowed = TunnelSettings { hosts: vec![line.clone()], ..settings(&server) };
        Running::start(request(&server, 9), allowed, Limits::default()).up();
    }
}

#[test]
fn a_request_without_a_port_takes_the_pinned_one() {
    let server = Sshd::start();
    let asked = TunnelRequest { host: "127.0.0.1".into(), ..request(&server, 9) };
    Running::start(asked, settings(&server), Limits::default()).up();
}

#[test]
fn a_name_is_looked_up() {
    let server = Sshd::start();
    let asked = TunnelRequest { host: format!("localhost:{}", server.port()), ..request(&server, 9) };
    let line = server.host_line("ed25519").replace("127.0.0.1", "localhost");
    Running::start(asked, TunnelSettings { hosts: vec![line], ..settings(&server) }, Limits::default()).up();
}
