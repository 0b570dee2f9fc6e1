//! Without a daemon: the login, whether anything comes through, and whether anybody answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::broker::{Broker, Probe, SOON};
use crate::daemon::{SERIAL, Settings};
use crate::patient::Patient;

/// The rules of the stack for all accounts but its own.
const OWN_TOPICS_ONLY: &str = "pattern readwrite +/tolinto/%u/#\npattern readwrite +/fromlinto/%u/#";

/// An application that answers each status, until it is dropped.
struct Application {
    over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Application {
    fn start(broker: &Broker, scope: &'static str) -> Self {
        let probe = Probe::connect(broker.port(), None);
        probe.subscribe(&format!("{scope}/fromlinto/+/status"));
        let over = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let mut answered = 0;
            while !stop.load(Ordering::Relaxed) {
                let seen = probe.seen();
                for status in &seen[answered..] {
                    let topic = status.topic.replace("fromlinto", "tolinto").replace("/status", "/tts_lang");
                    probe.post(&topic, r#"{"value":"fr-FR"}"#, false, rumqttc::QoS::ExactlyOnce);
                }
                answered = seen.len();
                std::thread::park_timeout(std::time::Duration::from_millis(5));
            }
        });
        Self { over, thread: Some(thread) }
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

fn account(broker: &Broker, name: &str, password: &str) -> Patient {
    Patient::new(&Settings::linto(broker.port()).text("linto", "username", name).text("linto", "password", password))
}

#[test]
fn a_server_that_answers_is_ok_from_rung_to_rung() {
    let broker = Broker::start();
    let _application = Application::start(&broker, "blk");
    let report = Patient::at(&broker).report();
    report.says("dns", "skipped", &["is an address"]);
    report.says("reach", "ok", &["takes connections"]);
    report.says("tls", "skipped", &["not encrypted"]);
    report.says("login", "ok", &["without a user name"]);
    report.says("delivery", "ok", &["comes back"]);
    report.says("scope", "ok", &["`blk`"]);
    report.says("serial", "ok", &[SERIAL, "from the settings"]);
    report.says("daemon", "warning", &["no daemon answers", "systemctl start auricle"]);
}

#[test]
fn a_wrong_password_is_a_fault_of_the_login() {
    let broker = Broker::start_with_users(&[("linto", "right")], "");
    let report = account(&broker, "linto", "wrong").report();
    report.says("login", "fault", &["`linto`", "`username`"]);
    report.says("delivery", "skipped", &[]);
    report.says("scope", "skipped", &[]);
    assert_eq!(report.code, 1);
    let report = account(&broker, "linto", "right").report();
    report.says("login", "ok", &["as `linto`"]);
    report.says("delivery", "ok", &[]);
}

#[test]
fn a_broker_that_accepts_everything_and_drops_it_is_seen() {
    let broker = Broker::start_with_users(&[("linto", "right"), (SERIAL, "right")], OWN_TOPICS_ONLY);
    let report = account(&broker, "linto", "right").report();
    report.says("login", "ok", &[]);
    report.says("delivery", "fault", &["delivers nothing", "whose name is the serial number"]);
    assert_eq!(report.code, 1);
    let report = account(&broker, SERIAL, "right").report();
    report.says("delivery", "ok", &[]);
    report.says("scope", "warning", &["`blk`", "Register the serial number"]);
}

#[test]
fn an_application_on_another_scope_is_missed() {
    let broker = Broker::start();
    let _application = Application::start(&broker, "blk");
    let patient = Patient::new(&Settings::linto(broker.port()).text("linto", "application", "My device app"));
    patient.report().says("scope", "warning", &["appe641f28d162046568b294b07efc152f3", "exact name"]);
}

#[test]
fn the_visit_leaves_nothing_behind_but_an_offline() {
    let broker = Broker::start();
    let kept = Probe::connect(broker.port(), None);
    kept.publish(&format!("blk/fromlinto/{SERIAL}/status"), r#"{"connexion":"offline","kept":1}"#, true);
    let watch = Probe::connect(broker.port(), None);
    watch.subscribe("#");
    watch.wait_for(|seen| seen.retained, SOON);
    Patient::at(&broker).report();
    let last = watch.wait_for(|seen| !seen.retained && seen.text() == r#"{"connexion":"offline"}"#, SOON);
    assert_eq!(last.topic, format!("blk/fromlinto/{SERIAL}/status"));
    let late = Probe::connect(broker.port(), None);
    late.subscribe("#");
    let seen = late.wait_for(|seen| seen.retained, SOON);
    assert_eq!(seen.text(), r#"{"connexion":"offline","kept":1}"#, "what was kept is what was kept before");
    broker.wait_for_log(&format!("auricle-{SERIAL}-"), 1);
}

#[test]
fn of_several_servers_each_is_told_by_its_name() {
    let broker = Broker::start();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let patient = Patient::at(&broker);
    let text = std::fs::read_to_string(patient.file()).unwrap();
    let (head, rest) = text.split_once("[linto]").unwrap();
    patient.write(&format!(
        "{head}[[linto]]\nname = \"good\"{rest}\n[[linto]]\nname = \"bad\"\nbroker = \"mqtt://127.0.0.1:{nobody}\"\n"
    ));
    let report = patient.report();
    for (server, check, verdict) in
        [("good", "reach", "ok"), ("good", "login", "ok"), ("bad", "reach", "fault"), ("bad", "login", "skipped")]
    {
        let found = report.findings.iter().find(|f| f["check"] == check && f["server"] == server).unwrap();
        assert_eq!(found["verdict"], verdict, "{found}");
        assert!(found["seen"].as_str().unwrap().starts_with(&format!("`{server}`: ")), "{found}");
    }
}
