//! TLS from end to end.

use crate::broker::{Broker, SOON};
use crate::daemon::{Daemon, Settings};
use crate::flow::{ADMIN, Flow};
use crate::pulse::Pulse;
use crate::stage::Stage;

/// The configurations that LinTO hands out write the scheme in upper case.
fn encrypted(broker: &Broker) -> Settings {
    Settings::linto(broker.port()).text("linto", "broker", &format!("MQTTS://localhost:{}", broker.port()))
}

#[test]
fn a_turn_works_over_tls_with_an_own_authority() {
    let (broker, pulse) = (Broker::start_tls(), Pulse::start());
    let flow = Flow::start(&broker, ADMIN);
    let settings = encrypted(&broker).text("linto", "ca_file", broker.ca_file().to_str().unwrap());
    let daemon = Daemon::ready(&pulse, &settings);
    Stage { daemon, flow, broker, pulse }.a_turn_works();
}

#[test]
fn an_authority_that_nobody_knows_is_refused_and_nothing_is_said_in_the_clear() {
    let (broker, pulse) = (Broker::start_tls(), Pulse::start());
    let daemon = Daemon::start(&pulse, &encrypted(&broker));
    let status = daemon.wait_status("the refusal", |status| status["causes"][0]["code"] == "BrokerUnreachable");
    let text = status["causes"][0]["text"].as_str().unwrap();
    assert!(text.contains("not trusted") && text.contains("ca_file"), "{text}");
    crate::broker::wait_until("a second attempt", SOON, || (broker.logged("OpenSSL Error") >= 2).then_some(()));
    assert_eq!(broker.logged("CONNECT"), 0);
}
