//! Accounts at the broker, with the rules of the LinTO stack: whoever is not the shared account may use only the topics
//! that have his user name in them.

use crate::broker::{Broker, Probe, SOON};
use crate::daemon::{Daemon, SERIAL, Settings};
use crate::flow::{ADMIN, Flow};
use crate::pulse::Pulse;
use crate::stage::Stage;

const RULES: &str = "user server\ntopic readwrite #\n\
                     pattern readwrite +/tolinto/%u/#\npattern readwrite +/fromlinto/%u/#";

fn broker() -> Broker {
    let users = [(SERIAL, "mine"), ("somebody", "theirs"), ("server", "all")];
    Broker::start_with_users(&users, RULES)
}

fn login(broker: &Broker, name: &str, password: &str) -> Settings {
    Settings::linto(broker.port()).text("linto", "username", name).text("linto", "password", password)
}

#[test]
fn an_account_with_the_name_of_the_serial_number_works() {
    let (broker, pulse) = (broker(), Pulse::start());
    let flow = Flow::over(Probe::connect(broker.port(), Some(("server", "all"))), ADMIN);
    let daemon = Daemon::ready(&pulse, &login(&broker, SERIAL, "mine"));
    let stage = Stage { daemon, flow, broker, pulse };
    stage.a_turn_works();
    assert_eq!(stage.daemon.events_named("cause"), [serde_json::Value::Null; 0]);
}

/// Such a broker says yes to everything and delivers nothing.
#[test]
fn an_account_with_another_name_is_noticed_by_the_missing_echo() {
    let (broker, pulse) = (broker(), Pulse::start());
    let daemon = Daemon::start(&pulse, &login(&broker, "somebody", "theirs"));
    let cause = daemon.wait_cause("BrokerRefused");
    assert!(cause["text"].as_str().unwrap().contains("delivers nothing"), "{cause}");
    assert!(cause["remedy"].as_str().unwrap().contains("serial number"), "{cause}");
    assert_eq!(daemon.wait_state("degraded")["state"], "degraded");
}

#[test]
fn a_wrong_password_is_told_and_not_hammered() {
    let (broker, pulse) = (broker(), Pulse::start());
    let daemon = Daemon::start(&pulse, &login(&broker, SERIAL, "wrong-password"));
    let status = daemon.wait_status("the refusal", |status| status["causes"][0]["code"] == "BrokerRefused");
    let cause = &status["causes"][0];
    assert!(cause["text"].as_str().unwrap().contains("password"), "{cause}");
    assert_eq!((&cause["server"], &status["servers"][0]["link"]), (&"linto".into(), &"down".into()));
    assert!(!daemon.log().contains("wrong-password"));
    assert!(broker.logged("not authorised") <= 2, "{}", broker.log());

    // Nothing can be sent; whoever tries hears why.
    assert!(!daemon.run_cli(&["listen"]).status.success());
    daemon.wait_event("spoken", |event| event["text"].as_str().unwrap().contains("turns me away"), SOON);
}
