//! Wi-Fi power saving: the radio sleeps between beacons, and answers come late or in lumps.

use std::time::Duration;

use super::host::Host;
use super::sheet::Finding;

const CHECK: &str = "wifi";

/// How long `iw` may take, for each interface.
const LIMIT: Duration = Duration::from_secs(1);

/// More interfaces than this are not looked at.
const MOST: usize = 3;

/// One finding per wireless interface.
pub async fn look(host: &Host) -> Vec<Finding> {
    let wireless = |name: &String| {
        let class = host.path("sys/class/net").join(name);
        class.join("wireless").exists() || class.join("phy80211").exists()
    };
    let interfaces: Vec<_> = host.names("sys/class/net").into_iter().filter(wireless).take(MOST).collect();
    if interfaces.is_empty() {
        return vec![Finding::skipped(CHECK, "there is no Wi-Fi interface")];
    }
    let mut findings = Vec::new();
    for interface in interfaces {
        findings.push(interface_of(host, &interface).await);
    }
    findings
}

async fn interface_of(host: &Host, interface: &str) -> Finding {
    if host.read(format!("sys/class/net/{interface}/operstate")).as_deref() == Some("down") {
        return Finding::skipped(CHECK, format!("{interface} is not in use"));
    }
    let Some(answer) = host.run(&["iw", "dev", interface, "get", "power_save"], LIMIT).await else {
        let why = format!("whether {interface} saves power only the program `iw` can tell, and there is none");
        return Finding::skipped(CHECK, why).with_remedy("Install it: `sudo apt install iw`.");
    };
    match answer.ok().map(|outcome| outcome.stdout) {
        Some(text) if text.contains("Power save: off") => {
            Finding::ok(CHECK, format!("power saving is off at {interface}"))
        }
        Some(text) if text.contains("Power save: on") => {
            let seen = format!("power saving is on at {interface}: answers may come late or break off");
            let remedy = "Turn it off for good: `sudo nmcli connection modify NAME 802-11-wireless.powersave 2` with the \
                          NAME that `nmcli connection` shows, then `sudo nmcli connection up NAME`; until the next \
                          start: `sudo iw dev INTERFACE set power_save off`.";
            Finding::warning(CHECK, seen, remedy.replace("INTERFACE", interface))
        }
        _ => Finding::skipped(CHECK, format!("the driver of {interface} does not tell whether it saves power")),
    }
}
