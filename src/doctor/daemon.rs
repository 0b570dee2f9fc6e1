//! Does the daemon run, and what does it say is wrong?

use serde_json::Value;

use super::case::{Case, Daemon};
use super::sheet::Finding;

const CHECK: &str = "daemon";

/// How it is, and each cause that concerns the whole device. Those of a server are told with its login.
#[must_use]
pub fn look(case: &Case) -> Vec<Finding> {
    let socket = case.socket.display();
    match &case.daemon {
        Daemon::Running(status) => running(status),
        Daemon::Absent => vec![Finding::warning(
            CHECK,
            format!("no daemon answers at {socket}; everything was looked at without it"),
            "Start it: `sudo systemctl start auricle`.",
        )],
        Daemon::Starting => vec![Finding::warning(
            CHECK,
            format!("the service is being started, and nobody answers at {socket} yet"),
            "Run it again in a moment; if it stays so, `journalctl -u auricle` says why it does not start.",
        )],
        Daemon::Denied => vec![Finding::warning(
            CHECK,
            format!("this user may not talk to the daemon at {socket}"),
            "Run it with sudo, or `sudo usermod -aG auricle $USER` and log in again.",
        )],
        Daemon::Stuck(why) => vec![Finding::fault(
            CHECK,
            format!("the daemon at {socket} is stuck: {why}"),
            "See its log (`journalctl -u auricle`), and restart it: `sudo systemctl restart auricle`.",
        )],
    }
}

fn running(status: &Value) -> Vec<Finding> {
    let text = |key: &str| status[key].as_str().unwrap_or("?").to_owned();
    let muted = if status["muted"] == true { ", the microphone is muted" } else { "" };
    let mut findings = vec![Finding::ok(CHECK, format!("it runs, state: {}{muted}", text("state")))];
    findings.extend(causes(status, None).map(|(_, text, remedy)| Finding::fault(CHECK, text, remedy)));
    findings
}

/// What a daemon says is wrong with a server, or with the whole device: code, text, remedy.
pub fn causes(status: &Value, server: Option<&str>) -> impl Iterator<Item = (String, String, String)> {
    let all = status["causes"].as_array().cloned().unwrap_or_default();
    let server = server.map(ToOwned::to_owned);
    all.into_iter().filter(move |cause| cause["server"].as_str() == server.as_deref()).map(|cause| {
        let text = |key: &str| cause[key].as_str().unwrap_or_default().to_owned();
        (text("code"), text("text"), text("remedy"))
    })
}
