//! One login for a try.

use std::io::Write;
use std::net::TcpListener;
use std::time::Duration;

use auricle::net::mqtt::Address;
use auricle::net::mqtt::trial::{Account, Verdict, try_login};
use tokio::time::Instant;

use crate::broker::{Broker, Probe, SOON};

fn plain(port: u16) -> Address {
    Address { tls: false, host: "127.0.0.1".into(), port }
}

fn account(name: &str, password: &str) -> Account {
    Account { username: Some(name.into()), password: Some(password.to_owned().into()), ca_file: None }
}

fn attempt(address: &Address, account: &Account) -> Verdict {
    within(address, account, SOON)
}

fn within(address: &Address, account: &Account, span: Duration) -> Verdict {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(try_login(address, account, Instant::now() + span))
}

#[test]
fn a_good_account_is_welcome_and_leaves_in_order() {
    let broker = Broker::start_with_users(&[("linto", "tales")], "");
    assert_eq!(attempt(&plain(broker.port()), &account("linto", "tales")), Verdict::Welcome);
    broker.wait_for_log("Received DISCONNECT", 1);
}

#[test]
fn a_wrong_password_is_refused_by_name_and_without_the_password() {
    let broker = Broker::start_with_users(&[("linto", "tales")], "");
    let verdict = attempt(&plain(broker.port()), &account("linto", "wr0ng"));
    let Verdict::Refused(text) = &verdict else { panic!("{verdict:?}") };
    assert!(text.contains("`linto`") && !text.contains("wr0ng"), "{text}");
    assert!(!format!("{:?}", account("linto", "wr0ng")).contains("wr0ng"));
    assert!(matches!(attempt(&plain(broker.port()), &Account::default()), Verdict::Refused(_)));
}

#[test]
fn a_trial_does_not_throw_anybody_out_and_says_nothing_to_others() {
    let broker = Broker::start();
    let probe = Probe::connect(broker.port(), None);
    probe.subscribe("#");
    assert_eq!(attempt(&plain(broker.port()), &Account::default()), Verdict::Welcome);
    broker.wait_for_log("Received DISCONNECT", 1);
    probe.publish("a", "last", false);
    probe.wait_for(|seen| seen.topic == "a", SOON);
    assert_eq!(probe.seen().len(), 1);
}

#[test]
fn tls_is_told_apart_from_the_account() {
    let broker = Broker::start_tls();
    let address = Address { tls: true, host: "localhost".into(), port: broker.port() };
    let trusting = Account { ca_file: Some(broker.ca_file()), ..Account::default() };
    assert_eq!(attempt(&address, &trusting), Verdict::Welcome);
    let verdict = attempt(&address, &Account::default());
    assert!(matches!(&verdict, Verdict::NotTrusted(text) if text.contains("`ca_file`")), "{verdict:?}");
    let plain_port = Address { port: broker.plain_port(), ..address };
    let verdict = attempt(&plain_port, &trusting);
    assert!(matches!(&verdict, Verdict::NotEncrypted(text) if text.contains("TLS port")), "{verdict:?}");
    let verdict = attempt(&plain(broker.port()), &Account::default());
    assert!(matches!(&verdict, Verdict::NoBroker(text) if text.contains("mixed up")), "{verdict:?}");
}

#[test]
fn nobody_there_is_unreachable() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let verdict = attempt(&plain(closed), &Account::default());
    assert!(matches!(&verdict, Verdict::Unreachable(text) if text.contains("nothing listens")), "{verdict:?}");
    let nowhere = Address { host: "nowhere.invalid".into(), ..plain(1883) };
    let verdict = attempt(&nowhere, &Account::default());
    assert!(matches!(&verdict, Verdict::Unreachable(text) if text.contains("`nowhere.invalid`")), "{verdict:?}");
}

#[test]
fn what_is_no_broker_is_told_and_what_is_silent_ends_at_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = plain(listener.local_addr().unwrap().port());
    let server = std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        peer.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        (peer, listener)
    });
    let verdict = attempt(&address, &Account::default());
    assert!(matches!(&verdict, Verdict::NoBroker(text) if text.contains("no MQTT broker")), "{verdict:?}");
    let _silent = server.join().unwrap();
    let start = std::time::Instant::now();
    let verdict = within(&address, &Account::default(), Duration::from_millis(300));
    assert!(matches!(&verdict, Verdict::Unreachable(text) if text.contains("in time")), "{verdict:?}");
    assert!(start.elapsed() < Duration::from_secs(3));
}
