//! `auricle status` and the others, as scripts use them.

use crate::broker::Broker;
use crate::daemon::{Daemon, Settings};
use crate::pulse::Pulse;

#[test]
fn status_is_served() {
    let (broker, pulse) = (Broker::start(), Pulse::start());
    let daemon = Daemon::ready(&pulse, &Settings::linto(broker.port()));
    println!("{:#}", daemon.status());
    let mut daemon = daemon;
    println!("{:?}", daemon.terminate());
    println!("{}", daemon.log());
}
