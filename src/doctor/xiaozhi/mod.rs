//! The way to each xiaozhi server: its configuration over HTTP, and the gateway that this names.
//!
//! A running daemon knows how it is, and is asked; a second login beside it would throw it out.

mod configuration;
mod gateway;

use std::time::Duration;

use serde_json::Value;

use super::broker::all;
use super::case::{Case, Daemon};
use super::daemon::causes;
use super::sheet::{Finding, Sheet, Style};
use crate::config::Xiaozhi;

const CONFIGURATION: &str = "ota";
const GATEWAY: &str = "gateway";

/// What is looked at.
pub(super) const STEPS: [&str; 2] = [CONFIGURATION, GATEWAY];

/// So many servers are looked at.
const MOST: usize = 4;

/// For both steps of a server. A little less than the check may take, so that what was seen is told.
const LIMIT: Duration = Duration::from_millis(11_500);

/// Looks at each server.
pub(super) async fn look(case: &Case, sheet: &Sheet) {
    let servers = match case.settings() {
        None => return sheet.write_all(skipped("the settings are not known")),
        Some(settings) if settings.xiaozhi.is_empty() => {
            return sheet.write_all(skipped("no server of [xiaozhi] is configured"));
        }
        Some(settings) => &settings.xiaozhi,
    };
    let several = servers.len() > 1;
    let (looked_at, left_out) = servers.split_at(servers.len().min(MOST));
    let sheets: Vec<Sheet> = looked_at.iter().map(|_| Sheet::new(Style::Silent)).collect();
    let visits = looked_at.iter().zip(&sheets).map(|(server, own)| async move {
        if tokio::time::timeout(LIMIT, visit(case, server, own)).await.is_err() {
            let told = own.findings();
            let untold = STEPS.iter().filter(|step| !told.iter().any(|told| told.check == **step));
            own.write_all(untold.map(|step| Finding::skipped(step, "no time was left")));
        }
    });
    all(visits).await;
    for (server, own) in looked_at.iter().zip(&sheets) {
        sheet.write_all(own.findings().into_iter().map(|finding| finding.of_server(&server.name, several)));
    }
    for server in left_out {
        let skipped = Finding::skipped(GATEWAY, format!("only {MOST} servers are looked at"));
        sheet.write(skipped.of_server(&server.name, several));
    }
}

fn skipped(why: &str) -> Vec<Finding> {
    STEPS.iter().map(|step| Finding::skipped(step, why)).collect()
}

async fn visit(case: &Case, server: &Xiaozhi, sheet: &Sheet) {
    match &case.daemon {
        Daemon::Running(status) => return sheet.write_all(of_daemon(status, server)),
        Daemon::Denied => {
            return sheet
                .write_all(skipped("a daemon runs and this user may not ask it; a second login would disturb it"));
        }
        Daemon::Stuck(_) => {
            return sheet.write_all(skipped("a daemon runs and does not answer; a second login would disturb it"));
        }
        Daemon::Starting => {
            return sheet.write_all(skipped("the service is being started; a second login would disturb it"));
        }
        Daemon::Absent => {}
    }
    let (findings, login) = configuration::look(case, server).await;
    sheet.write_all(findings);
    match login {
        Some(known) => sheet.write(gateway::look(server, &known).await),
        None => sheet.write(Finding::skipped(GATEWAY, "it is not known where it is")),
    }
}

/// What the daemon says about this server.
fn of_daemon(status: &Value, server: &Xiaozhi) -> Vec<Finding> {
    let servers = status["servers"].as_array().cloned().unwrap_or_default();
    let Some(seen) = servers.iter().find(|seen| seen["name"] == server.name.as_str()) else {
        let why = format!("the daemon runs without the server `{}`", server.name);
        return vec![Finding::warning(CONFIGURATION, why, "Restart it, so that it reads the settings.")];
    };
    let up = seen["link"] == "up";
    let mut findings: Vec<Finding> = causes(status, Some(&server.name))
        .map(|(code, text, remedy)| match code.as_str() {
            "NoConfiguration" => Finding::fault(CONFIGURATION, text, remedy),
            "NotActivated" => Finding::warning(CONFIGURATION, text, remedy),
            _ => Finding::fault(GATEWAY, text, remedy),
        })
        .collect();
    let told = |findings: &[Finding], step| findings.iter().any(|finding| finding.check == step);
    if !told(&findings, CONFIGURATION) {
        findings.push(Finding::ok(CONFIGURATION, "the daemon has it"));
    }
    if !told(&findings, GATEWAY) {
        findings.push(if up {
            Finding::ok(GATEWAY, "the daemon is logged in")
        } else {
            let remedy = "Run it again in a minute; `auricle events` shows what happens.";
            Finding::warning(GATEWAY, "the daemon is not connected", remedy)
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::config;
    use crate::doctor::sheet::Verdict;

    #[test]
    fn what_the_daemon_says_is_sorted_by_its_step() {
        use Verdict::{Fault, Ok, Warning};
        let loaded = config::parse_str("[xiaozhi]\nota_url = \"http://h/x\"\n", std::iter::empty()).unwrap();
        let server = &loaded.settings.xiaozhi[0];
        for (link, code, expected) in [
            ("up", None, [(CONFIGURATION, Ok), (GATEWAY, Ok)]),
            ("down", None, [(CONFIGURATION, Ok), (GATEWAY, Warning)]),
            ("down", Some("NoConfiguration"), [(CONFIGURATION, Fault), (GATEWAY, Warning)]),
            ("down", Some("NotActivated"), [(CONFIGURATION, Warning), (GATEWAY, Warning)]),
            ("down", Some("BrokerRefused"), [(GATEWAY, Fault), (CONFIGURATION, Ok)]),
        ] {
            let causes: Vec<_> = code
                .iter()
                .map(|code| json!({"code": code, "server": "xiaozhi", "text": "x", "remedy": "y"}))
                .collect();
            let status = json!({"servers": [{"name": "xiaozhi", "link": link}], "causes": causes});
            let told: Vec<_> = of_daemon(&status, server).iter().map(|f| (f.check, f.verdict)).collect();
            assert_eq!(told, expected, "{link} {code:?}");
        }
        let missing = of_daemon(&json!({"servers": []}), server);
        assert!(missing[0].seen.contains("without the server `xiaozhi`"), "{missing:?}");
    }
}
