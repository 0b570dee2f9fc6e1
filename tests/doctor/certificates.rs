//! TLS: who signed, for which name, until when; and ports that speak something else.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::broker::Broker;
use crate::daemon::Settings;
use crate::patient::{Patient, Report};

fn report(port: u16, host: &str, ca_file: Option<&Path>) -> Report {
    let broker = format!("mqtts://{host}:{port}");
    let settings = Settings::linto(port).text("linto", "broker", &broker);
    let settings = match ca_file {
        Some(file) => settings.text("linto", "ca_file", file.to_str().unwrap()),
        None => settings,
    };
    Patient::new(&settings).report()
}

#[test]
fn an_authority_of_its_own_is_trusted_with_ca_file_only() {
    let broker = Broker::start_tls();
    let good = report(broker.port(), "localhost", Some(&broker.ca_file()));
    good.says("dns", "ok", &["localhost"]);
    good.says("login", "ok", &[]);
    // The certificate of the fixture is good for two days.
    good.says("tls", "warning", &["ends in", "Renew"]);

    let without = report(broker.port(), "localhost", None);
    without.says("tls", "fault", &["auricle-test-authority", "not trusted", "`ca_file`"]);
    without.says("login", "skipped", &["no safe connection"]);
    assert_eq!(without.code, 1);

    let other = Broker::start_tls();
    report(broker.port(), "localhost", Some(&other.ca_file())).says("tls", "fault", &["not trusted", "must hold"]);
}

#[test]
fn a_certificate_for_another_name_is_told_with_its_name() {
    let broker = Broker::start_tls_for("linto.example.org");
    let report = report(broker.port(), "localhost", Some(&broker.ca_file()));
    report.says("tls", "fault", &["`linto.example.org`", "not for `localhost`"]);
}

#[test]
fn an_address_instead_of_the_name_is_no_name_of_the_certificate() {
    let broker = Broker::start_tls();
    report(broker.port(), "127.0.0.1", Some(&broker.ca_file())).says("tls", "fault", &["`localhost`", "`127.0.0.1`"]);
}

#[test]
fn a_certificate_that_lasts_is_ok_and_one_that_has_ended_is_a_fault() {
    for (days, verdict, words) in [("400", "ok", "trusted by"), ("-1", "fault", "does not count now")] {
        let broker = Broker::launch(
            "allow_anonymous true\ncafile {folder}/ca.pem\ncertfile {folder}/ca.pem\nkeyfile {folder}/ca.key\n",
            |folder| certificate(folder, days),
        );
        report(broker.port(), "localhost", Some(&broker.ca_file())).says("tls", verdict, &[words]);
    }
}

/// One for `localhost` that signs itself, good from ten days ago for so many days from now.
fn certificate(folder: &Path, days: &str) {
    let date = |days: &str| {
        let output =
            Command::new("date").args(["-u", "-d", &format!("{days} days"), "+%Y%m%d%H%M%SZ"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    fs::write(folder.join("serial"), "01\n").unwrap();
    fs::write(folder.join("index"), "").unwrap();
    let conf = "[ca]\ndefault_ca=d\n[d]\ndir=.\nnew_certs_dir=.\ndatabase=index\nserial=serial\nprivate_key=ca.key\n\
                default_md=sha256\npolicy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\n\
                subjectAltName=DNS:localhost\nbasicConstraints=CA:TRUE\n";
    fs::write(folder.join("ca.conf"), conf).unwrap();
    let openssl = |line: &str| {
        let output = Command::new("openssl").args(line.split_whitespace()).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req {key} -keyout ca.key -out ca.csr -subj /CN=localhost"));
    let (from, until) = (date("-10"), date(days));
    openssl(&format!(
        "ca -batch -notext -selfsign -config ca.conf -in ca.csr -out ca.pem -startdate {from} -enddate {until}"
    ));
}

#[test]
fn a_port_that_speaks_no_tls_is_told_so() {
    let broker = Broker::start();
    report(broker.port(), "localhost", None).says("tls", "fault", &["failed", "mqtts:// mixed up"]);
}

#[test]
fn a_server_that_hangs_up_on_an_address_may_want_a_name() {
    // Takes connections and ends each, as a router does that gets no name that it knows.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    report(port, "127.0.0.1", None).says("tls", "fault", &["failed", "SNI"]);
}

#[test]
fn a_ca_file_without_a_certificate_is_named() {
    let broker = Broker::start_tls();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    fs::write(&file, "nothing").unwrap();
    report(broker.port(), "localhost", Some(&file)).says("tls", "fault", &["ca.pem", "no certificate"]);
}
