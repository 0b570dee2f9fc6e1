//! No way to the broker: it is told where the way ends, and in time.

use std::net::TcpListener;

use crate::broker::Broker;
use crate::daemon::Settings;
use crate::patient::Patient;

fn at(broker: &str) -> Patient {
    Patient::new(&Settings::new().text("linto", "broker", broker))
}

#[test]
fn a_name_that_nobody_knows() {
    let report = at("mqtt://nowhere.invalid").report();
    report.says("dns", "fault", &["`nowhere.invalid`", "`broker` in [linto]"]);
    report.says("reach", "skipped", &["name was not found"]);
    report.says("login", "skipped", &[]);
    assert_eq!(report.code, 1);
}

#[test]
fn a_port_where_nothing_listens() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let report = at(&format!("mqtt://127.0.0.1:{port}")).report();
    report.says("reach", "fault", &["nothing listens", "broker runs"]);
    report.says("tls", "skipped", &["not reached"]);
}

#[test]
fn a_server_that_never_says_a_word() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // The system takes the connection, nobody reads it.
    at(&format!("mqtt://127.0.0.1:{port}")).report().says("login", "fault", &[]);
    at(&format!("mqtts://localhost:{port}")).report().says("tls", "fault", &["no answer"]);
    drop(listener);
}

#[test]
fn a_frozen_broker() {
    let broker = Broker::start();
    broker.freeze();
    let report = Patient::at(&broker).report();
    report.says("reach", "ok", &[]);
    report.says("login", "fault", &[]);
    broker.thaw();
}
